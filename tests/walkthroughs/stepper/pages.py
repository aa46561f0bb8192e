"""What the tests of the stepper's page read off it, and wait for."""

import re

import pytest


def position(page):
    return int(re.match(r"Step (\d+) of", page.text_content("#where"))[1])


def wait(page, condition):
    """Until a JavaScript expression is true. (Playwright's own way is to evaluate text, which the page forbids.)"""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    pytest.fail(f"{condition} has not come true")


def formula(page):
    return page.text_content("#formula")


def node_of(page, name):
    """The index of the node with a name in formulas."""
    return page.evaluate("name => state.graph.nodes.findIndex((node) => node.name === name)", name)

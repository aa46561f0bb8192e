"""What the tests of the stepper's page read off it, and wait for."""

import re
import time

import pytest


def position(page):
    return int(re.match(r"Step (\d+) of", page.text_content("#where"))[1])


def wait(page, condition):
    """Until a JavaScript expression is true. (Playwright's own way is to evaluate text, which the page forbids.)"""
    end = time.monotonic() + 60
    while not page.evaluate(condition):
        if time.monotonic() > end:
            pytest.fail(f"{condition} has not come true")
        page.wait_for_timeout(10)


def address(page):
    """What stands after # in the page's address, once it says what is shown."""
    wait(page, "!awaited && location.hash === addressNow()")
    return page.evaluate("location.hash")


def formula(page):
    return page.text_content("#formula")


def node_of(page, name):
    """The index of the node with a name in formulas."""
    return page.evaluate("name => state.graph.nodes.findIndex((node) => node.name === name)", name)

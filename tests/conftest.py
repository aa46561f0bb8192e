import os

import pytest


@pytest.fixture
def needed():
    """needed(found, name): skips the test where an optional part is missing; under CI=true it fails instead."""

    def check(found, name):
        if not found:
            missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
            missing(f"{name} is not installed")

    return check

import os

import pytest
from hypothesis import settings

# The same examples in every CI run, so that a red one means a change in the code.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI") == "true":
    settings.load_profile("ci")


@pytest.fixture
def needed():
    """needed(found, name): skips the test where an optional part is missing; under CI=true it fails instead."""

    def check(found, name):
        if not found:
            missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
            missing(f"{name} is not installed")

    return check

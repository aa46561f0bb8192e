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


@pytest.fixture
def scheduler(needed):
    """A Dask scheduler with two workers, each a process of its own, on loopback."""
    try:
        from distributed import LocalCluster
    except ImportError:
        needed(False, "distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "host": "127.0.0.1"}
    with LocalCluster(**options, dashboard_address=None) as cluster:
        yield cluster.scheduler_address

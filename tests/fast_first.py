"""A pytest plugin for the mutation run, which ends at the first test that fails: the quick ones come first."""

import json
import threading
from pathlib import Path

import pytest
import tqdm

# The run forks a process for each mutant. A lock that they shared would stay shut when one of them is ended.
tqdm.tqdm.set_lock(threading.RLock())
tqdm.tqdm.monitor_interval = 0


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Sort by the seconds that the run without a fault took, as mutmut has written them down."""
    stats = Path("mutmut-stats.json")
    if stats.exists():
        seconds = json.loads(stats.read_text())["duration_by_test"]
        items.sort(key=lambda item: seconds.get(item.nodeid, 0))

"""How pytest runs the notebooks: on a copy of models/, each output
compared but for pictures, each kernel within a classroom hub's memory."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
MODELS = HERE.parent / "models"
LARGEST = 900  # MiB that a kernel may need at most
# What takes longest begins first, so that no core is idle at the end.
LONGEST = ["05-training.ipynb", "test_browser.py", "10-keras.ipynb"]
LONGEST += ["test_lab_in_browser.py", "test_edition.py"]
# Two files run at a time, and two threads of BLAS in each would mostly
# wait for one another. Kernels, and whatever else is started, inherit it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
copies = {}
# This one limits a process's memory in a way that only Linux knows.
on_linux = sys.platform == "linux"
collect_ignore = [] if on_linux else ["11-beyond-one-machine.ipynb"]


def pytest_configure(config):
    """Let nbval compare progress bars as the words that stand for them."""
    config.option.nbval_sanitize_with = str(HERE / "sanitize.cfg")


def pytest_collection_modifyitems(items):
    """The longest first; `-m "not slow"` leaves notebooks out."""
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Before a notebook's kernel starts: what it finds around it."""
    if item.path.suffix != ".ipynb":
        return
    # A widget's frame is a picture: its words are what is compared.
    skipped = {*item.parent.skip_compare, "image/svg+xml"}
    item.parent.skip_compare = tuple(skipped)
    if item.path not in copies:
        # No notebook changes what another, beside it, finds in models/.
        copies[item.path] = copy = tempfile.TemporaryDirectory()
        shutil.copytree(MODELS, copy.name, dirs_exist_ok=True)
        os.environ["DIGITNET_MODELS"] = copy.name


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item):
    """After each cell: the kernel's peak so far, if the system tells."""
    if item.path.suffix == ".ipynb" and item.parent.kernel:
        pid = item.parent.kernel.km.provisioner.pid
        status = Path(f"/proc/{pid}/status")
        if status.exists():
            peak = status.read_text().split("VmHWM:")[1].split()[0]
            mib = int(peak) / 1024
            assert mib < LARGEST, f"the kernel needed {mib:.0f} MiB"

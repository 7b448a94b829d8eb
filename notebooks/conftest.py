"""Notebooks are tested on a copy of models/, so that none changes what
another one, perhaps running beside it, finds there."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
MODELS = HERE.parent / "models"
copies = {}


def pytest_configure(config):
    """Let nbval compare progress bars as the words that stand for them."""
    config.option.nbval_sanitize_with = str(HERE / "sanitize.cfg")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Before a notebook's kernel starts: what it finds around it."""
    if item.path.suffix != ".ipynb":
        return
    # A widget's frame is a picture: its words are what is compared.
    item.parent.skip_compare = (*item.parent.skip_compare, "image/svg+xml")
    if item.path not in copies:
        copies[item.path] = copy = tempfile.TemporaryDirectory()
        shutil.copytree(MODELS, copy.name, dirs_exist_ok=True)
        os.environ["DIGITNET_MODELS"] = copy.name
        # Two notebooks run side by side: threads inside NumPy's matrix
        # products would only wait for each other.
        os.environ["OPENBLAS_NUM_THREADS"] = "1"

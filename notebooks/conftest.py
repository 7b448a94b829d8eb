"""Each notebook is tested against the committed models: what one saves is put back before the next one runs."""

from pathlib import Path

import pytest

MODELS = Path(__file__).resolve().parent.parent / "models"


def _contents():
    return {path: path.read_bytes() for path in MODELS.glob("*") if path.is_file()}


def pytest_collection_modifyitems(items):
    """Ask for the fixture below in every notebook cell's file."""


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item, nextitem):
    """Remember models/ before a notebook's first cell, and restore it after its last."""
    if item.path.suffix == ".ipynb" and getattr(item, "cell_num", None) == 0:
        item.parent.models_before = _contents()
    yield
    if item.path.suffix == ".ipynb" and (nextitem is None or nextitem.parent is not item.parent):
        before = getattr(item.parent, "models_before", None)
        if before is not None:
            for path in _contents().keys() - before.keys():
                path.unlink()
            for path, content in before.items():
                if not path.is_file() or path.read_bytes() != content:
                    path.write_bytes(content)

"""Each notebook is tested against the committed models: what one saves is put back before the next one runs."""

from pathlib import Path

import pytest

MODELS = Path(__file__).resolve().parent.parent / "models"


def contents():
    return {path: path.read_bytes() for path in MODELS.glob("*") if path.is_file()}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    """Remember models/ before a notebook's first cell, and restore it after its last."""
    if item.path.suffix != ".ipynb":
        return (yield)
    if not hasattr(item.parent, "models_before"):
        item.parent.models_before = contents()
    try:
        return (yield)
    finally:
        if nextitem is None or nextitem.parent is not item.parent:
            before = item.parent.models_before
            for path in contents().keys() - before.keys():
                path.unlink()
            for path, content in before.items():
                if not path.is_file() or path.read_bytes() != content:
                    path.write_bytes(content)

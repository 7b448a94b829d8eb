"""What several test files share."""

import functools
import os

import matplotlib
import pytest
from lab import find_chromium, start_browser

import digitnet_helpers as helpers

matplotlib.use("Agg")


@functools.cache  # not only for a session: the processes that a mutation run forks inherit them
def digits():
    return helpers.load_mnist()


@pytest.fixture(scope="session")
def mnist():
    """The digits, loaded once."""
    return digits()


@pytest.fixture(scope="session")
def few(mnist):
    """The first 300 training digits in float64, and their labels."""
    return mnist.X_train[:300].astype("float64"), mnist.y_train[:300]


@pytest.fixture(scope="module")
def browser():
    """A real browser. Tests that need one are skipped without, or fail if DIGITNET_BROWSER=required."""
    if not find_chromium():
        how = "no Chromium: install it (`apt install chromium`, or Chrome from its site) or name it in CHROMIUM"
        assert os.environ.get("DIGITNET_BROWSER") != "required", how
        pytest.skip(how)
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = start_browser(started)
        yield browser
        browser.close()

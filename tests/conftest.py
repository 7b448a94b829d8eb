"""What several test files share."""

import os

import matplotlib
import pytest
from lab import find_chromium, start_browser

import digitnet_helpers as dn

matplotlib.use("Agg")


@pytest.fixture(scope="session")
def mnist():
    """The digits, loaded once."""
    return dn.load_mnist()


@pytest.fixture(scope="session")
def few(mnist):
    """The first 300 training digits in float64, and their labels."""
    return mnist.X_train[:300].astype("float64"), mnist.y_train[:300]


@pytest.fixture
def small():
    """A small problem in float64: parameters of three layers, 40 rows of 6 pixels, labels of 4 classes."""
    rng = dn.np.random.default_rng(5)
    return dn.init_params((6, 5, 4, 4), seed=3, dtype=float), rng.random((40, 6)), rng.integers(0, 4, 40)


@pytest.fixture(scope="module")
def browser(request):
    """A real browser, started with BROWSER_FLAGS if the test's module has some.

    Tests that need one are skipped without, or fail if DIGITNET_BROWSER=required.
    """
    if not find_chromium():
        how = "no Chromium: install it (`apt install chromium`, or Chrome from its site) or name it in CHROMIUM"
        assert os.environ.get("DIGITNET_BROWSER") != "required", how
        pytest.skip(how)
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = start_browser(started, *getattr(request.module, "BROWSER_FLAGS", []))
        yield browser
        browser.close()

"""What several test files share."""

import matplotlib
import pytest

import digitnet_helpers as helpers

matplotlib.use("Agg")


@pytest.fixture(scope="session")
def mnist():
    """The digits, loaded once."""
    return helpers.load_mnist()


@pytest.fixture(scope="session")
def few(mnist):
    """The first 300 training digits in float64, and their labels."""
    return mnist.X_train[:300].astype("float64"), mnist.y_train[:300]

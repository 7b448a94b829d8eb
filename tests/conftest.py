"""What several test files share."""

import functools

import matplotlib
import pytest

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

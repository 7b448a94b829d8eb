"""Checks of the exercises in notebook 01."""

import math

import numpy as np

from .common import exercise


@exercise("1.1")
def how_many(function):
    """Digits for a margin of two standard errors."""
    for a, margin in ((0.98, 0.002), (0.97, 0.003), (0.5, 0.1), (0.8, 0.01)):
        exact, found = 4 * a * (1 - a) / margin**2, function(a, margin)
        assert isinstance(found, (int, float, np.number)) and found == found, "return a number"
        hint = f"{a:.0%} to ±{margin:.1%} takes {math.ceil(exact - 1e-6):,} digits, not {found:,.0f}"
        if abs(4 * found - exact) < 2:
            hint += ": the margin is two standard errors"
        assert exact - 1e-6 <= found < exact + 1 + 1e-6, hint
        assert abs(found - round(found)) < 1e-6, f"{found} is no whole number: round it up"


@exercise("1.2")
def wins(answer):
    """The fewest wins among 40 differing digits that make z at least 2."""
    n, differing = 10_000, 40
    z = {n10: (2 * n10 - differing) / math.sqrt(differing - (2 * n10 - differing) ** 2 / n) for n10 in range(41)}
    least = min(n10 for n10 in z if z[n10] >= 2)
    assert isinstance(answer, (int, np.integer)) and 0 <= answer <= differing, "a whole number of digits, from 0 to 40"
    assert answer >= least, f"with n10 = {answer} and n01 = {differing - answer}, z is {z[int(answer)]:.2f}: below 2"
    assert answer == least, f"z is {z[int(answer)]:.2f}: enough, and fewer wins would do"


@exercise("1.3")
def nearest_neighbour(function):
    """Labels of the nearest training images."""
    X, y = np.array([[0.0], [1.0], [2.0], [10.0], [11.0]]), np.array([7, 3, 4, 0, 9])
    for new, label in ((0.1, 7), (0.9, 3), (5.9, 4), (6.1, 0), (30.0, 9)):
        found = np.asarray(function(X, y, np.array([[new], [new]])))
        assert found.shape == (2,), f"two images have labels of shape {found.shape}; expected (2,)"
        assert (found == label).all(), (
            f"at {new}, nearest to {label} on the line 0, 1, 2, 10, 11, you answer {found[0]}"
        )
    X, y = np.array([[3.0, 0.0], [2.0, 2.0]]), np.array([1, 2])
    near = np.asarray(function(X, y, np.zeros((1, 2))))
    assert near[0] == 2, (
        "(2, 2) lies nearer to (0, 0) than (3, 0): 8 against 9. Square, and keep |x|² of the training images"
    )
    rng = np.random.default_rng(0)
    X, y, new = rng.random((50, 6)), rng.integers(10, size=50), rng.random((20, 6))
    truth = y[((new[:, None] - X) ** 2).sum(axis=2).argmin(axis=1)]
    assert (np.asarray(function(X, y, new)) == truth).all(), "on 20 random points among 50, some labels differ"

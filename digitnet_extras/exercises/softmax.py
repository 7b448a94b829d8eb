"""Checks of the exercises in notebook 02."""

import numpy as np

from .common import exercise

H = 1e-5


def _close(given, wanted, tolerance=1e-7):
    return np.shape(given) == np.shape(wanted) and np.allclose(given, wanted, rtol=1e-6, atol=tolerance)


def _differences(cost, z):
    """Centred differences of a cost that takes rows of scores (n, classes) and returns (n,)."""
    step = H * np.eye(len(z))
    return (cost(z + step) - cost(z - step)) / (2 * H)


def _log_sum_exp(Z):
    a = Z.max(axis=-1, keepdims=True)
    return a[..., 0] + np.log(np.exp(Z - a).sum(axis=-1))


@exercise("2.1")
def smoothed(function):
    for epsilon, classes, y in ((0.0, 10, 2), (0.1, 10, 7), (0.3, 4, 0), (1.0, 3, 1)):
        z, q = np.linspace(-1, 2, classes) ** 2, np.full(classes, epsilon / classes)
        q[y] += 1 - epsilon
        cost = lambda Z: _log_sum_exp(Z) - Z @ q  # noqa: E731  B023 is no matter: called at once
        answer = function(z.copy(), y, epsilon)
        assert isinstance(answer, tuple) and len(answer) == 2, "return the pair (cost, gradient)"
        case = f"for epsilon {epsilon} and {classes} classes"
        assert _close(float(answer[0]), float(cost(z))), f"{case} the cost is {cost(z):.6f}, yours {answer[0]}"
        wanted = _differences(cost, z)
        assert _close(np.asarray(answer[1]), wanted), (
            f"the cost is right, but {case} differences measure the gradient {np.round(wanted, 4)}"
        )


@exercise("2.2")
def binary(function):
    near, far = np.array([-2, 0.3, 1, -0.5]), np.array([1000.0, -1000, 1000, -1000])
    for s, y in ((near, np.array([0, 1, 1, 0])), (near[:3], np.array([1, 1, 0])), (far, np.array([0, 0, 1, 1]))):
        cost = lambda S: (np.logaddexp(0, S) - y * S).mean(axis=-1)  # noqa: E731, B023
        with np.errstate(all="ignore"):
            answer = function(s.copy(), y.copy())
        assert isinstance(answer, tuple) and len(answer) == 2, "return the pair (mean cost, ds)"
        where = "at scores of ±1000: does anything overflow?" if np.abs(s).max() > 9 else f"at s = {s}, y = {y}"
        assert _close(float(answer[0]), float(cost(s))), f"the mean cost is {cost(s):.6f}, yours {answer[0]}, {where}"
        wanted = _differences(cost, s)
        assert _close(np.asarray(answer[1]), wanted, 1e-6), f"differences measure ds = {np.round(wanted, 4)} {where}"


@exercise("2.3")
def temperature_gradient(function):
    z = np.linspace(-1, 2, 8) ** 2
    for T, y in ((1.0, 1), (0.5, 0), (3.0, 7), (20.0, 2)):
        cost = lambda t: _log_sum_exp(z / t) - z[y] / t  # noqa: E731, B023
        wanted, given = (cost(T + H) - cost(T - H)) / (2 * H), np.asarray(function(z.copy(), y, T))
        assert given.shape == (), f"return a number, not an array of shape {given.shape}"
        assert np.isclose(given, wanted, rtol=1e-4, atol=1e-7), (
            f"at T = {T:g} differences measure {wanted:.6f}, yours is {given:.6f}"
        )
    assert abs(function(np.full(4, 2.5), 3, 0.7)) < 1e-9, "with equal scores the temperature changes nothing"

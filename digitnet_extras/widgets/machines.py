"""Widgets of notebook 11."""

import numpy as np

from .common import drawing, explore, lines, log_slider

__all__ = ["how_many_workers"]


def how_many_workers():
    """Sliders of batch, computing and messages over the curve of seconds an update by the number of workers."""
    return explore(
        _plan,
        batch=log_slider(1e3, 1e6, 6e4),
        compute_us=log_slider(1, 100, 10),
        message_ms=log_slider(0.1, 100, 3),
    )


def _plan(batch, compute_us, message_ms):
    computing, message = batch * compute_us / 1000, message_ms  # ms
    K = np.arange(1, 65)
    T = computing / K + message * K
    best = int(T.argmin())
    curves = {"update": (K, T), "computing": (K, computing / K), "messages": (K, message * K)}
    words = f"{K[best]} workers: {T[best]:.3g} ms, {T[0] / T[best]:.1f} times as fast as one"
    axes = words, "workers K", "ms an update"
    limits = {"xlim": (0, 64), "ylim": (0, 1.05 * T[0])}
    point = [(K[best], T[best], "")]
    alt = f"An update is shortest with {K[best]} workers: {T[best]:.3g} ms, and {T[0]:.3g} ms with one."
    return drawing(580, 270, lines(curves, 0, 0, 580, 270, *axes, points=point, **limits), alt=alt)

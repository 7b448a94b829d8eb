"""Widgets of notebook 02."""

import numpy as np

from .common import bars, choice, drawing, explore, slider, text

__all__ = ["scores_in_your_hands"]


def scores_in_your_hands():
    """Three scores, a temperature and the right class over the bars of p and of p − y."""
    return explore(
        _picture,
        score_0=slider(-6.0, 6.0, 1.8),
        temperature=slider(0.2, 5.0, 1.0),
        score_1=slider(-6.0, 6.0, 1.1),
        right_class=choice(range(3), 1),
        score_2=slider(-6.0, 6.0, 0.0),
    )


def _picture(score_0, score_1, score_2, temperature, right_class):
    u = np.array([score_0, score_1, score_2]) / temperature
    E = np.exp(u - u.max())
    p = E / E.sum()
    c = np.log(E.sum()) - (u - u.max())[right_class]
    pull, names = p - np.eye(3)[right_class], [f"class {j}" for j in range(3)]
    words = f"Right class {right_class}: p = {p[right_class]:.3f}, cost −log p = {c:.3f} nats"
    more = f"The sizes of p − y add up to {np.abs(pull).sum():.3f}, of 2 at most"
    left = bars(p, names, 0, 8, 270, "Probabilities p", bold=[right_class], row=34)
    right = bars(pull, names, 300, 8, 280, "Gradient p − y", bold=[right_class], row=34)
    return drawing(580, 190, left, right, text(0, 160, words), text(0, 180, more), alt=f"{words}. {more}.")

"""Widgets of notebook 09."""

import numpy as np

import digitnet_helpers as dn

from ..images import move_images, predict_moved, straighten
from .common import bars, choice, digit_grid, drawing, explore, slider, text

__all__ = ["moved_copies", "nine_readings"]


def moved_copies(images, labels):
    """Fifteen moved copies of one of the images (n, 784), for strengths that are chosen."""

    def draw(digit, strength, bend, again):
        one = straighten(images[digit : digit + 1])
        rng = np.random.default_rng(again)
        sizes = {"rotation": 0.05, "shear": 0.05, "scale": 0.035, "shift": 0.35}
        moves = {name: strength * size for name, size in sizes.items()}
        copies = move_images(np.repeat(one, 15, axis=0), rng, **moves, elastic=0.5 * bend)
        captions = ["straightened"] + [""] * 15
        alt = f"A {labels[digit]}, straightened, and fifteen moved copies of it."
        return drawing(640, 200, digit_grid(np.vstack([one, copies]), captions, 0, 0, 80, 8), alt=alt)

    return explore(
        draw,
        digit=slider(0, len(images) - 1, 7, 1),
        strength=slider(0.0, 8.0, 1.0, 0.25, ".2f"),
        bend=slider(0.0, 8.0, 1.0, 0.25, ".2f"),
        again=slider(0, 99, 0, 1),
    )


def nine_readings(params, images, labels, hard):
    """How `params` read nine copies of an image (n, 784), each shifted by up to half a pixel, and their mean.

    `images` are straightened already; the menu offers the rows `hard`.
    """
    from ..images import _resample

    rows, columns = np.divmod(np.arange(784.0), 28)

    def draw(digit, distance):
        one, label = images[digit : digit + 1], labels[digit]
        shifts = [(down, right) for down in (-distance, 0, distance) for right in (-distance, 0, distance)]
        copies = np.vstack([_resample(one, rows - down, columns - right) for down, right in shifts])
        P = dn.predict_proba(params, copies)
        captions = [f"{p.argmax()} at {p.max():.0%}" for p in P]
        wrong = np.flatnonzero(P.argmax(axis=1) != label)
        mean = predict_moved(params, one, distance)[0]
        parts = [
            text(0, 14, f"label {label}", bold=True),
            digit_grid(copies, captions, 0, 24, 80, 3, wrong),
            bars(mean, range(10), 275, 8, 360, "mean of the nine probabilities", bold=(int(mean.argmax()),), row=29),
        ]
        alt = f"Nine copies of a {label}; together they are read as a {mean.argmax()} with {mean.max():.0%}."
        return drawing(640, 335, *parts, alt=alt)

    menu = {f"image {k}, a {labels[k]}": int(k) for k in hard}
    return explore(draw, digit=choice(menu), distance=slider(0.0, 2.0, 0.5, 0.1))

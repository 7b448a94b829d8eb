"""Widgets of notebook 07."""

import numpy as np

from ..drawings import see_digit
from ..figures import COLORS
from ..teaching import SHAPES, draw
from .common import choice, drawing, explore, image, slider, text

__all__ = ["why"]

SQUARE = 4  # side of the square that covers part of an image, in pixels


def why(net, X, y, pad):
    """What in a digit speaks for one class, or for it and against another, by three methods.

    `net` are the parameters, X (n, 784) and y its digits to choose from; "mine" is the drawing on `pad`.
    """
    classes = [np.flatnonzero(y == k)[:20] for k in range(10)]

    def picture(digit, number, speaks_for, rather_than):
        if digit == "mine":
            sheet = draw(SHAPES["1 with a steep flag"][1]) if pad.image is None else pad.image
            x = see_digit(sheet, pad.metadata).astype(float)
        else:
            x = X[classes[digit][number - 1]]
        return _picture(net, x, "mine" if digit == "mine" else f"a {digit}", speaks_for, rather_than)

    explorer = explore(
        picture,
        digit=choice({"mine": "mine"} | {str(k): k for k in range(10)}),
        number=slider(1, 20, 1, 1),
        speaks_for=choice({"the answer": "answer"} | {str(k): k for k in range(10)}),
        rather_than=choice({"the runner-up": "next", "nothing": "nothing"} | {str(k): k for k in range(10)}),
    )
    pad.observe(explorer.update, names="ink")
    return explorer


def _picture(net, x, name, k, rival):
    (W1, b1), (W2, b2), (W3, b3) = net
    z1 = x @ W1 + b1
    z2 = np.maximum(z1, 0) @ W2 + b2
    z3 = np.maximum(z2, 0) @ W3 + b3
    p = np.exp(z3 - z3.max())
    p /= p.sum()
    k = int(p.argmax()) if k == "answer" else k
    rival = int(np.where(np.arange(10) == k, -1, p).argmax()) if rival == "next" else rival
    v = np.eye(10)[k] - (0 if rival == "nothing" else np.eye(10)[rival])

    def value(images):
        A2 = np.maximum(np.maximum(images @ W1 + b1, 0) @ W2 + b2, 0)
        return A2 @ (W3 @ v) + b3 @ v

    g = W1 @ ((W2 @ ((W3 @ v) * (z2 > 0))) * (z1 > 0))
    places = 28 - SQUARE + 1
    covered = np.tile(x.reshape(28, 28), (places**2, 1, 1))
    for at, copy in enumerate(covered):
        top, left = divmod(at, places)
        copy[top : top + SQUARE, left : left + SQUARE] = 0
    drops = value(x) - value(covered.reshape(-1, 784))
    asked = f"logit {k}" if rival == "nothing" else f"logit {k} − logit {rival}"
    words = f"{asked} = {value(x):.2f}".replace("= -", "= −")
    words = f"The network reads {p.argmax()}, with {p.max():.0%}.  {words}"
    views = {name: x, "gradient": g, "gradient × input": x * g, "occlusion": drops}
    parts = [text(0, 14, words, bold=True, color=COLORS[-1], size=13)]
    for at, (title, view) in enumerate(views.items()):
        side = int(np.sqrt(view.size))
        parts.append(image(view, 178 * at, 26, 166, title, signed=at > 0, most=None if at else 1.0, shape=(side, side)))
    more = "Red raises the asked number, blue lowers it; each picture has a scale of its own."
    parts.append(text(0, 230, more, color="#555"))
    return drawing(700, 238, *parts, alt=f"{words}. {more}")

"""Widgets of notebook 03."""

import numpy as np

import digitnet_helpers as dn

from ..figures import FORWARD, INK
from .common import bars, choice, drawing, explore, frame, image, log_slider, slider, text

__all__ = ["forward_pass"]


def forward_pass(images):
    """Follow one of `images` (10, 784), the digits 0 to 9, through one unit and through an untrained network."""
    images = np.asarray(images, np.float64)

    def picture(digit, unit, scale, draw):
        params = [(scale * W, b) for W, b in dn.init_params(seed=draw, dtype=np.float64)]
        x = images[digit : digit + 1]
        A, P = dn.forward(params, x)
        w = params[0][0][:, unit]
        z = float(x[0] @ w)
        parts = [
            image(x, 0, 0, 122, "the digit x", most=1.0),
            text(129, 86, "×", bold=True, size=18),
            image(w, 148, 0, 122, f"weights of unit {unit}", signed=True),
            text(277, 86, "=", bold=True, size=18),
            image(x[0] * w, 296, 0, 122, "pixel by pixel", signed=True),
            text(434, 60, "added up:", color="#555"),
            text(434, 84, f"z = {z:.3g}".replace("-", "−"), bold=True, size=17),
            text(434, 110, f"relu(z) = {max(z, 0):.3g}", bold=True, size=17, color=FORWARD),
        ]
        if z <= 0:
            parts.append(text(434, 132, "The unit is silent.", color="#555"))
        for layer, (values, name) in enumerate(((A[1], "25 units of layer 1"), (A[2], "15 units of layer 2"))):
            top, count = 164 + 84 * layer, values.size
            parts.append(image(values, 0, top, 14 * count, f"{name}, from 0 to {values.max():.3g}", shape=(1, count)))
            parts[-1] = parts[-1].replace("height='14.0'", "height='36' preserveAspectRatio='none'")
        parts.append(frame(14 * unit, 184, 14, 36, color=INK))
        share, answer = P[0], int(P.argmax())
        logits = A[-1][0] @ params[-1][0] + params[-1][1]
        cost = np.logaddexp.reduce(logits) - logits[digit]  # also where a probability is rounded to 0
        parts.append(text(0, 352, f"cost of this digit: {cost:.3g} nats (log 10 = 2.30)"))
        title = f"it says {answer} {'✓' if answer == digit else '✗'}"
        parts.append(
            bars(share, [str(k) for k in range(10)], 380, 152, 215, title, bold=(answer,), form="{:.2f}", row=19)
        )
        alt = f"Digit {digit}, unit {unit}: z = {z:.3g}; the untrained network says {answer} with {share[answer]:.2f}"
        return drawing(596, 370, *parts, alt=alt)

    return explore(
        picture,
        digit=choice(list(range(10)), 5),
        unit=slider(0, 24, 0, 1),
        scale=log_slider(0.1, 10, 1),
        draw=slider(0, 19, 0, 1),
    )

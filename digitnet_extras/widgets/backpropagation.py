"""The widget of notebook 04."""

import numpy as np

import digitnet_checks as checks
import digitnet_helpers as dn

from ..figures import BUGS, CLINIC_SIZES, planted
from .common import bars, choice, drawing, explore, log_slider, text

__all__ = ["step_of_the_check"]


def step_of_the_check(X, y, entries=20):
    """Relative errors of 784-10-10-10's arrays on X (10, 784), y (10,), for any step and a right or wrong gradient."""
    params = dn.init_params(CLINIC_SIZES, dtype=np.float64)
    cost = dict.fromkeys(["the right code", *[wrong for _, wrong in list(BUGS.values())[:5]]])
    for bug, words in zip((None, *BUGS), cost):
        cost[words] = planted(bug)(params, *dn.forward(params, X), y)

    def picture(step, gradient):
        with checks.trusted():
            errors = dn.gradient_check(params, X, y, cost[gradient], step=step, entries=entries)
        values = np.log10(np.maximum(list(errors.values()), 1e-12)) + 12
        fails = [k for k, error in enumerate(errors.values()) if error > 1e-6]
        names = [f"{name} {'✗' if k in fails else '✓'}" for k, name in enumerate(errors)]
        numbers = [f"{error:.0e}".replace("e-0", "e−").replace("e-", "e−") for error in errors.values()]
        title = "Worst relative error of each array, in powers of ten"
        parts = bars(values, names, 14, 0, 560, title, most=13, row=28, numbers=numbers, mark=6, bold=fails)
        words = f"{gradient}: {6 - len(fails)} of 6 arrays agree to 1e−6 (dashed line) at h = {step:.0e}".replace(
            "e-0", "e−"
        ).replace("e-", "e−")
        return drawing(580, 230, parts, text(0, 222, words), alt=words)

    return explore(picture, step=log_slider(1e-13, 0.1, 1e-5, ".0e"), gradient=choice(list(cost)))

"""Figures of notebook 04, and the clinic: the module's own `backward` with one line exchanged."""

import inspect

import matplotlib.pyplot as plt
import numpy as np

import digitnet_checks as checks
import digitnet_helpers as dn

from .common import BACKWARD, COLORS, FAINT, FORWARD, INK

__all__ = [
    "BUGS",
    "CLINIC_SIZES",
    "backward_graph",
    "clinic",
    "clinic_angles",
    "hidden_layers_pay",
    "kink_or_bug",
    "numbers_by_hand",
    "planted",
    "run_clinic",
    "step_valley",
]

BUGS = {  # what stands in `backward`, and what a tired programmer wrote
    "add": ("dZ[np.arange(len(y)), y] -= 1", "dZ[np.arange(len(y)), y] += 1"),
    "no mean": ("dZ /= len(y)", "dZ /= 1"),
    "axis": ("dZ.sum(axis=0)", "dZ.sum(axis=1)"),
    "no .T": ("dZ @ params[k][0].T", "dZ @ params[k][0]"),
    ">=": ("(A[k] > 0)", "(A[k] >= 0)"),
    "no copy": ("dZ = P.copy()", "dZ = P"),
}
SOURCE = inspect.getsource(dn.backward)
CLINIC_SIZES = (784, 10, 10, 10)  # square matrices and batches of ten: no shape gives a bug away
ARRAYS = ("W1", "b1", "W2", "b2", "W3", "b3")


def planted(bug=None):
    """Return `dn.backward`, or a copy of it with the line of `bug` (a name in BUGS) in place of the right one."""
    if bug is None:
        return dn.backward
    right, wrong = BUGS[bug]
    assert SOURCE.count(right) == 1, f"{right!r} must stand in backward once"
    names = dict(vars(dn))
    exec(SOURCE.replace(right, wrong), names)
    return names["backward"]


def run_clinic(X, y, seeds=(0, 1, 2), updates=1000, rate=0.01):
    """Check and train the five bugs that a check can see, and the right code (None), on X (n, 784) float64 and y (n,).

    Returns {bug: {"errors": {array: worst relative error}, "costs": a row of costs for each seed, "angles": rows of
    cosines between what the code returns and the gradient, one every 100 updates}}.
    """
    found, params = {}, dn.init_params(CLINIC_SIZES, dtype=np.float64)
    for bug in (None, *list(BUGS)[:5]):
        back = planted(bug)
        with checks.trusted():
            gradients = back(params, *dn.forward(params, X[:10]), y[:10])
            errors = dn.gradient_check(params, X[:10], y[:10], gradients, entries=50)
            runs = [_clinic_training(back, X, y, seed, updates, rate) for seed in seeds]
        found[bug] = {"errors": errors, "costs": [run[0] for run in runs], "angles": [run[1] for run in runs]}
    return found


def _clinic_training(back, X, y, seed, updates, rate):
    rng, costs, angles = np.random.default_rng(seed), [], []
    params, batches = dn.init_params(CLINIC_SIZES, seed, np.float64), np.arange(200).reshape(-1, 10)
    while len(costs) < updates:
        for rows in rng.permutation(len(y))[: len(y) // 10 * 10].reshape(-1, 10):
            if len(costs) % 100 == 0:
                angles.append(
                    _cosine(*(sum(_gradient(b, params, X[r], y[r])[1] for r in batches) for b in (back, dn.backward)))
                )
            J, step = _gradient(back, params, X[rows], y[rows])
            costs.append(J)
            if J > 10 or len(costs) == updates:
                return costs, angles
            for (W, b), (dW, db) in zip(params, dn.to_params(step, params)):
                W -= rate * dW
                b -= rate * db


def _gradient(back, params, X, y):
    A, P = dn.forward(params, X)
    return dn.cross_entropy(P, y), dn.to_vector(back(params, A, P, y))


def _cosine(g, dw):
    return float(g @ dw / np.sqrt((g @ g) * (dw @ dw)))


def clinic(found):
    """The table of `run_clinic`: line, the verdict on each array, and the cost of three short trainings."""
    fig, axes = plt.subplots(6, 3, figsize=(7.8, 6.4), width_ratios=(3.5, 2.5, 2.3))
    right = np.mean(found[None]["costs"], axis=0)
    for number, ((line, marks, curve), (bug, one)) in enumerate(zip(axes, found.items())):
        for ax in (line, marks):
            ax.set_axis_off()
            ax.set(xlim=(0, 6), ylim=(-1, 1))
        was, wrong = BUGS.get(bug, ("", "the right code"))
        line.text(0, 0.35, f"{number}" if was else "", va="center", fontsize=11, weight="bold")
        look = {"va": "center", "fontsize": 10.5, "family": "monospace"} if was else {"va": "center", "fontsize": 11}
        line.text(0.4, 0.35 if was else 0, wrong, weight="bold", **look)
        line.text(0.4, -0.4, was, color="#666", **look)
        for k, name in enumerate(ARRAYS):
            fine = one["errors"][name] < 1e-6
            style = {"color": FORWARD if fine else BACKWARD, "weight": "normal" if fine else "bold", "fontsize": 15}
            marks.text(k + 0.5, 0, "✓" if fine else "✗", ha="center", va="center", **style)
        end = _draw_costs(curve, one["costs"], right, bug is None)
        words = f"{end:.2f} nats" if end else "explodes"
        curve.text(1.02, 0.5, words, transform=curve.transAxes, va="center", fontsize=10.5, weight="bold")
    for k, name in enumerate(ARRAYS):
        axes[0, 1].text(k + 0.5, 1.15, name, ha="center", fontsize=10)
    axes[0, 0].text(0.4, 1.15, "the slip, below it the right line", fontsize=10)
    axes[0, 2].set_title("cost from three starts", fontsize=10, weight="normal")
    axes[-1, 2].set_xticks([0, 1000], ["0", "1,000 updates"], ha="center")
    axes[-1, 1].annotate("", (0.3, -1), (5.7, -1), arrowprops={"arrowstyle": "-|>", "color": BACKWARD})
    axes[-1, 1].text(3, -1.12, "the way the backward pass takes", ha="center", va="top", fontsize=10, color=BACKWARD)
    fig.suptitle("The check catches all five. Four of them learn anyway.", x=0.01, ha="left", weight="bold", size=12)
    return fig


def _draw_costs(ax, runs, right, healthy):
    """Draw smoothed costs; return the mean of the last 200 updates, None for runs that exploded."""
    ax.plot(*_blocks(right), color=FAINT, lw=3.5, ls="-")
    for costs in runs:
        ax.plot(
            *(_blocks(costs) if len(costs) > 100 else (np.arange(len(costs)), costs)),
            color=FORWARD if healthy else BACKWARD,
            lw=1,
            ls="-",
        )
    ax.set(xlim=(0, 1000), ylim=(0, 3.6), xticks=[], yticks=[0, 3])
    ax.tick_params(labelsize=9)
    return np.mean([costs[-200:] for costs in runs]) if min(map(len, runs)) > 100 else None


def _blocks(costs, size=40):
    return (np.arange(len(costs) // size) + 0.5) * size, np.reshape(costs, (-1, size)).mean(axis=1)


def clinic_angles(found):
    """Cosine between what each bug returns and the true gradient, along the trainings of `run_clinic`."""
    fig, ax = plt.subplots(figsize=(7.8, 4.0))
    ax.axhspan(-1.1, 0, color="#f3f3f3", lw=0)
    ax.text(760, -0.3, "below 0: uphill", color="#555", fontsize=10)
    names = {"no mean": "2: no 1/n", "axis": "3: axis=1", "no .T": "4: no .T", ">=": "5: >="}
    lift = {"no mean": 0.06, "axis": -0.06, "no .T": 0.05, ">=": -0.05}
    for (bug, name), k, style in zip(names.items(), range(4), ("-", "--", "-", "--")):
        rows = [angles for angles in found[bug]["angles"]]
        for angles in rows:
            ax.plot(np.arange(len(angles)) * 100, angles, style, color=COLORS[k], lw=1.3)
        end, at = np.mean([angles[-1] for angles in rows]), 100 * len(rows[0]) - 85
        ax.text(at, end + lift.get(bug, 0), name, color=COLORS[k], va="center", weight="bold")
    ax.set(xlim=(-15, 1010), ylim=(-0.5, 1.12), xlabel="update", ylabel="cosine with the gradient")
    ax.set_title("Without .T, the network bends until the wrong way leads downhill")
    return fig


# ------------------------------------------------------------------------------------------------- by hand


def numbers_by_hand(X, W1, Z1, W2, Z2, P, Y, dZ2, dW2, dA1, dZ1, dW1):
    """A 2-2-2 network at one example: on every arrow and unit what runs forward (blue) and backward (orange)."""
    fig, ax = plt.subplots(figsize=(8.2, 4.6))
    x, rows, A1 = (0, 3.9, 8.2), (2.5, 0.0), Z1.clip(0)
    for k, (W, dW) in enumerate(((W1, dW1), (W2, dW2))):
        for i, j in np.ndindex(2, 2):
            _weight(ax, (x[k], rows[i]), (x[k + 1], rows[j]), W[i, j], dW[i, j], (0.46, 0.3)[i != j], k)
    for i in range(2):
        off = Z1[0, i] <= 0
        _unit(ax, x[0], rows[i], _n(X[0, i]), "")
        _unit(ax, x[1], rows[i], f"{_n(Z1[0, i])} → {_n(A1[0, i])}", f"④ {_n(dZ1[0, i])} ← ③ {_n(dA1[0, i])}", off)
        _unit(ax, x[2], rows[i], f"{_n(Z2[0, i])} → {P[0, i]:.2f}", f"① {_n(dZ2[0, i])}")
        ax.text(x[2] + 1.1, rows[i], f"truth {Y[0, i]:g}", color="#555", va="center", fontsize=10.5)
    ax.text(
        x[2] - 0.35,
        1.25,
        f"cost J = {-np.log(P[Y == 1][0]):.2f} nats",
        ha="left",
        va="center",
        color=FORWARD,
        fontsize=12,
    )
    for at, words in zip(x, ("pixels", "hidden units:  z → relu(z)", "classes:  z → p")):
        ax.text(at, 3.5, words, ha="center", color="#555", fontsize=10.5)
    ax.text(-0.5, -1.05, "→ forward", color=FORWARD, fontsize=11, weight="bold")
    ax.text(1.15, -1.05, "← backward: how the cost answers", color=BACKWARD, fontsize=11, weight="bold")
    ax.text(5.6, -1.05, "dashed: a weight that does not move", color="#777", fontsize=10.5)
    ax.set(xlim=(-0.6, 10.4), ylim=(-1.2, 3.65))
    ax.set_title("Half of the weights learn nothing from this example")
    ax.set_axis_off()
    return fig


def _unit(ax, x, y, value, gradient, off=False):
    box = {"boxstyle": "round,pad=0.42", "fc": "white", "ec": FAINT if off else INK, "lw": 1.4}
    box |= {"ls": "--"} if off else {}
    ax.text(x, y, value, ha="center", va="center", color=FORWARD, fontsize=13, bbox=box, zorder=4)
    ax.text(
        x, y + (0.47 if y > 0 else -0.47), gradient, ha="center", va="center", color=BACKWARD, fontsize=12.5, zorder=4
    )


def _weight(ax, start, end, weight, gradient, at, layer):
    dead = gradient == 0
    style = {"arrowstyle": "-|>", "color": FAINT if dead else INK, "lw": 1.2, "ls": "--" if dead else "-"}
    style |= {"shrinkA": (20, 46)[layer], "shrinkB": (46, 56)[layer]}
    ax.annotate("", end, start, arrowprops=style)
    x, y = (s + at * (e - s) for s, e in zip(start, end))
    words = {"ha": "center", "va": "center", "fontsize": 11.5, "bbox": {"fc": "white", "ec": "none", "pad": 0.8}}
    ax.text(x, y + 0.15, _n(weight), color=FORWARD, **words)
    ax.text(x, y - 0.15, f"② {_n(gradient)}", color=BACKWARD, **words)


def _n(value):
    return f"{round(float(value), 2) + 0.0:g}".replace("-", "−")


# ------------------------------------------------------------------------------------------------- the graph


def backward_graph(sizes=(784, 25, 15, 10)):
    """The computation as a graph: blue arrows carry what was computed forward, orange ones derivatives."""
    fig, ax = plt.subplots(figsize=(8.2, 4.7))
    place = {name: (k, 2) for k, name in enumerate(("X", "Z1", "A1", "Z2", "A2", "Z3", "P", "J"))}
    place |= {"d" + name: (k, 1) for name, (k, _) in list(place.items())[1:6]} | {"y": (7, 1)}
    for k in (1, 2, 3):
        place |= {
            f"W{k}": (2 * k - 1, 3),
            f"b{k}": (2 * k - 0.42, 3),
            f"dW{k}": (2 * k - 1, 0),
            f"db{k}": (2 * k - 0.42, 0),
        }
    forward = ["X Z1", "Z1 A1", "A1 Z2", "Z2 A2", "A2 Z3", "Z3 P", "P J", "y J"]
    forward += [f"{letter}{k} Z{k}" for k in (1, 2, 3) for letter in "Wb"]
    used = ["P dZ3", "y dZ3", "A2 dW3", "A1 dW2", "X dW1", "W3 dA2", "W2 dA1", "Z2 dZ2", "Z1 dZ1"]
    back = ["dZ3 dA2", "dA2 dZ2", "dZ2 dA1", "dA1 dZ1"] + [f"dZ{k} d{letter}{k}" for k in (1, 2, 3) for letter in "Wb"]
    for pairs, color, line in ((forward, FORWARD, "-"), (used, FORWARD, "--"), (back, BACKWARD, "-")):
        for pair in pairs:
            start, end = (place[name] for name in pair.split())
            style = {"arrowstyle": "-|>", "color": color, "ls": line, "lw": 1.3, "shrinkA": 15, "shrinkB": 16}
            ax.annotate("", end, start, arrowprops=style, zorder=1)
    for name, (x, y) in place.items():
        color = BACKWARD if name[0] == "d" else FORWARD
        box = {"boxstyle": "round,pad=0.28", "fc": "white", "ec": color if name != "y" else INK, "lw": 1.2}
        ax.text(
            x, y, name, ha="center", va="center", fontsize=11.5, color=color if name != "y" else INK, bbox=box, zorder=3
        )
    shapes = {"X": sizes[0], "A1": sizes[1], "A2": sizes[2], "P": sizes[3]}
    for name, width in shapes.items():
        x, y = place[name]
        ax.text(x + 0.04, y + 0.27, f"n × {width}", ha="center", fontsize=9, color="#666")
    for k, (m, w) in enumerate(zip(sizes, sizes[1:]), start=1):
        ax.text(2 * k - 1, 3.3, f"{m} × {w}", ha="center", fontsize=9, color="#666")
        ax.text(2 * k - 0.42, 3.3, f"{w}", ha="center", fontsize=9, color="#666")
    for x, words, color in (
        (0.0, "→ forward", FORWARD),
        (1.5, "⇢ borrowed from the forward pass", FORWARD),
        (5.2, "→ backward", BACKWARD),
    ):
        ax.text(x - 0.3, -0.62, words, color=color, fontsize=10.5, weight="bold")
    ax.set(
        xlim=(-0.45, 7.4),
        ylim=(-0.75, 3.5),
        title="The way back borrows inputs, weights and gates from the way forward",
    )
    ax.set_axis_off()
    return fig


# ------------------------------------------------------------------------------------------------- the check


def step_valley(steps, measured, predicted, best):
    """Mean error of centred differences by step, {dtype name: values} each, above what theory predicts."""
    fig, ax = plt.subplots(figsize=(7.8, 4.0))
    for k, (name, errors) in enumerate(measured.items()):
        ax.loglog(steps[name], predicted[name], "-", color=FAINT, lw=5)
        ax.loglog(steps[name], errors, "os"[k] + "-", color=COLORS[(0, 2)[k]], ms=4, lw=1.2)
        ax.text(steps[name][0] * 12, errors[0] * 1.3, name, color=COLORS[(0, 2)[k]], weight="bold")
    ax.axvline(best, color="#777", ls=":", lw=1)
    ax.text(
        best / 1.3,
        2e-9,
        f"best step\nin float64\n{best:.0e}".replace("e-0", "e−"),
        color="#555",
        fontsize=10,
        ha="right",
    )
    ax.set(xlabel="step h", ylabel="mean error of the slope")
    ax.set_title("Too wide a step bends, too short a step drowns in rounding")
    return fig


def kink_or_bug(steps, numeric, exact, h0, jump):
    """Relative error by step (k,) of `exact` and of 1.1 times `exact`, beside the centred differences `numeric` (k,).

    Beyond the step `h0` the slope has another value, by `jump`; grey is what that predicts.
    """
    fig, ax = plt.subplots(figsize=(7.8, 3.9))
    right, wrong = np.abs(numeric / exact - 1), np.abs(numeric / exact - 1.1)
    predicted = (steps - h0) / (2 * steps) * abs(jump / exact)
    above = steps > h0
    ax.loglog(steps[above], predicted[above], "-", color=FAINT, lw=8)
    ax.loglog(steps, wrong, "s-", color=BACKWARD, ms=3.5, lw=1)
    ax.loglog(steps, right, "o-", color=FORWARD, ms=3.5, lw=1)
    ax.axvline(h0, color="#777", ls=":", lw=1)
    ax.text(h0 * 0.9, 1e-5, "a unit changes its mind\nbeyond this step  →", ha="right", fontsize=10, color="#555")
    ax.text(steps[0], wrong[0] * 3.5, "a gradient 10% too large", color=BACKWARD, weight="bold")
    ax.text(steps[0], 1e-7, "the right gradient", color=FORWARD, weight="bold")
    ax.set(xlabel="step h", ylabel="relative error", ylim=(1e-12, 30))
    ax.set_title("A kink goes away when the step shrinks; a bug stays")
    return fig


def hidden_layers_pay(costs, points, errors):
    """Costs of one training, and beside them what hidden layers gain (percentage points) at each of several starts."""
    fig, (ax, side) = plt.subplots(1, 2, figsize=(7.8, 3.5), width_ratios=(1.1, 1))
    ax.plot(costs, ".", color=FORWARD, ms=2, alpha=0.35)
    ax.plot(*_blocks(costs), color=FORWARD, ls="-")
    ax.set(xlabel="update", ylabel="cost J of a batch (nats)", ylim=(0, 3), title="A thousand steps")
    side.axvline(0, color=FAINT, lw=1)
    rows = np.arange(len(points))[::-1]
    for row, point, error in zip(rows, points, errors):
        side.plot([point - 2 * error, point + 2 * error], [row, row], "-", color=FORWARD)
        side.plot([point], [row], "o", color=FORWARD)
    side.set(yticks=rows, yticklabels=[f"start {k}" for k in range(len(points))], ylim=(-0.6, len(points) - 0.4))
    side.set(xlabel="percentage points gained, ± 2 se", title="Four of five starts gain")
    return fig

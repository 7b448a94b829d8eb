"""Figures of notebook 02."""

import matplotlib.pyplot as plt
import numpy as np

from .common import BACKWARD, COLORS, FAINT, FORWARD, INK

__all__ = [
    "batch_errors",
    "cost_curve",
    "first_step",
    "float32_costs",
    "hardest_digits",
    "plateau",
    "push",
    "softmax_by_hand",
    "softmax_jacobian",
    "temperature_curves",
]


def first_step(step, share):
    """Ten images (784, 10) of one step, red where it adds to a weight; `share` is what it then reads right."""
    fig, axes = plt.subplots(2, 5, figsize=(7.5, 4.1))
    limit = np.abs(step).max()
    for digit, ax in enumerate(axes.flat):
        image = ax.imshow(step[:, digit].reshape(28, 28), cmap="RdBu_r", vmin=-limit, vmax=limit)
        ax.set_title(str(digit), loc="center")
        ax.set_axis_off()
    bar = fig.colorbar(image, ax=axes, orientation="horizontal", shrink=0.6, aspect=40, ticks=[-limit, 0, limit])
    bar.ax.set_xticklabels(["taken away", "0", "added"])
    bar.outline.set_visible(False)
    fig.suptitle(f"One step from nothing reads {share:.0%} of new digits", weight="bold", size=12, x=0.01, ha="left")
    return fig


def softmax_by_hand(z, y):
    """Scores, exponentials, probabilities and cost of one example with scores (classes,) and label `y`."""
    E = np.exp(z)
    p = E / E.sum()
    fig, ax = plt.subplots(figsize=(7.5, 3.1))
    columns = (0, 2.4, 4.8)
    for x, words in zip(columns, ("score z", "$e^z$", "probability p")):
        ax.text(x, 2.75, words, ha="center", color="#555")
    for k in range(len(z)):
        row = len(z) - 1 - k
        ax.text(-0.95, row, f"class {k}", ha="right", va="center", weight="bold" if k == y else "normal")
        for x, words in zip(columns, (f"{z[k]:.2f}", f"{E[k]:.0f}", f"{p[k]:.1f}")):
            _box(ax, x, row, words, FORWARD)
        _arrow(ax, (0.55, row), (1.85, row), "exp")
        _arrow(ax, (2.95, row), (4.2, row), f"÷ {E.sum():.0f}")
    row = len(z) - 1 - y
    _arrow(ax, (5.4, row), (6.7, row), "−log")
    _box(ax, 7.3, row, f"{-np.log(p[y]):.2f}", FORWARD)
    ax.text(7.3, row + 0.5, "cost c", ha="center", color="#555")
    ax.text(7.3, row - 0.62, "the right class\nis class 1", ha="center", va="center", size=10, weight="bold")
    ax.text(columns[1], -0.72, f"sum {E.sum():.0f}", ha="center", va="center")
    ax.text(columns[2], -0.72, "sum 1", ha="center", va="center")
    ax.set(xlim=(-2.0, 8.1), ylim=(-1, 3.1))
    ax.set_title("From three scores to a cost")
    ax.set_axis_off()
    return fig


def _box(ax, x, y, words, color):
    box = {"boxstyle": "round,pad=0.4", "fc": "white", "ec": "#333", "lw": 1.2}
    ax.text(x, y, words, ha="center", va="center", color=color, size=13, bbox=box)


def _arrow(ax, start, end, words):
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "#333", "lw": 1.1})
    ax.text((start[0] + end[0]) / 2, start[1] + 0.17, words, ha="center", size=9.5, color="#333")


def temperature_curves(T, P, peak):
    """Probabilities P (temperatures, 3) by temperature T; `peak` (T, p) is where class 1 is most probable."""
    fig, ax = plt.subplots(figsize=(7.5, 3.7))
    ax.axhline(1 / 3, color=FAINT, linewidth=1)
    ax.axvline(1, color=FAINT, linewidth=1)
    ax.text(1.04, 0.95, "T = 1", color="#555")
    ax.text(T[-1], 1 / 3 + 0.02, "one third", color="#555", ha="right")
    words, places = ("class 0, score 1.79", "class 1, score 1.10", "class 2, score 0"), (0.87, 0.17, 0.06)
    for j, (style, place) in enumerate(zip(("-", "--", "-."), places)):
        ax.plot(T, P[:, j], style, color=COLORS[(0, 2, 3)[j]])
        ax.text((0.055, 0.055, 1.5)[j], place, words[j], color=COLORS[(0, 2, 3)[j]], va="center", ha="left")
    for share in (0.6, 0.3, 0.1):
        ax.plot(1, share, "o", color=INK, markersize=4)
    ax.plot(*peak, "o", color=COLORS[2])
    ax.annotate(
        f"class 1 peaks at {peak[1]:.3f}\nwhere T = {peak[0]:.1f}",
        peak,
        (peak[0] * 1.05, 0.56),
        color=COLORS[2],
        arrowprops={"arrowstyle": "-", "color": COLORS[2]},
    )
    ax.set(xscale="log", xlabel="temperature T", ylabel="probability", ylim=(0, 1.02), xlim=(T[0], T[-1]))
    ax.set_xticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
    ax.set_title("Cold, the winner takes all; hot, everybody gets a third")
    return fig


def cost_curve(p_y):
    """The curve −log p, the examples with right-class probabilities `p_y`, and their mean cost read back."""
    fig, ax = plt.subplots(figsize=(7.5, 3.7))
    p = np.linspace(0.01, 1, 400)
    ax.plot(p, -np.log(p), color=FORWARD)
    for share in p_y:
        ax.plot(share, -np.log(share), "o", color=INK)
        ax.text(share + 0.015, -np.log(share) + 0.12, f"p = {share:g}: {-np.log(share):.2f} nats")
    J = -np.log(p_y).mean()
    ax.plot([0, np.exp(-J), np.exp(-J)], [J, J, 0], "--", color=COLORS[2], linewidth=1.4)
    ax.text(0.005, J + 0.1, f"mean {J:.2f}", color=COLORS[2], size=10)
    ax.text(np.exp(-J) + 0.012, 0.12, f"{np.exp(-J):.2f}, their geometric mean", color=COLORS[2])
    ax.set(xlabel="probability given to the right class", ylabel="cost −log p (nats)", xlim=(0, 1.15), ylim=(0, 4.7))
    ax.set_xticks(np.linspace(0, 1, 6))
    ax.set_title("A mean cost, read backwards, is a probability")
    return fig


def softmax_jacobian(p):
    """Heat maps of diag(p), of −p pᵀ and of their sum, with every number."""
    parts = {"diag(p)": np.diag(p), "− p pᵀ": -np.outer(p, p)}
    parts["D, their sum"] = sum(parts.values())
    fig, axes = plt.subplots(1, 3, figsize=(7.5, 3.1), sharey=True)
    for ax, (title, part) in zip(axes, parts.items()):
        ax.imshow(part, cmap="RdBu_r", vmin=-0.6, vmax=0.6)
        for (j, k), entry in np.ndenumerate(part):
            color = "white" if abs(entry) > 0.4 else INK
            ax.text(k, j, f"{entry + 0.0:.2f}".replace("-", "−"), ha="center", va="center", color=color, size=12)
        ax.set_title(title, loc="center", weight="normal")
        ax.set(xlabel="score that moves, k", xticks=range(len(p)), yticks=range(len(p)))
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    axes[0].set_ylabel("probability that\nanswers, j")
    fig.suptitle("A class gains by its own score and loses by every other", weight="bold", size=12, x=0.01, ha="left")
    return fig


def push(p, truth):
    """Three bar charts: probabilities, truth, and their difference, the gradient."""
    panels = (
        ("p, the probabilities", p, FORWARD),
        ("y, the truth", truth, INK),
        ("p − y, the gradient", p - truth, BACKWARD),
    )
    fig, axes = plt.subplots(1, 3, sharey=True, figsize=(7.5, 3.1))
    for ax, (title, values, color), sign in zip(axes, panels, ("−", "=", "")):
        bars = ax.bar(range(len(p)), values, width=0.6, color=color)
        for bar, value in zip(bars, values):
            bar.set_hatch("//" if value < 0 else "")
            bar.set_edgecolor("white")
            words = f"{round(float(value), 1) + 0.0:g}".replace("-", "−")
            ax.text(
                bar.get_x() + 0.3,
                value + (0.04 if value >= 0 else -0.04),
                words,
                ha="center",
                va="bottom" if value >= 0 else "top",
                size=12,
            )
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.set_title(title, loc="center", weight="normal", color=color)
        ax.text(1.1, 0.5, sign, transform=ax.transAxes, size=20, ha="center", va="center")
        ax.set(xlabel="class", xticks=range(len(p)), ylim=(-1, 1.2), yticks=[])
        ax.spines[["left", "bottom"]].set_visible(False)
        ax.tick_params(length=0)
    fig.suptitle(
        "The right class is raised by exactly what the others are lowered", weight="bold", size=12, x=0.01, ha="left"
    )
    return fig


def plateau(gaps, pulls, paths):
    """Left, the gradient at the right score by gap; right, the right class's probability by step; {cost: values}."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.8, 3.7), width_ratios=(1, 1.25))
    for (name, pull), color, style in zip(pulls.items(), (COLORS[0], COLORS[3]), ("-", "--")):
        left.plot(gaps, pull, style, color=color)
        path = paths[name]
        right.plot(range(len(path)), path, style, color=color)
        right.plot(len(path) - 1, path[-1], "o", color=color, markersize=4)
    left.text(gaps[-1], 1.03, "cross-entropy", color=COLORS[0], ha="right")
    left.text(gaps[-1], 0.05, "squared error", color=COLORS[3], ha="right")
    left.set(xlabel="gap g: how far wrong", ylabel="size of the gradient at z₁", ylim=(0, 1.15))
    left.set_title("The pull on the right score", weight="normal")
    first, second = (len(path) - 1 for path in paths.values())
    right.text(120, paths["cross-entropy"][-1], f"cross-entropy: {first} steps", color=COLORS[0], va="center")
    right.text(second * 0.97, 0.3, f"squared error:\n{second:,} steps", color=COLORS[3], ha="right")
    right.set(xlabel="descent step, from a gap of 10", ylabel="p of the right class", ylim=(0, 0.85))
    right.set_title("The way back to one half", weight="normal")
    fig.suptitle(
        "Squared error goes quiet where the classifier is most wrong", weight="bold", size=12, x=0.01, ha="left"
    )
    return fig


def float32_costs(gaps, rounded, floored, exact):
    """Three float32 costs by gap, and again near the end of float32: from rounded p, with the floor, log-sum-exp."""
    fig, axes = plt.subplots(1, 2, figsize=(7.8, 3.8))
    fine = np.isfinite(rounded)
    for ax, zoomed in zip(axes, (False, True)):
        ax.plot(gaps, exact, "-", color=COLORS[2], linewidth=1.2)
        ax.plot(gaps[fine], rounded[fine], "-", color=COLORS[3], linewidth=1.6 if zoomed else 2.6)
        ax.plot(gaps[fine][-1], rounded[fine][-1], "o", color=COLORS[3], markersize=5)
        if not zoomed:
            ax.plot(gaps, floored, "--", color=INK)
        ax.set_xlabel("gap g")
    left, right = axes
    left.text(105.5, 107.5, "log-sum-exp", color=COLORS[2], ha="right", va="center")
    left.text(109.5, 88.2, "from p with a floor", color=INK, ha="right")
    left.text(109.5, 98, "from p itself,\nends at 103.97", color=COLORS[3], ha="right", va="center")
    left.set(ylabel="cost of one example (nats)", xlim=(80, 110), ylim=(80, 110))
    right.set(xlim=(99.5, 105), ylim=(99.5, 105))
    right.text(102.75, 103.3, "stuck at 103.28,\nthen infinite", color=COLORS[3], ha="right")
    right.text(104.05, 104.4, "log-sum-exp", color=COLORS[2], ha="right", va="center")
    left.set_title("All of it", weight="normal")
    right.set_title("The last steps before p = 0", weight="normal")
    title = "In float32 a rounded p loses the cost, and log-sum-exp keeps it"
    fig.suptitle(title, weight="bold", size=12, x=0.01, ha="left")
    return fig


def batch_errors(before, after):
    """P − Y of the same examples (n, 10) before and after training, as two heat maps."""
    fig, axes = plt.subplots(1, 2, figsize=(7.5, 4.4), sharey=True)
    for ax, values, title in zip(axes, (before, after), ("before training", "after")):
        picture = ax.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
        ax.set_title(title, weight="normal")
        ax.set(xlabel="class j", xticks=range(10), yticks=range(0, len(values), 5))
        ax.set_xticks(np.arange(11) - 0.5, minor=True)
        ax.set_yticks(np.arange(len(values) + 1) - 0.5, minor=True)
        ax.grid(which="minor", color="#e6e6e6", linewidth=0.6)
        ax.tick_params(which="both", length=0)
        ax.spines[:].set_visible(False)
    axes[0].set_ylabel("example r")
    fig.colorbar(picture, ax=axes, label="P − Y", ticks=[-1, 0, 1]).outline.set_visible(False)
    title = "Every row wants something at first; later most are content"
    fig.suptitle(title, weight="bold", size=12, x=0.01, ha="left")
    return fig


def hardest_digits(images, labels, read, share):
    """Ten images (10, 784) with the largest 1 − p_y; `share` of the images does half of the pulling."""
    fig, axes = plt.subplots(2, 5, figsize=(7.5, 4.1))
    for ax, image, label, answer in zip(axes.flat, images, labels, read):
        ax.imshow(np.reshape(image, (28, 28)), vmin=0, vmax=1)
        ax.set_title(f"labelled {label}, read {answer}", loc="center", weight="normal", size=10.5)
        ax.set_axis_off()
    fig.suptitle(
        f"{share:.0%} of the images do half of the pulling; these pull hardest",
        weight="bold",
        size=12,
        x=0.01,
        ha="left",
    )
    return fig

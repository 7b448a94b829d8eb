"""Figures of notebook 10."""

import matplotlib.pyplot as plt
import numpy as np

from .common import BACKWARD, COLORS, FAINT, FORWARD, INK

__all__ = [
    "agreement",
    "learned_kernels",
    "one_window",
    "rounding_and_kinks",
    "same_numbers",
    "two_epsilons",
    "update_times",
]


def same_numbers(image, ours, theirs):
    """A digit (784,), and the ten probabilities that two programs give it."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.7), width_ratios=(1, 1.9))
    left.imshow(np.reshape(image, (28, 28)), vmin=0, vmax=1)
    left.set_axis_off()
    rows = np.arange(10)
    right.barh(rows, ours, height=0.7, color=FORWARD, alpha=0.55)
    right.plot(theirs, rows, color=INK, linestyle="", marker="D", markersize=5, fillstyle="none", markeredgewidth=1.6)
    for k in rows:
        weight = "bold" if ours[k] > 0.3 else "normal"
        right.text(0.62, k, f"{ours[k]:.4f}", ha="center", va="center", color=FORWARD, weight=weight)
        right.text(0.78, k, f"{theirs[k]:.4f}", ha="center", va="center", color=INK, weight=weight)
    right.text(0.62, -1, "ours ▬", ha="center", va="center", color=FORWARD, weight="bold")
    right.text(0.78, -1, "Keras ◇", ha="center", va="center", color=INK, weight="bold")
    right.set_yticks(rows, [str(k) for k in rows])
    right.set(xlim=(0, 0.86), ylim=(9.6, -1.6), xlabel="probability of each digit", xticks=(0, 0.2, 0.4))
    fig.suptitle("A 3 that both read as a 2, by a hair, and by the same hair", x=0.01, ha="left", weight="bold")
    return fig


def agreement(gaps, bugs):
    """How far two programs differ, by stage: {stage: {"float32": gap, "float64": gap}}, and {bug: gap}.

    Gaps are relative to the largest entry. Those of rounding are drawn as notes, which no digest compares; a gap of 0
    stands at the left end of the axis, which is labelled so.
    """
    fig, ax = plt.subplots(figsize=(7.6, 4.4))
    names, none = [*gaps, *bugs], 2e-17
    for k, found in enumerate(gaps.values()):
        for dtype, color, marker in (("float64", FORWARD, "s"), ("float32", COLORS[2], "o")):
            value = max(found[dtype], none)
            where = dict(xycoords="data", ha="center", va="center", color=color)
            ax.annotate({"s": "■", "o": "●"}[marker], (value, k), fontsize=13, **where).set_gid(dtype)
    for k, value in enumerate(bugs.values(), start=len(gaps)):
        ax.plot(value, k, color=BACKWARD, linestyle="", marker="X", markersize=10)
    ax.axhline(len(gaps) - 0.5, color=FAINT, lw=1, linestyle="-")
    for dtype, unit, color in (("float64", 2.0**-53, FORWARD), ("float32", 2.0**-24, COLORS[2])):
        ax.axvline(unit, color=color, lw=1, linestyle=":")
        ax.text(unit, -1.05, f"{dtype}: one rounding", ha="center", color=color, fontsize=10)
    ax.set(xscale="log", xlim=(5e-18, 30), ylim=(len(names) - 0.4, -0.7))
    ax.set_xticks([none, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 1])
    ax.set_xticklabels(["0", *(f"$10^{{{k}}}$" for k in range(-15, 0, 3)), "1"])
    ax.minorticks_off()
    ax.set_yticks(range(len(names)), names)
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel="largest difference from Keras, relative to the largest entry")
    fig.suptitle("Rounding apart, everything agrees; a bug (✖) would stand out", x=0.01, ha="left", weight="bold")
    return fig


def two_epsilons(gaps, costs):
    """Left: costs {name: (k,)} of a mistake by the gap (k,) of its logits. Right: eq. 10.4, step / rate by gradient."""
    g, root = np.geomspace(1e-11, 1e-2, 181), np.sqrt(1 - 0.999)
    shares = {"ours": g / (g + 1e-8), "Keras, step 1": g / (g + 1e-7 / root), "Keras, later": g / (g + 1e-7)}
    fig, (left, right) = plt.subplots(1, 2, figsize=(8.2, 3.6))
    for k, (name, cost) in enumerate(costs.items()):
        color = (COLORS[2], FORWARD, BACKWARD)[k]
        left.plot(gaps, cost, color=color, linestyle=("-", "--", "-.")[k], lw=2.2)
        where = {0: (62, 84), 1: (113, 89), 2: (113, 21)}[k]
        left.text(*where, name, color=color, ha="right" if k == 0 else "left", va="center", fontsize=10)
    left.set(xlabel="wrong score − right score", ylabel="cost (nats)", xlim=(0, 168), ylim=(0, 120))
    left.set_xticks([0, 50, 100])
    left.set_title("In the cost: where learning ends")
    for k, (name, share) in enumerate(shares.items()):
        color = (FORWARD, BACKWARD, COLORS[4])[k]
        right.plot(g, share, color=color, linestyle=("-", "-.", "--")[k], lw=2.2)
        half = np.interp(0.5, share, np.log10(g))
        height = (0.9, 0.5, 0.2)[k]
        at = 10 ** np.interp(height, share, np.log10(g))
        x, side = ((at / 1.5, "right"), (at * 2.2, "left"), (3e-5, "left"))[k]
        right.text(x, height, name, color=color, ha=side, va="center", fontsize=10)
        if k == 2:  # its label stands beyond the curve between
            right.annotate("", (at * 1.3, height), (2.5e-5, height), arrowprops={"arrowstyle": "-", "color": color})
        right.plot(10**half, 0.5, color=color, marker="o", markersize=5)
    right.set(xscale="log", xlabel="size of the gradient |g|", ylabel="step / learning rate", xlim=(1e-11, 1e0))
    right.set_xticks([1e-10, 1e-8, 1e-6, 1e-4])
    right.set_title("In Adam: which gradients count")
    return fig


def rounding_and_kinks(races, nudged):
    """Left: {"float32": gaps, "float64": gaps} of two programs by update; right: {rounded to: (gaps, flips)} of one.

    What is left to rounding is drawn as stairs, which no digest compares.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(8.2, 3.6))
    for dtype, color, style in (("float32", COLORS[2], "-"), ("float64", FORWARD, "-")):
        gaps = np.maximum(races[dtype], 1e-17)
        left.stairs(gaps, np.arange(len(gaps) + 1), baseline=None, color=color, linestyle=style, lw=1.8)
        left.text(len(gaps), {"float32": 2e-7, "float64": 3e-17}[dtype], dtype, color=color, weight="bold", ha="right")
    left.set(yscale="log", xlabel="update", ylabel="largest difference of a weight", ylim=(1e-17, 1))
    left.set_title("Ours and Keras's")
    for k, (decimals, (gaps, flips)) in enumerate(nudged.items()):
        color = (BACKWARD, "#777777")[k]
        updates = np.arange(1, len(gaps) + 1)
        right.plot(updates, gaps, color=color, linestyle=("-", "--")[k], lw=2.2)
        right.text(
            len(gaps) * 1.02, gaps[-1], f"rounded to\n{decimals} decimals", color=color, va="center", fontsize=10
        )
        if np.any(flips):
            first = int(np.flatnonzero(flips)[0])
            right.plot(updates[first], gaps[first], color=INK, marker="o", markersize=6, linestyle="")
            note = "one unit switches,\nfor one image"
            arrow = {"arrowstyle": "-", "color": INK, "lw": 0.8}
            spot = (updates[first] - 1, gaps[first] * 12)
            right.annotate(note, (updates[first], gaps[first]), spot, arrowprops=arrow, ha="center", fontsize=10)
    right.set(yscale="log", xlabel="update", xlim=(0, len(gaps) * 1.38), ylim=(1e-8, 1e-1), xticks=(0, 20, 40))
    right.set_title("Ours, and ours from a rounded start")
    return fig


def one_window(image, kernel, result, corner):
    """An image (28, 28), a kernel (k, k) at its window with the upper left `corner`, and the result (m, m)."""
    size, (row, column) = len(kernel), corner
    fig, axes = plt.subplots(1, 3, figsize=(7.8, 3.0), width_ratios=(1.15, 0.75, 1.15))
    axes[0].imshow(image, vmin=0, vmax=1)
    box = (column - 0.5, row - 0.5)
    axes[0].add_patch(plt.Rectangle(box, size, size, fill=False, edgecolor=BACKWARD, lw=2.5))
    axes[0].set_title("image", loc="center", weight="normal")
    axes[1].imshow(kernel, cmap="RdBu_r", vmin=-1, vmax=1)
    for (a, c), value in np.ndenumerate(kernel):
        color = "white" if abs(value) > 0.6 else INK
        axes[1].text(c, a, f"{value:.0f}".replace("-", "−"), ha="center", va="center", color=color, fontsize=11)
    axes[1].set_title("kernel", loc="center", weight="normal")
    most = np.abs(result).max()
    axes[2].imshow(result, cmap="RdBu_r", vmin=-most, vmax=most)
    axes[2].add_patch(plt.Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=BACKWARD, lw=2.5))
    axes[2].set_title(f"result; in the square {result[row, column]:.1f}", loc="center", weight="normal")
    for ax in axes:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    fig.suptitle("One small window, moved over the image, asks for top edges", x=0.01, ha="left", weight="bold")
    return fig


def learned_kernels(kernels, image, maps):
    """Kernels (k, k, count) that a network learned, an image (28, 28), and what they make of it (m, m, count)."""
    count = kernels.shape[-1]
    columns = count // 2
    fig = plt.figure(figsize=(8.2, 3.7))
    left, right = fig.add_gridspec(1, 2, width_ratios=(2, columns))
    whole, axes = fig.add_subplot(left), right.subgridspec(4, columns).subplots()
    whole.imshow(image, vmin=0, vmax=1)
    for k in range(count):
        row, column = 2 * (k // columns), k % columns
        most = np.abs(kernels[..., k]).max()
        axes[row, column].imshow(kernels[..., k], cmap="RdBu_r", vmin=-most, vmax=most)
        axes[row + 1, column].imshow(maps[..., k], vmin=0)
    for ax in (whole, *axes.flat):
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    fig.suptitle(f"Its {count} kernels, and below each what it makes of the digit", x=0.01, ha="left", weight="bold")
    return fig


def update_times(sizes, times):
    """Milliseconds of an update by batch size: {name: (len(sizes),)}."""
    fig, ax = plt.subplots(figsize=(7.2, 3.4))
    for k, (name, found) in enumerate(times.items()):
        color = (FORWARD, BACKWARD, COLORS[2])[k]
        ax.plot(sizes, found, color=color, linestyle=("-", "--", "-.")[k], marker="o", markersize=5)
        ax.text(sizes[0] / 1.15, found[0], name, color=color, ha="right", va="center", weight="bold")
    ax.set(xscale="log", yscale="log", xlabel="images in the batch", ylabel="milliseconds an update")
    ax.set_xticks(sizes, [f"{n:,}" for n in sizes])
    ax.set_yticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
    ax.minorticks_off()
    least, most = min(map(min, times.values())), max(map(max, times.values()))
    ax.set(xlim=(sizes[0] / 3, sizes[-1] * 1.3), ylim=(min(0.08, least / 1.5), max(12, most * 1.5)))
    ax.set_title("Small batches pay for calls, large ones for arithmetic")
    return fig

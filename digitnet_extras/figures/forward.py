"""Figures of notebook 03."""

import matplotlib.pyplot as plt
import numpy as np

from .common import FAINT, FORWARD, INK

__all__ = [
    "assumptions",
    "borders",
    "favourites",
    "layer_by_hand",
    "network_at_work",
    "same_size_less_news",
    "stripes",
    "twenty_layers",
    "untrained_answers",
]


def stripes(images, equal, random):
    """Ten images (10, 784) beside what the 25 units make of them, (10, 25): with equal and with random weights."""
    fig, axes = _digits_and_maps(images, (equal, random), "Equal weights make stripes, random weights make texture")
    for ax, words in zip(axes, ("all weights 0.05", "random weights, typical size 0.05")):
        ax.set_title(words, fontweight="normal")
    return fig


def same_size_less_news(images, shallow, deep):
    """Ten images beside the activations (10, 25) of a layer near the input and of one far from it."""
    fig, axes = _digits_and_maps(images, (shallow, deep), "After 20 layers the units differ, and the digits hardly do")
    for ax, words in zip(axes, ("layer 1", "layer 20")):
        ax.set_title(words, fontweight="normal")
    return fig


def _digits_and_maps(images, maps, title):
    fig, axes = plt.subplots(1, 3, figsize=(7.8, 4.6), width_ratios=(1.2, 8, 8))
    column = np.reshape(images, (-1, 28))
    axes[0].imshow(column, vmin=0, vmax=1, aspect="equal")
    axes[0].set_axis_off()
    for ax, values in zip(axes[1:], maps):
        picture = ax.imshow(values, vmin=0, aspect="auto")
        ax.set(xlabel="unit", xticks=range(0, 25, 6), yticks=[])
        ax.set_xticks(np.arange(25) - 0.5, minor=True)
        ax.set_yticks(np.arange(len(values)) - 0.5, minor=True)
        ax.grid(which="minor", color="white", linewidth=0.6)
        ax.tick_params(which="both", length=0)
        ax.spines[:].set_visible(False)
        fig.colorbar(picture, ax=ax, label="activation", shrink=0.8, pad=0.02)
    fig.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    return fig, axes[1:]


def layer_by_hand(x, W1, Z1, W2, Z2, P):
    """A 2-2-2 network at one example x (1, 2), with every number of its forward pass on its arrow or in its box."""
    fig, ax = plt.subplots(figsize=(7.8, 3.4))
    columns, rows = (0, 3.2, 6.4, 8.6), (2, 0)
    for k, W in enumerate((W1, W2)):
        for i in range(2):
            for j in range(2):
                off = k == 1 and Z1[0, i] <= 0
                start, end = (columns[k], rows[i]), (columns[k + 1], rows[j])
                _arrow(ax, start, end, _number(W[i, j]), 0.5 if i == j else 0.27, off)
    for j in range(2):
        _arrow(ax, (columns[2], rows[j]), (columns[3], rows[j]), "", 0.5, False)
        _box(ax, columns[0], rows[j], f"{x[0, j]:g}")
        _box(ax, columns[1], rows[j], f"{_number(Z1[0, j])} → {max(Z1[0, j], 0):g}", Z1[0, j] <= 0)
        _box(ax, columns[2], rows[j], _number(Z2[0, j]))
        _box(ax, columns[3], rows[j], f"{P[0, j]:.2f}")
    for at, words in zip(columns, ("pixels", "hidden units: z → relu(z)", "logits", "probabilities")):
        ax.text(at, 2.75, words, ha="center", color="#555", fontsize=11)
    ax.set(xlim=(-0.5, 9.3), ylim=(-0.5, 3))
    ax.set_axis_off()
    ax.set_title("Multiply along the arrows, add up, cut off what is negative")
    return fig


def _box(ax, x, y, words, off=False):
    box = {"boxstyle": "round,pad=0.42", "fc": "white", "ec": FAINT if off else "#333", "lw": 1.3}
    ax.text(x, y, words, ha="center", va="center", color="#808080" if off else FORWARD, fontsize=14, bbox=box, zorder=3)


def _arrow(ax, start, end, words, at, off):
    style = {"arrowstyle": "-|>", "color": FAINT if off else "#333", "lw": 1.2, "shrinkA": 24, "shrinkB": 30}
    style["linestyle"] = ":" if off else "-"
    ax.annotate("", end, start, arrowprops=style)
    x, y = (s + at * (e - s) for s, e in zip(start, end))
    box = {"fc": "white", "ec": "none", "pad": 1.0}
    if words:
        ax.text(x, y, words, ha="center", va="center", color=FORWARD, fontsize=12, bbox=box)


def _number(value):
    return f"{round(float(value), 2) + 0.0:g}".replace("-", "−")


def borders(without, with_bend):
    """Two maps of answers (k, k) over the same plane, of a network without and with ReLU."""
    fig, axes = plt.subplots(1, 2, figsize=(7.8, 3.9))
    for ax, answers, words in zip(axes, (without, with_bend), ("without ReLU", "with ReLU")):
        k = len(answers)
        at = np.linspace(-3, 3, k)
        ax.imshow(answers, extent=(-3, 3, -3, 3), origin="lower", cmap="cividis", vmin=-4, vmax=9, alpha=0.55)
        for label in np.unique(answers):
            inside = answers == label
            ax.contour(at, at, inside, levels=[0.5], colors="black", linewidths=1.3)
            if inside.mean() > 0.01:
                row, column = _deepest(inside)
                ax.text(
                    at[column], at[row], label, ha="center", va="center", fontsize=15 if inside.mean() > 0.02 else 10
                )
        ax.set(xlabel="input 0", xticks=(-3, 0, 3), yticks=(-3, 0, 3))
        ax.set_title(words, fontweight="normal")
    axes[0].set_ylabel("input 1")
    fig.suptitle(
        "The same weights: ReLU bends the borders between the answers",
        x=0.01,
        ha="left",
        fontsize=12,
        fontweight="bold",
    )
    return fig


def _deepest(inside):
    """The row and column of a region that lie farthest from its border."""
    depth, left = np.zeros(inside.shape), np.pad(inside, 1)
    while left.any():
        depth += left[1:-1, 1:-1]
        left[1:-1, 1:-1] &= left[:-2, 1:-1] & left[2:, 1:-1] & left[1:-1, :-2] & left[1:-1, 2:]
    return np.unravel_index(depth.argmax(), depth.shape)


def network_at_work(params, A, P):
    """The network of `params` at one image: A = [X, A1, A2] and P of one row each, with the shapes of all arrays."""
    fig, ax = plt.subplots(figsize=(7.8, 4.8))
    ax.imshow(A[0].reshape(28, 28), extent=(-2.1, -0.25, -0.56, 0.56), vmin=0, vmax=1, zorder=2)
    columns, heights = (0, 1.6, 3.2, 4.8), [np.linspace(0.56, -0.56, 14)]
    heights += [np.linspace(1, -1, W.shape[1]) * (0.55 + 0.45 * W.shape[1] / 25) for W, _ in params]
    for k, (W, _) in enumerate(params):
        start = -0.25 if k == 0 else columns[k]
        ends = [(a, b, np.nan) for a in heights[k] for b in heights[k + 1]]
        ax.plot(
            np.tile([start, columns[k + 1], np.nan], len(ends)), np.ravel(ends), "-", color=FAINT, lw=0.25, zorder=1
        )
        words = f"W{k + 1} {W.shape}\nb{k + 1} {params[k][1].shape}"
        ax.text((start + columns[k + 1]) / 2, 1.14, words, ha="center", fontsize=11.5)
    for k, values in enumerate((A[1][0], A[2][0]), start=1):
        size = 165 if k == 1 else 210
        look = {"c": values, "s": size, "cmap": "cividis", "vmin": 0, "edgecolors": "white", "linewidths": 0.8}
        ax.scatter(np.full(len(values), columns[k]), heights[k], zorder=3, **look)
    for digit, (height, p) in enumerate(zip(heights[3], P[0])):
        ax.plot(columns[3], height, "o", color=INK, markersize=5, zorder=3)
        ax.text(columns[3] + 0.14, height, digit, va="center", ha="center", fontsize=11)
        ax.barh(height, 6 * p, left=columns[3] + 0.27, height=0.1, color=FORWARD)
        ax.text(columns[3] + 0.32 + 6 * p, height, f"{p:.2f}", va="center", fontsize=10, color=FORWARD)
    below = ("784 pixels\nX (n, 784)", "25 units, ReLU\nA1 (n, 25)", "15 units, ReLU\nA2 (n, 15)")
    for at, words in zip((-1.17, 1.6, 3.2), below):
        ax.text(at, -1.14, words, ha="center", va="top", fontsize=11.5)
    ax.text(5.2, -1.14, "10 classes, softmax\nP (n, 10)", ha="center", va="top", fontsize=11.5)
    ax.set(xlim=(-2.2, 6.5), ylim=(-1.45, 1.4), aspect="auto")
    ax.set_axis_off()
    ax.set_title("One image becomes 25 numbers, then 15, then ten probabilities")
    return fig


def assumptions(cases):
    """{case: (ratio, its error, share kept, its error)}: what eq. 3.5 and 3.6 say, and what is measured."""
    fig, axes = plt.subplots(1, 2, figsize=(7.8, 4.1), sharey=True)
    at = np.arange(len(cases))[::-1]
    ratio, ratio_error, kept, kept_error = np.array(list(cases.values())).T
    panels = ((axes[0], ratio, ratio_error, 1, "{:.2f}"), (axes[1], kept, kept_error, 0.5, "{:.2f}"))
    for ax, values, errors, truth, form in panels:
        ax.axvline(truth, color="#888", linestyle=":", linewidth=1.5)
        holds = np.abs(values - truth) < 3 * errors
        for y, value, error, fine in zip(at, values, errors, holds):
            look = {"marker": "o", "color": FORWARD} if fine else {"marker": "X", "color": INK}
            ax.errorbar(value, y, xerr=2 * error, markersize=8, linewidth=1.5, **look)
            words = form.format(value) if value < 10 else f"{value:.0f}"
            ax.annotate(words, (value, y), (9, 0), textcoords="offset points", va="center", fontsize=10)
    axes[0].set(xscale="log", xlim=(0.6, 400), xticks=(1, 10, 100), xticklabels=("1", "10", "100"))
    axes[0].set(yticks=at, yticklabels=list(cases), ylim=(-0.6, len(cases) - 0.4))
    axes[0].set_xlabel("mean square of z,\nmeasured / eq. 3.5")
    axes[1].set(xlim=(0.3, 1.2), xlabel="share of it that ReLU keeps\n(eq. 3.6: 0.5)")
    axes[0].tick_params(axis="y", length=0)
    fig.suptitle(
        "Each assumption is needed, and a normal distribution is not", x=0.01, ha="left", fontsize=12, fontweight="bold"
    )
    return fig


def twenty_layers(sizes, predicted):
    """{label: RMS (draws, layers)} and {label: predicted (layers,)} on a logarithmic scale."""
    fig, ax = plt.subplots(figsize=(7.8, 4.0))
    for (label, draws), marker, style in zip(sizes.items(), ("v", "o", "^"), ("--", "-", "-.")):
        layers = np.arange(1, draws.shape[1] + 1)
        color = FORWARD if "He" in label else INK
        ax.fill_between(layers, draws.min(axis=0), draws.max(axis=0), color=color, alpha=0.15, linewidth=0)
        ax.plot(layers, predicted[label], color=color, linestyle=style)
        ax.plot(layers, np.sqrt((draws**2).mean(axis=0)), marker, color=color, markersize=5)
        ax.text(layers[-1] + 0.4, predicted[label][-1], label, color=color, va="center")
    ax.set(yscale="log", xlabel="layer", ylabel="typical size of z (RMS)", xticks=(1, 5, 10, 15, 20), xlim=(0.5, 24.5))
    ax.spines.bottom.set_bounds(0.5, 20.5)
    ax.set_title("A factor of 2 in the variance is a factor of 1,000 after twenty layers")
    return fig


def untrained_answers(images, labels, P):
    """Images (k, 784), and below each the ten probabilities P (k, 10) with the label's bar hatched."""
    fig, axes = plt.subplots(2, len(images), figsize=(7.8, 3.5), height_ratios=(1, 1.1), sharey="row")
    for top, bottom, image, label, p in zip(*axes, images, labels, P):
        top.imshow(image.reshape(28, 28), vmin=0, vmax=1)
        mark = "✓" if p.argmax() == label else "✗"
        top.set_title(f"says {p.argmax()} {mark}", loc="center", fontweight="normal")
        top.set_axis_off()
        rows = bottom.bar(range(10), p, color=FORWARD, alpha=0.75, edgecolor="white")
        rows[label].set(hatch="////", edgecolor=INK)
        bottom.axhline(0.1, color=INK, linestyle=":", linewidth=1)
        bottom.set(xticks=range(0, 10, 3), ylim=(0, 0.3), yticks=(0, 0.1, 0.2, 0.3))
    axes[1, 0].set_ylabel("probability")
    axes[1, 0].set_xlabel("class")
    fig.suptitle("Before training, none of the six is right", x=0.01, ha="left", fontsize=12, fontweight="bold")
    return fig


def favourites(shares):
    """{case: share of the two favourites (draws,)}: a bar for each mean, every draw as a dot."""
    fig, ax = plt.subplots(figsize=(7.8, 3.0))
    at = np.arange(len(shares))[::-1]
    means = [draws.mean() for draws in shares.values()]
    ax.barh(at, means, height=0.62, color=FORWARD, alpha=0.35)
    for y, draws, mean in zip(at, shares.values(), means):
        wiggle = 0.22 * np.sin(2.4 * np.arange(len(draws)))
        ax.plot(draws, y + wiggle, "o", color=FORWARD, markersize=3.5, alpha=0.7)
        error = draws.std(ddof=1) / np.sqrt(len(draws))
        ax.text(1.03, y, f"{mean:.0%} ± {error:.0%}", va="center", fontweight="bold")
    ax.axvline(0.2, color=INK, linestyle=":", linewidth=1.2)
    ax.text(0.21, len(shares) - 0.52, "all ten equal", va="center", fontsize=10)
    ax.set(yticks=at, yticklabels=list(shares), xlim=(0, 1.0), ylim=(-0.5, len(shares) - 0.25))
    ax.set(xticks=(0, 0.2, 0.5, 1), xticklabels=("0", "20%", "50%", "100%"))
    ax.set_xlabel("share of the answers that go to the two favourite digits, mean ± standard error")
    ax.tick_params(axis="y", length=0)
    ax.set_title("ReLU and bright pixels both make favourites, about equally")
    return fig

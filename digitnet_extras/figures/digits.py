"""Figures of notebook 01."""

import matplotlib.pyplot as plt
import numpy as np

from .common import BACKWARD, COLORS, FAINT, FORWARD, INK

__all__ = [
    "batch_scores",
    "class_weights",
    "digit_means",
    "ink_by_class",
    "lucky_guesser",
    "more_images",
    "paired_comparison",
    "pixel_numbers",
    "rungs",
    "strangest_digits",
    "ten_and_three",
]


def _digit(ax, image, title="", size=12, **style):
    ax.imshow(np.reshape(image, (28, 28)), **({"vmin": 0, "vmax": 1} | style))
    ax.set_title(title, loc="center", fontsize=size)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def ten_and_three(X, y, disputed):
    """The first image of each class under its label, and the rows `disputed` under a question mark."""
    fig = plt.figure(figsize=(7.5, 6.6))
    above, below = fig.subfigures(2, 1, height_ratios=(3.3, 2.6), hspace=0.04)
    above.suptitle("Ten digits that anybody reads …", x=0.01, ha="left", weight="bold", size=12)
    for j, ax in enumerate(above.subplots(2, 5).flat):
        _digit(ax, X[np.argmax(y == j)], str(j))
    below.suptitle("… and three that people read differently", x=0.01, ha="left", weight="bold", size=12)
    for r, ax in zip(disputed, below.subplots(1, len(disputed)).flat):
        _digit(ax, X[r], "?", 14)
    return fig


def pixel_numbers(x, row, column, size=7):
    """An image (784,) and, beside it, the numbers of a square of `size` pixels from (row, column) on."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.9))
    image = x.reshape(28, 28)
    _digit(left, image)
    left.set(xticks=(0, 9, 18, 27), yticks=(0, 9, 18, 27), xlabel="column", ylabel="line")
    left.set_title("What you see …", fontsize=12)
    place = (column - 0.5, row - 0.5)
    left.add_patch(plt.Rectangle(place, size, size, fill=False, ec="white", lw=2.2))
    patch = image[row : row + size, column : column + size]
    _digit(right, patch.repeat(28 // size, axis=0).repeat(28 // size, axis=1))
    right.set_title("… and what the computer gets", fontsize=12)
    step = 28 // size
    ticks = (np.arange(size) + 0.5) * step - 0.5
    right.set_xticks(ticks, np.arange(size) + column)
    right.set_yticks(ticks, np.arange(size) + row)
    right.tick_params(length=0)
    for a in range(size):
        for b in range(size):
            color = "black" if patch[a, b] > 0.6 else "white"
            right.text(ticks[b], ticks[a], f"{patch[a, b]:.2f}", ha="center", va="center", color=color, fontsize=9.5)
    return fig


def ink_by_class(ink, y):
    """The middle 80% of the ink (n,) of each class, and its mean."""
    fig, ax = plt.subplots(figsize=(7.5, 3.7))
    for j in range(10):
        low, high = np.quantile(ink[y == j], [0.1, 0.9])
        ax.plot([low, high], [j, j], color=COLORS[5], linewidth=11, linestyle="-", solid_capstyle="round", alpha=0.75)
        ax.plot(ink[y == j].mean(), j, color=INK, linestyle="", marker="o", markersize=6)
        ax.text(low - 0.006, j, str(j), ha="right", va="center", fontsize=12, weight="bold")
    ax.set(xlabel="ink: the mean of the 784 pixels", yticks=[], xlim=(0.02, 0.25))
    ax.set_title("Ink tells a 1 and often a 0; the others share one heap")
    ax.spines["left"].set_visible(False)
    ax.invert_yaxis()
    ax.text(0.235, 8.9, "bar: middle 80%\ndot: mean", ha="right", va="center", fontsize=10, color="#555")
    return fig


def digit_means(M):
    """The ten mean images M (10, 784), large."""
    return _ten(M, "Average 5,000 digits a class, and you can still read them")


def strangest_digits(images):
    """Ten images (10, 784), one of each class, large."""
    return _ten(images, "The digits farthest from their own mean")


def _ten(images, title):
    fig, axes = plt.subplots(2, 5, figsize=(7.5, 3.75))
    for j, ax in enumerate(axes.flat):
        _digit(ax, images[j], str(j))
    fig.suptitle(title, x=0.01, ha="left", weight="bold", size=12)
    return fig


def batch_scores(scores, a, error):
    """Dots for the accuracies `scores` of batches, stacked, and the band a ± two of `error`."""
    fig, ax = plt.subplots(figsize=(7.5, 3.4))
    values, counts = np.unique(np.round(100 * scores).astype(int), return_counts=True)
    low, high = 100 * (a - 2 * error), 100 * (a + 2 * error)
    ax.axvspan(low, high, color=COLORS[5], alpha=0.22, lw=0)
    ax.axvline(100 * a, color=INK, linestyle="--", linewidth=1.2)
    for value, count in zip(values, counts):
        inside = low <= value <= high
        ax.plot([value] * count, np.arange(count) + 0.5, "o" if inside else "X", ls="", ms=8, alpha=0.9,
                color=FORWARD if inside else BACKWARD)  # fmt: skip
    top = counts.max() + 3
    ax.text(
        100 * a,
        top - 1.2,
        f"{low:.0f}% to {high:.0f}%: the mean ± two standard deviations",
        ha="center",
        fontsize=10,
        bbox={"fc": "#dceefb", "ec": "none", "pad": 2},
    )
    ax.set(xlabel="accuracy on 100 digits (%)", yticks=[], ylim=(0, top))
    ax.set_title(f"One classifier, {len(scores)} batches of digits: {values[0]}% to {values[-1]}% right")
    ax.spines["left"].set_visible(False)
    return fig


def lucky_guesser(few, many):
    """Histograms of guessers' accuracies on few and on many digits, the best on few marked in both."""
    best = few.argmax()
    fig, axes = plt.subplots(2, 1, figsize=(7.5, 3.9), sharex=True)
    for ax, scores, words in zip(axes, (few, many), ("100 digits", "the other 9,900")):
        heights, *_ = ax.hist(100 * scores, bins=np.arange(-0.5, 23.5), color=COLORS[5], edgecolor="white")
        at = 100 * scores[best]
        ax.annotate(
            f"the winner: {at:.0f}%", (at, heights[min(22, round(at))]), (at, 0.62 * heights.max()),
            ha="center" if at > 15 else "left", va="bottom", color=BACKWARD, weight="bold",
            arrowprops={"arrowstyle": "-|>", "color": BACKWARD, "lw": 1.6},
        ) if ax is axes[0] else ax.text(at + 1.1, 0.62 * heights.max(), f"the winner: {at:.0f}%",
                                        color=BACKWARD, weight="bold")  # fmt: skip
        ax.text(0, 0.62 * heights.max(), f"scored on\n{words}", fontsize=10, color="#555")
        ax.set(yticks=[])
        ax.spines["left"].set_visible(False)
    axes[0].set_title("The best of a thousand guessers is no better than the rest")
    axes[1].set(xlabel="accuracy (%)")
    return fig


def paired_comparison(first, second, names):
    """Two intervals apart, and the interval of their difference on the same digits.

    `first`, `second` (n,) say which digits each classifier read rightly.
    """
    n = len(first)
    both, n10, n01 = (int(v.sum()) for v in (first & second, first & ~second, ~first & second))
    fig, (table, apart, paired) = plt.subplots(1, 3, figsize=(7.8, 3.7), width_ratios=(1.3, 1, 1))
    fig.get_layout_engine().set(wspace=0.07)
    fig.suptitle("Apart, the scores overlap; paired, the lead is clear", x=0.01, ha="left", weight="bold", size=12)
    fills = [[FAINT, FORWARD], [BACKWARD, FAINT]]
    for a, row in enumerate(((both, n10), (n01, n - both - n10 - n01))):
        for b, count in enumerate(row):
            strong = a != b
            color = fills[a][b] if strong else "#ececec"
            table.add_patch(plt.Rectangle((b, -a), 0.95, 0.95, color=color, lw=0))
            table.text(b + 0.475, 0.56 - a, f"{count:,}", ha="center", va="center", fontsize=15,
                       weight="bold" if strong else "normal", color="white" if strong else "#777")  # fmt: skip
            if strong:
                table.text(
                    b + 0.475, 0.24 - a, "$n_{10}$" if b else "$n_{01}$", ha="center", color="white", fontsize=11
                )
    table.text(0.475, 1.03, "right", ha="center")
    table.text(1.475, 1.03, "wrong", ha="center")
    table.text(0.97, 1.25, names[1], ha="center", weight="bold")
    table.text(-0.07, 0.475, "right", ha="right", va="center")
    table.text(-0.07, -0.525, "wrong", ha="right", va="center")
    table.text(-0.62, -0.03, names[0], ha="center", va="center", rotation=90, weight="bold")
    table.set(xlim=(-0.75, 2), ylim=(-1.05, 1.4))
    table.set_axis_off()
    table.set_title(f"{n:,} digits", fontsize=11, weight="normal")
    for k, (right, color) in enumerate(zip((first, second), (FORWARD, BACKWARD))):
        a = right.mean()
        error = np.sqrt(a * (1 - a) / n)
        apart.errorbar(k, 100 * a, 200 * error, fmt="o", color=color, capsize=5, lw=2)
    apart.set_xticks((0, 1), names, fontsize=10)
    apart.set(xlim=(-0.5, 1.5), ylabel="accuracy (%), ± 2 SE")
    apart.set_title("each by itself", fontsize=11, weight="normal")
    d = (n10 - n01) / n
    error = np.sqrt(n10 + n01 - (n10 - n01) ** 2 / n) / n
    paired.axhline(0, color=INK, linestyle="--", lw=1)
    paired.errorbar(0, 100 * d, 200 * error, fmt="o", color=INK, capsize=5, lw=2)
    paired.set(xticks=[], xlim=(-1, 1), ylim=(-0.25, None), ylabel="difference d (points), ± 2 se")
    paired.set_title("paired", fontsize=11, weight="normal")
    return fig


def more_images(d, se):
    """Differences d ± 2 se of several paired comparisons, beside 0."""
    fig, ax = plt.subplots(figsize=(7.5, 3.2))
    ax.axhline(0, color=INK, linestyle="--", lw=1)
    for k, (middle, error) in enumerate(zip(d, se)):
        color, mark = (
            (FORWARD, "o") if middle > 2 * error else (BACKWARD, "s") if middle < -2 * error else ("#777", "D")
        )
        ax.errorbar(k, 100 * middle, 200 * error, fmt=mark, color=color, capsize=4, lw=2)
    ax.set_xticks(range(len(d)), [f"{k + 1}" for k in range(len(d))])
    ax.set(xlabel="which 5,000 training images", ylabel="lead of all 50,000\n(points, ± 2 se)")
    ax.set_title("Ten sets of 5,000 images, three verdicts")
    return fig


def class_weights(rows, names, digits):
    """Signed weights: for each (784, 10) matrix in `rows` the images of `digits`, each matrix by its own largest."""
    fig, axes = plt.subplots(len(rows), len(digits), figsize=(7.5, 1.62 * len(rows) + 0.5))
    for k, (line, W, name) in enumerate(zip(axes, rows, names)):
        most = np.quantile(np.abs(W), 0.995)
        for ax, j in zip(line, digits):
            _digit(ax, W[:, j], "" if k else str(j), cmap="RdBu_r", vmin=-most, vmax=most)
        line[0].set_ylabel(name, fontsize=11)
    fig.suptitle("Red ink speaks for the digit, blue ink against it", x=0.01, ha="left", weight="bold", size=12)
    return fig


def rungs(names, scores):
    """A horizontal bar for each accuracy, its name before it and its value behind."""
    fig, ax = plt.subplots(figsize=(7.5, 2.9))
    last = len(names) - 1
    for k, a in enumerate(scores):
        ax.barh(k, 100 * a, color=FORWARD if k == last else COLORS[5], height=0.66, hatch="//" if k == last else "",
                edgecolor="white", lw=0)  # fmt: skip
        ax.text(100 * a + 1.2, k, f"{100 * a:.0f}%", va="center", weight="bold", fontsize=12)
    ax.set_yticks(range(len(names)), names, fontsize=11)
    ax.tick_params(left=False)
    ax.set(xlim=(0, 108), xlabel="accuracy on 10,000 validation digits (%)")
    ax.set_title(f"The number to beat: {100 * scores[-1]:.0f}%")
    ax.spines["left"].set_visible(False)
    ax.invert_yaxis()
    return fig

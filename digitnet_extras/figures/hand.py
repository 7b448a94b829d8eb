"""Figures of notebook 08."""

import matplotlib.pyplot as plt
import numpy as np

from .common import COLORS, FAINT, INK

__all__ = [
    "disturbance_curves",
    "drawing_stages",
    "nudge_curves",
    "nudge_example",
    "one_reading",
    "recalls_after",
    "taught_weights",
    "unrefused",
]

SIGNED = {"cmap": "RdBu_r"}


def _bare(ax, title="", size=11):
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=size, fontweight="normal", loc="center")


def _title(fig, words):
    fig.suptitle(words, fontweight="bold", fontsize=12, x=0.01, ha="left")


def one_reading(drawing, x, p, title):
    """Draw a drawing (h, w), the picture (784,) that is made of it, and the ten probabilities `p` read from it."""
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(7.8, 2.85), width_ratios=(1, 1, 1.15))
    left.imshow(drawing)
    _bare(left, "drawn")
    middle.imshow(np.reshape(x, (28, 28)), vmin=0, vmax=1)
    _bare(middle, "what the network sees")
    best = int(np.argmax(p))
    right.barh(range(10), p, color=[COLORS[0] if k == best else FAINT for k in range(10)])
    for k in np.flatnonzero(p >= 0.02):
        right.text(p[k] + 0.02, k, f"{p[k]:.0%}", va="center", fontsize=10)
    right.set(yticks=range(10), xticks=[], xlim=(0, 1.25), ylim=(9.6, -0.6))
    right.spines["bottom"].set_visible(False)
    right.tick_params(length=0)
    right.set_title("what it answers", fontsize=11, fontweight="normal", loc="center")
    _title(fig, title)
    return fig


def recalls_after(recalls, title):
    """Draw {name: eleven shares}, of the classes 0 to 9 and of flagged 1s, as one row of marks for each name."""
    fig, ax = plt.subplots(figsize=(7.8, 3.5))
    for k, (name, shares) in enumerate(recalls.items()):
        x, marker = np.arange(11) + 0.16 * (k - 1), "osD"[k]
        ax.vlines(x, 0, 100 * np.asarray(shares), color=COLORS[k], linewidth=5, alpha=0.25)
        ax.plot(x, 100 * np.asarray(shares), marker, color=COLORS[k], markersize=6, label=name)
    ax.set_xticks(range(11), [*map(str, range(10)), "1 with\na flag"])
    ax.set(ylabel="read right (%)", ylim=(0, 108), xlim=(-0.6, 10.6))
    ax.axvline(9.5, color=FAINT, linewidth=1, linestyle="-")
    ax.set_title(title, pad=26)
    ax.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 0.98), borderaxespad=0.2, handletextpad=0.3)
    return fig


def taught_weights(before, alone, mixed, units=8):
    """Draw images of the first layer of parameters `before`, and what was added to them by two lessons.

    The units are those that the lesson `alone` moved most.
    """
    W = before[0][0]
    added = [alone[0][0] - W, mixed[0][0] - W]
    most = np.linalg.norm(added[0], axis=0).argsort()[::-1][:units]
    fig, axes = plt.subplots(3, units, figsize=(7.8, 3.7))
    rows = (("before", W), ("added,\ndrawings alone", added[0]), ("added,\nwith digits", added[1]))
    for axs, (name, V) in zip(axes, rows):
        limit = np.quantile(np.abs(V[:, most]), 0.995)
        for ax, unit in zip(axs, most):
            ax.imshow(V[:, unit].reshape(28, 28), vmin=-limit, vmax=limit, **SIGNED)
            _bare(ax, f"unit {unit}" if V is W else "", 9)
        axs[0].set_ylabel(f"{name}\n(to ±{limit:.2f})", rotation=0, ha="right", va="center", fontsize=10)
    _title(fig, "Taught alone, unit after unit received the drawing")
    return fig


def drawing_stages(stages, title):
    """Draw {name: picture} side by side, with a cross on each picture's centre of mass."""
    fig, axes = plt.subplots(1, len(stages), figsize=(7.8, 2.4))
    for ax, (name, picture) in zip(axes, stages.items()):
        ax.imshow(picture, vmin=0, vmax=picture.max())
        u, v = np.mgrid[: picture.shape[0], : picture.shape[1]]
        total = picture.sum()
        ax.plot((v * picture).sum() / total, (u * picture).sum() / total, "+", color=COLORS[1], ms=13, mew=2.5)
        _bare(ax, name)
        ax.set_xlabel("{} × {}".format(*picture.shape), fontsize=10)
    _title(fig, title)
    return fig


def disturbance_curves(curves):
    """Draw {kind: (strengths, accuracies, confidences, accuracies of a plain network)}, each in a panel.

    The shaded gap between confidence and accuracy is confidence without ground.
    """
    fig, axes = plt.subplots(1, len(curves), figsize=(7.8, 3.3), sharey=True)
    for ax, (kind, (strengths, *shares)) in zip(axes, curves.items()):
        right, sure, plain = 100 * np.asarray(shares)
        ax.fill_between(strengths, right, sure, where=sure > right, color="0.9", linewidth=0)
        ax.plot(strengths, plain, "^:", color="0.45", markersize=4, label="accuracy, not straightened (05)")
        ax.plot(strengths, sure, "s--", color=COLORS[1], markersize=4, label="confidence, straightened")
        ax.plot(strengths, right, "o-", color=COLORS[0], markersize=4, label="accuracy, straightened")
        ax.set(xlabel=kind, ylim=(0, 103))
    axes[0].set_ylabel("mean (%)")
    _title(fig, "Straightening forgives place and size, but not noise")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=10)
    return fig


def unrefused(pictures, P, title):
    """Draw {name: picture (784,)} with the answer and the confidence of each, from probabilities `P` (k, 10)."""
    fig, axes = plt.subplots(1, len(pictures), figsize=(7.8, 2.2))
    for ax, (name, x), p in zip(axes, pictures.items(), P):
        ax.imshow(np.reshape(x, (28, 28)), vmin=0, vmax=1)
        _bare(ax, name)
        ax.set_xlabel(f"“{p.argmax()}”, {p.max():.0%}", fontsize=13, fontweight="bold", color=INK)
    _title(fig, title)
    return fig


def nudge_example(x, nudged, answers, push, rare, title):
    """Draw a digit (784,), what is added to it and the sum, under their `answers`; and the mean push of each pixel.

    Pixels in `rare` (784,) bool are outlined.
    """
    fig, axes = plt.subplots(1, 4, figsize=(7.8, 2.75))
    change = np.reshape(nudged - x, (28, 28))
    limit = 1.5 * np.abs(change).max()
    axes[0].imshow(np.reshape(x, (28, 28)), vmin=0, vmax=1)
    axes[1].imshow(change, vmin=-limit, vmax=limit, **SIGNED)
    axes[2].imshow(np.reshape(nudged, (28, 28)), vmin=0, vmax=1)
    axes[3].imshow(np.reshape(push, (28, 28)), vmin=0)
    mask = np.kron(np.reshape(rare, (28, 28)), np.ones((8, 8)))
    axes[3].contour((np.arange(224) + 0.5) / 8 - 0.5, (np.arange(224) + 0.5) / 8 - 0.5, mask, [0.5], colors="white",
                    linewidths=1.5)  # fmt: skip
    for ax, name in zip(axes, (answers[0], f"added: ±{np.abs(change).max():.2f}", answers[1], "mean |g| by pixel")):
        _bare(ax, name)
    axes[3].set_xlabel("outside the line: ink in\nunder 1% of digits", fontsize=9)
    _title(fig, title)
    return fig


def nudge_curves(found):
    """Draw {name: the smallest pushes that change an answer}, three of them, as the share of answers changed by ε."""
    fig, ax = plt.subplots(figsize=(7.8, 3.6))
    places = ((0.10, 30, "left"), (0.36, 62, "right"), (0.13, 78, "left"))
    for (name, eps), (x, y, side) in zip(found.items(), places):
        share = 100 * np.arange(1, len(eps) + 1) / len(eps)
        (line,) = ax.step(np.sort(eps), share, where="post")
        color, middle = line.get_color(), np.median(eps)
        ax.plot(middle, 50, "o", color=color)
        arrow = {"arrowstyle": "-", "color": color, "lw": 0.8, "shrinkB": 4}
        ax.annotate(f"{name}: {middle:.3f} for half", (middle, 50), (x, y), ha=side, va="center", color=color,
                    fontsize=10.5, arrowprops=arrow)  # fmt: skip
    ax.set(xlabel="most that a pixel may change, ε", ylabel="answers changed (%)", xlim=(0, 0.45), ylim=(0, 102))
    ax.set_title("A third more robustness, nearly for nothing")
    return fig

"""Figures of notebook 07."""

import matplotlib.pyplot as plt
import numpy as np

from .common import FAINT, FORWARD, INK

__all__ = [
    "ablation_costs",
    "before_and_after",
    "born_and_learned",
    "contribution_steps",
    "edge_draws",
    "explanation_views",
    "learned_by_ink",
    "logit_walk",
    "random_explanations",
    "unit_portraits",
]

FOR, AGAINST = "#b2182b", "#2166ac"  # the two ends of RdBu_r


def _title(fig, words):
    fig.suptitle(words, x=0.01, ha="left", fontsize=12, fontweight="bold")


def _signed(ax, values, limit=None):
    limit = limit or np.abs(values).max()
    side = int(np.sqrt(np.size(values)))
    picture = ax.imshow(np.reshape(values, (side, side)), cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color=FAINT)
    return picture


def before_and_after(W_before, W_after):
    """Two sheets of 25 pictures, from W1 (784, 25) at the start and at the end of training, on one scale."""
    fig, axes = plt.subplots(1, 2, figsize=(7.8, 5.35), width_ratios=(1, 2.05))
    limit = np.quantile(np.abs(W_after), 0.999)
    for ax, W, words in zip(axes, (W_before, W_after), ("before training", "after training")):
        sheet = np.full((5 * 31 - 3, 5 * 31 - 3), np.nan)
        for j, w in enumerate(np.asarray(W, float).T):
            top, left = 31 * (j // 5), 31 * (j % 5)
            sheet[top : top + 28, left : left + 28] = w.reshape(28, 28)
        picture = ax.imshow(sheet, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
        ax.set_title(words, loc="left", fontweight="normal")
        ax.set_anchor("NW")
        ax.set_axis_off()
    bar = axes[0].inset_axes((0, -0.16, 1, 0.05))
    fig.colorbar(picture, cax=bar, orientation="horizontal", label="weight", extend="both")
    fig.get_layout_engine().set(wspace=0.05)
    _title(fig, "Training paints patches over the noise, and leaves the noise in place")
    return fig


def born_and_learned(units, born, learned):
    """For each of `units` its first draw, what training added, and the sum; `born`, `learned` are (784, 25)."""
    fig, axes = plt.subplots(len(units), 3, figsize=(7.8, 2.7 * len(units)))
    end = born + learned
    limit = np.quantile(np.abs(end[:, units]), 0.998)
    for row, j in zip(axes, units):
        for ax, W in zip(row, (born, learned, end)):
            _signed(ax, W[:, j], limit)
        row[0].set_ylabel(f"unit {j}", fontsize=12)
        for ax, sign in zip(row[1:], "+="):
            ax.text(-0.12, 0.5, sign, transform=ax.transAxes, fontsize=22, ha="center", va="center")
    for ax, words in zip(axes[0], ("drawn at the start", "learned", "after training")):
        ax.set_title(words, loc="center", fontweight="normal")
    _title(fig, "What was learned is smooth, and fades to nothing at the edge")
    return fig


def edge_draws(accuracies, own, clean):
    """Accuracies (draws,) with other weights under the inked edge, the network's `own`, and `clean`: without any."""
    fig, ax = plt.subplots(figsize=(7.8, 2.8))
    percent = 100 * np.sort(accuracies)
    rows, taken = [], []
    for value in percent:  # a dot goes to the lowest row that is free
        row = 0
        while any(abs(value - other) < 0.285 and row == at for other, at in taken):
            row += 1
        taken.append((value, row))
        rows.append(row)
    ax.plot(percent, rows, "o", color=FORWARD, markersize=8, alpha=0.75)
    middle = np.median(percent)
    ax.plot(middle, -1.0, "^", color=INK, markersize=8)
    ax.text(middle, -1.45, f"median {middle:.1f}%", ha="center", va="top", fontsize=11)
    ax.text(percent[0], 0.55, f"worst\n{percent[0]:.1f}%", ha="center", fontsize=11)
    ax.axvline(100 * clean, color=INK, linestyle=":", linewidth=1.5)
    ax.text(100 * clean + 0.15, 4.1, f"no ink there,\nor weights at 0:\n{100 * clean:.1f}%", va="top", fontsize=11)
    ax.annotate(
        f"its own draw\n{100 * own:.1f}%", (100 * own, 0), (100 * own - 2.4, 2.6), ha="center", fontsize=11,
        arrowprops={"arrowstyle": "-", "color": INK},
    )  # fmt: skip
    ax.plot(100 * own, 0, "D", color=INK, markersize=9)
    ax.set(xlim=(79, 98.5), ylim=(-2.5, max(rows) + 0.6), yticks=[], xlabel="accuracy with ink at the edge (%)")
    ax.spines.left.set_visible(False)
    least, most = 100 * (clean - np.array([max(accuracies), min(accuracies)]))
    _title(fig, f"Ink at the edge costs {least:.0f} to {most:.0f} points, by the luck of the first draw")
    return fig


def learned_by_ink(ink, learned, born, few=0.01):
    """By pixel: the share of images with ink (784,) against the RMS over units of `learned` and `born` (784, 25)."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.8, 3.7), width_ratios=(1.55, 1))
    size = np.sqrt((learned**2).mean(axis=1))
    noise = np.sqrt((born**2).mean())
    seen, rare = ink > 0, ink < few
    for which, mark, color in ((seen & ~rare, "o", FORWARD), (rare & seen, "x", INK)):
        left.plot(ink[which], size[which], mark, color=color, markersize=5, alpha=0.7)
    left.axhline(noise, color=INK, linestyle=":", linewidth=1.5)
    left.text(1.2e-5, noise + 0.002, "the first draw, at every pixel", fontsize=10)
    left.axvline(few, color=FAINT, linewidth=1.5)
    left.text(
        few * 0.8, 0.026, f"{rare.sum()} pixels,\n{np.sum(ink == 0)} of them without\nany ink (not drawn)",
        ha="right", fontsize=10,
    )  # fmt: skip
    left.set(
        xscale="log", xlabel="share of the images with ink in the pixel", ylabel="learned weight (RMS of 25 units)"
    )
    left.set(xlim=(1e-5, 1.2), xticks=(1e-4, 1e-2, 1), xticklabels=("0.01%", "1%", "100%"), ylim=(-0.002, None))
    picture = right.imshow(size.reshape(28, 28), vmin=0)
    right.contour(rare.reshape(28, 28), levels=[0.5], colors="white", linewidths=2)
    right.set_title("outside the line: ink in under 1%", loc="center", fontweight="normal", fontsize=11)
    right.set_axis_off()
    fig.colorbar(picture, ax=right, shrink=0.8, label="learned weight")
    _title(fig, "Where there is hardly any ink, hardly anything is learned")
    return fig


def unit_portraits(W1, M):
    """The 25 units: weights (784, 25) as pictures, and below each its mean activation by class, M (25, 10)."""
    fig, axes = plt.subplots(10, 5, figsize=(7.8, 11.4), height_ratios=[2.5, 1] * 5)
    limit = np.quantile(np.abs(W1), 0.999)
    for j in range(25):
        top, low = axes[2 * (j // 5), j % 5], axes[2 * (j // 5) + 1, j % 5]
        _signed(top, W1[:, j], limit)
        top.set_title(f"unit {j}", loc="center", fontweight="normal", fontsize=11)
        strong = M[j] >= M[j].max() / 2
        low.bar(range(10), M[j], color=[FORWARD if one else FAINT for one in strong], width=0.8)
        low.axhline(M[j].max() / 2, color="#666", linewidth=0.8, linestyle=":")
        low.set(xticks=range(10), yticks=[])
        low.tick_params(length=0, labelsize=9, pad=1)
        low.spines[["left", "bottom"]].set_visible(False)
        for digit, one in zip(low.get_xticklabels(), strong):
            digit.set(fontweight="bold" if one else "normal", color=INK if one else "#666")
    _title(fig, "Most units answer to several digits (below: mean activation by digit)")
    return fig


def contribution_steps(x, k, C, bias):
    """The image x (784,), and how its units' contributions C (15,) and the bias add up to the centred logit of k."""
    fig, (left, ax) = plt.subplots(1, 2, figsize=(7.8, 4.1), width_ratios=(1, 1.9))
    left.imshow(x.reshape(28, 28), vmin=0, vmax=1)
    left.set_axis_off()
    order = [j for j in np.argsort(-np.abs(C)) if abs(C[j]) >= 0.005]
    steps, names = [*C[order], bias], [*(f"unit {j}" for j in order), "bias"]
    ends = np.cumsum(steps)
    for row, (step, end) in enumerate(zip(steps, ends)):
        ax.barh(row, step, left=end - step, color=FOR if step > 0 else AGAINST, height=0.72)
        ax.plot([end, end], [row - 0.36, row + 1.36], color=INK, linewidth=0.8)
        ax.text(max(end, end - step) + 0.1, row, f"{step:+.2f}".replace("-", "−"), va="center", fontsize=10)
    total = len(steps)
    ax.barh(total, ends[-1], color=INK, height=0.72)
    ax.text(ends[-1] + 0.1, total, f"{ends[-1]:.2f}", va="center", fontsize=10, fontweight="bold")
    ax.set(yticks=range(total + 1), yticklabels=[*names, "all together"], ylim=(total + 0.6, -0.6))
    ax.set(xlabel=f"logit of {k}, less the mean of all ten", xlim=(min(0, *ends) - 0.4, max(*ends, *steps) + 1.3))
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.tick_params(axis="y", length=0)
    _title(fig, f"Some units speak for the {k}, some against it; the sum decides")
    return fig


def ablation_costs(own, pushes):
    """{name: (25,)} accuracy lost with each unit held, and {name: (25, directions)} lost by random pushes as long."""
    fig, axes = plt.subplots(1, 2, figsize=(7.8, 6.0), sharey=True)
    last = list(own)[-1]
    order = np.argsort(own[last])
    at = np.arange(len(order))
    beyond = (pushes[last] >= own[last][:, None]).mean(axis=1)[order] < 0.02
    for ax, name in zip(axes, own):
        mine, random = 100 * own[name][order], 100 * pushes[name][order]
        low, middle, high = np.quantile(random, (0.025, 0.5, 0.975), axis=1)
        ax.hlines(at, low, high, color=FAINT, linewidth=6)
        ax.plot(middle, at, "|", color="#666", markersize=9, markeredgewidth=2)
        special = beyond if name == last else np.zeros(len(at), bool)
        ax.plot(mine[~special], at[~special], "o", color=FORWARD, markersize=7)
        ax.plot(mine[special], at[special], "D", color=FORWARD, markersize=8, markeredgecolor=INK)
        ax.set(xlabel="accuracy lost (points)", ylim=(-0.8, len(order) - 0.3))
        ax.set_title(f"held at {name}", fontweight="normal")
        ax.axvline(0, color=INK, linewidth=0.8)
        ax.tick_params(axis="y", length=0)
    for y in at[beyond]:
        words = "  more than 98%\n  of the pushes" if y == at[beyond][-1] else ""
        axes[1].text(100 * own[last][order][y], y - 0.1, words, va="center", fontsize=10)
    axes[0].set(yticks=at, ylabel="unit of layer 1")
    axes[0].set_yticklabels(order, fontsize=10)
    axes[0].text(0.97, 0.05, "grey: 95% of the random pushes\nas long, with their median", ha="right",
                 transform=axes[0].transAxes, fontsize=10)  # fmt: skip
    _title(fig, "Most units cost no more than some random pushes as long")
    return fig


def logit_walk(t, line, values, slopes, switches):
    """The mixtures `line` (points, 784) at shares t; {label: logit (points,)} and its slopes; a unit switches at ..."""
    fig, (strip, top, low) = plt.subplots(3, 1, figsize=(7.8, 5.6), height_ratios=(1.15, 2, 1.3))
    shown = np.linspace(0, len(t) - 1, 7).astype(int)
    strip.imshow(np.hstack([line[s].reshape(28, 28) for s in shown]), vmin=0, vmax=1)
    strip.set_axis_off()
    colors = dict(zip(values, ((FORWARD, "-"), (INK, "--"))))
    for label, (color, style) in colors.items():
        for ax, curve in ((top, values[label]), (low, slopes[label])):
            ax.plot(t, curve, style, color=color)
            ax.text(1.015, curve[-1], label, color=color, va="center", fontweight="bold")
    for ax, words in ((top, "logit"), (low, "slope")):
        for place in switches:
            ax.axvline(place, color=FAINT, linewidth=1, zorder=0)
        ax.set(xlim=(0, 1), ylabel=words)
    top.set_xticklabels([])
    low.set_xlabel("share of the second digit in the mixture (grey: a unit switches)")
    _title(fig, "Between two switches every logit is a straight line")
    return fig


def explanation_views(rows):
    """{name of the row: (image, gradient, gradient × input, occlusion)}: every signed picture on its own scale."""
    fig, axes = plt.subplots(len(rows), 4, figsize=(7.8, 2.03 * len(rows) + 0.4))
    for line, (name, (x, *views)) in zip(axes, rows.items()):
        line[0].imshow(np.reshape(x, (28, 28)), vmin=0, vmax=1)
        line[0].set(xticks=[], yticks=[])
        line[0].set_ylabel(name, fontsize=12)
        for ax, view in zip(line[1:], views):
            _signed(ax, view, np.quantile(np.abs(view), 0.997))
    for ax, words in zip(axes[0], ("image", "gradient", "gradient × input", "occlusion")):
        ax.set_title(words, loc="center", fontweight="normal")
    _title(fig, "Three answers to “which pixels did it?”")
    return fig


def random_explanations(views):
    """{network: (gradient, gradient × input)} of one image, a column for each network."""
    fig, axes = plt.subplots(2, len(views), figsize=(7.8, 4.3))
    for column, (name, pair) in zip(axes.T, views.items()):
        for ax, view in zip(column, pair):
            _signed(ax, view)
        column[0].set_title(name, loc="center", fontweight="normal", fontsize=11)
    axes[0, 0].set_ylabel("gradient")
    axes[1, 0].set_ylabel("gradient × input")
    _title(fig, "Below, the outline stays, whatever the network knows")
    return fig

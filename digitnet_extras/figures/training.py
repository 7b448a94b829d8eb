"""Figures of notebook 05."""

import matplotlib.pyplot as plt
import numpy as np

from .common import BACKWARD, COLORS, FAINT, FORWARD, INK, LINE_STYLES

__all__ = [
    "batch_noise",
    "edge_of_stability",
    "growing_images",
    "optimizer_race",
    "rate_curves",
    "recipe_curves",
    "restless_walkers",
    "stopping_point",
    "valley_paths",
]


def growing_images(snapshots, limit=0.3):
    """Draw every first-layer unit's weights as an image, at each moment of {title: W1 (784, 25)}."""
    fig, axes = plt.subplots(1, len(snapshots), figsize=(7.5, 2.45))
    for ax, (title, W1) in zip(axes, snapshots.items()):
        sheet = np.full((5 * 30, 5 * 30), np.nan)
        for j in range(25):
            top, left = 30 * (j // 5), 30 * (j % 5)
            sheet[top : top + 28, left : left + 28] = W1[:, j].reshape(28, 28).clip(-limit, limit)
        ax.imshow(sheet[:-2, :-2], cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
        ax.set_title(title, fontsize=10, loc="center", weight="normal")
        ax.set_axis_off()
    fig.suptitle("Twenty-five images grow out of noise", weight="bold", fontsize=12, x=0.01, ha="left")
    return fig


def recipe_curves(history, passed):
    """Draw cost and accuracy of the long run, with the epoch `passed` at which it crosses 91% (None: it does not)."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.1))
    epochs = np.arange(1, len(history["cost"]) + 1)
    left.plot(epochs, history["cost"], color=FORWARD)
    for epoch in (100, 500, 1500):
        if epoch <= len(epochs):
            cost = round(float(history["cost"][epoch - 1]), 2)
            left.plot(epoch, cost, "o", color=FORWARD)
            left.annotate(
                f"{cost:.2f}",
                (epoch, cost),
                (5, 7),
                textcoords="offset points",
                ha="right" if epoch == 1500 else "left",
                fontsize=11,
            )
    left.set(title="Most of the fall is early", xlabel="epoch", ylabel="cost J (nats)", ylim=(0, 2.5))
    right.plot(epochs, 100 * history["accuracy"], color=FORWARD)
    right.set(title="The beginning of the run", xlabel="epoch", ylabel="training accuracy (%)", ylim=(0, 100))
    if passed:
        right.plot(passed, 91, "o", color=INK)
        right.annotate(f"91% at about\nepoch {passed}", (passed, 91), (passed + 90, 86), fontsize=11)
        right.set(title="Five sixths for the last points", ylim=(80, 100))
    return fig


def valley_paths(paths, title="Glide, zigzag, explode", curvatures=(1, 100), ylim=(-0.42, 0.42), shown=60):
    """Draw the first steps of each {title: path (steps + 1, 2)} over the valley's lines of equal cost."""
    lines = 1 + max(name.count("\n") for name in paths)
    fig, axes = plt.subplots(1, len(paths), figsize=(7.5, 2.5 + 0.2 * lines), sharey=True)
    a, b = np.meshgrid(np.linspace(-1.15, 0.45, 90), np.linspace(*ylim, 90))
    J = (curvatures[0] * a**2 + curvatures[1] * b**2) / 2
    for ax, (name, path) in zip(axes, paths.items()):
        ax.contour(a, b, J, np.geomspace(0.005, 20, 9), colors=FAINT, linewidths=0.8)
        ax.plot(*path[: shown + 1].T, ".-", color=FORWARD, markersize=5, linewidth=1)
        ax.plot(*path[0], "s", color=INK)
        ax.plot(0, 0, "*", color=BACKWARD, markersize=12)
        ax.set_title(name, fontsize=11)
        ax.set(xlim=(-1.15, 0.45), ylim=ylim, xlabel="$w_1$")
    axes[0].set_ylabel("$w_2$")
    fig.suptitle(title, weight="bold", fontsize=12, x=0.01, ha="left")
    return fig


def rate_curves(histories):
    """Draw the cost by epoch of each {rate: history}, with a word for what it does."""
    words = {0.001: "crawls", 0.01: "crawls", 0.1: "works", 0.4: "oscillates", 2.0: "destroys"}
    fig, ax = plt.subplots(figsize=(7.5, 3.9))
    for k, (rate, history) in enumerate(histories.items()):
        cost = history["cost"]
        ax.plot(np.arange(1, len(cost) + 1), cost, color=COLORS[k], linestyle=LINE_STYLES[k])
        at = cost.argmax() if rate == 2 else len(cost) - 1  # the one that is destroyed is labelled at its peak
        nudge = {0.001: 3, 0.01: -10}.get(rate, 0)
        ax.annotate(f"{rate:g} {words[rate]}", (at + 1, cost[at]), (6, nudge), textcoords="offset points",
                    color=COLORS[k], va="center", fontsize=11)  # fmt: skip
    ax.set(title="Each rate has its fate", xlabel="epoch", ylabel="cost J (nats)", yscale="log", xlim=(0, 122))
    ax.set_xticks(range(0, 101, 20))
    ax.set_yticks([0.2, 0.5, 1, 2, 5, 20, 100], ["0.2", "0.5", "1", "2", "5", "20", "100"])
    ax.minorticks_off()
    return fig


def edge_of_stability(epochs, curves, limits=(20, 5)):
    """Draw the largest curvature by epoch for each label, and each limit 2/η as a dotted line."""
    fig, ax = plt.subplots(figsize=(7.5, 3.7))
    for k, (label, c) in enumerate(curves.items()):
        ax.plot(epochs, c, color=COLORS[k], linestyle=("-", "--", "-.")[k], zorder=3 - k)  # the third lies below
        height = c[-8:].mean() + (0, -0.9, 1.2)[k]
        ax.text(epochs[-1] + 3, height, label, color=COLORS[k], va="center", fontsize=11)
    for k, limit in enumerate(limits):
        ax.axhline(limit, color=COLORS[k], linestyle=":", linewidth=1.5)
        ax.text(3, limit + (0.3, -0.3)[k], f"2/η = {limit:g}", color=COLORS[k], va=("bottom", "top")[k], fontsize=11)
    ax.set(title="The largest curvature is held near 2/η", xlabel="epoch", ylabel="largest curvature")
    ax.set(xlim=(0, 1.23 * epochs[-1]), ylim=(0, None))
    ax.set_xticks(range(0, epochs[-1] + 1, 50))
    return fig


def batch_noise(sizes, measured, computed, length):
    """Draw the error of a mini-batch gradient by its size: measured dots on the computed line."""
    fig, ax = plt.subplots(figsize=(7.5, 3.4))
    ax.plot(sizes, computed, color=FORWARD)
    ax.plot(sizes, measured, "o", color=INK)
    ax.axhline(length, color=BACKWARD, linestyle="--", linewidth=1.2)
    ax.annotate("line: computed\ndots: measured", (4, computed[2]), (12, 8), textcoords="offset points", fontsize=11)
    ax.text(1, 0.93 * length, "length of the gradient itself", color=BACKWARD, va="top", fontsize=11)
    ax.set_xscale("log", base=2)
    ax.set(
        title="Four times the images, half the error",
        xlabel="images in the batch, of 256 in all",
        ylabel="typical error",
    )
    ax.set_yscale("log")
    ax.set_xticks(sizes, [str(size) for size in sizes])
    ax.set_yticks([0.5, 1, 2, 5, 10], ["0.5", "1", "2", "5", "10"])
    ax.minorticks_off()
    return fig


def restless_walkers(spreads, limits):
    """Draw the variance by step for each {label: values}; `limits` (one each, or None) are the computed ends."""
    fig, ax = plt.subplots(figsize=(7.5, 3.2))
    for k, (label, values) in enumerate(spreads.items()):
        ax.plot(values, color=COLORS[k], linestyle=LINE_STYLES[k] if limits[k] is None else "-")
        ax.text(len(values) + 3, values[-1], label, color=COLORS[k], va="center", fontsize=11)
        if limits[k] is not None:
            ax.plot([0, len(values)], [limits[k]] * 2, color=INK, linestyle=":", linewidth=1.2)
    ax.text(205, limits[1] + 0.004, "dotted: computed", color=INK, fontsize=10)
    ax.set(title="A constant rate never settles", xlabel="step", ylabel="variance of w", ylim=(-0.004, None))
    ax.set_xlim(0, 1.24 * len(values))
    ax.set_xticks(range(0, len(values) + 1, 50))
    return fig


def optimizer_race(race):
    """Draw the share of wrong answers by epoch for each {name: accuracies (seeds, epochs)}, faint lines the seeds."""
    fig, ax = plt.subplots(figsize=(7.5, 3.9))
    nudges = {"mini-batches": 10, "Adam": -10}
    for k, (name, shares) in enumerate(race.items()):
        wrong = 100 * (1 - shares)
        epochs = np.arange(1, wrong.shape[1] + 1)
        ax.plot(epochs, wrong.T, color=COLORS[k], alpha=0.25, linewidth=1, linestyle="-")
        ax.plot(epochs, wrong.mean(axis=0), "o", color=COLORS[k], linestyle=LINE_STYLES[k], markersize=4)
        ax.annotate(name, (epochs[-1], wrong[:, -1].mean()), (8, nudges.get(name, 0)), textcoords="offset points",
                    color=COLORS[k], va="center", fontsize=11)  # fmt: skip
    ax.set(title="Mini-batches win; momentum and Adam tie", xlabel="epoch", ylabel="wrong on validation (%)")
    ax.set(yscale="log", xlim=(0.8, 6.1))
    ax.set_xticks(epochs)
    ax.set_yticks([5, 10, 20, 50, 100], ["5", "10", "20", "50", "100"])
    ax.minorticks_off()
    return fig


def stopping_point(history, wrong, right):
    """Draw both costs by epoch, and what mistakes and right answers each add to the validation cost."""
    fig, (left, rest) = plt.subplots(1, 2, figsize=(7.5, 3.4))
    epochs = np.arange(1, len(wrong) + 1)
    best = int(history["val_cost"].argmin())
    left.plot(epochs, history["cost"], color=FORWARD)
    left.plot(epochs, history["val_cost"], color=BACKWARD, linestyle="--")
    left.plot(best + 1, history["val_cost"][best], "o", color=INK)
    left.annotate(f"lowest: epoch {best + 1}", (best + 1, history["val_cost"][best]), (-12, -20),
                  textcoords="offset points", fontsize=11)  # fmt: skip
    left.text(epochs[-1], history["val_cost"][-1] + 0.05, "validation", color=BACKWARD, ha="right", fontsize=11)
    left.text(epochs[-1], history["cost"][-1] + 0.03, "training", color=FORWARD, ha="right", fontsize=11)
    left.set(title="A gap from epoch 4, a turn at 14", xlabel="epoch", ylabel="cost J (nats)", ylim=(0, 1))
    rest.plot(epochs, wrong, color=COLORS[3], linestyle="-")
    rest.plot(epochs, right, color=COLORS[2], linestyle="-.")
    rest.text(epochs[-1], wrong[-1] + 0.03, "mistakes", color=COLORS[3], ha="right", fontsize=11)
    rest.text(epochs[-1], right[-1] + 0.03, "right answers", color=COLORS[2], ha="right", fontsize=11)
    rest.set(title="Only the mistakes cost more", xlabel="epoch", ylabel="part of the cost (nats)", ylim=(0, 1))
    return fig

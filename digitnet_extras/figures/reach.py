"""Figures of notebook 09."""

import matplotlib.pyplot as plt
import numpy as np

from .common import BACKWARD, COLORS, FAINT, FORWARD, INK

__all__ = [
    "alternatives",
    "decay_or_penalty",
    "last_misread",
    "moves_of_one",
    "one_look",
    "rates_and_costs",
    "reached",
    "sheared_digit",
    "staircase",
    "straight_digits",
]


def _digit(ax, image, title="", **style):
    ax.imshow(np.reshape(image, (28, 28)), **({"vmin": 0, "vmax": 1} | style))
    ax.set_title(title, loc="center", fontsize=11, weight="normal")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def staircase(study, steps):
    """Mistakes on the validation digits by recipe: dots are seeds, bars run from the recipe before to this one.

    `steps` are names in study["validation"]; a name with " ×9" at its end is the recipe read in nine positions.
    """
    fig, ax = plt.subplots(figsize=(7.8, 0.36 * len(steps) + 1.3))
    before, first = None, None
    for k, name in enumerate(steps):
        found = study["validation"][name.removesuffix(" ×9")]
        rows = found["misread_by_nine" if name.endswith(" ×9") else "misread"]
        dots = np.array([len(row.split()) for row in rows]) / 100
        mean = dots.mean()
        if before is not None:
            ax.barh(k, mean - before, left=before, height=0.62, color=COLORS[5], alpha=0.75)
            ax.plot([before, before], [k - 1, k], color="#777", lw=1, linestyle="-")
        ax.plot(dots, np.full(len(dots), k), color=INK, linestyle="", marker="o", markersize=3.5, alpha=0.6)
        ax.plot([mean, mean], [k - 0.31, k + 0.31], color=FORWARD, lw=3, linestyle="-")
        ax.text(max(dots.max(), before or 0) * 1.03, k, f"{mean:.2f}%", va="center", weight="bold")
        before, first = mean, first or mean
    ax.set_xscale("log")
    ax.set_xticks([1, 1.5, 2, 3, 4, 5, 6], ["1", "1.5", "2", "3", "4", "5", "6"])
    ax.minorticks_off()
    ax.set_yticks(range(len(steps)), [name.replace(" ×9", ", read nine times") for name in steps])
    ax.tick_params(axis="y", length=0)
    ax.invert_yaxis()
    ax.set(xlabel="mistakes on 10,000 validation digits (%, log scale)", xlim=(0.85, 7))
    ax.set_title(f"The same 20,175 parameters: from {first:.1f}% mistakes to {before:.1f}%")
    ax.spines["left"].set_visible(False)
    return fig


def rates_and_costs(rates, costs):
    """Three learning rates {name: (steps,)} over the steps, and the mean costs (steps,) that they reach."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.8, 3.4))
    for k, name in enumerate(rates):
        style = {"color": COLORS[k], "linestyle": ("--", ":", "-")[k], "lw": 2}
        t = np.arange(1, len(rates[name]) + 1)
        left.plot(t, rates[name], **style)
        right.semilogy(t, costs[name], **style)
        right.text(len(t) * 1.02, costs[name][-20:].mean(), name, color=COLORS[k], va="center", weight="bold")
    left.set(xlabel="step", ylabel="learning rate", ylim=(0, None))
    left.set_title("Start large, end small …")
    left.text(990, 0.315, "0.3", ha="right", color=COLORS[0], weight="bold")
    left.text(990, 0.042, "0.03", ha="right", color=COLORS[1], weight="bold")
    left.text(560, 0.2, "cosine", color=COLORS[2], weight="bold")
    left.set_ylim(0, 0.35)
    right.set(xlabel="step", ylabel="mean cost", xlim=(0, 1220), xticks=(0, 500, 1000))
    right.set_title("… fast, and quiet at the end")
    return fig


def alternatives(groups):
    """What else was tried: {title: [(label, accuracy above that of the chosen in %, half its interval)]}, a panel each.

    The chosen one stands among them with 0 and 0.
    """
    fig, axes = plt.subplots(1, len(groups), figsize=(7.8, 3.3), sharey=True)
    for ax, (title, rows) in zip(axes, groups.items()):
        ax.axhline(0, color=INK, lw=1, linestyle="--")
        for k, (_, d, half) in enumerate(rows):
            if d or half:
                ax.errorbar(k, d, half, color=INK, marker="o", capsize=4, lw=1.6, linestyle="")
            else:
                ax.plot(k, 0, color=FORWARD, marker="D", markersize=8, linestyle="")
        ax.set_xticks(range(len(rows)), [row[0] for row in rows], fontsize=9.5)
        ax.set_xlim(-0.6, len(rows) - 0.4)
        ax.set_title(title, loc="center", fontsize=10.5, weight="normal")
    axes[0].set_ylabel("accuracy above the chosen (%)")
    fig.suptitle("Nothing that was tried is clearly better than the chosen (diamond)", x=0.01, ha="left", weight="bold")
    return fig


def decay_or_penalty(steps, penalty, decay):
    """What is left of a quiet and a loud weight over the steps; `penalty`, `decay` are (len(steps), 2)."""
    fig, axes = plt.subplots(1, 2, figsize=(7.8, 3.1), sharey=True)
    for ax, left, title in zip(axes, (penalty, decay), ("a penalty in the gradient …", "a decay beside it")):
        for k, name in enumerate(("quiet, gradients of 0.1", "loud, gradients of 10")):
            ax.plot(steps, left[:, k], color=COLORS[k], linestyle=("-", "--")[k], lw=2.2, label=name)
        ax.set(xlabel="step of Adam", ylim=(0, 1.02))
        ax.set_title(title)
    axes[0].set_ylabel("what is left of the weight")
    axes[0].legend(loc="center right", bbox_to_anchor=(1, 0.62))
    return fig


def sheared_digit(image, row, column, slant, result):
    """A digit with the centre of its ink and the line on which its columns drift, and the digit sheared upright."""
    fig, axes = plt.subplots(1, 2, figsize=(7.8, 3.9))
    u = np.array([2.0, 25.0])
    for ax, picture, r, c, a in ((axes[0], image, row, column, slant), (axes[1], result, 13.5, 13.5, 0.0)):
        _digit(ax, picture)
        ax.plot(c + a * (u - r), u, color=COLORS[4], lw=2.5, linestyle="-")
        ax.plot(c, r, color=BACKWARD, marker="o", markersize=10, linestyle="")
    axes[0].set_title("As written: the ink drifts …", loc="left", fontsize=12, weight="bold")
    axes[1].set_title("… and a shear takes the drift away", loc="left", fontsize=12, weight="bold")
    axes[0].set_xlabel(f"{abs(slant):.2f} columns {'left' if slant < 0 else 'right'} per row")
    axes[1].set_xlabel("rows and columns uncorrelated")
    return fig


def straight_digits(written, upright, straight):
    """Rows of the same digits (k, 784): as written, upright, and in one size."""
    rows = {"as written": written, "upright": upright, "one size": straight}
    fig, axes = plt.subplots(3, len(written), figsize=(7.8, 3.3))
    for line, (name, images) in zip(axes, rows.items()):
        for ax, image in zip(line, images):
            _digit(ax, image)
        line[0].set_ylabel(name, fontsize=11)
    fig.suptitle("The hand goes, the digit stays", x=0.01, ha="left", weight="bold")
    return fig


def one_look(once, thrice):
    """The same digit (784,) straightened by one interpolation and by three in a row, and what the two lost."""
    fig, axes = plt.subplots(1, 3, figsize=(7.8, 3.0))
    for ax, image, title in zip(axes, (once, thrice), ("one interpolation", "three")):
        _digit(ax, image, title)
    _digit(axes[2], thrice - once, "three minus one", cmap="RdBu_r", vmin=-0.5, vmax=0.5)
    fig.suptitle("Every look between pixels blurs: ask once", x=0.01, ha="left", weight="bold")
    return fig


def moves_of_one(alone, names, together):
    """One digit, each kind of move alone, four times as strong; below, copies (k, 784) as training sees them."""
    fig, axes = plt.subplots(2, len(alone), figsize=(7.8, 3.4))
    for ax, image, name in zip(axes[0], alone, names):
        _digit(ax, image, name)
    for ax, image in zip(axes[1], together):
        _digit(ax, image)
    axes[0, 0].set_ylabel("alone, × 4", fontsize=11)
    axes[1, 0].set_ylabel("all, as trained", fontsize=11)
    fig.suptitle("One 3 becomes as many as we like", x=0.01, ha="left", weight="bold")
    return fig


def reached(rows):
    """Accuracies: rows (label, mean over the seeds in %, half its interval)."""
    fig, ax = plt.subplots(figsize=(7.8, 0.42 * len(rows) + 1.2))
    for k, (_, mean, half) in enumerate(rows):
        ax.errorbar(mean, k, xerr=half, color=FORWARD, marker="D", markersize=7, capsize=5, lw=2, linestyle="")
        ax.text(mean + half + 0.03, k, f"{mean:.2f} ± {half:.2f}", va="center")
    ax.set_yticks(range(len(rows)), [row[0] for row in rows])
    ax.invert_yaxis()
    low, high = ax.get_xlim()
    ax.set(xlabel="accuracy on 10,000 test digits (%)", xlim=(low, high + 0.25 * (high - low)))
    ax.grid(axis="x", color=FAINT, alpha=0.4)
    ax.set_title("Straightening is worth more than patience")
    return fig


def last_misread(images, titles):
    """The digits (k, 784) that the best network misreads, each under "label → answer"."""
    rows = -(-len(images) // 6)
    fig, axes = plt.subplots(rows, 6, figsize=(7.8, 1.55 * rows + 0.3))
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, image, title in zip(axes.flat, images, titles):
        _digit(ax, image, title)
    fig.suptitle("What the best one still misreads: label → answer ✗", x=0.01, ha="left", weight="bold")
    return fig

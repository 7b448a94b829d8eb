"""Figures of notebook 06."""

import matplotlib.pyplot as plt
import numpy as np

from .common import COLORS, FAINT, FORWARD, INK

__all__ = [
    "answered_digits",
    "confusion_with_margins",
    "declining_curve",
    "interval_promise",
    "luck_of_the_best",
    "misread_digits",
    "mistakes_in_blocks",
    "pair_scores",
    "reliability_diagrams",
    "seeds_with_intervals",
]


def misread_digits(X, y, P, title="", most=60, columns=10):
    """Draw the digits X (k, 784) whose answer in P (k, 10) is not y (k,), the surest first, at most `most` of them."""
    answer, q = P.argmax(axis=1), P.max(axis=1)
    wrong = np.flatnonzero(answer != y)
    rows = wrong[np.argsort(-q[wrong], kind="stable")][:most]
    title = title or f"It misreads {len(wrong)} of {len(y):,}. Label → answer, the surest first"
    return _grid(X[rows], [f"{y[r]} → {answer[r]}" for r in rows], title, columns, wrong=range(len(rows)))


def answered_digits(X, y, P, title, columns=10):
    """Draw every digit of X (k, 784) with its label y, the answer of P (k, 10) and that answer's probability."""
    answer, q = P.argmax(axis=1), P.max(axis=1)
    captions = [f"{label} → {one}\n{sure:.2f}" for label, one, sure in zip(y, answer, q)]
    return _grid(X, captions, title, columns, wrong=np.flatnonzero(answer != y))


def _grid(X, captions, title, columns, wrong):
    rows = -(-len(X) // columns)
    height = (1.0 + 0.16 * ("\n" in captions[0])) * rows + 0.35
    fig, axes = plt.subplots(rows, columns, figsize=(7.8, height), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for k, (ax, image, caption) in enumerate(zip(axes.flat, X, captions)):
        ax.imshow(image.reshape(28, 28), vmin=0, vmax=1)
        miss = k in wrong
        caption = caption.replace("\n", " ✗\n") if miss else caption
        ax.set_title(caption, loc="center", fontsize=10, fontweight="bold" if miss else "normal", pad=3)
    _title(fig, title)
    return fig


def _title(fig, words):
    fig.suptitle(words, x=0.01, ha="left", fontweight="bold", fontsize=12)


def interval_promise(sizes, normal, wilson):
    """Draw the chances that the normal and the Wilson interval hold the truth; all (k,), by the number of digits."""
    fig, ax = plt.subplots(figsize=(7.8, 3.5))
    ax.plot([0, sizes[-1]], [95, 95], color=INK, lw=1, ls=":")
    ax.plot(sizes, 100 * np.asarray(normal), color=COLORS[1], ls="--")
    ax.plot(sizes, 100 * np.asarray(wilson), color=COLORS[0], ls="-")
    ax.text(sizes[-1], 99, "Wilson", color=COLORS[0], fontweight="bold", ha="right")
    ax.text(sizes[-1], 87.5, "normal", color=COLORS[1], fontweight="bold", ha="right")
    ax.text(sizes[-1] + 2, 95, "promised", va="center", fontsize=10)
    ax.set(xlabel="digits tested, each read with probability 0.95", ylabel="intervals holding 0.95 (%)", ylim=(38, 102))
    ax.set_xlim(0, sizes[-1] * 1.1)
    ax.set_title("On few digits the normal interval breaks its promise")
    return fig


def mistakes_in_blocks(correct, shuffled, size):
    """Draw the mistakes in every `size` consecutive digits: of `correct` (n,) in the file's order, and `shuffled`."""
    fig, axes = plt.subplots(2, 1, figsize=(7.8, 4.1), sharex=True, sharey=True)
    words = f"in the order of the file: mistakes in every {size} digits", "the same digits, shuffled within each half"
    for ax, values, name in zip(axes, (correct, shuffled), words):
        wrong = (~values).reshape(-1, size).sum(axis=1)
        left = np.arange(0, len(values), size)
        middle = len(values) // 2
        ax.bar(left, wrong, width=0.86 * size, align="edge", color=FORWARD if ax is axes[0] else "#8a8a8a")
        for start, part in ((0, wrong[: len(wrong) // 2]), (middle, wrong[len(wrong) // 2 :])):
            ax.plot([start, start + middle], [part.mean()] * 2, color=INK, lw=1.2, ls="-")
        ax.set_title(name, fontsize=11, fontweight="normal")
        ax.set(xlim=(0, len(values)), ylabel="mistakes")
    axes[1].set_xlabel("place in the test file")
    _title(fig, "Mistakes come in clumps where one writer's digits follow each other")
    return fig


def confusion_with_margins(C, interval):
    """Draw counts C (10, 10), labels in rows; beside each row its recall, under each column its precision.

    `interval(share, n)` gives the ends of an interval. The diagonal is grey: colours are for mistakes.
    """
    classes, right = np.arange(len(C)), np.diag(C)
    fig, axes = plt.subplots(
        2, 2, figsize=(7.8, 6.9), gridspec_kw={"width_ratios": (3.4, 1), "height_ratios": (3.4, 1)}
    )
    (ax, beside), (below, corner) = axes
    corner.set_axis_off()
    mistakes = np.ma.masked_array(C, mask=np.eye(len(C), dtype=bool))
    ax.imshow(mistakes, aspect="auto")
    ax.set(facecolor="0.9", xticks=classes, yticks=classes, ylabel="label")
    ax.spines[:].set_visible(False)
    for (label, answer), count in np.ndenumerate(C):
        dark = label != answer and count < 0.6 * mistakes.max()
        words = {"color": "white" if dark else INK, "fontsize": 10 if label == answer else 11}
        ax.text(answer, label, count or "", ha="center", va="center", **words)
    both = np.triu(C + C.T, k=1)
    k, other = np.unravel_index(both.argmax(), C.shape)
    ax.set_title(f"{k} and {other} are its worst pair: {both[k, other]} of {mistakes.sum()} mistakes")
    for panel, totals in ((beside, C.sum(axis=1)), (below, C.sum(axis=0))):
        share = right / totals
        low, high = interval(share, totals)
        bars = np.abs([share - low, high - share]) * 100
        places = (100 * share, classes) if panel is beside else (classes, 100 * share)
        style = {"xerr" if panel is beside else "yerr": bars, "fmt": "o", "color": FORWARD, "capsize": 3}
        panel.errorbar(*places, **style)
    beside.set(ylim=ax.get_ylim(), yticks=classes, xlabel="%")
    below.set(xlim=ax.get_xlim(), xticks=classes, xlabel="answer", ylabel="%")
    beside.set_title("recall", fontsize=11)
    below.set_title("precision", fontsize=11)
    for panel in (beside, below):
        panel.grid(axis="x" if panel is beside else "y", color="0.9")
        (panel.xaxis if panel is beside else panel.yaxis).set_major_locator(plt.MultipleLocator(2))
    return fig


def reliability_diagrams(confidences, correct, interval, bins=10):
    """Draw accuracy against confidence in bins, one panel for each of `confidences` {name: q (n,)}; area is count."""
    fig, axes = plt.subplots(1, len(confidences), figsize=(7.8, 4.3), sharey=True)
    for ax, (name, q) in zip(axes, confidences.items()):
        j = np.minimum((q * bins).astype(int), bins - 1)
        count = np.bincount(j, minlength=bins)
        used = count > 0
        count, conf, acc = count[used], np.bincount(j, q, bins)[used], np.bincount(j, correct, bins)[used]
        conf, acc = conf / count, acc / count
        low, high = interval(acc, count)
        ax.plot([0, 1], [0, 1], color=FAINT, lw=1.2, ls="-")
        ax.errorbar(conf, acc, np.abs([acc - low, high - acc]), fmt="none", ecolor=INK, elinewidth=1.2, capsize=3)
        ax.scatter(conf, acc, s=16 + 0.02 * count, color=FORWARD, zorder=3)
        ax.set(xlabel="confidence", xlim=(0.15, 1.03), ylim=(0.1, 1.06), aspect="equal")
        ax.text(0.98, 0.16, f"mean confidence {q.mean():.3f}\naccuracy {correct.mean():.3f}", ha="right", fontsize=10)
        ax.set_title(name, fontweight="normal", fontsize=11)
    axes[0].text(0.19, 0.88, "claims too little", color="#666", fontsize=10)
    axes[0].text(0.98, 0.42, "claims too much", color="#666", ha="right", fontsize=10)
    _title(fig, "It claims too little, and one number mends it")
    axes[0].set_ylabel("share that is right")
    return fig


def declining_curve(coverage, accuracy, confidence, taus=(0.5, 0.8, 0.9, 0.99)):
    """Draw accuracy on the answered against coverage (n,), with thresholds marked on it, and two other networks."""
    fig, ax = plt.subplots(figsize=(7.8, 4.1))
    a, x = accuracy[-1], 100 * coverage
    ax.plot(x, 100 * np.minimum(1, a / coverage), color=COLORS[2], ls="-.")
    ax.plot(x, 100 * accuracy, color=COLORS[0], ls="-")
    ax.plot([0, 100], [100 * a] * 2, color=COLORS[1], ls="--")
    ax.text(40.6, 100.12, "would know its mistakes", color=COLORS[2])
    ax.text(67, 99.05, "declines when unsure", color=COLORS[0], fontweight="bold", ha="center")
    ax.text(40.6, 100 * a + 0.12, "declines at random", color=COLORS[1])
    for tau in taus:
        covered = (confidence >= tau).mean()
        height = 100 * accuracy[round(covered * len(x)) - 1]
        ax.plot([100 * covered], [height], "o", color=INK, markersize=5)
        ax.text(100 * covered - 0.7, height - 0.12, f"τ = {tau}", ha="right", va="top", fontsize=10)
    ax.set(xlabel="coverage: digits answered (%)", ylabel="right among them (%)")
    ax.set(xlim=(40, 100.6), ylim=(100 * a - 0.5, 100.5))
    sure = np.flatnonzero(accuracy >= 0.99)
    share = f"{coverage[sure[-1]]:.0%}" if len(sure) else "none"
    ax.set_title(f"Free to decline, it is right in 99 of 100 answers, and still answers {share}")
    return fig


def seeds_with_intervals(accuracies, low, high, half_width):
    """Draw the accuracy of each seed with its interval `low` to `high` (m,), and the band of mean ± `half_width`."""
    fig, ax = plt.subplots(figsize=(7.8, 3.6))
    x, seeds = 100 * np.asarray(accuracies), np.arange(len(accuracies))
    mean, half = x.mean(), 100 * half_width
    ax.axvspan(mean - half, mean + half, color="0.9", lw=0)
    ax.axvline(mean, color=INK, lw=1.2, ls="-")
    ax.errorbar(x, seeds, None, np.abs([x - 100 * low, 100 * high - x]), "o", color=FORWARD, capsize=3)
    for seed, value in zip(seeds, x):
        ax.text(value, seed + 0.14, f"{value:.1f}%", ha="center")
    ax.text(mean + 0.01, len(x) - 0.1, "mean and its interval", va="center")
    ax.set(xlabel="accuracy on 10,000 validation digits (%)", ylabel="seed", yticks=seeds, ylim=(-0.5, len(x) + 0.2))
    ax.xaxis.set_major_locator(plt.MultipleLocator(0.5))
    ax.set_title(f"One recipe: {x.max() - x.min():.1f}% between the luckiest seed and the unluckiest")
    return fig


def pair_scores(z, border=1.96):
    """Draw z (m, m), the paired score of every network (row) against every other (column); bold beyond ±`border`."""
    fig, ax = plt.subplots(figsize=(7.8, 3.3))
    m = len(z)
    marked = np.ma.masked_array(z, mask=np.eye(m, dtype=bool))
    ax.imshow(marked, cmap="RdBu_r", vmin=-6, vmax=6, aspect="auto")
    for (i, k), value in np.ndenumerate(z):
        if i != k:
            style = {"fontweight": "bold"} if abs(value) > border else {"color": "#555"}
            ax.text(k, i, f"{value:+.1f}".replace("-", "−"), ha="center", va="center", **style)
    ax.set(xticks=range(m), yticks=range(m), xlabel="against seed", ylabel="seed", facecolor="0.9")
    ax.spines[:].set_visible(False)
    beyond, pairs = int((np.abs(z) > border).sum() // 2), m * (m - 1) // 2
    ax.set_title(f"{beyond} of {pairs} pairs differ beyond ±{border}")
    return fig


def luck_of_the_best(candidates, lead, se):
    """Draw the mean `lead` (k,) of the best of 1 to k equally good networks; `se` is one standard error."""
    fig, ax = plt.subplots()
    lead = 100 * np.asarray(lead)
    ax.plot(candidates, lead, color=COLORS[0], ls="-")
    ax.set_xscale("log")
    ax.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    for k in (2, 10, 100, 1000):
        ax.plot([k], [lead[k - 1]], "o", color=INK, markersize=5)
        ax.text(k, lead[k - 1] + 0.03, f"{lead[k - 1]:+.2f}%", ha="right", va="bottom")
    for k in (1, 2, 3):
        ax.axhline(100 * k * se, color=FAINT, lw=1, ls=":")
        ax.text(1, 100 * k * se, f"{k} standard error{'s' * (k > 1)}", va="bottom", fontsize=9, color="#666")
    ax.set(xlabel="networks that compete, all equally good", ylabel="lead of the winner (%)", ylim=(0, 400 * se))
    ax.set_title("Luck alone makes a winner")
    return fig

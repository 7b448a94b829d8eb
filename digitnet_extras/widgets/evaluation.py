"""Widgets of notebook 06."""

import numpy as np

from ..figures import COLORS
from .common import bars, choice, digit_grid, drawing, explore, frame, image, lines, slider, text

__all__ = ["confusion_browser", "threshold_browser"]


def confusion_browser(X, y, P, label=4, answer=9, most=20):
    """Open any cell of the confusion matrix of P (n, 10): the digits X (n, 784) with one label y and one answer."""
    q, y_hat = P.max(axis=1), P.argmax(axis=1)
    C = np.zeros((10, 10), int)
    np.add.at(C, (y, y_hat), 1)
    mistakes = C - np.diag(np.diag(C))

    def picture(label, answer):
        rows = np.flatnonzero((y == label) & (y_hat == answer))
        order = np.argsort(q[rows], kind="stable")
        rows = rows[order if label == answer else order[::-1]][:most]
        sort = "the least sure first" if label == answer else "the surest first"
        title = f"{label} read as {answer}: {C[label, answer]} digits"
        parts = [text(0, 12, "Mistakes by label and answer", bold=True), image(mistakes, 46, 32, 190, shape=(10, 10))]
        parts += [frame(46 + 19 * answer, 32 + 19 * label, 19, 19), text(40, 28, "label", "end")]
        for k in range(10):
            parts.append(text(40, 46 + 19 * k, k, "end", k == label))
            parts.append(text(55.5 + 19 * k, 237, k, "middle", k == answer))
        wrong = () if label == answer else range(len(rows))
        sure = [f"{value:.2f}" for value in q[rows]]
        parts += [text(141, 254, "answer", "middle"), text(254, 12, title, bold=True), text(254, 27, f"{sort}, with q")]
        parts.append(digit_grid(X[rows[:12]], sure[:12], 254, 34, 62, 4, wrong))
        parts.append(digit_grid(X[rows[12:]], sure[12:], 6, 286, 62, 8, wrong))
        return drawing(504, 372, *parts, alt=f"{title}, {sort}; confidence {', '.join(sure) or 'of none'}")

    return explore(picture, label=choice(range(10), label), answer=choice(range(10), answer))


def threshold_browser(X, y, P, threshold=0.9):
    """Move the confidence below which the network declines: what it costs, and the digits X (n, 784) at the edge."""
    q, y_hat = P.max(axis=1), P.argmax(axis=1)
    correct, n = y_hat == y, len(y)
    order = np.argsort(-q, kind="stable")
    coverage, right_share = np.arange(1, n + 1) / n, np.cumsum(correct[order]) / np.arange(1, n + 1)
    seen, a = coverage >= 0.5, correct.mean()
    x = 100 * coverage[seen]
    curves = {
        "when unsure": (x, 100 * right_share[seen]),
        "at random": ([50, 100], [100 * a] * 2),
        "all-knowing": (x, 100 * np.minimum(1, a / coverage[seen])),
    }

    low = np.floor(100 * a - 0.5)

    def edge(rows, top, title):
        names = [f"{y[r]}→{y_hat[r]}" for r in rows]
        wrong = np.flatnonzero(~correct[rows])
        return text(0, top + 12, title, bold=True) + digit_grid(X[rows], names, 0, top + 18, 62, 8, wrong)

    def picture(threshold):
        answered = max(8, int((q >= threshold).sum()))
        right = int(correct[order[:answered]].sum())
        counts = [right, answered - right, n - answered]
        point = [(100 * answered / n, 100 * right / answered, f"τ = {threshold:.2f}")]
        style = {"points": point, "xlim": (50, 101), "ylim": (low, 101.2), "legend": None}
        parts = [lines(curves, 0, 0, 320, 240, "Right among the answered", "coverage (%)", "%", **style)]
        parts.append(text(54, 204 - (100 - low) / (101.2 - low) * 182 - 6, "would know its mistakes", color=COLORS[2]))
        at = 204 - (100 * a - low) / (101.2 - low) * 182
        parts.append(text(54, at - 6, "declines at random", color=COLORS[1]))
        parts.append(text(104, 146, "declines when unsure", color=COLORS[0]))
        parts.append(bars(counts, ("right", "wrong", "declined"), 330, 0, 170, "Digits", most=n, form="{:.0f}", row=30))
        parts.append(edge(order[answered - 8 : answered], 246, "The last eight that it answers"))
        parts.append(edge(order[answered : answered + 8], 350, "The next eight, which it declines"))
        alt = f"Threshold {threshold:.2f}: answers {answered / n:.1%} of the digits, {right / answered:.2%} right"
        return drawing(504, 452, *parts, alt=f"{alt}, {counts[1]} wrong")

    return explore(picture, columns=1, threshold=slider(0.3, 0.99, threshold, 0.01, ".2f"))

"""The widget of notebook 01: what the nearest mean sees in a digit."""

import numpy as np

from .common import bars, choice, drawing, explore, image, slider, text

__all__ = ["nearest_mean_reader"]


def nearest_mean_reader(X, y, M):
    """Browse digits X (n, 784) with labels y by class: their distances to the means M (10, 784), and who wins where."""
    Z = X @ (2 * M.T) - (M**2).sum(axis=1)
    nearest, squares = Z.argmax(axis=1), (X**2).sum(axis=1, dtype=float)

    def page(digit, show, number):
        rows = np.flatnonzero((y == digit) & ((nearest != digit) | (show == "all")))
        number = min(number, len(rows))
        x, r = X[rows[number - 1]], rows[number - 1]
        read = int(nearest[r])
        rival = read if read != digit else int(np.argsort(Z[r])[-2])
        D = squares[r] - Z[r]
        verdict = f"A {digit}, read as {read}" + ("" if read == digit else " ✗")
        votes = (x - M[digit]) ** 2 - (x - M[rival]) ** 2
        total = f"{votes.sum():+.1f}".replace("-", "−")
        parts = [
            image(x, 0, 0, 174, verdict, most=1.0),
            bars(
                D, range(10), 188, 0, 204, "Squared distances", most=D.max(), bold=[read, digit], form="{:.1f}", row=17
            ),
            image(votes, 406, 0, 174, f"Votes: {rival} red, {digit} blue", signed=True, most=0.7),
            text(0, 216, f"number {number} of {len(rows)}, {show}"),
            text(406, 216, f"all votes together: {total}"),
        ]
        alt = f"{verdict}; squared distances to the means of 0 to 9: {', '.join(f'{v:.1f}' for v in D)}"
        return drawing(580, 226, *parts, alt=alt)

    return explore(page, digit=choice(range(10), 4), show=choice(["misread", "all"]), number=slider(1, 100, 1, 1))

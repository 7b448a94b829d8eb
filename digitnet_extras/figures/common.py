"""What the figures of several notebooks share: colours, `show`, digits in a grid, curves of cost."""

import base64
import io
import math
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

__all__ = ["BACKWARD", "COLORS", "FAINT", "FORWARD", "INK", "LINE_STYLES", "plot_cost", "plot_digits", "show"]

plt.style.use(Path(__file__).with_name("digitnet.mplstyle"))

FORWARD, BACKWARD = "#0072B2", "#D55E00"  # one colour for what runs forward, one for what runs backward, everywhere
INK, FAINT = "#1a1a1a", "#b8b8b8"

# Colours that people with any colour vision tell apart (Okabe and Ito, 2008), each with a line
# style of its own; cividis for magnitudes.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))


def show(fig, alt, digits=3):
    """Put `fig` on the page with its alternative text `alt`, and close it.

    The page gets the picture; readers' tools find `alt` in the output's image/png metadata; its text/plain is a
    digest of what was drawn, rounded to `digits` digits, so that a comparison of outputs notices changed data.
    Raises ValueError when `alt` is empty.
    """

    if not (isinstance(alt, str) and alt.strip()):
        raise ValueError("alt is empty; say in a sentence what the figure shows")
    png = io.BytesIO()
    fig.savefig(png, format="png", metadata={"Software": None})
    text = _digest(fig, digits)
    plt.close(fig)
    data = {"image/png": base64.b64encode(png.getvalue()).decode(), "text/plain": text}
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)


def _digest(fig, digits):
    """What a figure draws, in words: titles, labels, texts, and a row of numbers per line, image and set of bars."""
    rows = [f"figure: {fig.get_suptitle() or 'no title over all'}"]
    for ax in fig.axes:
        labels = [ax.get_title(loc) for loc in ("left", "center")] + [ax.get_xlabel(), ax.get_ylabel()]
        rows.append("axes: " + " | ".join(label for label in labels if label))
        rows += [f"  text {text.get_text()!r}" for text in ax.texts]
        for line in ax.lines:
            x, y = (np.asarray(values, float) for values in line.get_data())
            rows.append(f"  line {_label(line)}x {_numbers(x, digits)}, y {_numbers(y, digits)}")
        rows += [f"  image {_label(image)}{_numbers(image.get_array(), digits)}" for image in ax.images]
        for marks in ax.collections:
            points = marks.get_offsets() if len(marks.get_offsets()) > 1 else _vertices(marks)
            rows.append(f"  marks {_label(marks)}{_numbers(points, digits)}")
        for bars in ax.containers:
            boxes = [(p.get_x(), p.get_y(), p.get_width(), p.get_height()) for p in bars if hasattr(p, "get_width")]
            if boxes:
                rows.append(f"  bars {_label(bars)}{_numbers(boxes, digits)}")
    return "\n".join(rows)


def _label(artist):
    label = str(artist.get_label())
    return "" if label.startswith("_") else f"{label!r} "


def _vertices(marks):
    return np.concatenate([path.vertices for path in marks.get_paths()] or [np.zeros((0, 2))])


def _numbers(values, digits):
    """Count, least, greatest, mean, and a mean weighted from -1 (first) to 1 (last), which notices a changed order.

    All are rounded to `digits` digits of the largest of them, so that a value near 0 does not show its rounding noise.
    """
    values = np.ma.masked_invalid(np.ma.asarray(values, float)).ravel()
    finite = values.compressed()
    if not finite.size:
        return f"{values.size} numbers, none finite"
    ramp = (np.linspace(-1, 1, values.size) * values).mean()
    summary = np.array([finite.min(), finite.max(), finite.mean(), ramp])
    largest = np.abs(summary).max()
    decimals = digits - 1 - math.floor(math.log10(largest)) if largest > 0 else 0
    least, greatest, mean, ramp = (f"{value:.10g}" for value in np.round(summary, decimals) + 0.0)
    return f"{values.size} numbers from {least} to {greatest}, mean {mean}, order {ramp}"


def plot_digits(images, titles, columns=8, wrong=()):
    """Draw images (k, 784) in a grid, each under its title; `wrong` (a mask, or indices) marks some with ✗.

    Returns the figure, for `show`. Raises ValueError when the numbers of images and titles differ.
    """
    if len(images) != len(titles) or len(images) == 0:
        raise ValueError(f"{len(images)} images have {len(titles)} titles; expected one title for each of at least one")
    if columns < 1:
        raise ValueError(f"columns is {columns}; expected at least 1")
    wrong = np.flatnonzero(wrong) if np.asarray(wrong).dtype == bool else wrong
    images = [np.reshape(image, (28, 28)) for image in images]
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    fig, axes = plt.subplots(rows, columns, figsize=(0.9 * columns, 1.2 * rows), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for k, (ax, image, title) in enumerate(zip(axes.flat, images, titles)):
        ax.imshow(image, vmin=0, vmax=1)
        color = COLORS[1] if k in wrong else "black"
        ax.set_title(f"{title} ✗" if k in wrong else str(title), loc="center", fontsize=9, color=color)
    return fig


def plot_cost(histories, ax=None, xlabel="epoch"):
    """Draw the cost by epoch of one history, or of several as {label: history}; returns the axes.

    A history that has validation costs shows them as a second curve.
    """
    ax = ax or plt.subplots()[1]
    if not isinstance(histories.get("cost", {}), dict):  # one history, and not one that is labelled "cost"
        histories = {"training cost": histories}
    for label, history in histories.items():
        ax.plot(np.arange(1, len(history["cost"]) + 1), history["cost"], label=label)
        if "val_cost" in history:
            val_label = "validation cost" if label == "training cost" else f"{label}, validation"
            ax.plot(np.arange(1, len(history["cost"]) + 1), history["val_cost"], label=val_label)
    ax.set(xlabel=xlabel, ylabel="cost J (nats)")
    ax.legend()
    return ax

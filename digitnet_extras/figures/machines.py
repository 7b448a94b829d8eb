"""Figures of notebook 11."""

import matplotlib.pyplot as plt
import numpy as np

from .common import BACKWARD, COLORS, FORWARD, INK

__all__ = [
    "bytes_moved",
    "crash_diary",
    "mean_digit",
    "means_by_hand",
    "memory_asked",
    "one_pass_two_ways",
    "seconds_an_update",
    "sweep_costs",
    "who_talks_to_whom",
]


def _over(fig, title):
    fig.suptitle(title, weight="bold", size=12, x=0.01, ha="left")
    return fig


def memory_asked(asked, limit):
    """Bars of bytes {label: bytes} against the bytes that are allowed, `limit`."""
    fig, ax = plt.subplots(figsize=(7.5, 2.5))
    for row, size in enumerate(asked.values()):
        look = {"color": FORWARD} if size <= limit else {"color": COLORS[3], "hatch": "//"}
        ax.barh(row, size / 2**20, height=0.6, ec="white", **look)
        words = f"{size / 2**20:,.0f} MiB: {'fits' if size <= limit else 'too much'}"
        ax.text(max(size, limit) / 2**20 + 30, row, words, va="center")
    ax.axvline(limit / 2**20, color=INK, linestyle="--", linewidth=1.4)
    ax.text(limit / 2**20 + 15, -0.62, f"allowed: {limit / 2**20:.0f} MiB", va="bottom")
    ax.set(yticks=range(len(asked)), yticklabels=list(asked), ylim=(len(asked) - 0.5, -1.0), xlabel="MiB of memory")
    ax.set_xlim(0, 1.32 * max(asked.values()) / 2**20)
    ax.set_title("Neither the floats nor the bytes fit; a block does")
    return fig


def means_by_hand(terms, cut):
    """Numbers in two shards, their means, and the two ways to put the means together."""
    fig, ax = plt.subplots(figsize=(7.5, 3.3))
    n = len(terms)
    shards = (terms[:cut], FORWARD, 0), (terms[cut:], COLORS[2], cut)
    for k, (shard, color, first) in enumerate(shards):
        middle = first + (len(shard) - 1) / 2 + 0.6 * k
        for j, term in enumerate(shard):
            box = {"boxstyle": "round,pad=0.4", "fc": "white", "ec": color, "lw": 1.5}
            ax.text(first + j + 0.6 * k, 2, _fraction(term), ha="center", va="center", size=13, bbox=box)
        ax.text(middle, 2.62, f"shard {k}", ha="center", color=color)
        mean = sum(shard) / len(shard)
        box = {"boxstyle": "round,pad=0.4", "fc": color, "ec": color}
        ax.text(middle, 0.8, f"mean {_fraction(mean)}", ha="center", va="center", size=13, bbox=box, color="white")
        ax.annotate("", (middle, 1.12), (middle, 1.62), arrowprops={"arrowstyle": "-|>", "color": color})
    means = [sum(shard) / len(shard) for shard, _, _ in shards]
    whole, plain = sum(terms) / n, sum(means) / 2
    sums = f"{cut}/{n} · {_fraction(means[0])} + {n - cut}/{n} · {_fraction(means[1])} = {_fraction(whole)}"
    ax.text(-0.35, -0.15, f"weighted:  {sums},  the mean of all {n}", va="center", size=12, weight="bold")
    sums = f"1/2 · {_fraction(means[0])} + 1/2 · {_fraction(means[1])} = {_fraction(plain)}"
    ax.text(-0.35, -0.75, f"plain:  {sums},  the mean of nothing here", va="center", size=12)
    ax.set(xlim=(-0.5, n + 0.2), ylim=(-1.1, 2.9))
    ax.set_title("Means of unequal shards must be weighted")
    ax.set_axis_off()
    return fig


def _fraction(value):
    return str(value).replace("-", "−")


def one_pass_two_ways(costs, ends, block):
    """Costs of a pass in mini-batches (blocks,), and the costs at both `ends` of one exact step, by images read."""
    fig, ax = plt.subplots(figsize=(7.5, 3.4))
    read = np.arange(1, len(costs) + 1) * block / 1000
    ax.plot(read, costs, color=FORWARD, linewidth=1.4)
    ax.plot([0, read[-1]], ends, "--o", color=COLORS[3])
    place = {"x": read[-1] * 0.98, "ha": "right"}
    ax.text(y=ends[1] + 0.16, s=f"one exact step: {ends[1]:.2f} nats on new digits", color=COLORS[3], **place)
    words = "4,500 rough steps: the cost of each block"
    ax.text(y=costs[-20:].mean() + 0.32, s=words, color=FORWARD, **place)
    ax.set(xlabel="thousand images read", ylabel="cost J (nats)", ylim=(0, 2.7), xlim=(0, read[-1] * 1.02))
    ax.set_title("For one reading of the file, many rough steps beat an exact one")
    return fig


def bytes_moved(sizes, update):
    """Megabytes that `updates` have moved at `update` bytes each, against data sets {label: bytes} sent once."""
    fig, ax = plt.subplots(figsize=(7.5, 3.6))
    t = np.geomspace(1, 10_000, 200)
    ax.plot(t, t * update / 1e6, color=BACKWARD)
    ax.text(60, 8 * 0.62, "parameters and gradients,\nat every update", color=BACKWARD, ha="left", va="top")
    for (label, size), style in zip(sizes.items(), ("-", "--", ":")):
        ax.axhline(size / 1e6, color=FORWARD, linestyle=style, linewidth=1.5)
        ax.plot(size / update, size / 1e6, "o", color=INK)
        ax.text(9500, size / 1e6 * 0.88, label, color=FORWARD, ha="right", va="top")
        words = f"{np.ceil(size / update):,.0f} updates"
        ax.text(size / update * 0.88, size / 1e6 * 1.12, words, ha="right", va="bottom")
    ax.set(xscale="log", yscale="log", xlabel="updates", ylabel="megabytes moved", xlim=(1, 10_000), ylim=(0.5, 9000))
    ax.set_xticks([1, 10, 100, 1000, 10_000], ["1", "10", "100", "1,000", "10,000"])
    ax.set_yticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    ax.set_title("Images travel once, gradients for ever")
    return fig


def who_talks_to_whom(message):
    """Client, scheduler and two workers with their shards; `message` bytes stand at the arrows."""
    fig, ax = plt.subplots(figsize=(7.5, 2.9))
    places = {"client\n(this notebook)": (0.6, 1.5), "scheduler\nwho does what": (4.1, 1.5)}
    places |= {f"worker {k}\nshard {k}": (7.6, y) for k, y in enumerate((2.55, 0.45))}
    for words, (x, y) in places.items():
        worker = words.startswith("worker")
        box = {"boxstyle": "round,pad=0.5", "fc": "#fbe5d6" if worker else "white", "ec": "#333", "lw": 1.2}
        ax.text(x, y, words, ha="center", va="center", bbox=box)
    style = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0}
    for start, end in (((1.75, 1.62), (3.05, 1.62)), ((5.15, 1.72), (6.75, 2.55)), ((5.15, 1.52), (6.75, 0.62))):
        ax.annotate("", end, start, arrowprops=style | {"color": FORWARD})
    for start, end in (((3.05, 1.38), (1.75, 1.38)), ((6.75, 2.38), (5.15, 1.52)), ((6.75, 0.45), (5.15, 1.28))):
        ax.annotate("", end, start, arrowprops=style | {"color": BACKWARD, "linestyle": "--"})
    ax.text(2.4, 1.78, "parameters", ha="center", color=FORWARD)
    ax.text(2.4, 1.08, "gradients", ha="center", color=BACKWARD)
    ax.text(5.35, 2.45, f"{message:,} bytes", ha="center", color=FORWARD)
    ax.text(5.35, 0.5, f"{message:,} bytes", ha="center", color=BACKWARD)
    ax.set(xlim=(-0.6, 8.5), ylim=(-0.2, 3.2))
    ax.set_title("Parameters go out, gradients come back, the shards stay")
    ax.set_axis_off()
    return fig


def mean_digit(mean, share, count):
    """The mean image (784,) with pixels 0 to 255, and the `share` (784,) of the `count` images with ink there."""
    fig, axes = plt.subplots(1, 2, figsize=(7.0, 3.4))
    parts = (mean, "mean of each pixel", 255 / 2, [0, 60, 120]), (share, "share of images with ink", 1, [0, 0.5, 1])
    for ax, (image, words, most, ticks) in zip(axes, parts):
        picture = ax.imshow(image.reshape(28, 28), vmin=0, vmax=most)
        ax.set_title(words, loc="center", weight="normal")
        ax.set_axis_off()
        fig.colorbar(picture, ax=ax, shrink=0.8, ticks=ticks).outline.set_visible(False)
    return _over(fig, f"{count:,} images come back as two")


def crash_diary(diary, started, killed):
    """Bars of the tasks in Dask's `diary`, a row for each worker process; `killed` (s) is when one of them ended."""
    fig, ax = plt.subplots(figsize=(7.5, 2.9))
    rows, seen = [], set()
    look = {"load": ("loading a shard", COLORS[4], "//"), "batch_gradient": ("a gradient", BACKWARD, "")}
    for task in sorted(diary, key=lambda task: task["startstops"][0]["start"]):
        name = task["key"].split("-")[0]
        if name not in look:
            continue
        if task["worker"] not in rows:
            rows.append(task["worker"])
        label, color, hatch = look[name]
        for step in task["startstops"]:
            if step["action"] == "compute":
                start, stop = step["start"] - started, step["stop"] - started
                style = {"color": color, "hatch": hatch, "ec": "white", "lw": 0.5, "height": 0.55}
                ax.barh(
                    rows.index(task["worker"]),
                    stop - start,
                    left=start,
                    label=label if name not in seen else None,
                    **style,
                )
                seen.add(name)
    ax.axvline(killed - started, color=INK, linestyle="--", linewidth=1.5)
    ax.text(killed - started, -0.72, "✗ killed ", ha="right", va="center")
    ax.set(xlabel="seconds since the epoch began", ylabel="worker process", yticks=range(len(rows)))
    ax.set_ylim(len(rows) - 0.5, -1.0)
    ax.legend(loc="upper right", ncols=2)
    ax.set_title("One process ends; its shard is loaded again, and the epoch goes on")
    return fig


def seconds_an_update(seconds):
    """Bars of seconds {(way, batch): seconds}, a panel for each size of batch; Dask against one process in float64."""
    batches = sorted({batch for _, batch in seconds}, reverse=True)
    ways = [way for way, batch in seconds if batch == batches[0]]
    fig, axes = plt.subplots(1, len(batches), figsize=(7.8, 0.5 * len(ways) + 1.5), sharey=True)
    for ax, batch in zip(axes, batches):
        values = [1000 * seconds[way, batch] for way in ways]
        for row, (way, value) in enumerate(zip(ways, values)):
            look = {"color": COLORS[4], "hatch": "//"} if "Dask" in way else {"color": FORWARD}
            ax.barh(row, value, height=0.6, ec="white", **look)
            ax.text(value, row, f" {value:.0f} ms" if value >= 9.5 else f" {value:.1f} ms", va="center")
        ax.set(xlim=(0, 1.3 * max(values)), xlabel="milliseconds an update", ylim=(len(ways) - 0.5, -0.5))
        ratio = seconds["two Dask workers, float64", batch] / seconds["one process, float64", batch]
        times = f"{ratio:.0f}" if ratio >= 9.5 else f"{ratio:.1f}"
        ax.set_title(f"{batch:,} images an update:\nDask takes {times} times as long", weight="normal")
    axes[0].set(yticks=range(len(ways)), yticklabels=ways)
    return _over(fig, "The smaller the batch, the more an update is talk")


def sweep_costs(rates, costs):
    """Validation costs (rates, seeds) by rate, a line for each seed."""
    fig, ax = plt.subplots(figsize=(7.5, 3.3))
    for seed, (row, style) in enumerate(zip(np.transpose(costs), ("-", "--", "-."))):
        ax.plot(rates, row, style, marker="o", color=COLORS[seed])
    for seed, y in enumerate(np.linspace(1.0, 0.76, len(costs[0]))):
        ax.text(
            rates[-1] * 1.0,
            y * np.max(costs),
            f"{('solid', 'dashed', 'dash-dotted')[seed]}: seed {seed}",
            color=COLORS[seed],
            ha="right",
        )
    ax.set(xscale="log", xlabel="learning rate", ylabel="validation cost (nats)", ylim=(0, None))
    ax.set_xticks(rates, [str(rate) for rate in rates])
    ax.minorticks_off()
    ax.set_title("The seeds do not agree on the best rate")
    return fig

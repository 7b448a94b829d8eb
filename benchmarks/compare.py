"""The same training in this project and in its peers, timed side by side.

    python benchmarks/compare.py             full batch, mini-batches and Adam: a table and compare.png
    python benchmarks/compare.py --scaling   how time grows with examples, batch size and width: a table and scaling.png

The work is the 784-25-15-10 network on MNIST's 60,000 training images in float32. Each peer lives in a process of its
own, because thread pools within one process would get into each other's way; each is ready (imported, compiled,
warmed up, its data in place) before anything is timed. The processes are then asked in turn, one at a time, for one
epoch of each kind of work, round after round: whatever else the machine does meets all of them. A library that is not
installed is left out, and said to be. Every peer's own way of running an epoch is used, the faster one where it has
two. Only this project also counts the accuracy on the way. Times are medians over the rounds, spreads their quartiles;
a ratio is the median of the ratios within each round.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import digitnet_helpers as dn  # noqa: E402

RATES = {"sgd": 0.1, "adam": 0.001}
WORKS = {
    "full batch": {"batch_size": None, "optimizer": "sgd"},
    "batches of 128": {"batch_size": 128, "optimizer": "sgd"},
    "128, Adam": {"batch_size": 128, "optimizer": "adam"},
}


# --- the peers: each prepares an epoch of the work it is asked for, as a function to be timed ---------------------


def digitnet(X, y, sizes, batch_size, optimizer):
    updates = dn.training(dn.init_params(sizes), X, y, epochs=10**6, batch_size=batch_size, optimizer=optimizer)

    def epoch():
        for state in updates:
            if state.step == 0:
                return

    return epoch


def products(X, y, sizes, batch_size, optimizer):
    """No training: the two matrix products with all images that no dense method can do without."""
    W1, dZ1 = dn.init_params(sizes)[0][0], np.ones((len(X), sizes[1]), np.float32)

    def epoch():
        X @ W1
        X.T @ dZ1

    return epoch if batch_size is None else None


def jax(X, y, sizes, batch_size, optimizer):
    import jax
    import jax.numpy as jnp

    rate, n, classes = RATES[optimizer], len(X), sizes[-1]
    batch = batch_size or n

    def cost(params, X, y):
        for W, b in params[:-1]:
            X = jax.nn.relu(X @ W + b)
        W, b = params[-1]
        return -(jax.nn.one_hot(y, classes) * jax.nn.log_softmax(X @ W + b)).sum() / len(X)

    def step(state, X, y):
        params, m, s, t = state
        J, g = jax.value_and_grad(cost)(params, X, y)
        if optimizer == "sgd":
            return (jax.tree.map(lambda w, g: w - rate * g, params, g), m, s, t), J
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        s = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, s, g)
        scale = rate / (1 - 0.9**t)
        moved = jax.tree.map(lambda w, m, s: w - scale * m / (jnp.sqrt(s / (1 - 0.999**t)) + 1e-8), params, m, s)
        return (moved, m, s, t), J

    jitted = jax.jit(step, donate_argnums=0)
    whole = n // batch * batch
    X, y = jnp.asarray(X), jnp.asarray(y)

    def scan_copy(state, X, y, order):
        rows = order[:whole]
        batches = X[rows].reshape(-1, batch, X.shape[1]), y[rows].reshape(-1, batch)
        state, Js = jax.lax.scan(lambda state, both: step(state, *both), state, batches)
        return step(state, X[order[whole:]], y[order[whole:]])[0] if whole < n else state, Js.sum()

    def scan_gather(state, X, y, order):
        rows = order[:whole].reshape(-1, batch)
        state, Js = jax.lax.scan(lambda state, rows: step(state, X[rows], y[rows]), state, rows)
        return step(state, X[order[whole:]], y[order[whole:]])[0] if whole < n else state, Js.sum()

    def one_by_one(state, X, y, order):
        for start in range(0, n, batch):
            rows = order[start : start + batch]
            state, J = jitted(state, X[rows], y[rows])
        return state, J

    rng, state = np.random.default_rng(0), []

    def restart():
        params = jax.tree.map(jnp.asarray, dn.init_params(sizes))
        state[:] = [
            (params, jax.tree.map(jnp.zeros_like, params), jax.tree.map(jnp.zeros_like, params), jnp.array(0.0))
        ]

    def epoch_by(run):
        def epoch():
            if batch == n:
                new, J = jitted(state[0], X, y)
            else:
                new, J = run(state[0], X, y, rng.permutation(n))
            state[0] = new
            jax.block_until_ready((new, J))

        restart()
        return epoch

    if batch == n:
        return epoch_by(None)
    scans = [jax.jit(run, donate_argnums=0) for run in (scan_copy, scan_gather)]
    return fastest([epoch_by(run) for run in (*scans, one_by_one)])


def pytorch(X, y, sizes, batch_size, optimizer):
    import torch

    torch.manual_seed(0)
    layers = [part for a, b in zip(sizes, sizes[1:]) for part in (torch.nn.Linear(a, b), torch.nn.ReLU())][:-1]
    model, cost = torch.nn.Sequential(*layers), torch.nn.CrossEntropyLoss()
    make = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer]
    stepper = make(model.parameters(), lr=RATES[optimizer], fused=True)
    X, y = torch.from_numpy(X), torch.from_numpy(y)

    def update(X, y):
        stepper.zero_grad()
        J = cost(model(X), y)
        J.backward()
        stepper.step()

    def copied_at_once():
        order = torch.randperm(len(X))
        for both in zip(X[order].split(batch_size), y[order].split(batch_size)):
            update(*both)

    def batch_by_batch():
        for rows in torch.randperm(len(X)).split(batch_size):
            update(X[rows], y[rows])

    if batch_size is None:
        return lambda: update(X, y)
    return fastest([copied_at_once, batch_by_batch])


def sklearn(X, y, sizes, batch_size, optimizer):
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        sizes[1:-1], solver=optimizer, alpha=0, batch_size=batch_size or len(X), learning_rate_init=RATES[optimizer],
        momentum=0, nesterovs_momentum=False, random_state=0,
    )  # fmt: skip
    model.partial_fit(X, y, classes=range(sizes[-1]))
    return lambda: model.partial_fit(X, y)


def keras(X, y, sizes, batch_size, optimizer):
    os.environ["KERAS_BACKEND"] = "jax"
    import keras

    layers = [keras.layers.Dense(units, "relu") for units in sizes[1:-1]] + [keras.layers.Dense(sizes[-1])]
    model = keras.Sequential([keras.Input(sizes[:1]), *layers])
    make = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}[optimizer]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(make(RATES[optimizer]), loss, jit_compile=True)
    return lambda: model.fit(X, y, batch_size=batch_size or len(X), epochs=1, verbose=0)


# Each peer with the packages whose versions are told.
PEERS = {
    "Digitnet": (digitnet, ["numpy"]),
    "JAX": (jax, ["jax"]),
    "PyTorch, eager": (pytorch, ["torch"]),
    "scikit-learn": (sklearn, ["scikit-learn"]),
    "Keras on JAX": (keras, ["keras", "jax"]),
    "bare products": (products, ["numpy"]),
}
MODULES = {"scikit-learn": "sklearn"}  # where a package is imported under another name


def fastest(epochs):
    """The function that takes the least time in its second and third call."""
    times = []
    for epoch in epochs:
        epoch()
        times.append(min(timed(epoch), timed(epoch)))
    return epochs[int(np.argmin(times))]


def timed(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


# --- the processes ------------------------------------------------------------------------------------------------


class Worker:
    """A process that prepares the works of one peer and runs an epoch of them when asked."""

    def __init__(self, peer):
        command = [sys.executable, __file__, "--worker", peer]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, work):
        """Seconds of one epoch of `work`, or None where the peer does no such work."""
        self.process.stdin.write(json.dumps(work) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("a worker has ended; its error stands above")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def work_for(peer):
    """What a worker process does: read a work from stdin, answer with its seconds, until stdin is closed."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    data, prepared = dn.load_mnist(), {}
    for line in sys.stdin:
        work = json.loads(line)
        n = work.pop("examples", 60_000)
        X, y = data.X_train[:n], data.y_train[:n]
        if line not in prepared:
            prepared[line] = epoch = PEERS[peer][0](X, y, tuple(work.pop("sizes", (784, 25, 15, 10))), **work)
            if epoch:
                epoch()
        seconds = prepared[line] and timed(prepared[line])
        answers.write(json.dumps(seconds) + "\n")
        answers.flush()


def measure(peers, works, rounds):
    """Return {work: {peer: seconds, one for each round}}; the peers take turns within each round."""
    workers = {peer: Worker(peer) for peer in peers}
    try:
        for work in works.values():  # imports, compilations
            for worker in workers.values():
                worker(work)
        seconds = {name: {peer: [] for peer in peers} for name in works}
        for _ in range(rounds):
            for name, work in works.items():
                for peer, worker in workers.items():
                    seconds[name][peer].append(worker(work))
    finally:
        for worker in workers.values():
            worker.close()
    return {
        name: {peer: np.array(times) for peer, times in row.items() if None not in times}
        for name, row in seconds.items()
    }


# --- what is told -------------------------------------------------------------------------------------------------


def installed(peers):
    """The peers whose packages are there; says which are not."""
    there = []
    for peer in peers:
        missing = [name for name in PEERS[peer][1] if importlib.util.find_spec(MODULES.get(name, name)) is None]
        if missing:
            print(f"{peer} is left out: {', '.join(missing)} is not installed (pip install -e '.[bench]')")
        else:
            there.append(peer)
    return there


def machine(peers):
    """Processor, threads and versions, in words."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    packages = dict.fromkeys(name for peer in peers for name in PEERS[peer][1])
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    return (
        f"{names[0] if names else platform.processor() or platform.machine()}, {os.cpu_count()} cores, which every "
        f"library may use\nPython {platform.python_version()}, {versions}"
    )


def quartiles(values):
    return np.percentile(values, [25, 50, 75])


def table(measured):
    """Print medians, quartiles and the ratio of this project's time to each peer's."""
    for name, row in measured.items():
        print(f"\n{name:16} ms an epoch (quartiles)    Digitnet's time as a share of it (quartiles)")
        for peer, times in row.items():
            low, middle, high = 1000 * quartiles(times)
            line = f"  {peer:14} {middle:7.1f}  ({low:.1f} to {high:.1f})"
            if peer != "Digitnet" and "Digitnet" in row:
                low, middle, high = quartiles(row["Digitnet"] / times)
                line = f"{line:44} {middle:.2f}  ({low:.2f} to {high:.2f})"
            print(line)


def draw(measured, path):
    """A panel for each work, a bar for each peer, its length and what it is of Digitnet's written beside it."""
    import matplotlib.pyplot as plt

    from digitnet_extras import figures

    fig, axes = plt.subplots(1, len(measured), figsize=(3.4 * len(measured), 2.9), sharey=True)
    peers = list(dict.fromkeys(peer for row in measured.values() for peer in row))
    for ax, (name, row) in zip(np.atleast_1d(axes), measured.items()):
        medians = {peer: 1000 * np.median(times) for peer, times in row.items()}
        for k, peer in enumerate(peers):
            if peer not in medians:
                continue
            bar = ax.barh(k, medians[peer], color=figures.COLORS[0 if peer == "Digitnet" else 5])
            if peer == "Digitnet":
                bar[0].set(hatch="//", edgecolor="black")
            low, _, high = 1000 * quartiles(row[peer])
            ax.plot([low, high], [k, k], color="black", linestyle="-", linewidth=1)
            factor = f", ×{medians[peer] / medians['Digitnet']:.1f}" if "Digitnet" in medians else ""
            ax.text(max(high, medians[peer]), k, f"  {medians[peer]:.0f} ms{factor}", va="center", fontsize=8)
        ax.set(title=name, xlabel="ms an epoch", xlim=(0, 1.55 * max(medians.values())))
        ax.set_yticks(range(len(peers)), peers)
    np.atleast_1d(axes)[0].invert_yaxis()
    fig.savefig(path, dpi=160)


def scaling(peers, rounds, path):
    """Time against examples, batch size and width of the first layer, every other measure as in the comparison."""
    import matplotlib.pyplot as plt

    sgd = {"batch_size": 128, "optimizer": "sgd"}
    axes_of = {
        "examples": {n: {**sgd, "examples": n} for n in (3750, 7500, 15000, 30000, 60000)},
        "batch size": {size: {**sgd, "batch_size": size} for size in (32, 128, 512, 2048, 8192)},
        "first-layer units": {units: {**sgd, "sizes": [784, units, 15, 10]} for units in (12, 25, 50, 100, 200, 400)},
    }
    works = {f"{axis} {value}": work for axis, row in axes_of.items() for value, work in row.items()}
    measured = measure(peers, works, rounds)
    fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.4), sharey=True)
    for ax, (axis, row) in zip(axes, axes_of.items()):
        print(f"\nms an epoch in batches of 128, by {axis}: {', '.join(map(str, row))}")
        for k, peer in enumerate(peers):
            times = [1000 * np.median(measured[f"{axis} {value}"][peer]) for value in row]
            print(f"  {peer:14}" + "".join(f"{ms:9.1f}" for ms in times))
            ax.plot(list(row), times, marker="osD^v"[k % 5], label=peer)
        ax.set(xscale="log", yscale="log", xlabel=axis)
        ax.set_xticks(list(row), [f"{value:,}" for value in row], fontsize=8)
        ax.minorticks_off()
    axes[0].set_ylabel("ms an epoch")
    axes[0].legend(fontsize=8)
    fig.savefig(path, dpi=160)


def seconds_to(goals=(0.91, 0.95, 0.97), seeds=3):
    """Train with Adam until the share of validation digits read right first reaches each goal; print the seconds.

    The clock is stopped while the validation digits are read.
    """
    X, y, X_val, y_val = dn.validation_split(*dn.load_mnist()[:2])
    recipe = {"epochs": 20, "batch_size": 256, "optimizer": "adam", "weight_decay": 0.2}
    print("\nSeconds to a share of the 10,000 validation digits: Adam, batches of 256, weight decay 0.2, rate 0.008 by")
    print(f"cosine_schedule over 20 epochs, the mean image subtracted; medians of {seeds} seeds")
    mean, reached = X.mean(axis=0), []
    X, X_val = X - mean, X_val - mean
    for seed in range(seeds):
        params, rate = dn.init_params(seed=seed), dn.cosine_schedule(0.008)
        seconds, row, start = 0.0, {}, time.perf_counter()
        for state in dn.training(params, X, y, seed=seed, learning_rate=rate, **recipe):
            if state.step == 0:
                seconds += time.perf_counter() - start
                share = dn.accuracy(state.params, X_val, y_val)
                row |= {goal: (seconds, state.epoch) for goal in goals if share >= goal and goal not in row}
                start = time.perf_counter()
        reached.append(row)
    for goal in goals:
        rows = [row[goal] for row in reached if goal in row]
        took = f"{np.median(rows, axis=0)[0]:.2f} s, epoch {np.median(rows, axis=0)[1]:.0f}" if rows else "not reached"
        print(f"  {goal:.0%}: {took} ({len(rows)} of {seeds} seeds)")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, help="rounds of measuring (15, with --scaling 3)")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), metavar="PEER", help="only these")
    parser.add_argument("--examples", type=int, default=60_000, help="train on the first so many images")
    parser.add_argument("--scaling", action="store_true", help="how time grows, and the seconds to 91, 95 and 97%%")
    parser.add_argument("--out", type=Path, default=HERE, help="the folder for the chart")
    parser.add_argument("--worker", choices=PEERS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        return work_for(options.worker)
    peers = installed(options.peers)
    print(machine(peers))
    if options.scaling:
        scaling([peer for peer in peers if peer != "bare products"], options.rounds or 3, options.out / "scaling.png")
        seconds_to()
    else:
        works = {name: {**work, "examples": options.examples} for name, work in WORKS.items()}
        measured = measure(peers, works, options.rounds or 15)
        table(measured)
        draw(measured, options.out / "compare.png")


if __name__ == "__main__":
    main()

"""The same training in this project and in its peers, timed side by side, in docs/speed.md with --write.

The work is the 784-25-15-10 network on MNIST in float32. Each peer has a process of its own, because thread pools in
one would get into each other's way, and has compiled and warmed up before anything is timed. The processes are then
asked in turn for one epoch of each kind of work, round after round: whatever else the machine does meets all of them,
and a ratio is one of two times of the same round. What is not installed, or fails, is left out, and said to be.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import sys
from functools import partial
from pathlib import Path
from subprocess import PIPE, Popen
from timeit import timeit

import numpy as np
import psutil

import digitnet_helpers as dn

SIZES = (784, 25, 15, 10)
RATES = {"sgd": 0.1, "adam": 0.001}
WORKS = {"full batch": (None, "sgd"), "batches of 128": (128, "sgd"), "128, Adam": (128, "adam")}
GOAL, LAST_EPOCH, SEEDS = 0.95, 30, 3
BEGINS, ENDS = "<!-- begin: made by benchmarks/compare.py --write -->\n", "<!-- end -->\n"


def digitnet(X, y, batch_size, optimizer, seed):
    """As every peer: return a function that trains for one epoch, and one that reads digits."""
    settings = {"epochs": 10**6, "batch_size": batch_size, "optimizer": optimizer, "learning_rate": RATES[optimizer]}
    updates, now = dn.training(dn.init_params(SIZES, seed), X, y, seed=seed, **settings), []

    def epoch():
        with dn._working():  # held for a whole training, as `train` does
            now[:] = [next(state for state in updates if state.step == 0)]

    return epoch, lambda X: dn.predict(now[0].params, X)


def batches(n, batch_size, rng):
    """The rows of every update of an epoch."""
    order = rng.permutation(n) if batch_size else None
    return [order[first : first + batch_size] for first in range(0, n, batch_size)] if batch_size else [slice(None)]


def plain_numpy(X, y, batch_size, optimizer, seed):
    """The loop of notebook 05: neither blocks nor checks, nor threads but those of the matrix products."""
    start, rng, state = dn.init_params(SIZES, seed), np.random.default_rng(seed), {}
    w, step = dn.to_vector(start), getattr(dn, optimizer)
    params = dn.to_params(w, start)

    def epoch():
        with dn.checks.trusted():
            for rows in batches(len(X), batch_size, rng):
                A, P = dn.forward(params, X[rows])
                dn.cross_entropy(P, y[rows])
                step(w, dn.to_vector(dn.backward(params, A, P, y[rows])), state, RATES[optimizer])

    return epoch, lambda X: dn.predict(params, X)


def jax_compiled(X, y, batch_size, optimizer, seed):
    import jax
    import jax.numpy as jnp
    from jax.flatten_util import ravel_pytree

    w, to_params = ravel_pytree(dn.init_params(SIZES, seed))
    now, rng, rate = [(w, 0 * w, 0 * w, 0)], np.random.default_rng(seed), RATES[optimizer]
    X, y = jnp.asarray(X), jnp.asarray(y)

    def logits(w, X):
        *hidden, (W, b) = to_params(w)
        for V, c in hidden:
            X = jax.nn.relu(X @ V + c)
        return X @ W + b

    def cost(w, X, y):
        return -jnp.take_along_axis(jax.nn.log_softmax(logits(w, X)), y[:, None], axis=1).mean()

    @jax.jit
    def update(state, X, y, rows):
        w, m, s, t = state
        g = jax.grad(cost)(w, *((X, y) if rows is None else (X[rows], y[rows])))
        if optimizer == "sgd":
            return w - rate * g, m, s, t
        t, m, s = t + 1, 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        return w - rate * (m / (1 - 0.9**t)) / (jnp.sqrt(s / (1 - 0.999**t)) + 1e-8), m, s, t

    def epoch():
        for rows in batches(len(X), batch_size, rng):
            now[0] = update(now[0], X, y, rows if batch_size else None)
        jax.block_until_ready(now)

    return epoch, lambda X: logits(now[0][0], X).argmax(axis=1)


def pytorch(X, y, batch_size, optimizer, seed, compiled=False):
    import torch

    torch.manual_seed(seed)
    layers = [part for a, b in zip(SIZES, SIZES[1:]) for part in (torch.nn.Linear(a, b), torch.nn.ReLU())][:-1]
    model, cost = torch.nn.Sequential(*layers), torch.nn.CrossEntropyLoss()
    make = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer]
    stepper = make(model.parameters(), lr=RATES[optimizer], fused=True)
    X, y = torch.from_numpy(X), torch.from_numpy(y)

    def update(X, y):
        stepper.zero_grad()
        cost(model(X), y).backward()
        stepper.step()

    update = torch.compile(update, dynamic=False) if compiled else update

    def epoch():
        for rows in torch.randperm(len(X)).split(batch_size) if batch_size else [slice(None)]:
            update(X[rows], y[rows])

    return epoch, lambda X: model(torch.from_numpy(X)).argmax(1)


def scikit_learn(X, y, batch_size, optimizer, seed):
    from sklearn.neural_network import MLPClassifier

    settings = {"solver": optimizer, "learning_rate_init": RATES[optimizer], "batch_size": batch_size or len(X)}
    model = MLPClassifier(SIZES[1:-1], **settings, alpha=0, momentum=0, nesterovs_momentum=False, random_state=seed)
    return lambda: model.partial_fit(X, y, classes=range(SIZES[-1])), model.predict


def keras_on_jax(X, y, batch_size, optimizer, seed):
    os.environ["KERAS_BACKEND"] = "jax"
    import keras

    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Dense(units, "relu") for units in SIZES[1:-1]] + [keras.layers.Dense(SIZES[-1])]
    model = keras.Sequential([keras.Input(SIZES[:1]), *layers])
    make = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}[optimizer]
    model.compile(make(RATES[optimizer]), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return partial(model.fit, X, y, batch_size or len(X), verbose=0), lambda X: model.predict(X, verbose=0).argmax(1)


PEERS = {  # each with the package whose version is told
    "Digitnet": (digitnet, "digitnet"),
    "NumPy, as notebook 05 has it": (plain_numpy, "numpy"),
    "JAX, compiled": (jax_compiled, "jax"),
    "PyTorch": (pytorch, "torch"),
    "PyTorch, compiled": (partial(pytorch, compiled=True), "torch"),
    "scikit-learn": (scikit_learn, "scikit-learn"),
    "Keras on JAX": (keras_on_jax, "keras"),
}


def until_the_goal(make, examples, seed):
    """Epochs of Adam until the goal is reached on validation digits, and their seconds without a compilation."""
    X, y, X_val, y_val = dn.validation_split(*dn.load_mnist()[:2])
    (epoch, read), seconds = make(X[:examples], y[:examples], 128, "adam", seed), []
    for epochs in range(1, LAST_EPOCH + 1):
        seconds.append(timeit(epoch, number=1))
        if (np.asarray(read(X_val)) == y_val).mean() >= GOAL:
            return epochs, epochs * np.median(seconds)


def work_for(peer, examples):
    """What a process does: read a request from stdin, answer it in seconds, or with an error, until stdin is closed."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    (X, y), make, ready = (array[:examples] for array in dn.load_mnist()[:2]), PEERS[peer][0], {}
    for work, seed in map(json.loads, sys.stdin):
        try:
            if work in WORKS and work not in ready:
                ready[work], _ = make(X, y, *WORKS[work], seed)
                ready[work](), ready[work]()  # twice, since a second call may compile again
            answer = timeit(ready[work], number=1) if work in WORKS else until_the_goal(make, examples, seed)
        except Exception as error:
            answer = f"{type(error).__name__}: {error}".splitlines()[0]
        print(json.dumps(answer), file=answers, flush=True)


def ask(process, work, seed=0):
    print(json.dumps([work, seed]), file=process.stdin, flush=True)
    return json.loads(process.stdout.readline())


def measure(peers, examples, rounds):
    """Return {peer: {work: seconds by round}}, {peer: [(epochs, seconds) or None, by seed]} and {peer: its error}."""
    command = [sys.executable, __file__, "--examples", str(examples), "--worker"]
    processes = {peer: Popen([*command, peer], stdin=PIPE, stdout=PIPE, text=True) for peer in peers}
    try:
        first = {peer: [ask(processes[peer], work) for work in WORKS] for peer in peers}
        failed = {peer: answer for peer, row in first.items() for answer in row if isinstance(answer, str)}
        there = [peer for peer in peers if peer not in failed]
        rows = [{(peer, work): ask(processes[peer], work) for work in WORKS for peer in there} for _ in range(rounds)]
        seconds = {peer: {work: [row[peer, work] for row in rows] for work in WORKS} for peer in there}
        goals = [{peer: ask(processes[peer], "goal", seed) for peer in there} for seed in range(SEEDS)]
        return seconds, {peer: [found[peer] for found in goals] for peer in there}, failed
    finally:
        for process in processes.values():
            process.communicate()  # closes its stdin, and waits


def machine(peers, rounds, busy):
    """How it was measured, on what and with which versions, in two sentences."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").is_file() else ""
    names = [line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")]
    versions = [f"{name} {importlib.metadata.version(name)}" for name in dict.fromkeys(PEERS[p][1] for p in peers)]
    return (
        f"Medians of {rounds} rounds, in the last column of {SEEDS} seeds, on {os.cpu_count()} cores of "
        f"{[*names, platform.machine()][0]}, {busy:.0f}% busy before it began. "
        f"Python {platform.python_version()}, {', '.join(versions)}."
    )


def table(seconds, goals):
    """Yield the lines of a Markdown table: milliseconds an epoch, and how many times Digitnet's of the same round."""
    yield f"| ms an epoch | {' | '.join(WORKS)} | {GOAL:.0%} of validation digits |"
    yield "|---" * (2 + len(WORKS)) + "|"
    for peer, row in seconds.items():
        cells = [peer]
        for work, times in row.items():
            ratio = np.median(np.divide(times, seconds["Digitnet"][work]))
            cells.append(f"{1000 * np.median(times):.0f}" + ("" if peer == "Digitnet" else f" ({ratio:.1f})"))
        epochs, total = np.median(goals[peer], axis=0) if all(goals[peer]) else (0, 0)
        yield f"| {' | '.join(cells)} | {f'{total:.1f} s, {epochs:.0f} epochs' if epochs else 'not reached'} |"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11, help="rounds of measuring")
    parser.add_argument("--examples", type=int, default=60_000, help="train on the first so many images")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), metavar="PEER", help="only these")
    parser.add_argument("--write", nargs="?", type=Path, const=dn.ROOT / "docs" / "speed.md", help="into docs/speed.md")
    parser.add_argument("--worker", choices=PEERS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        return work_for(options.worker, options.examples)
    busy = psutil.cpu_percent(interval=3)
    seconds, goals, failed = measure(options.peers, options.examples, options.rounds)
    lines = [machine(seconds, options.rounds, busy), "", *table(seconds, goals)]
    lines += [f"\n{peer} is left out: `{error}`" for peer, error in failed.items()]
    print(report := "\n".join(lines) + "\n")
    if options.write:
        before, rest = options.write.read_text(encoding="utf-8").split(BEGINS)
        options.write.write_text(before + BEGINS + report + ENDS + rest.split(ENDS)[1], encoding="utf-8")


if __name__ == "__main__":
    main()

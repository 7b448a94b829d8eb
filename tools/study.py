"""The study behind notebook 09: each recipe changes one thing, is trained from several seeds, and judged on validation.

    python tools/study.py                  every recipe, on 50,000 digits; models/study.json keeps which of the other
                                           10,000 each network misread
    python tools/study.py --test           the recipes in CHOSEN: the same networks read the test digits, after all else
    python tools/study.py decay moved      only these; --fresh trains again what is there

About an hour of one core's time. Results are kept as they come, and an interrupted study goes on where it was. The
networks of a recipe are trained in step, one epoch each in turn: they start from different parameters and see the digits
in different orders, but share the moved digits of every epoch, which are the larger part of the work.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

import digitnet_helpers as dn
from digitnet_extras.drawings import normalize_drawing
from digitnet_extras.images import MOVES, move_images, predict_moved, straighten
from digitnet_extras.teaching import SHAPES, draw

RESULTS = dn.MODELS / "study.json"
NETWORKS = Path(tempfile.gettempdir()) / "digitnet-study"  # kept until the machine is shut down, for --test

FIRST = {
    "pixels": "as written", "epochs": 5, "rate": 0.002, "schedule": "constant", "centred": False, "decay": 0.0,
    "moves": None, "hands": 0, "batch_size": 256, "seeds": 5,
}  # fmt: skip
WIDER = {"rotation": 0.06, "shear": 0.08, "scale": 0.05, "shift": 0.35, "elastic": 0.6}  # for slants as written


def times(factor):
    return {name: round(factor * size, 4) for name, size in MOVES.items()}


# What each recipe changes against the one that it names. The staircase is FIRST to "400 epochs"; the rest was tried.
CHANGES = {
    "first": (None, {}),
    "20 epochs": ("first", {"epochs": 20}),
    "higher rate": ("20 epochs", {"rate": 0.008}),
    "cosine": ("higher rate", {"schedule": "cosine"}),
    "decay": ("cosine", {"decay": 0.2}),
    "upright": ("decay", {"pixels": "upright"}),
    "one size": ("upright", {"pixels": "straightened"}),
    "moved": ("one size", {"moves": MOVES}),
    "less decay": ("moved", {"decay": 0.05}),
    "40 epochs": ("less decay", {"epochs": 40}),
    "drawn hands": ("40 epochs", {"hands": 100}),
    "mean image": ("cosine", {"centred": True}),
    "mean image, decay": ("decay", {"centred": True}),
    "cosine from 0.004": ("cosine", {"rate": 0.004, "seeds": 3}),
    "cosine from 0.016": ("cosine", {"rate": 0.016, "seeds": 3}),
    "decay 0.05": ("decay", {"decay": 0.05, "seeds": 3}),
    "decay 0.1": ("decay", {"decay": 0.1, "seeds": 3}),
    "decay 0.4": ("decay", {"decay": 0.4, "seeds": 3}),
    "moves halved": ("moved", {"moves": times(0.5), "seeds": 3}),
    "moves doubled": ("moved", {"moves": times(2), "seeds": 3}),
    "decay 0.1, moved": ("less decay", {"decay": 0.1, "seeds": 3}),
    "decay 0.02, moved": ("less decay", {"decay": 0.02, "seeds": 3}),
    "120 epochs": ("40 epochs", {"epochs": 120, "seeds": 3}),
    "as written, moved": ("40 epochs", {"pixels": "as written", "moves": WIDER, "seeds": 3}),
    "400 epochs": ("120 epochs", {"epochs": 400}),
    "as written, 400 epochs": ("as written, moved", {"epochs": 400}),
}
CHOSEN = ("one size", "40 epochs", "400 epochs", "as written, 400 epochs")  # what the test set is opened for


def recipe(name):
    """The whole recipe of that name: that of its predecessor with the changes."""
    before, changes = CHANGES[name]
    return {**(recipe(before) if before else FIRST), **changes}


def prepare(X, pixels):
    """The images as a recipe's networks see them."""
    return X if pixels == "as written" else straighten(X, size=pixels == "straightened")


def drawn(count, seed=0, shapes=SHAPES):
    """Return `(X, y)`: `count` drawings of every shape, each by another hand, brought to MNIST's convention."""
    rng = np.random.default_rng(seed)
    pairs = [pair for pair in shapes.values() for _ in range(count)]
    widths = rng.uniform(0.05, 0.12, len(pairs))
    X = np.array([normalize_drawing(draw(pair[1], rng, width)) for pair, width in zip(pairs, widths)])
    return X, np.array([label for label, _ in pairs])


def flagged_ones(count=200, seed=99):
    """Drawings of a 1 with a flag and no base that no training sees: flags of any length and angle, leaning stems."""
    rng, shapes = np.random.default_rng(seed), {}
    for k in range(count):
        top, foot = rng.uniform(0.48, 0.62), rng.uniform(0.44, 0.58)
        tip = (top - rng.uniform(0.12, 0.30), 0.14 + rng.uniform(0.10, 0.36))
        shapes[k] = (1, [[tip, (top, 0.14), (top, 0.14), (foot, 0.86)]])
    return drawn(1, seed, shapes)


def trained(made, X, y):
    """Train one network for each seed of a recipe on `X` as prepared, in step; return them, the mean image folded in."""
    mean = X.mean(axis=0) if made["centred"] else np.zeros(784, X.dtype)
    rate = dn.cosine_schedule(made["rate"]) if made["schedule"] == "cosine" else made["rate"]
    calls, moved = 0, None

    def move(X, y, rng):
        nonlocal calls, moved
        if calls % made["seeds"] == 0:  # the first of the networks moves the digits for all
            moved = move_images(X, rng, **made["moves"]) - mean
        calls += 1
        return moved, y

    runs = [
        dn.training(
            dn.init_params(seed=seed), X if made["moves"] else X - mean, y, epochs=made["epochs"], optimizer="adam",
            batch_size=made["batch_size"], learning_rate=rate, weight_decay=made["decay"], seed=seed,
            augment=move if made["moves"] else None,
        )
        for seed in range(made["seeds"])
    ]  # fmt: skip
    for _ in range(made["epochs"]):
        states = [next(state for state in run if state.step == 0) for run in runs]
    return [[(W, b - mean @ W) if k == 0 else (W, b) for k, (W, b) in enumerate(state.params)] for state in states]


def measured(networks, X, y):
    """What study.json keeps of networks (a list), for digits as prepared: the rows that each misreads."""
    nine = [np.flatnonzero(predict_moved(params, X).argmax(axis=1) != y).tolist() for params in networks]
    once = [np.flatnonzero(dn.predict(params, X) != y).tolist() for params in networks]
    return {"accuracy": [round(1 - len(rows) / len(y), 6) for rows in once], "misread": once, "misread_by_nine": nine}


def run(name, X, y, X_val, y_val):
    """Train a recipe on raw images and return what study.json keeps; the networks go to NETWORKS."""
    made, start = recipe(name), time.process_time()
    if made["hands"]:
        X_drawn, y_drawn = drawn(made["hands"])
        X, y = np.concatenate([X, X_drawn]), np.concatenate([y, y_drawn])
    X = prepare(X, made["pixels"])
    networks = trained(made, X, y)
    NETWORKS.mkdir(exist_ok=True)
    for seed, params in enumerate(networks):
        dn.save_model(NETWORKS / f"{name}-{seed}.npz", params, **made)
    seconds = (time.process_time() - start) / len(networks)
    X_flags, y_flags = flagged_ones()
    X_flags = prepare(X_flags, made["pixels"])
    return {
        "from": CHANGES[name][0], "recipe": made, "core_seconds_a_network": round(seconds, 1),
        "training_accuracy": [round(dn.accuracy(params, X, y), 6) for params in networks],
        "flagged_ones_read": [round(dn.accuracy(params, X_flags, y_flags), 6) for params in networks],
        **measured(networks, prepare(X_val, made["pixels"]), y_val),
    }  # fmt: skip


def results(path=None):
    path = path or RESULTS
    return json.loads(path.read_text()) if path.is_file() else {}


def keep(part, name, result):
    """Put one result into study.json: a line for each entry of each recipe."""
    study = results()
    study.setdefault(part, {})[name] = result
    parts = []
    for part, found in study.items():
        rows = [
            f"  {json.dumps(name)}: {{\n" + ",\n".join(f"   {json.dumps(k)}: {json.dumps(v)}" for k, v in entry.items())
            for name, entry in found.items()
        ]
        parts.append(f" {json.dumps(part)}: {{\n" + "\n  },\n".join(rows) + "\n  }\n }")
    RESULTS.write_text("{\n" + ",\n".join(parts) + "\n}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="recipe", help=", ".join(CHANGES))
    parser.add_argument("--test", action="store_true", help="the chosen recipes' networks, on the test set")
    parser.add_argument("--fresh", action="store_true", help="again, what has been measured")
    given = parser.parse_args()
    data, part = dn.load_mnist(), "test" if given.test else "validation"
    split = dn.validation_split(data.X_train, data.y_train)
    for name in given.names or (CHOSEN if given.test else CHANGES):
        if name in results().get(part, {}) and not given.fresh:
            continue
        if given.test:
            networks = [dn.load_model(NETWORKS / f"{name}-{k}.npz")[0] for k in range(recipe(name)["seeds"])]
            result = measured(networks, prepare(data.X_test, recipe(name)["pixels"]), data.y_test)
        else:
            result = run(name, *split)
        keep(part, name, result)
        print(f"{part} {name}: {np.mean(result['accuracy']):.2%}", result["accuracy"], flush=True)


if __name__ == "__main__":
    main()

"""The study behind notebook 09: each recipe changes one thing, is trained from several seeds, and judged on validation.

    python tools/study.py                  every recipe, on 50,000 digits, judged by the other 10,000
    python tools/study.py --test           the networks of CHOSEN read the test digits, after all else
    python tools/study.py decay moved      only these

About an hour of one core's time. models/study.json keeps the rows that each network misread, as they come: an
interrupted study goes on where it was (to repeat a recipe, take it out of the file). The networks of a recipe are
trained in step: they start from different parameters and see the digits in different orders, but share the moved digits
of every epoch, which are the larger part of the work.
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


HALF, DOUBLE = ({name: factor * size for name, size in MOVES.items()} for factor in (0.5, 2))

# What each recipe changes against the one that it names. The staircase is FIRST to "400 epochs"; the rest was tried.
CHANGES = {
    "first": (None, {}),
    "20 epochs": ("first", {"epochs": 20}),
    "higher rate": ("20 epochs", {"rate": 0.008}),
    "cosine": ("higher rate", {"schedule": "cosine"}),
    "decay": ("cosine", {"decay": 0.2}),
    "mean image": ("decay", {"centred": True}),
    "upright": ("mean image", {"pixels": "upright"}),
    "one size": ("upright", {"pixels": "straightened"}),
    "moved": ("one size", {"moves": MOVES}),
    "less decay": ("moved", {"decay": 0.05}),
    "40 epochs": ("less decay", {"epochs": 40}),
    "drawn hands": ("40 epochs", {"hands": 100}),
    "mean image, no decay": ("cosine", {"centred": True}),
    "cosine from 0.004": ("cosine", {"rate": 0.004, "seeds": 3}),
    "cosine from 0.016": ("cosine", {"rate": 0.016, "seeds": 3}),
    "decay 0.05": ("mean image", {"decay": 0.05, "seeds": 3}),
    "decay 0.1": ("mean image", {"decay": 0.1, "seeds": 3}),
    "decay 0.4": ("mean image", {"decay": 0.4, "seeds": 3}),
    "moves halved": ("moved", {"moves": HALF, "seeds": 3}),
    "moves doubled": ("moved", {"moves": DOUBLE, "seeds": 3}),
    "decay 0.1, moved": ("less decay", {"decay": 0.1, "seeds": 3}),
    "decay 0.02, moved": ("less decay", {"decay": 0.02, "seeds": 3}),
    "120 epochs": ("40 epochs", {"epochs": 120}),
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
    """Train one network for each seed of a recipe on `X` as prepared, in step; the mean image is folded into b1."""
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


def measured(name, networks, X, y):
    """What study.json keeps of a recipe's networks, for raw digits: the accuracy, and the rows that each misreads."""
    X = prepare(X, recipe(name)["pixels"])
    answers = {"misread": [dn.predict(params, X) for params in networks]}
    if name in CHOSEN:
        answers["misread_by_nine"] = [predict_moved(params, X).argmax(axis=1) for params in networks]
    misread = {key: [np.flatnonzero(read != y) for read in reads] for key, reads in answers.items()}
    accuracy = [round(1 - len(rows) / len(y), 6) for rows in misread["misread"]]
    return {"accuracy": accuracy} | {key: [" ".join(map(str, rows)) for rows in each] for key, each in misread.items()}


def run(name, X, y, X_val, y_val):
    """Train a recipe on raw digits and return what study.json keeps; the networks go to NETWORKS."""
    made, start = recipe(name), time.process_time()
    if made["hands"]:
        X, y = (np.concatenate(pair) for pair in zip((X, y), drawn(made["hands"])))
    X = prepare(X, made["pixels"])
    networks = trained(made, X, y)
    seconds = (time.process_time() - start) / len(networks)
    NETWORKS.mkdir(exist_ok=True)
    for seed, params in enumerate(networks):
        dn.save_model(NETWORKS / f"{name}-{seed}.npz", params, **made)
    flags = prepare(flagged_ones()[0], made["pixels"])
    return {
        "from": CHANGES[name][0], "recipe": made, "core_seconds_a_network": round(seconds, 1),
        "training_accuracy": [round(dn.accuracy(params, X, y), 6) for params in networks],
        "flagged_ones_read": [round(float((dn.predict(params, flags) == 1).mean()), 6) for params in networks],
        **measured(name, networks, X_val, y_val),
    }  # fmt: skip


def results():
    return json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}


def main(names=(), test=False):
    data, part = dn.load_mnist(), "test" if test else "validation"
    split = dn.validation_split(data.X_train, data.y_train)
    for name in names or (CHOSEN if test else CHANGES):
        if name in results().get(part, {}):
            continue
        if test:
            networks = [dn.load_model(NETWORKS / f"{name}-{seed}.npz")[0] for seed in range(recipe(name)["seeds"])]
            result = measured(name, networks, data.X_test, data.y_test)
        else:
            result = run(name, *split)
        study = results()
        study.setdefault(part, {})[name] = result
        RESULTS.write_text(json.dumps(study, indent=1) + "\n")
        print(f"{part} {name}: {np.mean(result['accuracy']):.2%}", result["accuracy"], flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="recipe", help=", ".join(CHANGES))
    parser.add_argument("--test", action="store_true", help="the chosen recipes' networks, on the test set")
    given = parser.parse_args()
    main(given.names, given.test)

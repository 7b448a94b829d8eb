"""The study behind notebook 09: every recipe trained from several seeds, its accuracies kept in models/study.json.

    python tools/study.py                  every recipe, trained on 50,000 images, measured on 10,000 validation images
    python tools/study.py --test           the recipes chosen there, on all 60,000 images, measured on the test set
    python tools/study.py longest taught   only these; --fresh trains again what models/study.json already holds

About three quarters of an hour of one core's time in all. What has been measured is kept, so an interrupted study goes
on where it was. Networks of one recipe are trained in step, one epoch each in turn: they start from different
parameters and see the images in different orders, but share the moved images of each epoch, which are the larger part
of the work.
"""

import argparse
import json
import time

import numpy as np

import digitnet_helpers as helpers

RESULTS = helpers.MODELS / "study.json"

# Every recipe changes one thing against the recipe that it names as "from".
FIRST = {
    "pixels": "raw", "epochs": 5, "batch_size": 256, "rate": 0.002, "schedule": "constant", "mean": False,
    "weight_decay": 0.0, "moves": None, "epochs_per_move": 1, "teacher": 0.0, "seeds": 4,
}  # fmt: skip
RAW_MOVES = {"rotation": 0.06, "shear": 0.08, "scale": 0.05, "shift": 0.35, "elastic": 0.6}
CHANGES = {
    "first": ("", {}),
    "longer": ("first", {"epochs": 20}),
    "cosine": ("longer", {"schedule": "cosine", "rate": 0.008}),
    "centred": ("cosine", {"mean": True}),
    "decay": ("centred", {"weight_decay": 0.2}),
    "upright": ("decay", {"pixels": "upright"}),
    "straightened": ("upright", {"pixels": "straightened"}),
    "patient": ("straightened", {"epochs": 40}),
    "moved": ("patient", {"moves": helpers.MOVES, "weight_decay": 0.05}),
    "long": ("moved", {"epochs": 120, "batch_size": 512, "rate": 0.02, "epochs_per_move": 2, "seeds": 3}),
    "longest": ("long", {"epochs": 400}),
    "taught": ("longest", {"teacher": 0.5}),
    "raw moved": ("moved", {"pixels": "raw", "moves": RAW_MOVES}),
    "raw longest": ("longest", {"pixels": "raw", "moves": RAW_MOVES}),
}
CHOSEN = ("straightened", "moved", "longest", "raw longest")  # what the test set is opened for
TEACHER = {"layer_sizes": (784, 512, 512, 10), "epochs": 20, "batch_size": 256, "rate": 0.001, "weight_decay": 0.02}


def recipe(name):
    """The whole recipe of that name: that of its predecessor with the changes."""
    before, changes = CHANGES[name]
    return {**(recipe(before) if before else FIRST), **changes}


def prepare(X, pixels):
    """The images as a recipe's networks see them."""
    if pixels == "raw":
        return X
    return helpers.straighten(X, size=pixels == "straightened")


class Moving:
    """What `train` calls for every epoch: the images moved and less their mean, moved anew after every `calls` calls.

    With two epochs per move and three trainings in step, that is after six.
    """

    def __init__(self, mean, moves, calls):
        self.mean, self.moves, self.calls, self.count, self.moved = mean, moves, calls, 0, None

    def __call__(self, X, y, rng):
        if self.count % self.calls == 0:
            self.moved = helpers.move_images(X, rng, **self.moves)
            self.moved -= self.mean
        self.count += 1
        return self.moved, y


def fold(params, mean):
    """The parameters that do with X what `params` do with X - mean: the mean goes into the first bias (eq. 9.4)."""
    (W1, b1), *rest = params
    return [(W1, b1 - mean @ W1), *rest]


def train_in_step(recipe, X, y, seeds, layer_sizes=(784, 25, 15, 10)):
    """Train one network per seed on X, as prepared, and return their parameters, the mean image folded in."""
    mean = X.mean(axis=0) if recipe["mean"] else np.zeros(784, X.dtype)
    settings = {
        "epochs": recipe["epochs"], "batch_size": recipe["batch_size"], "optimizer": "adam",
        "weight_decay": recipe["weight_decay"],
        "learning_rate": helpers.cosine_schedule(recipe["rate"]) if recipe["schedule"] == "cosine" else recipe["rate"],
    }  # fmt: skip
    if recipe["moves"]:
        calls = recipe["epochs_per_move"] * len(seeds)
        settings["augment"], images = Moving(mean, recipe["moves"], calls), X
    else:
        images = X - mean
    trainings = [
        helpers.training(helpers.init_params(layer_sizes, seed=seed), images, y, seed=seed, **settings)
        for seed in seeds
    ]
    states = [None] * len(seeds)
    for _ in range(recipe["epochs"]):
        for number, updates in enumerate(trainings):
            states[number] = next(state for state in updates if state.step == 0)
    trained = [fold([(W.copy(), b.copy()) for W, b in state.params], mean) for state in states]
    for updates in reversed(trainings):
        updates.close()
    return trained


def teach(X, y, share, moves):
    """Train the large network, and return targets: `share` of its opinion on each image, the rest the label."""
    large = {**TEACHER, "schedule": "cosine", "mean": True, "moves": moves, "epochs_per_move": 1}
    (params,) = train_in_step(large, X, y, [0], TEACHER["layer_sizes"])
    opinion = helpers.predict_moved(params, X)
    return params, (share * opinion + (1 - share) * np.eye(10, dtype=X.dtype)[y]).astype(X.dtype)


def run(name, X, y, X_eval, y_eval, targets=None):
    """Train the networks of one recipe and return what models/study.json keeps of them."""
    made, start = recipe(name), time.process_time()
    seeds = list(range(made["seeds"]))
    trained = train_in_step(made, X, y if targets is None else targets, seeds)
    seconds = (time.process_time() - start) / len(seeds)
    nine = [float((helpers.predict_moved(params, X_eval).argmax(axis=1) == y_eval).mean()) for params in trained]
    return {
        "recipe": made,
        "seeds": seeds,
        "accuracy": [helpers.accuracy(params, X_eval, y_eval) for params in trained],
        "nine_copies": nine,
        "training_accuracy": [helpers.accuracy(params, X, y) for params in trained],
        "core_seconds_per_network": round(seconds),
    }


def results():
    """What models/study.json holds."""
    return json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}


def keep(part, name, result):
    """Put one result into models/study.json."""
    study = results()
    study.setdefault(part, {})[name] = result
    RESULTS.write_text(json.dumps(study, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="recipe", help=", ".join(CHANGES))
    parser.add_argument("--test", action="store_true", help="the chosen recipes, on the test set")
    parser.add_argument("--fresh", action="store_true", help="train again what has been measured")
    arguments = parser.parse_args()
    part = "test" if arguments.test else "validation"
    names = arguments.names or (CHOSEN if arguments.test else CHANGES)
    data = helpers.load_mnist()
    if arguments.test:
        X, y, X_eval, y_eval = data
    else:
        X, y, X_eval, y_eval = helpers.validation_split(data.X_train, data.y_train)
    for name in names:
        if name in results().get(part, {}) and not arguments.fresh:
            continue
        made = recipe(name)
        images, images_eval = (prepare(some, made["pixels"]) for some in (X, X_eval))
        targets = None
        if made["teacher"]:
            teacher, targets = teach(images, y, made["teacher"], made["moves"])
            found = {
                "recipe": {**TEACHER, "moves": made["moves"]}, "seeds": [0],
                "accuracy": [helpers.accuracy(teacher, images_eval, y_eval)],
                "training_accuracy": [helpers.accuracy(teacher, images, y)],
            }  # fmt: skip
            keep(part, "teacher", found)
        result = run(name, images, y, images_eval, y_eval, targets)
        keep(part, name, result)
        shown = ", ".join(f"{100 * share:.2f}" for share in result["accuracy"])
        mean, nine = np.mean(result["accuracy"]), np.mean(result["nine_copies"])
        print(f"{part:10s} {name:12s} {mean:.2%} ({shown}), nine copies {nine:.2%}", flush=True)


if __name__ == "__main__":
    main()

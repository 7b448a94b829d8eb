"""Train the network that reads the digit pad, on all 60,000 digits and drawn hands; write models/digitnet-best.npz.

    python tools/train_best.py [epochs]

About five minutes. The recipe is the study's best with drawings mixed in, as many of every shape of
digitnet_extras/teaching.py as the study's "drawn hands". It reads nine copies. The file tells its recipe and what it
reached: of test digits and of flagged 1s (this network), of validation digits (the mean of the study's networks of the
recipe in "validated", trained on 50,000).
"""

import sys

import numpy as np
import study

import digitnet_helpers as dn
from digitnet_extras.images import MOVES, predict_moved, straighten

RECIPE = study.recipe("40 epochs") | {"epochs": 150, "hands": 100, "seeds": 1}


def digits_and_hands(made, X, y):
    """The digits `X`, `y` with a recipe's drawings behind them, straightened."""
    X_drawn, y_drawn = study.drawn(made["hands"])
    return straighten(np.concatenate([X, X_drawn])), np.concatenate([y, y_drawn])


def share(params, X, y, nine=True):
    """The share of raw digits that a network reads, from nine copies or one."""
    X = straighten(X)
    P = predict_moved(params, X) if nine else dn.predict_proba(params, X)
    return round(float((P.argmax(axis=1) == y).mean()), 6)


def save(params, made, X_test, y_test, path=dn.MODELS / "digitnet-best.npz", validated="drawn hands"):
    """Measure a network on the test digits and the flagged 1s, and write it with its recipe."""
    found = study.results().get("validation", {}).get(validated, {})
    dn.save_model(
        path,
        params,
        recipe="tools/train_best.py: digits and drawn hands, straightened by their moments and moved at random; Adam, "
        "cosine schedule, decoupled weight decay",
        layer_sizes=[784, 25, 15, 10],
        preprocessing="moments",
        moved_copies=9,
        **{name: made[name] for name in ("epochs", "batch_size", "rate", "hands")},
        weight_decay=made["decay"],
        moves=MOVES,
        seed=0,
        training_images=60000,
        validated=validated,
        validation_accuracy=round(float(np.mean(found.get("accuracy", np.nan))), 5) if found else None,
        flagged_ones_read=share(params, *study.flagged_ones()),
        test_accuracy=share(params, X_test, y_test, nine=False),
        test_accuracy_nine_copies=share(params, X_test, y_test),
    )


def main(epochs=RECIPE["epochs"]):
    data, made = dn.load_mnist(), RECIPE | {"epochs": int(epochs)}
    X, y = digits_and_hands(made, data.X_train, data.y_train)
    (params,) = study.trained(made, X, y)
    save(params, made, data.X_test, data.y_test)


if __name__ == "__main__":
    main(*sys.argv[1:])

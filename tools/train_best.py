"""Train the network that reads the digit pad, on all 60,000 images, and save it as models/digitnet-best.npz.

    python tools/train_best.py

About three minutes. The recipe is the one of tools/study.py that read most validation digits; the file tells it, with
the accuracies that it reached on validation digits (the mean of the study's networks, trained on 50,000 images) and on
the test set (this network).
"""

import numpy as np
import study

import digitnet_helpers as helpers

NAME, SEED = "longest", 0


def save(params, path=helpers.MODELS / "digitnet-best.npz"):
    """Measure the network on the test set and write it with its recipe."""
    made, found = study.recipe(NAME), study.results()["validation"][NAME]
    data = helpers.load_mnist()
    S_test = helpers.straighten(data.X_test)
    nine = helpers.predict_moved(params, S_test).argmax(axis=1) == data.y_test
    helpers.save_model(
        path,
        params,
        recipe="tools/train_best.py: digits straightened by their moments and moved at random; Adam, cosine schedule, "
        "decoupled weight decay",
        layer_sizes=[784, 25, 15, 10],
        preprocessing="moments",
        moved_copies=9,
        **{name: made[name] for name in ("epochs", "batch_size", "rate", "weight_decay", "moves", "epochs_per_move")},
        seed=SEED,
        training_images=60000,
        validation_accuracy=round(float(np.mean(found["accuracy"])), 5),
        validation_accuracy_nine_copies=round(float(np.mean(found["nine_copies"])), 5),
        test_accuracy=helpers.accuracy(params, S_test, data.y_test),
        test_accuracy_nine_copies=float(nine.mean()),
    )


def main():
    data = helpers.load_mnist()
    made = study.recipe(NAME)
    X = study.prepare(data.X_train, made["pixels"])
    (params,) = study.train_in_step(made, X, data.y_train, [SEED])
    save(params)


if __name__ == "__main__":
    main()

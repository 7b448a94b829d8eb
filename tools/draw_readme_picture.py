"""Draw images/predictions.png, the picture in the README: test digits under the labels that the saved model read."""

import digitnet_helpers as helpers

ROWS, COLUMNS, FIRST = 3, 8, 240  # a stretch of test digits in which the network is wrong more than once

helpers.use_style()
data = helpers.load_mnist()
params, _ = helpers.load_model(helpers.MODELS / "digitnet.npz")
shown = slice(FIRST, FIRST + ROWS * COLUMNS)
labels = helpers.predict(params, data.X_test[shown])
wrong = [k for k, (label, truth) in enumerate(zip(labels, data.y_test[shown])) if label != truth]
figure = helpers.plot_digits(data.X_test[shown], [f"read {label}" for label in labels], COLUMNS, wrong)
figure.savefig(helpers.ROOT / "images" / "predictions.png", dpi=110, metadata={"Software": None})
print(f"{len(wrong)} of {len(labels)} are wrong: {wrong}")

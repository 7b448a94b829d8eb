"""What `show` puts on the page, and that its digest notices changed data."""

import base64

import matplotlib.pyplot as plt
import numpy as np
import pytest

from digitnet_extras.figures import common, plot_cost, plot_digits, show


@pytest.fixture
def page(monkeypatch):
    """What `show` displays, as (data, metadata)."""
    shown = []

    def display(data, metadata, raw):
        assert raw is True  # without, the page would show the dictionary
        shown.append((data, metadata))

    monkeypatch.setattr("digitnet_extras.figures.common.display", display)
    yield shown
    assert not plt.get_fignums(), "show() closes its figure"


def draw(
    x=(0, 1, 2, 3), y=(1, 4, 9, 16), image=((0, 1), (2, 3)), bars=(3, 1, 2), points=((0, 0), (1, 5), (2, 2)), **labels
):
    fig, (left, right) = plt.subplots(1, 2)
    left.plot(x, y, label=labels.get("label", "squares"))
    left.set(title=labels.get("title", "Growth"), xlabel=labels.get("xlabel", "x"), ylabel="y")
    left.text(0, 0, labels.get("text", "here"))
    left.scatter(*np.transpose(points))
    right.imshow(np.array(image, float))
    right.bar(range(len(bars)), bars)
    fig.suptitle(labels.get("over", "All"))
    return fig


def digest(**changes):
    fig = draw(**changes)
    try:
        return common._digest(fig, 3)
    finally:
        plt.close(fig)


def test_show_gives_picture_digest_and_alternative_text(page):
    fig, another = draw(), plt.figure()
    show(fig, alt="A curve that rises.")
    assert plt.get_fignums() == [another.number]  # it closes its own
    plt.close(another)
    ((data, metadata),) = page
    png = base64.b64decode(data["image/png"])
    assert png.startswith(b"\x89PNG") and b"Software" not in png  # matplotlib's version would change the picture
    assert metadata == {"image/png": {"alt": "A curve that rises."}}
    assert data["text/plain"] == digest()


def test_show_insists_on_alternative_text(page):
    fig = draw()
    with pytest.raises(ValueError, match="alt is empty"):
        show(fig, alt="  ")
    plt.close(fig)


def test_digest_in_words():
    assert digest().splitlines() == [
        "figure: All",
        "axes: Growth | x | y",
        "  text 'here'",
        "  line 'squares' x 4 numbers from 0 to 3, mean 1.5, order 0.83, y 4 numbers from 1 to 16, mean 7.5, order 4.2",
        "  marks 6 numbers from 0 to 5, mean 1.67, order 0.67",
        "axes: ",
        "  image 4 numbers from 0 to 3, mean 1.5, order 0.83",
        "  bars 12 numbers from -0.4 to 3, mean 0.85, order 0.17",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"y": (1, 4, 9, 16.16)},
        {"y": (1.02, 4.08, 9.18, 16)},
        {"y": (1, 9, 4, 16)},
        {"y": (16, 9, 4, 1)},
        {"x": (0, 1, 2, 3.03)},
        {"x": (0, 1, 2), "y": (1, 4, 9)},
        {"image": ((0, 1), (2, 3.1))},
        {"image": ((0, 2), (1, 3))},
        {"bars": (3, 1, 2.1)},
        {"bars": (1, 3, 2)},
        {"points": ((0, 0), (1, 5.1), (2, 2))},
        {"title": "Growths"},
        {"xlabel": "time"},
        {"label": "cubes"},
        {"text": "there"},
        {"over": "Some"},
    ],
)
def test_digest_notices_what_changed(change):
    assert digest(**change) != digest()


def test_digest_passes_another_processors_rounding():
    rng = np.random.default_rng(0)
    y = rng.normal(size=1000)
    noisy = y * (1 + 1e-7 * rng.normal(size=1000))
    assert digest(x=range(1000), y=y) == digest(x=range(1000), y=noisy)


def test_digest_does_not_show_the_noise_of_a_zero():
    up, down = (common._numbers([1.0, -1.0 + noise], 3) for noise in (1e-15, -1e-15))
    assert up == down == "2 numbers from -1 to 1, mean 0, order -1"
    assert common._numbers(np.zeros(3), 3) == "3 numbers from 0 to 0, mean 0, order 0"


def test_digest_of_what_is_not_finite():
    assert common._numbers([np.nan, np.inf], 3) == "2 numbers, none finite"
    assert common._numbers([1, np.nan, 2], 3).startswith("3 numbers from 1 to 2, mean 1.5")


def test_a_mask_marks_what_the_indices_mark():
    digits = np.zeros((3, 784))
    for wrong in ([1], np.array([False, True, False])):
        fig = plot_digits(digits, ["a", "b", "c"], wrong=wrong)
        assert [ax.get_title("center") for ax in fig.axes] == ["a", "b ✗", "c"]
        plt.close(fig)
    with pytest.raises(ValueError, match="2 titles"):
        plot_digits(digits, ["a", "b"])


def test_costs_of_one_history_and_of_several_also_one_named_cost():
    history = {"cost": [3.0, 2.0], "val_cost": [3.5, 2.5]}
    assert [line.get_label() for line in plot_cost(history).lines] == ["training cost", "validation cost"]
    ax = plot_cost({"cost": history, "other": {"cost": [1.0]}})
    assert [line.get_label() for line in ax.lines] == ["cost", "cost, validation", "other"]
    plt.close("all")


def test_public_names_of_all_figures_and_widgets_are_their_own():
    import importlib
    import pkgutil

    import digitnet_extras.figures
    import digitnet_extras.widgets

    for package in (digitnet_extras.figures, digitnet_extras.widgets):
        names = []
        for module in pkgutil.iter_modules(package.__path__):
            names += importlib.import_module(f"{package.__name__}.{module.name}").__all__
        assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)

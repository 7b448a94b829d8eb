"""What `show` puts on the page, and that its digest notices changed data."""

import base64

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba

import digitnet_helpers as helpers


@pytest.fixture
def page(monkeypatch):
    """What `show` displays, as (data, metadata)."""
    shown = []

    def display(data, metadata, raw):
        assert raw is True  # without, the page would show the dictionary
        shown.append((data, metadata))

    monkeypatch.setattr("IPython.display.display", display)
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
        return helpers._digest(fig, 3)
    finally:
        plt.close(fig)


def test_show_gives_picture_digest_and_alternative_text(page):
    fig, another = draw(), plt.figure()
    helpers.show(fig, alt="A curve that rises.")
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
        helpers.show(fig, alt="  ")
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
    up, down = (helpers._numbers([1.0, -1.0 + noise], 3) for noise in (1e-15, -1e-15))
    assert up == down == "2 numbers from -1 to 1, mean 0, order -1"
    assert helpers._numbers(np.zeros(3), 3) == "3 numbers from 0 to 0, mean 0, order 0"


def test_digest_of_what_is_not_finite():
    assert helpers._numbers([np.nan, np.inf], 3) == "2 numbers, none finite"
    assert helpers._numbers([1, np.nan, 2], 3).startswith("3 numbers from 1 to 2, mean 1.5")


def test_digest_of_two_marks_and_of_no_title():
    fig, ax = plt.subplots()
    ax.scatter([0, 1], [2, 5])
    assert helpers._digest(fig, 3).splitlines() == [
        "figure: no title over all",
        "axes: ",
        "  marks 4 numbers from 0 to 5, mean 2, order 1.17",
    ]
    plt.close(fig)


def test_digest_takes_its_digits():
    assert helpers._numbers([0.123456, 1], 2).startswith("2 numbers from 0.1 to 1")
    assert helpers._numbers([0.123456, 1], 5).startswith("2 numbers from 0.1235 to 1")
    assert helpers._numbers([1234567, 0], 2).startswith("2 numbers from 0 to 1200000")


def test_digest_of_filled_areas():
    fig, ax = plt.subplots()
    ax.fill_between([0, 1, 2], [0, 1, 2], [3, 3, 3])
    first = helpers._digest(fig, 3)
    ax.collections[0].remove()
    ax.fill_between([0, 1, 2], [0, 1, 2], [3, 3, 4])
    assert "marks" in first and first != helpers._digest(fig, 3)
    plt.close(fig)


def test_digest_of_marks_that_are_none():
    fig, ax = plt.subplots()
    ax.hlines([], 0, 1)
    assert helpers._digest(fig, 3).endswith("marks 0 numbers, none finite")
    plt.close(fig)


def test_plot_digits_shows_each_image_upright_under_its_title():
    images = np.zeros((5, 784))
    images[3, 27] = 1  # the top right corner
    with plt.rc_context({"axes.titlelocation": "left"}):  # as use_style has it
        fig = helpers.plot_digits(images, list("abcde"), columns=2, wrong=[3])
    shown = [ax for ax in fig.axes if ax.images]
    assert len(fig.axes) == 6 and len(shown) == 5
    assert [ax.get_title("center") for ax in shown] == ["a", "b", "c", "d ✗", "e"]
    picture = shown[3].images[0].get_array()
    assert picture.shape == (28, 28) and picture[0, 27] == 1 and picture.sum() == 1
    assert {ax.images[0].get_clim() for ax in shown} == {(0, 1)}  # one scale, whatever the image
    assert not any(ax.axison for ax in fig.axes)
    assert [ax.title.get_color() for ax in shown] == ["black"] * 3 + [helpers.COLORS[1]] + ["black"]
    assert {ax.title.get_fontsize() for ax in shown} == {9}
    assert fig.get_size_inches() == pytest.approx([2 * 0.9, 3 * 1.2])
    plt.close(fig)


def test_plot_digits_takes_one_image_and_one_column():
    fig = helpers.plot_digits(np.full((1, 784), 0.5), [7])
    assert [ax.get_title() for ax in fig.axes] == ["7"] and fig.axes[0].images[0].get_clim() == (0, 1)
    plt.close(fig)
    fig = helpers.plot_digits(np.zeros((9, 784)), range(9))
    assert len({ax.get_position().x0 for ax in fig.axes}) == 8  # columns, unless said otherwise
    plt.close(fig)
    fig = helpers.plot_digits(np.zeros((2, 784)), [7, 8], columns=1)
    assert fig.axes[0].get_position().y0 > fig.axes[1].get_position().y1
    plt.close(fig)
    with pytest.raises(ValueError, match="columns is 0"):
        helpers.plot_digits(np.zeros((2, 784)), [7, 8], columns=0)


@pytest.mark.parametrize(("images", "titles"), [(np.zeros((2, 784)), ["a"]), (np.zeros((0, 784)), [])])
def test_plot_digits_needs_a_title_for_each(images, titles):
    with pytest.raises(ValueError, match="one title for each"):
        helpers.plot_digits(images, titles)


def test_plot_cost_draws_one_history_or_several():
    history = {"cost": np.array([2.0, 1.0, 0.5]), "val_cost": np.array([2.1, 1.2, 0.9])}
    ax = helpers.plot_cost(history)
    assert [line.get_label() for line in ax.lines] == ["training cost", "validation cost"]
    np.testing.assert_array_equal(ax.lines[0].get_data(), [[1, 2, 3], [2.0, 1.0, 0.5]])
    np.testing.assert_array_equal(ax.lines[1].get_data(), [[1, 2, 3], [2.1, 1.2, 0.9]])
    assert ax.get_xlabel() == "epoch" and ax.get_ylabel() == "cost J (nats)"
    assert helpers.plot_cost(history, xlabel="step").get_xlabel() == "step"
    _, own = plt.subplots()
    assert helpers.plot_cost({"a": {"cost": [1.0]}, "b": {"cost": [2.0]}}, ax=own) is own
    assert [line.get_label() for line in own.lines] == ["a", "b"]
    assert [text.get_text() for text in own.get_legend().get_texts()] == ["a", "b"]
    both = helpers.plot_cost({"a": {"cost": [1.0], "val_cost": [2.0]}})
    assert [line.get_label() for line in both.lines] == ["a", "a, validation"]
    plt.close("all")


def test_plot_ladder_has_a_bar_for_each_rung_and_marks_the_last():
    ax = helpers.plot_ladder({"chance": 0.1, "network": 0.95})
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([10, 95])
    assert [label.get_text() for label in ax.texts] == ["10%", "95%"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["chance", "network"]
    assert [bar.get_hatch() for bar in ax.patches] == [None, "//"]
    assert ax.yaxis_inverted() and ax.get_xlabel() == "accuracy (%)"
    assert ax.get_xlim() == (0, 108)  # room for "100%" beside its bar
    assert {bar.get_facecolor() for bar in ax.patches} == {to_rgba(helpers.COLORS[5])}
    assert ax.patches[-1].get_edgecolor() == to_rgba("black")  # the colour of the hatching
    assert ax.figure.get_size_inches() == pytest.approx([7, 0.6 + 2 * 0.38])
    assert [label.xyann for label in ax.texts] == [(3, 0), (3, 0)]
    hatches = [bar.get_hatch() for bar in helpers.plot_ladder({"a": 0.1, "b": 0.2, "c": 0.9}).patches]
    assert hatches == [None, None, "//"]
    plt.close("all")


def test_use_style_gives_every_colour_a_line_style():
    with plt.rc_context():
        helpers.use_style()
        cycle = plt.rcParams["axes.prop_cycle"].by_key()
        assert len(set(cycle["color"])) == len(set(map(str, cycle["linestyle"]))) == 7
        assert plt.rcParams["image.cmap"] == "cividis"
        assert plt.rcParams["figure.figsize"] == [7, 3.6] and plt.rcParams["figure.dpi"] == 110
        assert plt.rcParams["font.size"] == 10 and plt.rcParams["axes.titlesize"] == 11
        fig, ax = plt.subplots()
        assert fig.get_layout_engine() is not None  # or labels overlap and are cut off
        assert [side for side, spine in ax.spines.items() if spine.get_visible()] == ["left", "bottom"]
        ax.plot([1, 2], label="a")
        ax.set_title("over its left end")
        assert ax.get_title("left") == "over its left end" and not ax.legend().get_frame_on()
        plt.close(fig)

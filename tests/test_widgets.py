"""The widgets without a browser: what they draw, and what they make of the messages that a browser would send."""

import io
import re
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import digitnet_widgets as widgets
import numpy as np
import pytest
from PIL import Image, ImageDraw

import digitnet_helpers as helpers

ROOT = Path(__file__).resolve().parent.parent
SVG = "{http://www.w3.org/2000/svg}"


def parts(svg, kind):
    return ElementTree.fromstring(svg).iter(SVG + kind)


# --- drawings ------------------------------------------------------------------------------------------------------


def test_a_drawing_says_in_words_what_it_shows():
    svg = widgets.drawing(300, 200, widgets.text(10, 20, "2 < 3 & 'so'"), alt="it's <here> & now")
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img" and root.get("aria-label") == "it's <here> & now"
    assert [text.text for text in root.iter(SVG + "text")] == ["2 < 3 & 'so'"]


def test_bars_are_as_long_as_their_values():
    svg = widgets.drawing(400, 200, widgets.bars([0.5, 0.25, 0.0], "abc", 0, 0, 400, "title", bold=[0]), alt="bars")
    long, half, none = (float(rect.get("width")) for rect in parts(svg, "rect"))
    assert long == pytest.approx(2 * half, abs=0.1) and none == 0
    words = [text.text for text in parts(svg, "text")]
    assert words == ["title", "a", "0.500", "b", "0.250", "c", "0.000"]
    bold = [text.text for text in parts(svg, "text") if text.get("font-weight") == "bold"]
    assert bold == ["title", "a", "0.500"]


def test_negative_bars_go_the_other_way():
    svg = widgets.drawing(400, 200, widgets.bars([-0.5, 0.5], "ab", 0, 0, 400, "title"), alt="bars")
    left, right = parts(svg, "rect")
    assert float(left.get("x")) + float(left.get("width")) == pytest.approx(float(right.get("x")), abs=0.2)
    assert left.get("fill") != right.get("fill")


def points(polyline):
    return np.array([[float(v) for v in pair.split(",")] for pair in polyline.get("points").split()])


def test_lines_run_from_axis_to_axis_and_leave_out_what_is_not_finite():
    series = {"up": ([0, 1, 2], [0, 5, 10]), "gap": ([0, 1, 2], [10, np.nan, 0])}
    svg = widgets.drawing(400, 300, widgets.lines(series, 0, 0, 400, 300, "title", "epoch", "nats"), alt="lines")
    up, gap = parts(svg, "polyline")
    assert len(points(up)) == 3 and len(points(gap)) == 2
    assert (np.diff(points(up)[:, 0]) > 0).all() and (np.diff(points(up)[:, 1]) < 0).all()  # y runs downwards in SVG
    assert up.get("stroke-dasharray") != gap.get("stroke-dasharray")


@pytest.mark.parametrize("series", [{}, {"none": ([], [])}, {"one": ([3], [4])}, {"level": ([0, 1], [2, 2])}])
def test_lines_can_be_drawn_of_next_to_nothing(series):
    ElementTree.fromstring(widgets.drawing(400, 300, widgets.lines(series, 0, 0, 400, 300, "t", "x", "y"), alt="lines"))


def test_an_image_has_its_pixels():
    import base64

    values = np.linspace(-1, 1, 784)
    svg = widgets.drawing(100, 100, widgets.image(values, 0, 0, 90, signed=True), alt="image")
    (picture,) = parts(svg, "image")
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture.get("href").split(",")[1]))).convert("RGB"))
    assert pixels.shape == (28, 28, 3)
    first, last = pixels[0, 0].astype(int), pixels[-1, -1].astype(int)
    assert first[2] > first[0] and last[0] > last[2]  # blue below 0, red above


# --- controls over a function ----------------------------------------------------------------------------------------


def test_the_picture_follows_the_controls_and_survives_an_error():
    def reciprocal(number):
        return f"<svg>{1 / number}</svg>"

    explorer = widgets.explore(reciprocal, number=widgets.slider(0, 5, 2, 1))
    assert explorer.picture.value == "<svg>0.5</svg>"
    explorer.controls["number"].value = 4
    assert explorer.picture.value == "<svg>0.25</svg>"
    explorer.controls["number"].value = 0
    assert "role='alert'" in explorer.picture.value and "ZeroDivisionError" in explorer.picture.value
    explorer.controls["number"].value = 1
    assert explorer.picture.value == "<svg>1.0</svg>"


def test_widgets_have_a_readable_text():
    explorer = widgets.explore(lambda number: "", number=widgets.slider(0, 5, 2, 1))
    shown = [repr(explorer), repr(bench()), repr(widgets.DigitPad())]
    for words in shown:
        assert words.startswith("[widget: ") and words.endswith("]") and len(words) <= 110  # more would be cut off


def test_menus_begin_with_their_first_choice_or_the_one_named():
    assert widgets.choice(["a", "b"]).value == "a"
    assert widgets.choice({"one": 1, "two": 2}, 2).value == 2


# --- training on a live page ------------------------------------------------------------------------------------------


def bench(n=400):
    rng = np.random.default_rng(0)
    X, y = rng.random((n, 784)), rng.integers(0, 10, n)
    return widgets.TrainingBench(X, y, (X[:50], y[:50]))


def run(trained, **settings):
    for name, value in settings.items():
        getattr(trained, name).value = value
    trained.start.click()
    trained.wait()


def test_the_bench_trains_as_its_line_of_python_does():
    trained = bench()
    run(trained, epochs=3, hidden="7", optimizer="momentum", batch=32, seed=5)
    names = {"train": helpers.train, "init_params": helpers.init_params}
    names |= {"X_train": trained.data[0], "y_train": trained.data[1]}
    names |= {"X_val": trained.validation[0], "y_val": trained.validation[1]}
    exec(trained.line.value, names)
    for pair, expected in zip(trained.params, names["params"], strict=True):
        np.testing.assert_array_equal(pair[0], expected[0])
        np.testing.assert_array_equal(pair[1], expected[1])
    np.testing.assert_array_equal(trained.history["cost"], names["history"]["cost"])
    assert "finished, epoch 3 of 3" in trained.status.value and trained.progress.value == 1
    assert not trained.start.disabled and trained.halt.disabled


def test_earlier_runs_are_kept_and_can_be_forgotten():
    trained = bench()
    run(trained, epochs=2)
    run(trained, epochs=4)
    assert [len(history["cost"]) for history in trained.runs.values()] == [2, 4]
    assert trained.picture.value == widgets.training_picture(trained.runs)
    assert len(list(parts(trained.picture.value, "polyline"))) == 4
    trained.forget.click()
    assert trained.runs == {} and trained.picture.value == widgets.training_picture({})


def test_stop_keeps_what_was_learned():
    trained = bench(2000)
    trained.epochs.value, trained.batch.value = 100, 32
    trained.start.click()
    while not (trained.history and len(trained.history["cost"]) > 1):
        time.sleep(0.01)
    trained.start.click()  # a second click while it runs does nothing
    trained.halt.click()
    trained.wait()
    done = len(trained.history["cost"])
    assert 1 < done < 100 and len(trained.runs) == 1 and "stopped" in trained.status.value
    assert not np.array_equal(trained.params[0][0], helpers.init_params(seed=0)[0][0])


@pytest.mark.parametrize(
    ("hidden", "words"), [("a, b", "expected numbers"), ("0", "expected numbers"), ("9999", "1 to 512")]
)
def test_wrong_layer_sizes_are_named_and_nothing_starts(hidden, words):
    trained = bench()
    run(trained, hidden=hidden)
    assert words in trained.status.value and words in trained.line.value and trained.runs == {}


def test_a_diverging_training_says_so_and_the_next_one_works():
    trained = bench()
    trained.rate.max = 300
    run(trained, epochs=30, optimizer="sgd", rate=1e200)
    assert "diverged" in trained.status.value and not trained.start.disabled
    run(trained, epochs=2, rate=0.01)
    assert "finished" in trained.status.value


# --- the pad ------------------------------------------------------------------------------------------------------


@pytest.fixture
def pad():
    made = widgets.DigitPad()
    made.answers = []
    made.send = lambda content, buffers=None: made.answers.append((content, buffers))
    return made


def browser_sends(pad, content, buffers):
    """Hand a message to the pad by the way that the browser's messages take; return its answer."""
    pad._handle_custom_msg(content, buffers)
    return pad.answers[-1]


def drawn(*strokes, size=widgets.PAD_SIZE, width=9):
    """Bytes as the browser sends them: strokes given as points in shares of the side."""
    picture = Image.new("L", (size, size))
    for stroke in strokes:
        ImageDraw.Draw(picture).line([(x * size, y * size) for x, y in stroke], fill=255, width=width, joint="curve")
    return picture.tobytes()


ONE = [(0.5, 0.15), (0.48, 0.85)]
SEVEN = [(0.3, 0.2), (0.7, 0.2), (0.5, 0.85)]
ZERO = [(0.5 + 0.22 * np.sin(t), 0.5 - 0.32 * np.cos(t)) for t in np.linspace(0, 2 * np.pi, 40)]
MESSAGE = {"kind": "drawing", "view": 7, "number": 3, "centred": True}


@pytest.mark.parametrize(("digit", "stroke"), [(1, ONE), (7, SEVEN), (0, ZERO)])
def test_the_pad_reads_what_is_drawn(pad, digit, stroke):
    content, buffers = browser_sends(pad, MESSAGE, [memoryview(drawn(stroke))])
    assert content["label"] == digit and f"Reads {digit}" in content["message"]
    assert (content["view"], content["number"], content["kind"]) == (7, 3, "drawing")
    np.testing.assert_allclose(content["probabilities"], helpers.read_digit(pad.image), atol=1e-5)
    np.testing.assert_array_equal(pad.probabilities.argmax(), digit)
    _, metadata = helpers.best_model()
    expected = np.rint(255 * helpers.see_digit(pad.image, metadata)).astype(int)
    assert np.abs(np.frombuffer(buffers[0], np.uint8).astype(int) - expected).max() <= 1
    assert [len(units) for units in content["hidden"]] == [25, 15] and min(map(min, content["hidden"])) >= 0


def test_without_centring_the_network_sees_the_pad_as_it_is(pad):
    corner = [(0.05 + 0.3 * x, 0.05 + 0.3 * y) for x, y in SEVEN]
    _, buffers = browser_sends(pad, MESSAGE | {"centred": False}, [drawn(corner)])
    seen = np.frombuffer(buffers[0], np.uint8).reshape(28, 28)
    assert seen[:12, :10].sum() > 0 and seen[14:].sum() == 0 and seen[:, 14:].sum() == 0
    _, buffers = browser_sends(pad, MESSAGE, [drawn(corner)])
    assert np.frombuffer(buffers[0], np.uint8).reshape(28, 28)[14:].sum() > 0


@pytest.mark.parametrize("dark_on_light", [False, True])
def test_a_picture_from_a_file_goes_the_same_way(pad, dark_on_light):
    pixels = np.frombuffer(drawn(SEVEN, size=500, width=30), np.uint8).reshape(500, 500)
    file = io.BytesIO()
    Image.fromarray(255 - pixels if dark_on_light else pixels).save(file, format="PNG")
    content, (_, shown) = browser_sends(pad, MESSAGE | {"kind": "file"}, [file.getvalue()])
    assert content["label"] == 7
    np.testing.assert_array_equal(pad.image, pixels)
    assert len(shown) == widgets.PAD_SIZE**2 and max(shown) > 200


@pytest.mark.parametrize(
    ("content", "buffers", "words"),
    [
        ({}, [], "does not know"),
        (None, None, "does not know"),
        ("drawing", [b""], "does not know"),
        ({"kind": "drawing"}, [], "does not know"),
        ({"kind": "drawing"}, [b"12", b"34"], "does not know"),
        ({"kind": ["drawing"]}, [b"12"], "does not know"),
        (MESSAGE, [b"123"], "3 bytes"),
        (MESSAGE, [bytes(widgets.PAD_SIZE**2)], "Draw a digit."),
        (MESSAGE, [bytes([9]) * widgets.PAD_SIZE**2], "empty"),
        (MESSAGE | {"kind": "file"}, [b"no picture"], "Choose a PNG or JPEG file"),
    ],
)
def test_malformed_messages_are_answered_and_the_pad_goes_on(pad, content, buffers, words):
    answer, seen = browser_sends(pad, content, buffers)
    assert words in answer["message"] and "probabilities" not in answer and seen == []
    assert pad.probabilities is None
    assert browser_sends(pad, MESSAGE, [drawn(SEVEN)])[0]["label"] == 7


def test_browser_and_kernel_agree_on_the_size():
    source = (ROOT / "digit_pad.js").read_text()
    assert int(re.search(r"const SIZE = (\d+);", source)[1]) == widgets.PAD_SIZE
    assert "http" not in source  # nothing is fetched


def test_the_pad_takes_another_model(pad):
    sure_of_4 = [(np.zeros((784, 10)), np.where(np.arange(10) == 4, 9.0, 0))]
    other = widgets.DigitPad((sure_of_4, {}))
    other.answers = []
    other.send = lambda content, buffers=None: other.answers.append((content, buffers))
    content, _ = browser_sends(other, MESSAGE, [drawn(SEVEN)])
    assert content["label"] == 4 and content["hidden"] == []

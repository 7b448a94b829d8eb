"""The widgets without a browser: what they draw, and what they make of the messages that a browser would send."""

import base64
import io
import json
import time
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

import digitnet_helpers as dn
from digitnet_extras import drawings, teaching, widgets
from digitnet_extras.widgets.pad import PAD_SIZE
from digitnet_extras.widgets.training import SETTINGS, run_beside

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
    shown = [repr(explorer), repr(bench()), repr(widgets.DigitPad()), repr(hand())]
    for words in shown:
        assert words.startswith("[widget: ") and words.endswith("]") and len(words) <= 110  # more would be cut off


def test_menus_begin_with_their_first_choice_or_the_one_named():
    assert widgets.choice(["a", "b"]).value == "a"
    assert widgets.choice({"one": 1, "two": 2}, 2).value == 2


# --- frames ----------------------------------------------------------------------------------------------------------


def test_every_widget_leaves_a_frame_on_the_stored_page():
    explorer = widgets.explore(lambda number: "<svg/>", number=widgets.slider(0, 5, 2, 1))
    for made in (explorer, bench(), widgets.DigitPad(), hand()):
        data, _ = made._repr_mimebundle_()
        ElementTree.fromstring(data["image/svg+xml"])
        assert "application/vnd.jupyter.widget-view+json" in data


# --- training on a live page ------------------------------------------------------------------------------------------


def bench(n=400, dtype=float):
    rng = np.random.default_rng(0)
    X, y = rng.random((n, 784)).astype(dtype), rng.integers(0, 10, n)
    return widgets.bench(X, y, (X[:50], y[:50]))


def run(trained, **settings):
    trained.settings = SETTINGS | settings
    trained._answer(None, {"kind": "train"}, [])
    trained.wait()


def test_the_bench_trains_as_its_line_of_python_does():
    trained = bench()
    run(trained, epochs="3", hidden="7", optimizer="momentum", batch="32", seed="5")
    names = {"dn": dn, "X_train": trained.data[0], "y_train": trained.data[1]}
    names |= {"X_val": trained.validation[0], "y_val": trained.validation[1]}
    exec(trained.line, names)
    for pair, expected in zip(trained.params, names["params"], strict=True):
        np.testing.assert_array_equal(pair[0], expected[0])
        np.testing.assert_array_equal(pair[1], expected[1])
    np.testing.assert_array_equal(trained.history["cost"], names["history"]["cost"])
    assert trained.sizes == [784, 7, 10] and len(trained.weights) == 4 * (785 * 7 + 80)
    assert "finished: epoch 3 of 3" in trained.status["words"] and not trained.status["running"]


def test_stop_keeps_what_was_learned_and_forget_keeps_what_is_under_way():
    trained = bench(2000)
    run(trained, epochs="2")
    trained.settings = SETTINGS | {"epochs": "100", "batch": "32"}
    trained.train()
    while not (trained.status["running"] and len(trained.runs[-1]["cost"]) > 2):
        time.sleep(0.01)
    trained._answer(None, {"kind": "forget"}, [])
    trained._answer(None, {"kind": "train"}, [])  # does nothing: one is under way
    begun = time.perf_counter()
    trained._answer(None, {"kind": "stop"}, [])
    trained.wait()
    assert time.perf_counter() - begun < 0.3
    (only,) = trained.runs
    assert only["ended"] == "stopped" and 2 < len(only["cost"]) < 100
    assert not np.array_equal(trained.params[0][0], dn.init_params(dtype=float)[0][0])
    trained.forget()
    assert trained.runs == []


def test_a_new_bench_ends_the_old_training():
    trained = bench(2000)
    trained.settings = SETTINGS | {"epochs": "100"}
    trained.train()
    bench()
    assert not trained.beside.running()


def test_the_next_page_beside_ends_the_former():
    ended = []

    def page(name):
        try:
            while True:
                time.sleep(0.01)
                yield
        finally:
            ended.append(name)

    run_beside(page("first"))
    second = run_beside(page("second"))
    assert ended == ["first"] and second.running()
    second.stop()
    second.wait()
    assert ended == ["first", "second"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"hidden": "a, b"}, "Hidden layers: 'a' is no whole number from 1 to 512"),
        ({"hidden": "9999"}, "1 to 512"),
        ({"epochs": "0"}, "Epochs: '0'"),
        ({"seed": ""}, "Seed: ''"),
        ({"optimizer": "magic"}, "'magic'"),
    ],
)
def test_wrong_settings_are_named_and_nothing_starts(settings, words):
    trained = bench()
    run(trained, **settings)
    assert words in trained.status["words"] and trained.runs == []
    run(trained, epochs="1")
    assert "finished" in trained.status["words"]


def test_a_diverging_training_says_so_and_full_batches_are_counted():
    trained = bench()
    run(trained, epochs="30", optimizer="sgd", rate=1e200)
    assert trained.runs[0]["ended"] == "diverged" and "smaller rate" in trained.status["words"]
    assert all(np.isfinite(pair[0]).all() for pair in trained.params)
    run(trained, epochs="3", batch="all")
    assert "3 updates in all" in trained.status["words"]
    json.dumps(trained.runs, allow_nan=False)


# --- the pad ------------------------------------------------------------------------------------------------------

SEVEN = [[(0.3, 0.2), (0.7, 0.2), (0.5, 0.85)]]


@pytest.fixture
def pad():
    made = widgets.DigitPad()
    made.answers = []
    made.send = lambda content, buffers=None: made.answers.append((content, buffers))
    return made


def test_the_kernel_follows_what_the_page_hands_over(pad):
    assert pad.image is None and pad.probabilities is None
    pad.set_state({"ink": memoryview(teaching.draw(SEVEN).tobytes())})
    assert pad.image.shape == (PAD_SIZE, PAD_SIZE)
    np.testing.assert_allclose(pad.probabilities, drawings.read_digit(pad.image), atol=1e-6)
    assert pad.probabilities.argmax() == 7
    pad.set_state({"centred": False})
    np.testing.assert_array_equal(pad.seen(pad.image), widgets.plain_28(pad.image))
    for nothing in (bytes(PAD_SIZE**2), b"123"):
        pad.set_state({"ink": memoryview(nothing)})
        assert pad.image is None and pad.probabilities is None


@pytest.mark.parametrize("dark_on_light", [False, True])
def test_a_picture_from_a_file_is_read_by_the_kernel(pad, dark_on_light):
    pixels = teaching.draw(SEVEN, size=500)
    file = io.BytesIO()
    Image.fromarray(255 - pixels if dark_on_light else pixels).save(file, format="PNG")
    pad._handle_custom_msg({"kind": "file"}, [memoryview(file.getvalue())])
    content, (shown, seen) = pad.answers[-1]
    assert content == {"kind": "file"} and len(shown) == PAD_SIZE**2 and max(shown) > 200
    _, metadata = drawings.best_model()
    expected = np.rint(255 * drawings.see_digit(pad.image, metadata).clip(0, 1))
    np.testing.assert_array_equal(np.frombuffer(seen, np.uint8), expected)
    assert pad.probabilities.argmax() == 7


@pytest.mark.parametrize(
    ("content", "buffers", "words"),
    [
        ({}, [], "does not know"),
        (None, None, "does not know"),
        ("drawing", [b""], "does not know"),
        ({"kind": "file"}, [], "does not know"),
        ({"kind": ["file"]}, [b"12"], "does not know"),
        ({"kind": "teach"}, [], "does not know"),
        ({"kind": "file"}, [b"no picture"], "no picture"),
    ],
)
def test_malformed_messages_are_answered_in_a_sentence(pad, content, buffers, words):
    pad._handle_custom_msg(content, buffers)
    said = pad.answers[-1][0]["message"]
    assert words in said and said[0].isupper() and said.endswith(".")


def test_the_pad_takes_other_models_of_its_kind_and_names_those_that_are_not():
    sure_of_4 = [(np.zeros((784, 10)), np.where(np.arange(10) == 4, 9.0, 0))]
    other = widgets.DigitPad((sure_of_4, {}))
    other.set_state({"ink": memoryview(teaching.draw(SEVEN).tobytes())})
    assert other.probabilities.argmax() == 4 and other.sizes == [784, 10]
    written = json.loads(widgets.weights_json((sure_of_4, {})))
    np.testing.assert_array_equal(np.frombuffer(base64.b64decode(written["weights"]), "<f4")[-10:], sure_of_4[0][1])
    with pytest.raises(ValueError, match="784 pixels to 10 digits"):
        widgets.DigitPad(([(np.zeros((4, 10)), np.zeros(10))], {}))


# --- teaching ---------------------------------------------------------------------------------------------------------


def hand(**digits):
    params, metadata = dn.load_model(dn.MODELS / "digitnet.npz")
    return widgets.teaching_pad(params, metadata, **digits)


def page_sends(made, label, *strokes):
    """Add labelled drawings as the page does: PNG whose alpha is the ink."""
    kept = []
    for stroke in strokes:
        picture, png = Image.new("RGBA", (PAD_SIZE, PAD_SIZE)), io.BytesIO()
        picture.putalpha(Image.fromarray(teaching.draw([stroke])))
        picture.save(png, format="PNG")
        kept.append({"label": label, "ink": "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()})
    made.set_state({"labelled": made.labelled + kept})


ZED = [(0.3, 0.15), (0.7, 0.15), (0.3, 0.85), (0.7, 0.85)]


def test_teach_forget_save_and_load(mnist, tmp_path, monkeypatch):
    monkeypatch.setattr(dn, "MODELS", dn.MODELS)
    taught = hand(
        mix=(mnist.X_train[:3000], mnist.y_train[:3000]), validation=(mnist.X_test[:1000], mnist.y_test[:1000])
    )
    monkeypatch.setattr(dn, "MODELS", tmp_path)
    send = lambda kind: taught._handle_custom_msg({"kind": kind}, [])  # noqa: E731
    first = taught.weights
    for kind, words in [("teach", "Draw a digit"), ("load", "press Save first")]:
        send(kind)
        assert words in taught.report["words"] and taught.weights == first
    page_sends(taught, 3, ZED)
    send("teach")
    assert taught.report["judged"] == [None]  # no second one of its kind to judge by
    page_sends(taught, 3, [(x + 0.03, y) for x, y in ZED], [(x, 0.9 * y) for x, y in ZED])
    send("teach")
    yours, validation = taught.report["rows"]
    assert yours == ["Your digits", "0 of 3", "3 of 3"] and taught.report["judged"] == [3, 3, 3]
    mixed = float(validation[2].rstrip("%"))
    assert float(validation[1].rstrip("%")) - mixed < 4
    after = taught.weights
    send("save")
    send("forget")
    assert taught.weights == first and len(taught.labels) == 3
    send("load")
    assert taught.weights == after
    taught.set_state({"mixing": False})
    send("teach")
    assert float(taught.report["rows"][1][2].rstrip("%")) < mixed

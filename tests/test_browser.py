"""Every notebook and every widget in a real browser, against a real JupyterLab, looked at as a reader does.

Skipped where no Chromium is installed. CI sets DIGITNET_BROWSER=required, which makes that an error.
"""

import ast
import base64
import html
import io
import re
import time

import matplotlib
import nbformat
import numpy as np
import pytest
from lab import ROOT, Lab, Page
from PIL import Image
from widget_cases import CASES

import digitnet_helpers as helpers

NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with Lab(tmp_path_factory.mktemp("browser") / "a folder") as started:
        yield started


@pytest.fixture
def open_notebook(browser, lab):
    opened = []

    def open_it(name, *sources):
        if sources:
            lab.add_notebook(name, *sources)
        opened.append(Page(lab, browser, name))
        return opened[-1]

    yield open_it
    for page in opened:
        page.close()


def wait_until(page, condition, argument=None):
    page.page.wait_for_function(condition, arg=argument, timeout=20_000)


def eventually(check, seconds=10):
    """Make `check` again until it passes: the last key, or the last part of a stroke, is sent a little later."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


# --- every notebook ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_runs_and_its_widgets_answer(open_notebook, name):
    page = open_notebook(name)
    assert page.run_all(), f"a cell of {name} raised"
    cases = [case for case in CASES if name.startswith(case["notebook"])]
    for case in cases:
        work(page, case)
    assert page.all_problems() == []


def test_every_widget_has_a_case():
    """Widgets are found by what they say of themselves on the stored page."""
    for name in NOTEBOOKS:
        cells = nbformat.read(ROOT / "notebooks" / name, as_version=4).cells
        shown = [
            cell
            for cell in cells
            for out in cell.get("outputs", [])
            if out.get("data", {}).get("text/plain", "").startswith("[widget: ")
        ]
        assert shown, f"{name} has no widget"
        tried = {case["widget"] for case in CASES if name.startswith(case["notebook"])}
        explored = {cell.source.strip().splitlines()[-1] for cell in shown if "explore(" in cell.source}
        assert explored <= tried, f"{name}: no case for {explored - tried}"


def work(page, case):
    """Work one control with the keyboard, and compare what the reader sees with the pure function."""
    widget, control = case["widget"], case["control"]
    values = f"{{k: c.value for k, c in {widget}.controls.items()}}"
    label = page.kernel(f"print({widget}.controls[{control!r}].description, end='')")
    before = page.kernel(f"print({values}[{control!r}], end='')")
    box = page.page.locator(".widget-inline-hbox", has=page.page.get_by_text(label, exact=True)).first
    box.scroll_into_view_if_needed()
    if "select" in case:
        box.locator("select").select_option(case["select"])
    else:
        box.locator(".noUi-handle").focus()
        for key in case["keys"]:
            page.page.keyboard.press(key)
    labels = "[...document.querySelectorAll('[role=img]')].map((e) => e.ariaLabel)"

    def the_page_shows_the_new_value():
        after = page.kernel(f"print({values}[{control!r}], end='')")
        expected = aria_label(page.kernel(f"print({widget}.function(**{values}), end='')"))
        shown = after != before and expected in page.page.evaluate(labels)
        assert shown, f"{control}: {before} -> {after}, {expected!r} is not on the page"

    eventually(the_page_shows_the_new_value, seconds=60)


def aria_label(svg):
    return html.unescape(re.search(r"aria-label='(.*?)'", svg)[1])


# --- the pad ---------------------------------------------------------------------------------------------------------

PAD = "from digitnet_widgets import DigitPad\npad = DigitPad()\npad"
ONE = [(0.5, 0.15), (0.48, 0.85)]
SEVEN = [(0.3, 0.2), (0.7, 0.2), (0.5, 0.85)]
ZERO = [(0.5 + 0.22 * np.sin(t), 0.5 - 0.32 * np.cos(t)) for t in np.linspace(0, 2 * np.pi, 30)]


@pytest.fixture
def pad(open_notebook):
    page = open_notebook("pad.ipynb", PAD)
    assert page.run_all()
    page.page.locator(".pad-canvas").wait_for()
    yield page
    assert page.all_problems() == []


def verdict(page, begins):
    wait_until(page, "(w) => document.querySelector('.pad-verdict').textContent.startsWith(w)", begins)


def press(page, name):
    page.page.get_by_role("button", name=name, exact=True).click()


def test_digits_drawn_with_the_mouse_are_read(pad):
    def the_page_shows_what_the_kernel_read():
        shares = pad.page.locator(".pad-share").all_inner_texts()
        assert abs(sum(float(share.rstrip("%")) for share in shares) - 100) < 1
        read = ast.literal_eval(pad.kernel("print(pad.probabilities.round(6).tolist())"))
        np.testing.assert_allclose([float(share.rstrip("%")) / 100 for share in shares], read, atol=0.0006)

    for digit, stroke in [(1, ONE), (0, ZERO), (7, SEVEN)]:
        pad.draw(stroke)
        verdict(pad, f"Reads {digit}")
        eventually(the_page_shows_what_the_kernel_read)
        bold = pad.page.locator(".pad-best").inner_text()
        assert bold.split()[0] == str(digit)
        press(pad, "Clear the drawing")
        verdict(pad, "Draw a digit.")


def test_undo_eraser_and_centring(pad):
    pad.draw(SEVEN)
    verdict(pad, "Reads 7")
    pad.draw([(0.1, 0.9), (0.9, 0.9)])
    press(pad, "Undo the last stroke")
    verdict(pad, "Reads 7")
    press(pad, "Eraser")
    pad.draw([(0.25, 0.2), (0.62, 0.2)])  # what is left of the seven is a one
    verdict(pad, "Reads 1")
    press(pad, "Undo the last stroke")
    verdict(pad, "Reads 7")
    eventually(lambda: np.testing.assert_allclose(seen(pad), expected(pad, SEEN), atol=0.03))
    before = pad.page.evaluate(PICTURE)
    pad.page.get_by_label("centre, size and straighten").uncheck()
    wait_until(pad, f"(before) => {PICTURE} !== before", before)
    eventually(lambda: np.testing.assert_allclose(seen(pad), expected(pad, "plain_28(pad.image)"), atol=0.03))


SEEN = "see_digit(pad.image, pad.metadata)"
PICTURE = "document.querySelector('.pad-seen').toDataURL()"


def seen(page):
    """The picture that the page shows, as brightnesses from 0 to 1: cividis' green grows with them."""
    shown = Image.open(io.BytesIO(base64.b64decode(page.page.evaluate(PICTURE).split(",")[1])))
    green = np.asarray(shown.convert("RGB"))[:, :, 1].ravel()
    return np.interp(green, 255 * np.array(matplotlib.colormaps["cividis"].colors)[:, 1], np.linspace(0, 1, 256))


def expected(page, code):
    """The picture that the kernel holds."""
    imports = "from digitnet_helpers import see_digit; from digitnet_widgets import plain_28"
    return ast.literal_eval(page.kernel(f"{imports}; print(({code}).clip(0, 1).round(3).tolist())"))


def test_drawing_with_the_keyboard(pad):
    pad.page.locator(".pad-canvas").focus()
    for key in ["ArrowUp"] * 9 + [" "] + ["ArrowDown"] * 18 + [" "]:
        pad.page.keyboard.press(key)
    verdict(pad, "Reads 1")
    for name in ("Pen", "Eraser", "Undo", "Clear", "Open", "Width", "centre"):
        pad.page.keyboard.press("Tab")
        focused = pad.page.evaluate(
            """() => { const e = document.activeElement;
                       return e.ariaLabel || e.closest('label')?.textContent || e.textContent; }"""
        )
        assert name.lower() in focused.lower(), (name, focused)


def test_a_file_is_read_and_one_that_is_no_picture_is_named(pad, tmp_path):
    digit = helpers.load_mnist().X_train[7].reshape(28, 28)
    Image.fromarray(255 - np.uint8(255 * digit)).resize((300, 300)).save(tmp_path / "digit.png")
    (tmp_path / "words.png").write_text("no picture")
    chosen = pad.page.locator(".pad-file")
    chosen.set_input_files(tmp_path / "words.png")
    verdict(pad, "the file is no picture")
    chosen.set_input_files(tmp_path / "digit.png")
    verdict(pad, f"Reads {helpers.load_mnist().y_train[7]}")


def test_ink_appears_while_the_kernel_is_busy_and_nothing_queues(pad, tmp_path):
    pad.kernel("sent, send = [], pad.send; pad.send = lambda *args: (sent.append(1), send(*args))")
    drawn = tmp_path / "drawn"  # the kernel is busy until this file is there, however slow the browser is
    pad.page.evaluate(
        """(code) => { const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                       kernel.requestExecute({ code }); }""",
        f"import os, time\nwhile not os.path.exists({str(drawn)!r}): time.sleep(0.05)",
    )
    picture = lambda: pad.page.evaluate("document.querySelector('.pad-canvas').toDataURL()")  # noqa: E731
    blank = picture()
    pad.draw(ZERO, steps=3)  # ninety moves
    assert picture() != blank
    assert not pad.page.locator(".pad-verdict").inner_text().startswith("Reads")
    drawn.touch()
    verdict(pad, "Reads 0")
    # The first message was waiting; one more brought the rest of the stroke.
    assert 1 <= int(pad.kernel("print(len(sent))")) <= 4


# --- live training ---------------------------------------------------------------------------------------------------

BENCH = """from digitnet_helpers import load_mnist, validation_split
from digitnet_widgets import TrainingBench
data = load_mnist()
X, y, X_val, y_val = validation_split(data.X_train, data.y_train)
bench = TrainingBench(X[:10000], y[:10000], (X_val[:2000], y_val[:2000]))
bench"""


def test_training_shows_its_curves_and_stops(open_notebook):
    page = open_notebook("bench.ipynb", BENCH)
    assert page.run_all()
    epochs = page.page.locator(".widget-inline-hbox", has=page.page.get_by_text("epochs", exact=True))
    epochs.locator(".noUi-handle").focus()
    page.page.keyboard.press("End")  # a hundred epochs
    page.page.get_by_role("button", name="Train").click()
    curve = "document.querySelectorAll('svg[role=img] polyline').length"
    wait_until(page, f"() => {curve} === 2")
    wait_until(page, "() => /epoch ([3-9]|\\\\d\\\\d)/.test(document.querySelector('[role=status]').textContent)")
    assert int(page.kernel("print(len(bench.history['cost']))")) >= 2  # the kernel answers while it trains
    page.page.get_by_role("button", name="Stop").click()
    wait_until(page, "() => document.querySelector('[role=status]').textContent.includes('stopped')")
    done = int(page.kernel("bench.wait(); print(len(bench.history['cost']))"))
    assert 2 <= done < 100
    learned = page.kernel("from digitnet_helpers import accuracy; print(accuracy(bench.params, X_val, y_val))")
    assert float(learned) > 0.8
    assert page.all_problems() == []

"""Every notebook and every widget in a real browser, against a real JupyterLab, looked at as a reader does.

Skipped where no Chromium is installed. CI sets DIGITNET_BROWSER=required, which makes that an error.
"""

import ast
import html
import json
import re
import time

import nbformat
import numpy as np
import pytest
from lab import ROOT, Lab, Page
from PIL import Image

from digitnet_extras import teaching
from digitnet_extras.widgets.pad import weights_json

pytestmark = pytest.mark.slow
NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with Lab(tmp_path_factory.mktemp("browser") / "a folder") as started:
        yield started


@pytest.fixture(scope="module")
def pages():
    """Every page so far: they all stand in one tab."""
    return []


@pytest.fixture
def open_notebook(browser, lab, pages):
    def open_it(name, *sources):
        if sources:
            lab.add_notebook(name, *sources)
        pages.append(Page(lab, browser, name, former=pages[-1] if pages else None))
        assert not sources or pages[-1].run_all()
        return pages[-1]

    yield open_it
    pages[-1].leave()


def eventually(check, seconds=20):
    """Make `check` again until it passes: the last key, or the last part of a stroke, is sent a little later."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def says(page, selector, begins, seconds=20):
    """Wait until the first element of `selector` begins with these words."""
    wait(page, "([s, w]) => document.querySelector(s)?.textContent.startsWith(w)", [selector, begins], seconds)


def wait(page, condition, argument=None, seconds=20):
    page.page.wait_for_function(condition, arg=argument, timeout=1000 * seconds)


def press(page, name):
    page.page.get_by_role("button", name=name, exact=True).first.click()


# --- every notebook ------------------------------------------------------------------------------------------------


def needed_cells(name):
    """The numbers of the cells that show widgets, and of those that define what they need."""
    cells = nbformat.read(ROOT / "notebooks" / name, as_version=4).cells
    wanted, numbers = set(), []
    for number, cell in reversed(list(enumerate(cells))):
        if cell.cell_type != "code":
            continue
        nodes = list(ast.walk(ast.parse(re.sub(r"^[%!].*", "pass", cell.source, flags=re.M))))
        stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        stored |= {n.name for n in nodes if isinstance(n, ast.FunctionDef)}
        stored |= {a.asname or a.name for n in nodes if isinstance(n, (ast.Import, ast.ImportFrom)) for a in n.names}
        shows = any(out.get("data", {}).get("text/plain", "").startswith("[widget: ") for out in cell.outputs)
        if shows or stored & wanted:
            numbers.insert(0, number)
            wanted |= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return numbers


EXPLORERS = """
import gc
from digitnet_extras.widgets import Explorer
made = [one for one in gc.get_objects() if isinstance(one, Explorer)]
"""
COUNT = EXPLORERS + "print(len(made))"


def follows(page):
    """Every picture is what the function makes of the controls, and stands on the page."""
    told = page.kernel(
        EXPLORERS + "import json; print(json.dumps([(one.picture.value, one.function(**{k: c.value for k, c in "
        "one.controls.items()})) for one in made]))"
    )
    labels = "[...document.querySelectorAll('.digitnet-explorer [role=img]')].map((e) => e.ariaLabel)"
    shown = page.page.evaluate(labels)
    for picture, expected in json.loads(told):
        assert picture == expected
        assert html.unescape(re.search(r"aria-label='(.*?)'", expected)[1]) in shown


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_widgets_of_a_notebook_answer(open_notebook, name):
    """Every control is worked with the keyboard; the page shows what the pure function makes of its value."""
    page, cells = open_notebook(name), needed_cells(name)
    assert page.run(cells), f"a cell of {name} raised"
    wait(page, "(n) => document.querySelectorAll('.digitnet-explorer').length === n", int(page.kernel(COUNT)))
    for explorer in page.page.locator(".digitnet-explorer").all():
        explorer.scroll_into_view_if_needed()
        before = explorer.locator(".widget-html").inner_html()
        pictures = set()
        for handle in explorer.locator(".noUi-handle").all():
            key = "ArrowLeft" if float(handle.get_attribute("aria-valuenow")) > 50 else "ArrowRight"
            handle.focus()
            for _ in range(3):
                page.page.keyboard.press(key)
            eventually(lambda: follows(page), 60)
            pictures.add(explorer.locator(".widget-html").inner_html())
        for menu in explorer.locator("select").all():
            menu.focus()
            menu.select_option(index=1 if menu.evaluate("(e) => e.selectedIndex") == 0 else 0)
            eventually(lambda: follows(page), 60)
            pictures.add(explorer.locator(".widget-html").inner_html())
        assert pictures - {before}, "no control changed the picture"
    if cells:  # a notebook without widgets is only opened
        assert page.page.evaluate("window.jupyterapp.shell.currentWidget.content.activeCellIndex") == cells[-1]
    assert page.all_problems() == []


# --- the pad ---------------------------------------------------------------------------------------------------------

PAD = "from digitnet_extras import widgets\npad = widgets.DigitPad()\npad"
ONE = [(0.5, 0.15), (0.48, 0.85)]
SEVEN = [(0.3, 0.2), (0.7, 0.2), (0.5, 0.85)]
ZERO = [(0.5 + 0.22 * np.sin(t), 0.5 - 0.32 * np.cos(t)) for t in np.linspace(0, 2 * np.pi, 30)]


@pytest.fixture
def pad(open_notebook):
    page = open_notebook("pad.ipynb", PAD)
    says(page, ".pad-verdict", "Draw a digit.")
    yield page
    assert page.all_problems() == []


def test_page_and_kernel_read_the_same(pad, few_hundred_inks):
    """The page's own way from ink to probabilities against the kernel's, which is the reference."""
    source = (ROOT / "digitnet_extras" / "widgets" / "digit_pad.js").read_text()
    found = pad.page.evaluate(
        """async ([source, text, inks]) => {
            const code = await import(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
            const given = JSON.parse(text), bytes = (t) => Uint8Array.from(atob(t), (c) => c.charCodeAt(0));
            const weights = new Float32Array(bytes(given.weights).buffer);
            const net = code.network(weights, given.sizes, given.straighten, given.moved);
            const begun = performance.now();
            const read = inks.map((ink) => code.readInk(net, bytes(ink)));
            const ms = (performance.now() - begun) / inks.length;
            return [ms, read.map(({ seen, shares }) => [[...seen], [...shares]])];
        }""",
        [source, weights_json(), few_hundred_inks.texts],
    )
    print(f"a reading takes {found[0]:.1f} ms in the page")
    seen, shares = (np.array([one[k] for one in found[1]]) for k in (0, 1))
    assert np.median(255 * np.abs(seen - few_hundred_inks.seen).max(axis=1)) < 2
    assert (shares.argmax(axis=1) == few_hundred_inks.shares.argmax(axis=1)).mean() >= 0.995
    assert (np.abs(shares - few_hundred_inks.shares).max(axis=1) < 0.01).mean() >= 0.95


@pytest.fixture
def few_hundred_inks(mnist):
    import base64
    from types import SimpleNamespace

    from digitnet_extras import drawings

    inks = [
        np.asarray(Image.fromarray(np.uint8(255 * x.reshape(28, 28))).resize((112, 112), Image.Resampling.BICUBIC))
        for x in mnist.X_test[:150]
    ]
    rng = np.random.default_rng(0)
    shapes = [strokes for _, strokes in teaching.SHAPES.values()]
    inks += [teaching.draw(shapes[k % len(shapes)], rng, width=rng.uniform(0.04, 0.14)) for k in range(150)]
    params, metadata = drawings.best_model()
    seen = np.array([drawings.see_digit(ink, metadata) for ink in inks])
    shares = np.array([drawings.read_seen(x, params, metadata) for x in seen])
    return SimpleNamespace(texts=[base64.b64encode(ink.tobytes()).decode() for ink in inks], seen=seen, shares=shares)


def test_digits_are_read_undone_and_kept_over_a_reload(pad):
    def kernel_follows():
        shares = [float(share.rstrip("%")) / 100 for share in pad.page.locator(".pad-share").all_inner_texts()]
        told = pad.kernel("p = pad.probabilities; print([] if p is None else p.round(6).tolist())")
        assert len(ast.literal_eval(told)) == 10
        np.testing.assert_allclose(shares, ast.literal_eval(told), atol=0.002)

    for digit, stroke in [(1, ONE), (0, ZERO), (7, SEVEN)]:
        press(pad, "Clear the drawing")
        says(pad, ".pad-verdict", "Draw a digit.")
        pad.draw(stroke)
        says(pad, ".pad-verdict", f"Reads {digit}")
    eventually(kernel_follows)
    pad.draw([(0.1, 0.9), (0.9, 0.9)])
    pad.page.keyboard.press("Control+z")
    says(pad, ".pad-verdict", "Reads 7")
    press(pad, "Clear the drawing")
    press(pad, "Undo")
    says(pad, ".pad-verdict", "Reads 7")
    press(pad, "Eraser")
    pad.draw([(0.2, 0.2), (0.62, 0.2)])  # what is left of the seven is a one
    says(pad, ".pad-verdict", "Reads 1")
    time.sleep(0.5)  # the page hands the drawing over when the hand rests
    pad.save()
    pad.open()
    says(pad, ".pad-verdict", "Reads 1", 60)


def test_keys_draw_and_never_act_on_the_cell(pad):
    cells = "window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells.map((c) => c.cell_type).join()"
    pad.page.locator(".pad-canvas").focus()
    for key in ["ArrowUp"] * 9 + [" "] + ["ArrowDown"] * 18 + [" "]:
        pad.page.keyboard.press(key)
    says(pad, ".pad-verdict", "Reads 1")
    before = pad.page.evaluate(cells)
    for key in ["x", "m", "a", "b", "d", "d", "Control+z"]:
        pad.page.keyboard.press(key)
    says(pad, ".pad-verdict", "Draw a digit.")
    assert pad.page.evaluate(cells) == before
    for name in ("Pen", "Eraser", "Undo", "Clear", "Open", "Width"):
        pad.page.keyboard.press("Tab")
        focused = "() => [document.activeElement].map((e) => e.ariaLabel || (e.labels?.[0] || e).textContent)[0]"
        assert name.lower() in pad.page.evaluate(focused).lower()


def test_files_go_to_the_kernel_and_refusals_lose_nothing(pad, mnist, tmp_path):
    digit = mnist.X_train[7].reshape(28, 28)
    Image.fromarray(255 - np.uint8(255 * digit)).resize((300, 300)).save(tmp_path / "digit.png")
    (tmp_path / "words.png").write_text("no picture")
    (tmp_path / "large.png").write_bytes(bytes(12_000_000))
    chosen = pad.page.locator(".pad-hidden[type=file]")
    pad.draw(SEVEN)
    for name, words in [("large.png", "This file has 12 MB"), ("words.png", "The file is no picture")]:
        chosen.set_input_files(tmp_path / name)
        says(pad, ".pad-verdict", words)
    chosen.set_input_files(tmp_path / "digit.png")
    says(pad, ".pad-verdict", f"Reads {mnist.y_train[7]}")
    press(pad, "Undo")
    says(pad, ".pad-verdict", "Reads 7")


def test_the_pad_reads_on_while_the_kernel_is_busy_and_after_it_is_gone(pad):
    pad.page.evaluate(
        """() => { const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                   kernel.requestExecute({ code: 'import time; time.sleep(5)' }); }"""
    )
    pad.draw(ZERO, steps=3)
    says(pad, ".pad-verdict", "Reads 0", 3)
    pad.restart()
    press(pad, "Clear the drawing")
    pad.draw(SEVEN)
    says(pad, ".pad-verdict", "Reads 7", 3)
    wait(pad, "() => window.problems.length > 0")  # the sleep was interrupted
    pad.page.evaluate("window.problems = []")


def test_the_bars_stay_beside_the_canvas(pad):
    for width in (700, 900, 1920):
        pad.page.set_viewport_size({"width": width, "height": 900})
        time.sleep(0.3)
        canvas, bars = (pad.page.locator(part).first.bounding_box() for part in (".pad-canvas", ".pad-bar"))
        assert bars["x"] >= canvas["x"] + canvas["width"] and abs(bars["y"] - canvas["y"]) < 60


def test_the_pad_works_on_a_page_without_a_kernel(browser, tmp_path):
    source = (ROOT / "digitnet_extras" / "widgets" / "digit_pad.js").read_text()
    page = browser.new_page()
    page.set_content("<div id=here></div>")
    page.evaluate(
        """async ([source, weights]) => {
            const code = await import(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
            code.mount(document.getElementById('here'), weights);
        }""",
        [source, weights_json()],
    )
    box = page.locator(".pad-canvas").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.15 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.48 * box["width"], box["y"] + 0.85 * box["height"], steps=5)
    page.mouse.up()
    page.wait_for_function("document.querySelector('.pad-verdict').textContent.startsWith('Reads 1')", timeout=5000)
    page.close()


# --- teaching --------------------------------------------------------------------------------------------------------

DIGITS = """import digitnet_helpers as dn
from digitnet_extras import drawings, images, widgets
X, y, _, _ = dn.load_mnist()
"""
TEACH = """model = params, metadata = drawings.best_model()
S = images.straighten(X[:6000])
hand = widgets.teaching_pad(params, metadata, mix=(S[:4000], y[:4000]), validation=(S[4000:], y[4000:6000]))
hand"""


def test_three_drawings_teach_the_pad_a_hand(open_notebook):
    page = open_notebook("teach.ipynb", DIGITS + TEACH)
    zed = [(0.3, 0.15), (0.7, 0.15), (0.3, 0.85), (0.7, 0.85)]  # a 2 as no one writes a 3
    for k in range(3):
        page.draw([(x + 0.02 * k, y) for x, y in zed])
        page.page.keyboard.press("3")
    eventually(lambda: np.testing.assert_equal(page.page.locator(".pad-kept img").count(), 3))
    page.draw(zed)
    says(page, ".pad-verdict", "Reads 2")
    press(page, "Teach")
    says(page, ".pad-report", "Taught 3", 120)
    says(page, ".pad-verdict", "Reads 3")
    rows = page.page.locator(".pad-report tr").all_inner_texts()
    assert rows[1].split("\t") == ["Your digits", "0 of 3", "3 of 3"]
    press(page, "Save")
    says(page, ".pad-report", "Saved")
    press(page, "Forget")
    says(page, ".pad-verdict", "Reads 2")
    press(page, "Load")
    says(page, ".pad-verdict", "Reads 3")
    press(page, "Remove drawing 2, a 3")
    eventually(lambda: np.testing.assert_equal(page.kernel("print(hand.labels.tolist(), end='')"), "[3, 3]"))
    assert page.all_problems() == []


# --- live training ---------------------------------------------------------------------------------------------------

BENCH = """bench = widgets.bench(X[:20000], y[:20000], (X[20000:22000], y[20000:22000]))
bench"""


@pytest.fixture
def bench(open_notebook):
    page = open_notebook("bench.ipynb", DIGITS, BENCH)
    page.page.get_by_label("Epochs").fill("100")
    yield page
    assert page.all_problems() == []


def running(page, expected):
    def check():
        assert page.kernel("print(bool(bench.beside and bench.beside.running()), end='')") == str(expected)

    eventually(check)


def test_training_shows_itself_and_stops_at_once(bench):
    images = "document.querySelector('.bench-images').toDataURL()"
    noise = bench.page.evaluate(images)
    train = bench.page.get_by_role("button", name="Train")
    train.focus()
    bench.page.keyboard.press("Enter")
    wait(bench, f"(noise) => {images} !== noise", noise)
    wait(bench, "() => document.querySelectorAll('.bench-curves polyline').length === 2")
    assert train.evaluate("(e) => e === document.activeElement")  # the focus stays where it was
    says(bench, ".pad-verdict", "Reads 3", 60)
    for stop in (lambda: press(bench, "Stop"), bench.interrupt):  # ours, and the toolbar's
        begun = time.monotonic()
        stop()
        wait(bench, "() => document.querySelector('.bench-status').textContent.includes('stopped')")
        print(f"stopped after {time.monotonic() - begun:.2f} s")
        assert time.monotonic() - begun < 2  # 0.3 s on a machine that is not busy
        running(bench, False)
        press(bench, "Train")
        running(bench, True)
    press(bench, "Forget earlier runs")
    wait(bench, "() => document.querySelectorAll('.bench-legend > div').length === 1")


def test_the_cell_run_again_ends_the_old_training(bench):
    press(bench, "Train")
    running(bench, True)
    bench.kernel("old = bench")
    bench.run([1])
    assert bench.kernel("print(old.beside.running(), end='')") == "False"

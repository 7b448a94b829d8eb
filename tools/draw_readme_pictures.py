"""Draw the README's pictures anew: images/predictions.png, and two pieces of pages, images/pad.png and derivation.png.

    python tools/draw_readme_pictures.py

The pieces are taken from the notebooks as JupyterLab shows them, in the browser that the tests use.
"""

import io
import sys
import tempfile

import numpy as np
from PIL import Image, ImageOps
from playwright.sync_api import sync_playwright

import digitnet_helpers as helpers

sys.path.insert(0, str(helpers.ROOT / "tests"))

from lab import Lab, Page, start_browser

IMAGES = helpers.ROOT / "images"
ROWS, COLUMNS, FIRST = 3, 8, 240  # a stretch of test digits in which the network is wrong more than once
TWO = [(0.3 + 0.2 * (1 - np.cos(t)), 0.38 - 0.2 * np.sin(t)) for t in np.linspace(-0.2, 3.6, 24)]
TWO += [(0.32, 0.82), (0.76, 0.78)]


def predictions():
    """Test digits under the labels that the saved model read."""
    helpers.use_style()
    data = helpers.load_mnist()
    params, _ = helpers.load_model(helpers.MODELS / "digitnet.npz")
    shown = slice(FIRST, FIRST + ROWS * COLUMNS)
    labels = helpers.predict(params, data.X_test[shown])
    wrong = [k for k, (label, truth) in enumerate(zip(labels, data.y_test[shown])) if label != truth]
    figure = helpers.plot_digits(data.X_test[shown], [f"read {label}" for label in labels], COLUMNS, wrong)
    figure.savefig(IMAGES / "predictions.png", dpi=110, metadata={"Software": None})
    print(f"{len(wrong)} of {len(labels)} are wrong: {wrong}")


def all_cells(lab):
    """Let JupyterLab keep every cell on the page, not only those in sight."""
    settings = lab.folder / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    return lab


def pad(lab, browser):
    """The digit pad with a two drawn on it."""
    lab.add_notebook("pad.ipynb", "from digitnet_widgets import DigitPad\npad = DigitPad()\npad")
    page = Page(lab, browser, "pad.ipynb")
    assert page.run_all()
    page.page.locator(".pad-canvas").wait_for()
    page.draw(TWO)
    page.page.wait_for_function("document.querySelector('.pad-verdict').textContent.startsWith('Reads 2')")
    keep("pad.png", page.page.locator(".jp-OutputArea-output").first.screenshot())
    page.close()


def derivation(lab, browser, name="02-softmax-and-cross-entropy.ipynb", heading="7 · Temperature", cells=3):
    """A derivation, the cell that draws it, and its figure: consecutive cells from a heading on."""
    page = Page(lab, browser, name)
    page.page.set_viewport_size({"width": 1000, "height": 3000})
    first = page.page.evaluate(
        """(heading) => window.jupyterapp.shell.currentWidget.content.widgets.findIndex(
            (cell) => cell.model.sharedModel.source.startsWith('## ' + heading))""",
        heading,
    )
    shown = [page.page.locator(".jp-Notebook .jp-Cell").nth(first + k) for k in range(cells)]
    shown[0].locator("mjx-container").first.wait_for()
    page.page.wait_for_timeout(5000)  # the mathematics is typeset
    shown[0].evaluate("(cell) => cell.scrollIntoView({ block: 'start' })")
    boxes = [cell.bounding_box() for cell in shown]
    keep("derivation.png", page.page.screenshot(clip=boxes[0] | {"height": sum(box["height"] for box in boxes)}))
    page.close()


def keep(name, png):
    """Save a screenshot without its white margins, with so few colours that it stays small."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture = picture.crop(ImageOps.invert(picture.convert("L")).getbbox())
    picture = ImageOps.expand(picture, 8, "white")
    picture.quantize(128, dither=Image.Dither.NONE).save(IMAGES / name, optimize=True)


if __name__ == "__main__":
    predictions()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = start_browser(playwright)
        with all_cells(Lab(f"{folder}/lab")) as lab:
            pad(lab, browser)
            derivation(lab, browser)
        browser.close()

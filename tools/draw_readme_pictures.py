"""Draw the README's picture anew, docs/pictures/pad.png: the pad of notebook 08 as JupyterLab shows it.

    python tools/draw_readme_pictures.py

It needs the browser that the tests use.
"""

import io
import sys
import tempfile

import numpy as np
from PIL import Image, ImageOps
from playwright.sync_api import sync_playwright

import digitnet_helpers as dn

sys.path.insert(0, str(dn.ROOT / "tests"))

from lab import Lab, Page, start_browser

PICTURES = dn.ROOT / "docs" / "pictures"
TWO = [(0.3 + 0.2 * (1 - np.cos(t)), 0.38 - 0.2 * np.sin(t)) for t in np.linspace(-0.2, 3.6, 24)]
TWO += [(0.32, 0.82), (0.76, 0.78)]


def pad(lab, browser):
    """The digit pad with a two drawn on it."""
    lab.add_notebook("pad.ipynb", "from digitnet_extras import widgets\npad = widgets.DigitPad()\npad")
    page = Page(lab, browser, "pad.ipynb")
    assert page.run_all()
    page.page.locator(".pad-canvas").wait_for()
    page.draw(TWO)
    page.page.wait_for_function("document.querySelector('.pad-verdict').textContent.startsWith('Reads 2')")
    keep("pad.png", page.page.locator(".jp-OutputArea-output").first.screenshot())
    page.close()


def keep(name, png):
    """Save a screenshot without its white margins, with so few colours that it stays small."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture = picture.crop(ImageOps.invert(picture.convert("L")).getbbox())
    picture = ImageOps.expand(picture, 8, "white")
    picture.quantize(128, dither=Image.Dither.NONE).save(PICTURES / name, optimize=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = start_browser(playwright)
        with Lab(f"{folder}/lab") as lab:
            pad(lab, browser)
        browser.close()

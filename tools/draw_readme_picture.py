"""Draw the README's moving picture anew, docs/pictures/pad.gif: the pad of notebook 08 is drawn on, and taught.

    python tools/draw_readme_picture.py

It needs the browser that the tests use.
"""

import io
import sys
import tempfile

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

import digitnet_helpers as dn
from digitnet_extras import teaching

sys.path.insert(0, str(dn.ROOT / "tests"))

from lab import Lab, Page, start_browser

PICTURE = dn.ROOT / "docs" / "pictures" / "pad.gif"
HAND = """import digitnet_helpers as dn
from digitnet_extras import images, teaching, widgets
X, y, X_val, y_val = dn.validation_split(*dn.load_mnist()[:2])
net = teaching.quick_network(X[:20_000], y[:20_000])
mix, validation = (images.straighten(X[:10_000].astype(float)), y[:10_000]), (images.straighten(X_val), y_val)
widgets.teaching_pad(net, {"preprocessing": "moments"}, mix, validation)"""


class Film:
    """The digit pad of a notebook, seen frame by frame."""

    def __init__(self, page):
        self.page, self.frames, self.milliseconds = page.page, [], []
        pad, grid = (self.page.locator(part).bounding_box() for part in (".digit-pad", ".pad-grid"))
        self.clip = pad | {"width": grid["width"] + 20, "height": pad["height"] + 4}  # without the empty right

    def keep(self, milliseconds):
        """Show the pad as it is now for so long."""
        self.frames.append(Image.open(io.BytesIO(self.page.screenshot(clip=self.clip))).convert("RGB"))
        self.milliseconds.append(milliseconds)

    def draw(self, points, milliseconds):
        """Draw one stroke, a frame for each point."""
        box = self.page.locator(".pad-canvas").bounding_box()
        at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        self.page.mouse.move(*at[0])
        self.page.mouse.down()
        for place in at[1:]:
            self.page.mouse.move(*place)
            self.keep(milliseconds)
        self.page.mouse.up()

    def says(self, selector, begins):
        """Wait for these words."""
        self.page.wait_for_function(
            "([s, w]) => document.querySelector(s).textContent.startsWith(w)", arg=[selector, begins], timeout=60_000
        )

    def save(self, path):
        """Write it as a GIF of few colours, in which each frame holds only what changed."""
        palette = self.frames[-1].quantize(64, dither=Image.Dither.NONE)
        first, *rest = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames)
        first.save(path, save_all=True, append_images=rest, duration=self.milliseconds, loop=0, optimize=True)


def teach(film):
    """Four 1s with a flag, read as 7s; three of them are taught, and the fourth is read as a 1."""
    rng = np.random.default_rng(0)
    for k in range(4):
        (corners,) = teaching.vary(teaching.FLAGGED_ONE, rng, 0.4)
        down = np.linspace(0, 1, 12)[:, None]
        flag, stem = (np.array(corners[a]) + down * np.subtract(corners[b], corners[a]) for a, b in [(0, 1), (2, 3)])
        film.draw([*flag[::2], *stem], 60 if k in (0, 3) else 30)
        film.says(".pad-verdict", "Reads 7")
        film.keep(1500 if k in (0, 3) else 400)
        if k < 3:
            film.page.get_by_role("button", name="This is a 1").click()
            film.says(".pad-verdict", "Draw")
            film.keep(800 if k == 0 else 300)
    film.page.get_by_role("button", name="Teach", exact=True).click()
    film.says(".pad-report", "Taught 3")
    film.says(".pad-verdict", "Reads 1")
    film.keep(4000)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = start_browser(playwright)
        with Lab(f"{folder}/lab") as lab:
            lab.add_notebook("pad.ipynb", HAND)
            page = Page(lab, browser, "pad.ipynb")
            assert page.run_all()
            page.page.locator(".pad-canvas").scroll_into_view_if_needed()
            film = Film(page)
            teach(film)
            film.save(PICTURE)
            page.close()
        browser.close()

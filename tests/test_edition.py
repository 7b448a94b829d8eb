"""The edition to read, search and print: built as docs/conf.py says, then opened in a real browser.

Without a Chromium the tests that need one are skipped, or fail if DIGITNET_BROWSER=required.
"""

import json
import re
import runpy
import subprocess
import sys
import threading
from functools import partial
from html import unescape
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import pytest
from lab import ROOT

pytestmark = pytest.mark.slow

NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The built edition, with buttons for the lab in the browser: every warning is an error."""
    folder = tmp_path_factory.mktemp("edition") / "html"
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-t", "lab", "-c", "docs", ".", str(folder)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


class Elements(HTMLParser):
    """What the tests ask of a page: its anchors, what it links to, what it loads, and its pictures' words."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loaded, self.alts = set(), [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids.add(found.get("id"))
        if "src" in found or tag == "link":
            self.loaded.append(found.get("src") or found["href"])
        elif "href" in found:
            self.links.append(found["href"])
        if tag == "img":
            self.alts.append(found.get("alt"))


def cells(name, kind):
    notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def words(name):
    return "\n\n".join("".join(cell["source"]) for cell in cells(name, "markdown"))


def tags(text):
    return re.findall(r"\\tag\{(.*?)\}", text)


def alt(output):
    """The words of a picture: a figure's own, or those of a widget's frame."""
    if svg := "".join(output["data"].get("image/svg+xml", "")):
        return unescape(re.search(r"aria-label=['\"](.*?)['\"]", svg)[1])
    return output["metadata"]["image/png"]["alt"]


@pytest.mark.parametrize("name", NAMES)
def test_every_notebook_is_whole(site, name):
    page = site / "notebooks" / f"{name}.html"
    outputs = [output for cell in cells(name, "code") for output in cell["outputs"]]
    stored = [alt(output) for output in outputs if {"image/png", "image/svg+xml"} & set(output.get("data", {}))]
    assert stored and Elements(page).alts == stored
    text = unescape(page.read_text(encoding="utf-8"))
    assert tags(text) == tags(words(name)) != []
    assert text.count('<div class="math notranslate') == words(name).count("$$") / 2
    assert text.count('<div class="cell_input') == sum(bool(cell["source"]) for cell in cells(name, "code"))


def test_every_link_leads_somewhere(site):
    pages = {path.resolve(): Elements(path) for path in site.rglob("*.html")}
    missing = []
    for path, page in pages.items():
        for link in page.links + page.loaded:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                assert link not in page.loaded, f"{path.name} loads {link}"
                continue
            if parts.path == "../lite/notebooks/index.html":  # docs/build_lab.py makes it
                assert (ROOT / parts.query.removeprefix("path=")).is_file()
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchors = pages[target].ids if target in pages else set()
            if not target.is_file() or (parts.fragment and unquote(parts.fragment) not in anchors):
                missing.append((path.name, link))
    assert missing == []


def test_what_runs_in_the_browser_has_a_button(site):
    ours = {name: Elements(site / "notebooks" / f"{name}.html").links for name in NAMES}
    buttons = [name for name in NAMES if f"../lite/notebooks/index.html?path=notebooks/{name}.ipynb" in ours[name]]
    assert buttons == NAMES[:9]


def test_the_pads_page_is_the_present_pad():
    made = runpy.run_path(str(ROOT / "tools" / "write_pad_page.py"))["page"]()
    assert (ROOT / "docs" / "pad.html").read_text(encoding="utf-8") == made, "run tools/write_pad_page.py"


# --- in the browser --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(site):
    """The edition on this machine's own web server."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def page(address, browser):
    """A tab in which every request goes to `address`, and every one is answered."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, base_url=address)
    asked, problems = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: problems.append(request.url))
    page.on("response", lambda response: response.status < 400 or problems.append(f"{response.status} {response.url}"))
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    page.close()
    assert asked and [url for url in asked if not url.startswith((address, "data:"))] == []
    assert problems == []


def open_page(page, url):
    page.goto(url)
    page.evaluate("window.MathJax?.startup.promise")


@pytest.mark.parametrize("name", NAMES)
def test_page_is_typeset(page, name):
    open_page(page, f"/notebooks/{name}.html")
    ids = page.locator('mjx-container [id^="mjx-eqn:"]').evaluate_all("found => found.map((e) => e.id.slice(8))")
    assert ids == tags(words(name))
    assert page.locator(".math").count() == page.locator("mjx-container").count() > 0
    assert page.locator("mjx-merror, [data-mml-node=merror]").count() == 0
    # Dollars and backslashes of its own the page may have only in code.
    prose = page.evaluate(
        """() => { const copy = document.querySelector('article').cloneNode(true);
                   copy.querySelectorAll('pre, code, mjx-container').forEach((e) => e.remove());
                   return copy.textContent; }"""
    )
    assert re.findall(r"\$|\\\w+|\\[\[(]", prose) == []
    assert page.evaluate("[...document.images].every((image) => image.decode() && image.naturalWidth > 0)")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_solutions_are_folded_and_open(page):
    open_page(page, f"/notebooks/{NAMES[0]}.html")
    code = page.locator("article details .highlight-python").first
    assert not code.is_visible()
    page.locator("article summary").first.click()
    assert code.is_visible() and code.locator("span.k").count() > 0  # keywords are coloured


def test_next_leads_through_the_series(address, browser):
    page = browser.new_page(base_url=address, java_script_enabled=False)  # quicker, and it must do without
    page.goto("/", wait_until="commit")  # it leads on by itself
    page.wait_for_url("**/docs/index.html")
    for name in NAMES:
        page.get_by_role("link", name="Next").click()
        page.wait_for_url(f"**/notebooks/{name}.html")
    page.get_by_role("link", name="Previous").click()
    page.wait_for_url(f"**/notebooks/{NAMES[-2]}.html")
    page.close()


def search_results(page, words):
    page.get_by_role("textbox", name="Search").fill(words)
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.search-summary')?.textContent.includes('finished')")
    return page.locator("#search-results li a").evaluate_all("found => found.map((e) => e.href)")


def test_search_finds_the_notebook(page):
    open_page(page, "/docs/index.html")
    found = search_results(page, "cross-entropy")
    assert any("/notebooks/02-softmax-and-cross-entropy.html" in link for link in found)


SEVEN = [(0.3, 0.2), (0.7, 0.2), (0.5, 0.85)]


@pytest.mark.parametrize("name", ["index.html", "pad.html"])
def test_the_first_page_reads_a_digit_without_a_server(site, browser, name):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    asked, problems = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.context.set_offline(True)
    page.goto((site / name).as_uri(), wait_until="commit")
    verdict = "(digit) => document.querySelector('.pad-verdict')?.textContent.startsWith(`Reads ${digit}`)"
    page.wait_for_function(verdict, arg=3)
    box = page.locator(".pad-canvas").bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SEVEN]
    page.mouse.move(*at[0])
    page.mouse.down()
    for place in at[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()
    page.wait_for_function(verdict, arg=7)  # and not a 7 over the 3
    page.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == problems == []


def test_the_folder_opens_without_a_server(site, browser):
    page = browser.new_page()
    open_page(page, (site / "notebooks" / f"{NAMES[-1]}.html").as_uri())
    assert page.locator("mjx-container").count() == page.locator(".math").count() > 0
    found = search_results(page, "cross-entropy")
    assert any("/notebooks/02-softmax-and-cross-entropy.html" in link for link in found)
    page.close()


def test_paper_shows_the_notebook_alone(page):
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 900})  # A4 between its margins
    open_page(page, f"/notebooks/{NAMES[-1]}.html")
    shown = [page.locator(part).first.is_visible() for part in ("article", ".sidebar-drawer", ".related-pages")]
    assert shown == [True, False, False]
    assert page.evaluate("document.documentElement.scrollWidth") <= 680

"""The printable, searchable edition: the notebooks with their stored outputs, as pages that need no network.

The source folder is the whole project, so that the links between notebooks, to images and to data/ work as they stand:

    sphinx-build -W -c docs . docs/_build/html

With `-t lab` each notebook that runs in the browser has a button that opens it there; docs/build_lab.py builds that.
"""

import html
import importlib.util
import json
import re
from functools import partial
from pathlib import Path

from docutils import nodes

project = html_title = "Digitnet"
language = "en"
extensions = ["myst_nb", "sphinx.ext.mathjax"]

root_doc = "docs/index"
include_patterns = ["docs/*.md", "notebooks/*.ipynb", "notebooks/notation.md", "data/README.md"]
exclude_patterns = [".*", "docs/_build"]  # Sphinx would walk through .git and .venv

nb_execution_mode = "off"
# A widget is stored as a sentence of text; its live view would ask for a kernel and for scripts from the network.
nb_mime_priority_overrides = [("*", "application/vnd.jupyter.widget-view+json", None)]
nb_ipywidgets_js = {}

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
myst_heading_slug_func = partial(re.sub, " ", "-")  # JupyterLab's anchors: the heading with hyphens for spaces

# MathJax from an installed package. The full SVG flavour is one file with its letters and extensions inside: it needs
# nothing beside it, which some browsers refuse to open from a folder.
mathjax_package = Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent
mathjax_path = "tex-svg-full.js"
mathjax3_config = {"options": {"enableMenu": False}}  # the menu would fetch files that are not there

html_theme = "furo"
html_static_path = ["static", str(mathjax_package / "static" / "mathjax" / mathjax_path)]
html_css_files = ["edition.css"]
html_additional_pages = {"index": "start.html"}  # the folder opens at docs/index.html
html_extra_path = ["pad.html"]  # the pad alone, made by tools/write_pad_page.py
templates_path = ["templates"]
html_copy_source = False
html_use_index = False
html_show_copyright = False


def give_figures_their_alternative_text(app, docname, source):
    """Notebooks keep it in the output's metadata, or in the SVG; MyST-NB reads it from the cell's."""
    if str(app.env.doc2path(docname)).endswith(".ipynb"):
        notebook = json.loads(source[0])
        for cell in notebook["cells"]:
            for output in cell.get("outputs", []):
                alt = output.get("metadata", {}).get("image/png", {}).get("alt")
                svg = "".join(output.get("data", {}).get("image/svg+xml", ""))
                if label := re.search(r"aria-label=['\"](.*?)['\"]", svg):
                    alt = html.unescape(label[1])
                if alt:
                    cell["metadata"]["mystnb"] = {"image": {"alt": alt}}
        source[0] = json.dumps(notebook)


def leave_equations_as_they_are_written(app, doctree):
    """Sphinx puts equations of several lines into an environment of its own, in which MathJax refuses a \\tag."""
    for equation in doctree.findall(nodes.math_block):
        equation["no-wrap"] = True
        equation[:] = [nodes.Text(rf"\[{equation.astext()}\]")]


def put_the_pad_on_the_first_page(app, page, *_):
    if page == root_doc:
        alone = (Path(app.confdir) / "pad.html").read_text(encoding="utf-8")
        script = re.search(r'<script type="module">(.*?)</script>', alone, re.DOTALL)
        app.add_js_file(None, body=script[1], type="module")


def put_a_button_below_the_title(app, page, template, context, doctree):
    if app.tags.has("lab") and re.match(r"notebooks/0\d", page):
        link = f'<a class="run" href="../lite/notebooks/index.html?path={page}.ipynb">▶ Run in the browser</a>'
        context["body"] = context["body"].replace("</h1>", f"</h1>\n{link}", 1)


def setup(app):
    app.connect("source-read", give_figures_their_alternative_text)
    app.connect("doctree-read", leave_equations_as_they_are_written)
    app.connect("html-page-context", put_the_pad_on_the_first_page)
    app.connect("html-page-context", put_a_button_below_the_title)

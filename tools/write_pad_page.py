"""Write docs/pad.html anew: the digit pad as one page that needs no kernel, no server and no network.

    python tools/write_pad_page.py

It holds digit_pad.js and the weights of models/digitnet-best.npz; the site takes its own pad from it.
"""

import json

import digitnet_helpers as dn
from digitnet_extras import widgets
from digitnet_extras.widgets.training import THREE

PAGE = dn.ROOT / "docs" / "pad.html"
# For a page that was opened from a folder a browser loads no module and fetches no file: all of it stands in the page.
TEMPLATE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Draw a digit · Digitnet</title>
<style>
  :root { color-scheme: light dark; }
  body { margin: 2vmin; }
  #pad { max-width: 145vh; margin: auto; } /* all of it on a projector's screen */
</style>
<div id="pad"></div>
<script type="module">
%s
const pad = document.getElementById("pad");
mount(pad, %s);
// The digit that stands there makes room for the first that is drawn.
const clear = pad.querySelector("[aria-label^=Clear]");
pad.querySelector(".pad-canvas").addEventListener("pointerdown", () => clear.click(), { once: true, capture: true });
</script>
<script type="module">
if (innerWidth > 1200) document.querySelector("#pad [type=checkbox]").click(); // Large
</script>
</html>
"""


def page():
    """Return the page's text."""
    script = (dn.ROOT / "digitnet_extras" / "widgets" / "digit_pad.js").read_text(encoding="utf-8")
    weights = json.loads(widgets.weights_json()) | {"strokes": [THREE]}
    return TEMPLATE % (script, json.dumps(weights))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

"""The digit pad of notebooks 05 and 08: draw, and the network answers. The network runs in digit_pad.js."""

import base64
import json
from pathlib import Path

import anywidget
import numpy as np
import traitlets

import digitnet_helpers as dn

from ..drawings import best_model, drawing_from_file, read_seen, see_digit
from ..teaching import SHAPES, draw
from .common import Framed, bars, drawing, image, text

__all__ = ["DigitPad", "plain_28", "weights_json"]

PAD_SIZE = 112  # pixels a side of the ink that the page reads; SIZE in digit_pad.js


def _synced(kind, *args):
    """A trait that page and kernel share; bytes come from the page as a memoryview."""
    options = {"from_json": lambda value, _: bytes(value)} if kind is traitlets.Bytes else {}
    return kind(*args).tag(sync=True, **options)


def page_model(params, metadata):
    """Return what the page needs of a network: the names and values of the traits."""
    sizes = [len(params[0][0]), *(b.size for _, b in params)]
    if sizes[0] != 784 or sizes[-1] != 10:
        raise ValueError(f"the network's layers are {sizes}; the pad needs one from 784 pixels to 10 digits")
    return {
        "weights": np.clip(np.nan_to_num(dn.to_vector(params)), -1e30, 1e30).astype("<f4").tobytes(),
        "sizes": [int(size) for size in sizes],
        "straighten": metadata.get("preprocessing") == "moments",
        "moved": bool(metadata.get("moved_copies")),
    }


def weights_json(model=None):
    """Return JSON text of a network for `mount(element, weights)` of digit_pad.js, on a page without a kernel.

    `model` is a pair (params, metadata) as `load_model` returns it; None takes the best one in models/.
    """
    found = page_model(*(model or best_model()))
    return json.dumps(found | {"weights": base64.b64encode(found["weights"]).decode()})


class DigitPad(Framed, anywidget.AnyWidget):
    """A pad to draw a digit on: probabilities, the picture that the network sees and its hidden units follow.

    `model` is a pair (params, metadata) as `load_model` returns it; None takes the best one in models/. The page reads
    by itself; a moment after the hand rests `.image` is the drawing (h, w) and `.probabilities` (10,) what this
    kernel reads in it, both None while there is none. Only picture files are sent here to be read.
    """

    _esm = Path(__file__).with_name("digit_pad.js")
    weights, sizes = _synced(traitlets.Bytes), _synced(traitlets.List)
    straighten, moved = _synced(traitlets.Bool), _synced(traitlets.Bool)
    strokes, ink = _synced(traitlets.List), _synced(traitlets.Bytes)  # the drawing as it was made, and as pixels
    centred, teaching, bench = _synced(traitlets.Bool, True), _synced(traitlets.Bool), _synced(traitlets.Bool)

    def __init__(self, model=None, **traits):
        self.params, self.metadata = model or best_model()
        self.image = None
        super().__init__(**page_model(self.params, self.metadata), **traits)
        self.observe(self._inked, names="ink")
        self.on_msg(self._answer)

    def __repr__(self):
        return "[widget: a pad to draw digits on. Run this cell to use it.]"

    @property
    def probabilities(self):
        """What the network reads in `.image`: the probabilities (10,), or None."""
        if self.image is None:
            return None
        return read_seen(self.seen(self.image), self.params, self.metadata).astype(float)

    def seen(self, image):
        """Return a drawing (h, w) as the network sees it, (784,)."""
        return see_digit(image, self.metadata) if self.centred else plain_28(image)

    def use(self, params):
        """Read with other parameters of the same layers from now on."""
        self.params = params
        self.set_trait("weights", page_model(params, self.metadata)["weights"])

    def _inked(self, change):
        ink = np.frombuffer(self.ink, np.uint8)
        self.image = ink.reshape(PAD_SIZE, PAD_SIZE) if ink.size == PAD_SIZE**2 and ink.any() else None

    def _answer(self, _, content, buffers):
        """Answer a message of the page; whatever was sent, the pad goes on working."""
        kind = content.get("kind") if isinstance(content, dict) else None
        try:
            self._do(kind, buffers)
        except Exception as error:  # it would otherwise be seen in the log console alone
            self.send({"kind": "file", "message": _sentence(error)})

    def _do(self, kind, buffers):
        if kind != "file" or len(buffers or []) != 1:
            raise ValueError("The pad got a message that it does not know. Run its cell again")
        picture = drawing_from_file(bytes(buffers[0]))
        seen = self.seen(picture)
        self.image = picture
        pixels = np.rint(255 * np.clip(seen, 0, 1)).astype(np.uint8)
        self.send({"kind": "file"}, [thumbnail(picture, PAD_SIZE).tobytes(), pixels.tobytes()])

    def frame(self):
        """Return an SVG of the pad: the present drawing, or a 1 with a flag, and what is read in it."""
        lines = [stroke["points"] for stroke in self.strokes if "points" in stroke] or SHAPES["1 with a steep flag"][1]
        seen = self.seen(draw(lines))
        probabilities = read_seen(seen, self.params, self.metadata)
        best = int(probabilities.argmax())
        return drawing(
            700, 290,
            text(0, 12, "A digit", bold=True), svg_strokes(lines, 0, 20, 260),
            image(seen, 285, 0, 120, "What the network sees", most=1.0),
            bars(probabilities, range(10), 450, 0, 250, "Probability of each digit", bold=[best], row=25),
            alt=f"A drawing on the digit pad; the network reads {best}, with {100 * probabilities[best]:.0f}%.",
        )  # fmt: skip


def _sentence(error):
    """The words of an error as a sentence."""
    words = str(error) or type(error).__name__
    return words[0].upper() + words[1:].rstrip(".") + "."


def svg_strokes(strokes, x, y, size):
    """Return strokes as a part of an SVG drawing: ink on the pad's dark ground, `size` pixels a side."""
    parts = [f"<rect x='{x}' y='{y}' width='{size}' height='{size}' rx='4' fill='#00204d'/>"]
    for stroke in strokes:
        places = " ".join(f"{x + size * a:.1f},{y + size * b:.1f}" for a, b in stroke)
        parts.append(
            f"<polyline points='{places}' fill='none' stroke='#fee838' stroke-width='{0.08 * size:.1f}' "
            "stroke-linecap='round' stroke-linejoin='round'/>"
        )
    return "".join(parts)


def plain_28(image):
    """Return a drawing (h, w) from 0 to 255 as (784,) in [0, 1]: neither centred nor sized, only made smaller."""
    from PIL import Image

    small = Image.fromarray(np.asarray(image, np.uint8)).resize((28, 28), Image.Resampling.BOX)
    return (np.asarray(small, np.float32) / 255).reshape(784)


def thumbnail(image, size):
    """Return a drawing (h, w) fitted into (size, size) uint8, its proportions kept, for a look at it."""
    from PIL import Image

    picture = Image.fromarray(np.asarray(image, np.uint8))
    picture.thumbnail((size, size), Image.Resampling.BOX)
    place = Image.new("L", (size, size))
    place.paste(picture, ((size - picture.width) // 2, (size - picture.height) // 2))
    return np.asarray(place)

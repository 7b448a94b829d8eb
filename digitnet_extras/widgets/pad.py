"""The digit pad of notebooks 05 and 08: draw, and the network answers."""

from pathlib import Path

import anywidget
import numpy as np

from digitnet_helpers import forward

from ..drawings import best_model, drawing_from_file, read_seen, see_digit

__all__ = ["DigitPad"]

PAD_SIZE = 112  # pixels a side of what the browser sends; SIZE in digit_pad.js


class DigitPad(anywidget.AnyWidget):
    """A pad to draw a digit on: probabilities, the picture that the network sees and its hidden units follow.

    `model` is a pair (params, metadata) as `load_model` returns it; None takes the best one in models/.
    `.image` is the last drawing (h, w), `.probabilities` (10,) what was read from it; both None at first.
    The browser sends {"kind": "drawing" or "file", "view", "number", "centred"} with one buffer, and every message is
    answered, a malformed one with words that say what is wrong.
    """

    _esm = Path(__file__).with_name("digit_pad.js")

    def __init__(self, model=None):
        super().__init__()
        self.params, self.metadata = model or best_model()
        self.image = self.probabilities = None
        self.on_msg(self._answer)

    def __repr__(self):
        return "[widget: a pad to draw digits on. Run this cell to use it.]"

    def _answer(self, _, content, buffers):
        content = content if isinstance(content, dict) else {}
        answer = {name: content.get(name) for name in ("kind", "view", "number")}
        try:
            found, seen = self._read(content, buffers)
        except Exception as error:  # whatever was sent, the pad goes on working
            self.probabilities = None
            found, seen = {"message": str(error)}, []
        self.send(answer | found, seen)

    def _read(self, content, buffers):
        """Return what a message shows, as the answer's content and its buffers."""
        if content.get("kind") not in ("drawing", "file") or len(buffers or []) != 1:
            raise ValueError("the pad got a message that it does not know; run its cell again")
        data = bytes(buffers[0])
        if content["kind"] == "file":
            self.image = drawing_from_file(data)
        elif len(data) == PAD_SIZE**2:
            self.image = np.frombuffer(data, np.uint8).reshape(PAD_SIZE, PAD_SIZE)
        else:
            raise ValueError(f"the pad got {len(data)} bytes; expected {PAD_SIZE} x {PAD_SIZE}. Run its cell again")
        if not self.image.any():
            raise ValueError("Draw a digit.")
        x = see_digit(self.image, self.metadata) if content.get("centred", True) else plain_28(self.image)
        activations, _ = forward(self.params, x[None].astype(self.params[0][0].dtype))
        self.probabilities = read_seen(x, self.params, self.metadata).astype(float)
        best, second = np.argsort(self.probabilities)[:-3:-1]
        share = 100 * self.probabilities
        seen = [(255 * np.clip(x, 0, 1)).astype(np.uint8).tobytes()]
        if content["kind"] == "file":
            seen.append(thumbnail(self.image, PAD_SIZE).tobytes())
        found = {
            "probabilities": [round(float(p), 6) for p in self.probabilities],
            "label": int(best),
            "hidden": [A[0].round(4).tolist() for A in activations[1:]],
            "message": f"Reads {best} ({share[best]:.1f}%), then {second} ({share[second]:.1f}%).",
        }
        return found, seen


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

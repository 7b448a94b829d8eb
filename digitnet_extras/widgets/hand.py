"""Teaching the pad a hand, in notebook 08."""

import base64
import io
import re
import time

import numpy as np
import traitlets

import digitnet_helpers as dn

from ..teaching import teach
from .common import drawing, text
from .pad import DigitPad, _sentence, _synced

__all__ = ["TeachingPad", "teaching_pad"]

KEPT = "taught.npz"  # in dn.MODELS


class TeachingPad(DigitPad):
    """A pad whose drawings are labelled, kept, and taught to a copy of the network; made by `teaching_pad`.

    `.params` is the network that reads now, `.drawings` are the labelled drawings as the network sees them, (k, 784),
    `.labels` (k,) what they are, and `.report` what the last Teach did.
    """

    labelled, report = _synced(traitlets.List), _synced(traitlets.Dict)
    mixing = _synced(traitlets.Bool, True)

    def __init__(self, params, metadata, mix=None, validation=None):
        self.start, self.mix, self.validation = params, mix, validation
        super().__init__((params, metadata), teaching=True)

    def __repr__(self):
        return "[widget: a pad to teach the network your hand. Run this cell to use it.]"

    @property
    def labels(self):
        return np.array([one["label"] for one in self.labelled], int)

    @property
    def drawings(self):
        return np.array([self.seen(_pixels(one["ink"])) for one in self.labelled]).reshape(-1, 784)

    def teach(self):
        """Teach a copy of the first network, and report before and after."""
        if not self.labelled:
            self.report = {"words": "Draw a digit and say what it is first."}
            return
        begun = time.perf_counter()
        images, labels = self.drawings, self.labels
        self.use(self._taught(images, labels))
        seconds = time.perf_counter() - begun
        judged = self._judged(images, labels)
        before = self._read(self.start, images)
        asked = [k for k, label in enumerate(judged) if label is not None]
        rows = [["Your digits", f"{np.sum(before == labels)} of {len(labels)}", "draw a second of a kind"]]
        if asked:
            rows[0][1] = f"{np.sum(before[asked] == labels[asked])} of {len(asked)}"
            rows[0][2] = f"{sum(judged[k] == labels[k] for k in asked)} of {len(asked)}"
        if self.validation is not None:
            rows.append(["Validation digits", *(f"{100 * self._accuracy(p):.1f}%" for p in (self.start, self.params))])
        words = f"Taught {len(labels)} in {seconds:.1f} s{'' if self._mixed() else ', and nothing else'}. "
        if asked:
            words += "Each of your digits is judged by a network that was not taught with it."
        self.report = {"words": words, "rows": rows, "judged": judged}

    def forget(self):
        """Go back to the first network; the drawings stay."""
        self.use(self.start)
        self.report = {"words": "Forgotten: the network is as it was. Your drawings are still here."}

    def save(self):
        """Write the network that reads now to models/taught.npz."""
        dn.save_model(dn.MODELS / KEPT, self.params, **self.metadata | {"taught": self.labels.tolist()})
        self.report = {"words": f"Saved as models/{KEPT}. Load reads it again, also tomorrow."}

    def load(self):
        """Read with the network that was saved last."""
        path = dn.MODELS / KEPT
        if not path.is_file():
            raise FileNotFoundError(f"there is no models/{KEPT} yet: press Save first")
        params, metadata = dn.load_model(path)
        same = [W.shape for W, _ in params] == [W.shape for W, _ in self.start]
        if not same or metadata.get("preprocessing") != self.metadata.get("preprocessing"):
            raise ValueError(f"models/{KEPT} is a network of another kind: Teach and Save again")
        self.use([(W.astype(self.start[0][0].dtype), b.astype(self.start[0][0].dtype)) for W, b in params])
        self.report = {"words": f"Loaded models/{KEPT}, taught with {len(metadata.get('taught', []))} drawings."}

    def _do(self, kind, buffers):
        if kind not in ("teach", "forget", "save", "load"):
            super()._do(kind, buffers)
            return
        try:
            getattr(self, kind)()
        except Exception as error:
            self.report = {"words": f"✗ {_sentence(error)}"}

    def _mixed(self):
        return self.mix if self.mixing else None

    def _taught(self, images, labels):
        return teach(self.start, images, labels, mix=self._mixed())

    def _judged(self, images, labels):
        """Return for each drawing what a network reads that was taught with the other half of its kind, or None."""
        half = np.array([np.sum(labels[:k] == label) % 2 for k, label in enumerate(labels)])
        several = np.array([np.sum(labels == label) > 1 for label in labels])
        judged = [None] * len(labels)
        for part in (0, 1):
            asked = np.flatnonzero(several & (half == part))
            if len(asked):
                params = self._taught(images[half != part], labels[half != part])
                for k, label in zip(asked, self._read(params, images[asked])):
                    judged[k] = int(label)
        return judged

    def _read(self, params, images):
        return dn.predict(params, np.asarray(images, params[0][0].dtype))

    def _accuracy(self, params):
        X, y = self.validation
        return dn.accuracy(params, np.asarray(X, params[0][0].dtype), y)

    def frame(self):
        """Return an SVG of the pad, and of the keys below it."""
        keys = [f"<rect x='{90 + 34 * k}' y='300' width='28' height='26' rx='4' fill='none' stroke='#888'/>"
                + text(104 + 34 * k, 318, k, "middle") for k in range(10)]  # fmt: skip
        inner = re.sub(" style='[^']*'", " x='-8' y='-8' width='716' height='306'", super().frame(), count=1)
        return drawing(
            700, 335, inner, text(0, 318, "This is a"), *keys,
            text(450, 318, "[ Teach ]  [ Forget ]  [ Save ]  [ Load ]"),
            alt="The digit pad with ten keys that say what a drawing is, and Teach, Forget, Save and Load.",
        )  # fmt: skip


def _pixels(url):
    """The ink in a picture that the page sent as a data URL: (112, 112) uint8."""
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(url.split(",", 1)[1]))) as picture:
        return np.asarray(picture.convert("RGBA"))[:, :, 3]


def teaching_pad(params, metadata, mix=None, validation=None):
    """Return a pad to teach the network a hand: draw, say what it is, Teach, and see before and after.

    `mix=(X, y)` are digits that are learned beside the drawings, so that nothing is forgotten, `validation=(X, y)`
    digits that are only measured; both as the network is used to see them (straightened where its metadata says so).
    """
    return TeachingPad(params, metadata, mix, validation)

"""The bench of notebook 05: press Train, and watch. The page's part is digit_pad.js."""

import asyncio
import os
import signal
import threading
import time
from types import SimpleNamespace

import numpy as np
import traitlets
from IPython import get_ipython

import digitnet_helpers as dn

from ..teaching import draw
from .common import bars, drawing, image, lines, text
from .pad import DigitPad, _sentence, _synced, page_model, svg_strokes

__all__ = ["Bench", "bench", "run_beside"]

SETTINGS = {"optimizer": "adam", "rate": 0.003, "batch": "128", "hidden": "25, 15", "epochs": "10", "seed": "0"}
_turn = np.linspace(-0.8, 0.5, 24) * np.pi  # a 3 of two arcs: what stands on the pad until the reader draws
_upper = np.c_[0.47 + 0.17 * np.cos(_turn), 0.32 + 0.17 * np.sin(_turn)]
_lower = np.c_[0.47 + 0.2 * np.cos(_turn + 0.3 * np.pi), 0.67 + 0.19 * np.sin(_turn + 0.3 * np.pi)]
THREE = {"points": np.concatenate([_upper, _lower]).round(3).tolist(), "width": 0.08, "erase": False}
KEPT_RUNS = 6  # as many as there are colours in digit_pad.js
_beside = SimpleNamespace(now=None)  # one training at a time


# ---------------------------------------------------------------------------------------------------------------
# A generator beside the page
# ---------------------------------------------------------------------------------------------------------------


def run_beside(page):
    """Run the generator `page` while the page stays alive: in a thread, or between the page's events where none are.

    Returns an object with `stop()`, `wait()` and `running()`. The toolbar's ■ stops it, and so does the next call.
    """
    stop_beside()
    asked, ended = threading.Event(), threading.Event()
    run = SimpleNamespace(stop=asked.set, wait=ended.wait, running=lambda: not ended.is_set())
    _beside.now = run
    if dn.IN_BROWSER:
        _beside.task = asyncio.ensure_future(_in_slices(page, asked, ended))
        return run
    _stop_on_interrupt(asked, ended)
    threading.Thread(target=_in_thread, args=(page, asked, ended), daemon=True).start()
    return run


def _in_thread(page, asked, ended):
    try:
        for _ in page:
            if asked.is_set():
                break
        page.close()
    finally:
        ended.set()


async def _in_slices(page, asked, ended):
    """The same without threads: every 50 ms the page has its turn."""
    try:
        begun = time.perf_counter()
        for _ in page:
            if time.perf_counter() - begun > 0.05:
                await asyncio.sleep(0)
                begun = time.perf_counter()
            if asked.is_set():
                break
        page.close()
    finally:
        ended.set()


def _stop_on_interrupt(asked, ended):
    """Let SIGINT, which an idle kernel ignores, set `asked` until `ended`.

    ipykernel sets a handler of its own for every message and then puts the former one back: so we look again and again.
    """
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return
    loop = kernel.io_loop.asyncio_loop  # the main thread's; a page's messages may come in another one

    def on_interrupt(number, frame):
        asked.set()

    def watch():
        now = signal.getsignal(signal.SIGINT)
        if ended.is_set() and now is on_interrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        elif now is signal.SIG_IGN and not ended.is_set():
            signal.signal(signal.SIGINT, on_interrupt)
        if not ended.is_set() or now is not signal.SIG_IGN:
            loop.call_later(0.05, watch)

    loop.call_soon_threadsafe(watch)


# ---------------------------------------------------------------------------------------------------------------
# The bench
# ---------------------------------------------------------------------------------------------------------------


class Bench(DigitPad):
    """Train and Stop, hyperparameters, curves, the first layer's images, and the answer to the reader's own digit.

    `.params` and `.history` are those of the last run, `.runs` holds the curves of all. Made by `bench`.
    """

    settings, status = _synced(traitlets.Dict), _synced(traitlets.Dict)
    runs, line = _synced(traitlets.List), _synced(traitlets.Unicode)

    def __init__(self, X, y, validation):
        self.data, self.validation, self.history, self.started = (X, y), validation, None, 0
        self.beside = None
        stop_beside()
        start = dn.init_params(dtype=X.dtype)
        super().__init__((start, {}), bench=True, strokes=[THREE], settings=SETTINGS)
        self.say("Not trained yet: the images are noise. Press Train.")
        self.observe(self._show_line, names="settings")
        self._show_line()
        if os.environ.get("DIGITNET_FRAME"):
            self._try_out()

    def __repr__(self):
        return "[widget: Train, and watch curves, images and your own digit. Run this cell to use it.]"

    def keywords(self):
        """Return (layer sizes, keywords of `train`) as they are set. Raises ValueError that names what is wrong."""
        chosen = SETTINGS | self.settings
        sizes = [_whole(part, "Hidden layers", 512) for part in chosen["hidden"].replace(",", " ").split()]
        return (784, *sizes, 10), {
            "epochs": _whole(chosen["epochs"], "Epochs", 100),
            "batch_size": None if chosen["batch"] == "all" else _whole(chosen["batch"], "Batch", 10**6),
            "optimizer": chosen["optimizer"],
            "learning_rate": float(chosen["rate"]),
            "seed": _whole(chosen["seed"], "Seed", 10**6, least=0),
        }

    def train(self):
        """Start a training beside the page; one that is under way goes on instead."""
        if self.beside and self.beside.running():
            return
        self.beside = run_beside(self._training(*self.keywords()))

    def stop(self):
        """Stop after the present update; what was learned is kept."""
        if self.beside:
            self.beside.stop()

    def wait(self):
        """Return when the present training has ended."""
        if self.beside:
            self.beside.wait()

    def forget(self):
        """Take the earlier runs away; one that is under way stays."""
        self.earlier = []
        self.runs = self.runs[-1:] if self.beside and self.beside.running() else []

    def say(self, words, progress=0.0, running=False):
        self.status = {"words": words, "progress": progress, "running": running}

    def _training(self, sizes, keywords, rows=None):
        """Return the generator that runs beside the page: a training, shown now and then, at 1.5% of its time."""
        X, y = (array[:rows] for array in self.data)
        self.earlier, self.started = self.runs[-(KEPT_RUNS - 1) :], self.started + 1
        used = [run["color"] for run in self.earlier]
        run = {"settings": self.settings, "color": next(k for k in range(KEPT_RUNS) if k not in used)}
        start = dn.init_params(sizes, seed=keywords["seed"], dtype=X.dtype)
        # The curves begin before the training: with the cost of some of its digits, and the validation digits.
        run["cost"] = [dn.cross_entropy(dn.predict_proba(start, X[:2000]), y[:2000])]
        run["accuracy"] = [dn.accuracy(start, *self.validation)]
        return self._slices(run, dn.training(start, X, y, validation=self.validation, **keywords))

    def _slices(self, run, updates):
        begun = shown = time.perf_counter()
        pause, state = 0.0, None
        try:
            for state in updates:
                now = time.perf_counter()
                if now - shown > pause:
                    self._show(run, state, now - begun)
                    shown = time.perf_counter()
                    pause = max(0.15, 65 * (shown - now))
                yield
            ended = "finished"
        except FloatingPointError as error:
            ended, state.params, state.history = "diverged", error.params, error.history
        except GeneratorExit:
            ended = "stopped"
            updates.close()
        except Exception as error:  # in a thread nobody else would see it
            self.say(f"✗ {_sentence(error)}")
            return
        if state:
            self._show(run, state, time.perf_counter() - begun, ended)

    def _show(self, run, state, seconds, ended="training"):
        """Hand the present weights and curves to the page, in one message."""
        self.params, self.history = [(W.copy(), b.copy()) for W, b in state.params], state.history
        costs = [*run["cost"], *np.minimum(self.history["cost"], 1e6)]
        shares = [100 * share for share in (*run["accuracy"], *self.history["val_accuracy"])]
        curves = {"cost": np.round(costs, 4).tolist(), "accuracy": np.round(shares, 2).tolist(), "ended": ended}
        found = page_model(self.params, {})
        with self.hold_sync():
            self.sizes, self.weights = found["sizes"], found["weights"]
            self.runs = [*self.earlier, run | curves]
            share = (state.epoch + state.step / state.steps) / state.epochs
            self.say(self._words(self.runs[-1], state, seconds), share, ended == "training")

    def _words(self, run, state, seconds):
        words = f"Run {self.started} {run['ended']}: epoch {state.epoch} of {state.epochs}, {seconds:.1f} s"
        if run["ended"] == "diverged":
            return f"{words}. The steps were too large: try a smaller rate."
        if state.epoch:
            words += f", cost {run['cost'][-1]:.4f}, validation accuracy {run['accuracy'][-1]:.2f}%"
        if state.steps == 1:
            words += f". A batch of all makes one update an epoch: {state.epochs} updates in all"
        return words + "."

    def _do(self, kind, buffers):
        if kind not in ("train", "stop", "forget"):
            super()._do(kind, buffers)
            return
        try:
            getattr(self, kind)()
        except Exception as error:
            self.say(f"✗ {_sentence(error)}")

    def _show_line(self, change=None):
        try:
            sizes, keywords = self.keywords()
        except ValueError as error:
            self.line = f"# {_sentence(error)}"
            return
        given = ", ".join(f"{name}={value!r}" for name, value in keywords.items())
        start = f"dn.init_params({sizes}, seed={keywords['seed']}, dtype=X_train.dtype)"
        self.line = f"params, history = dn.train({start}, X_train, y_train, {given}, validation=(X_val, y_val))"

    def _try_out(self):
        """Train for less than a second, so that the stored page has something to show."""
        sizes, keywords = self.keywords()
        for _ in self._training(sizes, keywords | {"epochs": 4}, rows=10_000):
            pass

    def frame(self):
        """Return an SVG of the bench as it is: a drawing and its answer, the curves, and the first layer's images."""
        strokes = [stroke["points"] for stroke in self.strokes if "points" in stroke]
        seen = self.seen(draw(strokes)).astype(self.params[0][0].dtype)
        probabilities = dn.predict_proba(self.params, seen[None])[0]
        best, W = int(probabilities.argmax()), self.params[0][0]
        parts = [text(0, 12, "Your own digit", bold=True), svg_strokes(strokes, 0, 20, 200)]
        parts.append(bars(probabilities, range(10), 4, 232, 196, "Its answer", bold=[best], row=19))
        for k, (key, title, unit) in enumerate((("cost", "Cost, training digits", "nats"),
                                                ("accuracy", "Accuracy, validation digits", "%"))):  # fmt: skip
            series = {f"run {n + 1}": (np.arange(len(run[key])), run[key]) for n, run in enumerate(self.runs)}
            top = (0, 2.5) if key == "cost" else (0, 100)
            longest = max([2, *(len(run[key]) - 1 for run in self.runs)])
            parts.append(lines(series, 230 + 250 * k, 0, 240, 210, title, "epoch", unit, (0, longest), top))
        parts.append(text(230, 244, "What the first layer's units look for", bold=True))
        tiles = [np.pad(W[:, k].reshape(28, 28), (0, 2)) for k in range(min(W.shape[1], 26))]
        tiles += [np.zeros((30, 30))] * (-len(tiles) % 9)
        sheet = np.vstack([np.hstack(tiles[k : k + 9]) for k in range(0, len(tiles), 9)])
        parts.append(image(sheet, 230, 254, 490, signed=True, most=3.5 * W.std(), shape=sheet.shape))
        alt = f"The training bench: a drawn digit, read as {best} with {100 * probabilities[best]:.0f}%, the curves of "
        return drawing(730, 450, *parts, alt=alt + "cost and accuracy, and the first layer's weights as images.")


def _whole(words, name, most, least=1):
    try:
        number = int(words)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise ValueError(f"{name}: {str(words)!r} is no whole number from {least} to {most}")
    return number


def stop_beside():
    """End the training that a former run of the cell left."""
    if _beside.now:
        _beside.now.stop()
        if not dn.IN_BROWSER:
            _beside.now.wait(1)


def bench(X, y, validation):
    """Return the training bench for images `X` (n, 784), labels `y` (n,); `validation=(X_val, y_val)` is measured.

    Where the environment says DIGITNET_FRAME, it trains for a moment at once, for the picture on the stored page.
    """
    return Bench(X, y, validation)

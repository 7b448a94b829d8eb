"""The interactive parts of the Digitnet notebooks, on top of digitnet_helpers.

A picture that answers at once is SVG text: small to send, sharp at any size, readable by a screen reader. `bars`,
`lines` and `image` draw its parts, `drawing` puts them together, and `explore` puts controls over a function that
returns such a drawing. `TrainingBench` trains while the page stays alive, and `DigitPad` reads a digit as it is drawn.
"""

import base64
import functools
import html
import io
import math
import threading
import time
from pathlib import Path

import anywidget
import ipywidgets
import numpy as np

from digitnet_helpers import (
    COLORS,
    OPTIMIZERS,
    best_model,
    drawing_from_file,
    forward,
    init_params,
    read_seen,
    see_digit,
    training,
)

# ---------------------------------------------------------------------------------------------------------------
# SVG: the parts of a drawing, each a string
# ---------------------------------------------------------------------------------------------------------------

FONT = "font-family='DejaVu Sans, Verdana, sans-serif' font-size='12'"
DASHES = ("", "6 3", "8 3 2 3", "2 3", "12 4", "4 2 1 2 1 2", "1 2")  # one for each of COLORS, as in the figures


def drawing(width, height, *parts, alt):
    """Return one SVG of `width` x `height` pixels with the given parts; `alt` says in words what it shows."""
    return (
        f"<svg viewBox='0 0 {width} {height}' width='{width}' role='img' aria-label='{html.escape(alt)}' {FONT} "
        f"style='background: white; max-width: 100%' xmlns='http://www.w3.org/2000/svg'>{''.join(parts)}</svg>"
    )


def text(x, y, words, anchor="start", bold=False, color="#1a1a1a", size=12):
    """Words at (x, y); `anchor` says which end of them stands there: start, middle or end."""
    weight = " font-weight='bold'" if bold else ""
    place = f"x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' font-size='{size}'"
    return f"<text {place} fill='{color}'{weight}>{html.escape(str(words))}</text>"


def bars(values, labels, x, y, width, title, most=1.0, bold=(), form="{:.3f}", row=22, numbers=None, mark=None):
    """A horizontal bar for each value from -`most` or 0 to `most`, its label before it and its number behind.

    Bars whose index is in `bold` are darker, and so are their labels: not colour alone. `numbers` are words to stand
    behind the bars in place of the values, `mark` is a value at which a dashed line crosses them.
    """
    values = np.asarray(values, float)
    numbers = [form.format(v + 0.0).replace("-", "−") for v in values] if numbers is None else numbers
    number = max(map(len, numbers)) * 7.5 + 8
    label = max(len(str(name)) for name in labels) * 7.5 + 8
    room = width - label - number
    zero = room / 2 if values.min() < 0 or most < 0 else 0
    scale = (room - zero) / abs(most)
    parts = [text(x, y + 12, title, bold=True)]
    for k, (value, name) in enumerate(zip(values, labels)):
        top, strong = y + 22 + k * row, k in bold
        length = min(abs(value) * scale, room - zero)
        start = x + label + zero - (length if value < 0 else 0)
        color = COLORS[1] if value < 0 else COLORS[0]
        parts.append(text(x + label - 8, top + row * 0.66, name, "end", strong))
        parts.append(
            f"<rect x='{start:.1f}' y='{top + 3:.1f}' width='{length:.1f}' height='{row - 6}' fill='{color}' "
            f"opacity='{1 if strong or not bold else 0.55}'/>"
        )
        parts.append(text(x + width, top + row * 0.66, numbers[k], "end", strong))
    axis, bottom = x + label + zero, y + 22 + len(values) * row
    parts.append(f"<path d='M{axis:.1f} {y + 22}V{bottom}' stroke='#888'/>")
    if mark is not None:
        at = axis + mark * scale
        parts.append(f"<path d='M{at:.1f} {y + 22}V{bottom + 6}' stroke='#1a1a1a' stroke-dasharray='4 3'/>")
    return "".join(parts)


def lines(series, x, y, width, height, title, xlabel, ylabel, xlim=None, ylim=None, legend="top", points=()):
    """Curves {label: (xs, ys)} with axes and a legend; each curve has a colour and a dash of its own.

    A limit that is not given is the data's own; values that are not finite are left out. The legend of two curves or
    more stands at the right, at the "top" or the "bottom"; None leaves it out. `points` (x, y, words) are marked.
    """
    curves = {}
    for label, (xs, ys) in series.items():
        xs, ys = np.asarray(xs, float), np.asarray(ys, float)
        fine = np.isfinite(xs) & np.isfinite(ys)
        curves[label] = (xs[fine], ys[fine])
    xlim, ylim = (
        limits or _limits([values[axis] for values in curves.values()]) for axis, limits in ((0, xlim), (1, ylim))
    )
    left, top, right, bottom = x + 46, y + 22, x + width - 12, y + height - 36
    across = lambda v: left + (v - xlim[0]) / (xlim[1] - xlim[0]) * (right - left)  # noqa: E731
    up = lambda v: bottom - (np.clip(v, *ylim) - ylim[0]) / (ylim[1] - ylim[0]) * (bottom - top)  # noqa: E731
    parts = [text(x, y + 12, title, bold=True)]
    parts.append(f"<path d='M{left} {top}V{bottom}H{right}' fill='none' stroke='#888'/>")
    for tick in _ticks(*ylim):
        parts.append(f"<path d='M{left} {up(tick):.1f}H{right}' stroke='#e6e6e6'/>")
        parts.append(text(left - 6, up(tick) + 4, f"{tick:g}", "end"))
    for tick in _ticks(*xlim):
        parts.append(text(across(tick), bottom + 15, f"{tick:g}", "middle"))
    parts.append(text((left + right) / 2, bottom + 31, xlabel, "middle"))
    parts.append(text(right, top - 8, ylabel, "end", color="#555"))
    for k, (label, (xs, ys)) in enumerate(curves.items()):
        color, dash = COLORS[k % len(COLORS)], DASHES[k % len(DASHES)]
        step = max(1, len(xs) // 400)  # more points than pixels only take time
        corners = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across(xs[::step]), up(ys[::step])))
        style = f"fill='none' stroke='{color}' stroke-width='1.8' stroke-dasharray='{dash}'"
        parts.append(f"<polyline points='{corners}' {style}/>")
        if len(xs) == 1:
            parts.append(f"<circle cx='{across(xs[0]):.1f}' cy='{up(ys[0]):.1f}' r='3' fill='{color}'/>")
        if len(curves) > 1 and legend:
            row = top + 8 + 16 * k if legend == "top" else bottom - 10 - 16 * (len(curves) - 1 - k)
            parts.append(f"<path d='M{right - 28} {row}H{right}' {style}/>")
            parts.append(text(right - 34, row + 4, label, "end"))
    for at, height, words in points:
        parts.append(f"<circle cx='{across(at):.1f}' cy='{up(height):.1f}' r='5' fill='#1a1a1a'/>")
        side = ("start", 10) if across(at) < left + 80 else ("end", -10)
        parts.append(text(across(at) + side[1], up(height) + 18, words, side[0], bold=True))
    return "".join(parts)


def _limits(arrays):
    values = np.concatenate([*arrays, []])
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _ticks(low, high):
    """About five round numbers from `low` to `high`."""
    rough = (high - low) / 5
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * m for m in (1, 2, 5, 10) if unit * m >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def image(values, x, y, size, title=None, signed=False, most=None, shape=(28, 28)):
    """A picture `size` pixels wide: cividis from 0 to `most` or, if `signed`, red and blue from -`most` to `most`.

    `values` are reshaped to `shape`; `most` is the largest absolute value unless it is given.
    """
    from PIL import Image

    values = np.reshape(values, shape).astype(float)
    most = most or np.abs(values).max() or 1.0
    share = (values / most + 1) / 2 if signed else values / most
    picture = Image.fromarray(np.clip(256 * share, 0, 255).astype(np.uint8))
    picture.putpalette(_palette("RdBu_r" if signed else "cividis"))
    png = io.BytesIO()
    picture.save(png, format="PNG", compress_level=1)
    data = base64.b64encode(png.getvalue()).decode()
    height = size * shape[0] / shape[1]
    caption = "" if title is None else text(x, y + 12, title, bold=True)
    top = y if title is None else y + 20
    return caption + (
        f"<image x='{x}' y='{top}' width='{size}' height='{height:.1f}' style='image-rendering: pixelated' "
        f"href='data:image/png;base64,{data}'/>"
    )


@functools.cache
def _palette(name):
    import matplotlib

    return matplotlib.colormaps[name](np.arange(256), bytes=True)[:, :3].tobytes()


def digit_grid(images, captions, x, y, size, columns, wrong=()):
    """Images (k, 784) in rows of `columns`, each `size` pixels wide with its caption below.

    A caption whose index is in `wrong` is bold and ends with ✗, as in the figures.
    """
    parts = []
    for start in range(0, len(images), columns):
        row = np.reshape(images[start : start + columns], (-1, 28, 28))
        width, top = size * len(row), y + start // columns * (size + 22)
        parts.append(image(np.hstack(row), x, top, width, most=1.0, shape=(28, 28 * len(row))))
        for k, caption in enumerate(captions[start : start + columns]):
            left, miss = x + k * size, start + k in wrong
            words, color = (f"{caption} ✗", COLORS[1]) if miss else (caption, "#1a1a1a")
            parts.append(text(left + size / 2, top + size + 13, words, "middle", miss, color, 11))
            parts.append(f"<path d='M{left} {top}V{top + size}' stroke='white' stroke-width='3'/>")
    return "".join(parts)


def frame(x, y, width, height, color="#D55E00"):
    """The outline of a rectangle, to point at a part of a picture."""
    place = f"x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}'"
    return f"<rect {place} fill='none' stroke='{color}' stroke-width='2.5'/>"


# ---------------------------------------------------------------------------------------------------------------
# Controls over a function
# ---------------------------------------------------------------------------------------------------------------


def slider(low, high, value, step=0.1, form=".1f"):
    """A slider of numbers from `low` to `high`; whole numbers when `step` is an int."""
    kind = ipywidgets.IntSlider if isinstance(step, int) else ipywidgets.FloatSlider
    options = {} if isinstance(step, int) else {"readout_format": form}
    return kind(value=value, min=low, max=high, step=step, continuous_update=True, **options)


def log_slider(low, high, value, form=".3g"):
    """A slider of positive numbers from `low` to `high` whose equal steps multiply: ten to a power of ten."""
    ends = {"min": math.log10(low), "max": math.log10(high)}
    return ipywidgets.FloatLogSlider(value=value, step=0.1, readout_format=form, continuous_update=True, **ends)


def choice(options, value=None):
    """A menu of `options`, a list or a dict {text: value}."""
    first = next(iter(options.values() if isinstance(options, dict) else options))
    return ipywidgets.Dropdown(options=options, value=first if value is None else value)


class Explorer(ipywidgets.VBox):
    """Controls over `function(**values)`, which returns an SVG drawing; made by `explore`."""

    def __init__(self, function, controls, columns):
        self.function, self.controls = function, controls
        for name, control in controls.items():
            control.description = control.description or name.replace("_", " ")
            control.style.description_width = "130px"
            control.layout.width = "330px"
            control.observe(self.update, names="value")
        self.picture = ipywidgets.HTML()
        rows = ipywidgets.GridBox(
            list(controls.values()), layout={"grid_template_columns": f"repeat({columns}, 350px)", "overflow": "auto"}
        )
        super().__init__([rows, self.picture])
        self.update()

    def update(self, change=None):
        """Draw again for the present values. What goes wrong is said where the picture would stand."""
        values = {name: control.value for name, control in self.controls.items()}
        try:
            self.picture.value = self.function(**values)
        except Exception as error:  # a callback's error would otherwise be seen in the log console alone
            self.picture.value = f"<p role='alert'>✗ {html.escape(f'{type(error).__name__}: {error}')}</p>"

    def __repr__(self):
        names = [control.description for control in self.controls.values()]
        if len(names) > 4:  # ipywidgets shows 110 characters
            names = [*names[:3], f"{len(names) - 3} more"]
        return f"[widget: {', '.join(names)}. Run this cell to work it.]"


def explore(function, columns=2, **controls):
    """Put `controls` (of `slider`, `choice` or ipywidgets) over `function`; the picture follows every change.

    Each control is passed as the argument of its name; `function` returns SVG or HTML text.
    """
    return Explorer(function, controls, columns)


# ---------------------------------------------------------------------------------------------------------------
# Training on a live page
# ---------------------------------------------------------------------------------------------------------------


def training_picture(runs):
    """Return an SVG of several trainings, {label: history}: cost on the left, validation accuracy on the right."""
    epochs = {label: np.arange(1, len(history["cost"]) + 1) for label, history in runs.items()}
    costs = {label: (epochs[label], history["cost"]) for label, history in runs.items()}
    shares = {label: (epochs[label], 100 * history["val_accuracy"]) for label, history in runs.items()}
    longest = max((len(numbers) for numbers in epochs.values()), default=1)
    best = max((history["val_accuracy"].max() for history in runs.values() if len(history["cost"])), default=0)
    xlim = (1, max(longest, 2))
    return drawing(
        700,
        270,
        lines(costs, 0, 0, 340, 270, "Cost on the training images", "epoch", "nats", xlim),
        lines(shares, 360, 0, 340, 270, "Accuracy on the validation images", "epoch", "%", xlim, legend=None),
        alt=f"Cost and validation accuracy by epoch of {len(runs)} runs; the best accuracy is {100 * best:.1f}%.",
    )


class TrainingBench(ipywidgets.VBox):
    """Train and Stop buttons, hyperparameters, and the curves of this run beside those of earlier ones.

    The training runs in a thread of its own, so that the page stays alive. What was learned is kept when Stop is
    pressed: `.params` and `.history` are the last run's, `.runs` holds {label: history} of all.
    `X` (n, 784) and `y` (n,) are trained on, `validation` is a pair (X_val, y_val) that is only measured.
    """

    def __init__(self, X, y, validation):
        self.data, self.validation = (X, y), validation
        self.params, self.history, self.runs, self.started = None, None, {}, 0
        self._stop, self._thread = threading.Event(), None
        self.optimizer = ipywidgets.Dropdown(options=list(OPTIMIZERS), value="adam")
        self.rate = ipywidgets.FloatLogSlider(value=10**-2.5, min=-4, max=1, step=0.05, readout_format=".3g")
        self.batch = ipywidgets.Dropdown(
            options={"32": 32, "128": 128, "512": 512, "2048": 2048, "all": None}, value=128
        )
        self.hidden = ipywidgets.Text(value="25, 15", continuous_update=False)
        self.epochs = ipywidgets.IntSlider(value=10, min=1, max=100)
        self.seed = ipywidgets.BoundedIntText(value=0, min=0, max=10**6)
        named = {
            "optimizer": self.optimizer, "learning rate": self.rate, "batch size": self.batch,
            "hidden layers": self.hidden, "epochs": self.epochs, "seed": self.seed,
        }  # fmt: skip
        for name, control in named.items():
            control.description, control.style.description_width, control.layout.width = name, "100px", "330px"
            control.observe(self._say_line, names="value")
        self.start = ipywidgets.Button(description="Train", button_style="primary", icon="play")
        self.halt = ipywidgets.Button(description="Stop", icon="stop", disabled=True)
        self.forget = ipywidgets.Button(description="Forget earlier runs", layout={"width": "170px"})
        self.start.on_click(self._start)
        self.halt.on_click(lambda _: self.stop())
        self.forget.on_click(self._forget)
        self.progress = ipywidgets.FloatProgress(min=0, max=1, layout={"width": "300px"})
        self.status = ipywidgets.HTML("<span role='status'>Not trained yet.</span>")
        self.line = ipywidgets.Textarea(rows=3, disabled=False, layout={"width": "690px"})
        self.picture = ipywidgets.HTML(training_picture({}))
        grid = {"grid_template_columns": "350px 350px"}
        super().__init__(
            [
                ipywidgets.GridBox(list(named.values()), layout=grid),
                ipywidgets.HBox([self.start, self.halt, self.forget, self.progress]),
                self.status,
                self.picture,
                ipywidgets.Label("The same training as a line of Python, to be copied:"),
                self.line,
            ]
        )
        self._say_line()

    def __repr__(self):
        return "[widget: Train and Stop, with live curves of cost and accuracy. Run this cell to work it.]"

    def settings(self):
        """The chosen hyperparameters: (layer sizes, keyword arguments of `train`). Raises ValueError for bad sizes."""
        try:
            hidden = [int(size) for size in self.hidden.value.replace(",", " ").split()]
        except ValueError:
            hidden = [0]
        if any(not 1 <= size <= 512 for size in hidden):
            raise ValueError(f"hidden layers is {self.hidden.value!r}; expected numbers from 1 to 512, such as 25, 15")
        keywords = {
            "epochs": self.epochs.value, "batch_size": self.batch.value, "optimizer": self.optimizer.value,
            "learning_rate": float(f"{self.rate.value:.3g}"), "seed": self.seed.value,
        }  # fmt: skip
        return (self.data[0].shape[1], *hidden, 10), keywords

    def _say_line(self, change=None):
        try:
            sizes, keywords = self.settings()
        except ValueError as error:
            self.line.value = f"# {error}"
            return
        given = ", ".join(f"{name}={value!r}" for name, value in keywords.items())
        start = f"init_params({sizes}, seed={self.seed.value}, dtype=X_train.dtype)"
        self.line.value = f"params, history = train({start}, X_train, y_train, {given}, validation=(X_val, y_val))"

    def _start(self, _=None):
        if self._thread and self._thread.is_alive():
            return
        try:
            sizes, keywords = self.settings()
        except ValueError as error:
            self._say(f"✗ {error}")
            return
        self._stop.clear()
        self.start.disabled, self.halt.disabled, self.progress.value = True, False, 0
        self.started += 1
        label = f"{self.started}: {keywords['optimizer']} {keywords['learning_rate']:g}, {self.batch.label}"
        self._thread = threading.Thread(target=self._train, args=(label, sizes, keywords), daemon=True)
        self._thread.start()

    def stop(self):
        """Stop after the present update; what was learned is kept."""
        self._stop.set()

    def wait(self):
        """Return when the present training has ended."""
        if self._thread:
            self._thread.join()

    def _train(self, label, sizes, keywords):
        start, drawn, pause = time.perf_counter(), 0.0, 0.2
        try:
            params = init_params(sizes, seed=keywords["seed"], dtype=self.data[0].dtype)
            steps = training(params, *self.data, validation=self.validation, **keywords)
            for state in steps:
                now = time.perf_counter()
                if self._stop.is_set():
                    break
                if now - drawn > pause:
                    self._keep(label, state)
                    self._draw(state, now - start)
                    drawn = time.perf_counter()
                    pause = max(0.2, 60 * (drawn - now))  # a picture every sixty times as long as one takes: under 2%
            self._keep(label, state)
            stopped = "stopped" if self._stop.is_set() else "finished"
            self._draw(state, time.perf_counter() - start, stopped)
            steps.close()
        except Exception as error:  # in a thread nobody else would see it
            self._say(f"✗ {label}: {error}")
        finally:
            self.start.disabled, self.halt.disabled = False, True

    def _keep(self, label, state):
        self.params = [(W.copy(), b.copy()) for W, b in state.params]
        self.history = self.runs[label] = state.history

    def _draw(self, state, seconds, ended="training"):
        self.progress.value = (state.epoch + state.step / state.steps) / state.epochs
        self.picture.value = training_picture(self.runs)
        shares, costs = self.history["val_accuracy"], self.history["cost"]
        reached = f": cost {costs[-1]:.4f}, validation accuracy {100 * shares[-1]:.2f}%" if len(costs) else ""
        self._say(f"Run {self.started}, {ended}, epoch {state.epoch} of {state.epochs}, {seconds:.1f} s{reached}")

    def _say(self, words):
        self.status.value = f"<span role='status'>{html.escape(words)}</span>"

    def _forget(self, _=None):
        if not (self._thread and self._thread.is_alive()):
            self.runs, self.started = {}, 0
            self.picture.value = training_picture({})


# ---------------------------------------------------------------------------------------------------------------
# The digit pad
# ---------------------------------------------------------------------------------------------------------------

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
        layers = forward(self.params, x[None].astype(self.params[0][0].dtype))
        self.probabilities = read_seen(x, self.params, self.metadata).astype(float)
        best, second = np.argsort(self.probabilities)[:-3:-1]
        share = 100 * self.probabilities
        seen = [(255 * np.clip(x, 0, 1)).astype(np.uint8).tobytes()]
        if content["kind"] == "file":
            seen.append(thumbnail(self.image, PAD_SIZE).tobytes())
        found = {
            "probabilities": [round(float(p), 6) for p in self.probabilities],
            "label": int(best),
            "hidden": [layers[f"A{k}"][0].round(4).tolist() for k in range(1, len(self.params))],
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

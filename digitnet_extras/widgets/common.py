"""A picture that answers at once is SVG text: its parts, and controls over a function that draws one."""

import base64
import functools
import html
import io
import math

import anywidget
import ipywidgets
import numpy as np

from ..figures import COLORS

__all__ = [
    "FONT",
    "Explorer",
    "Framed",
    "bars",
    "choice",
    "digit_grid",
    "drawing",
    "explore",
    "frame",
    "image",
    "lines",
    "log_slider",
    "slider",
    "text",
]

# ---------------------------------------------------------------------------------------------------------------
# SVG: the parts of a drawing, each a string
# ---------------------------------------------------------------------------------------------------------------

FONT = "font-family='DejaVu Sans, Verdana, sans-serif' font-size='12'"
DASHES = ("", "6 3", "8 3 2 3", "2 3", "12 4", "4 2 1 2 1 2", "1 2")  # one for each of COLORS, as in the figures


def drawing(width, height, *parts, alt):
    """Return one SVG of `width` x `height` pixels with the given parts; `alt` says in words what it shows.

    It is a white card with a margin, as the figures are: also on a dark page.
    """
    return (
        f"<svg viewBox='-8 -8 {width + 16} {height + 16}' role='img' aria-label='{html.escape(alt)}' {FONT} "
        f"style='background: white; width: 100%; max-width: {width + 16}px; height: auto' "
        f"xmlns='http://www.w3.org/2000/svg'>{''.join(parts)}</svg>"
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


class Framed:
    """A widget that leaves one frame of itself on the stored page, for readers without a kernel."""

    def frame(self):
        """Return the widget's present picture as SVG text."""
        return self.picture.value

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})  # anywidget's, or ipywidgets'
        return data | {"image/svg+xml": self.frame()}, metadata


class Keys(anywidget.AnyWidget):
    """Nothing to see: keys that are pressed in the Explorer around it are not for the notebook's cell."""

    _esm = """
    export default { render({ el }) {
      let turns = 600;
      const guard = () => {
        const box = el.closest(".digitnet-explorer");
        if (!box) { if (turns--) requestAnimationFrame(guard); return; }
        box.setAttribute("data-lm-suppress-shortcuts", "true");
        box.addEventListener("keydown", (event) => event.stopPropagation());
      };
      guard();
    } };
    """


class Explorer(Framed, ipywidgets.VBox):
    """Controls over `function(**values)`, which returns an SVG drawing; made by `explore`."""

    def __init__(self, function, controls, columns):
        self.function, self.controls = function, controls
        for name, control in controls.items():
            control.description = control.description or name.replace("_", " ")
            control.layout.width = "97%"
            control.observe(self.update, names="value")
        for control in controls.values():
            longest = max(len(other.description) for other in controls.values())
            control.style.description_width = f"{8 * longest + 6}px"
        self.picture = ipywidgets.HTML()
        rows = ipywidgets.GridBox(
            list(controls.values()),
            layout={"grid_template_columns": f"repeat({columns}, minmax(0, 1fr))", "max_width": f"{380 * columns}px"},
        )
        super().__init__([rows, self.picture, Keys(layout={"display": "none"})])
        self.add_class("digitnet-explorer")
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

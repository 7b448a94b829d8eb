"""Photographs and scans: the digit is told from the paper, its lines, the shadows on it and the table around it.

NumPy and Pillow suffice, so that a browser's Python can do it without loading more.
"""

import numpy as np

_PAD = 112  # a pad's side: what is no larger holds a drawing and nothing else
_WORK = 400  # photographs are cleaned at this many pixels on their longer side
_STROKE = 0.33  # of that side: a dark part as wide as this is ground, be it shadow or table


def cleaned(image):
    """`image` (h, w) with its ink brighter than its ground, and of a photograph the digit alone: the one place that
    tells dark on bright from bright on dark. A drawing on a flat dark ground comes back as it is.
    """
    low, high = float(image.min()), float(image.max())
    if low == high:
        return image
    if max(image.shape) <= _PAD or min(image.shape) < 16:
        return _inverted(image) if _on_bright(image) else image
    if image.dtype == np.uint8:
        gray = _shrunk(image) / np.float32(255)
    else:  # shares say how dark ink is; other numbers are stretched
        low, high = (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)
        gray = _shrunk((image / 2 - low / 2) / (high / 2 - low / 2))
    dark, bright = gray.min() + 0.03 * np.ptp(gray), gray.max() - 0.03 * np.ptp(gray)
    on_dark, on_bright = (gray <= dark).mean(), (gray >= bright).mean()
    flat = on_dark + on_bright >= 0.5
    if flat:  # a scan or a screenshot: ground is what most pixels are
        upright = _inverted(image) if _on_bright(gray) else image
        ink = np.abs(gray - (gray.min() if upright is image else gray.max())) / np.ptp(gray)
    else:
        ink = _ink_on_paper(gray) if _is_paper(gray) else _ink_on_paper(1 - gray, light=1)
    digit, dropped = _digit_alone(ink, flat)
    return digit if dropped or not flat else upright


def _inverted(image):
    return 255 - image if image.dtype == np.uint8 else -image.astype(np.float64)


def _on_bright(image):
    """Is this drawing dark on bright? Its border, its corners and most of it are bright then."""
    bright = image.astype(np.float32) > threshold(image.astype(np.float32))
    border = np.concatenate([bright[0], bright[-1], bright[:, 0], bright[:, -1]])
    return border.mean() > 0.5 and bright.mean() > 0.5 and bright[[0, 0, -1, -1], [0, -1, 0, -1]].sum() >= 3


def _shrunk(gray, side=_WORK):
    """`gray` as float32 with at most `side` pixels on its longer side, each the mean of those that it stands for."""
    from PIL import Image

    picture = Image.fromarray(gray if gray.dtype == np.uint8 else gray.astype(np.float32))
    if max(gray.shape) > side:
        scale = side / max(gray.shape)
        picture = picture.resize([max(1, round(scale * n)) for n in picture.size], Image.Resampling.BOX)
    return np.asarray(picture, np.float32)


def _is_paper(gray):
    """Does the photograph show dark ink on bright paper? Then a part brighter than the rest is wider than a stroke.

    Uneven light is taken out first, as the square surface that fits best.
    """
    small = _shrunk(gray, 64)
    y, x = (np.mgrid[: small.shape[0], : small.shape[1]] / 32.0 - 1).reshape(2, -1)
    surface = np.stack([np.ones_like(x), y, x, y * y, x * y, x * x], axis=1)
    rest = small.ravel() - surface @ np.linalg.lstsq(surface, small.ravel(), rcond=None)[0]
    bright = (rest > threshold(rest)).reshape(small.shape)
    return bool(_opened(_grown(bright, 1), 19, 19).any())  # thin lines do not part the paper


def _ink_on_paper(gray, light=None):
    """How dark each pixel is against the paper around it, 0 for the paper and 1 for black.

    The paper's brightness is what remains when dark parts narrower than a stroke are filled in. The straight edge of
    a shadow or of a table is no such part and stays, so that it does not count as ink. `light` is the light that falls
    on the paper; None takes what the paper shows of it, so that ink in the shadow is as dark as in the sun.
    """
    smooth = _mean(_mean(gray, 3).T, 3).T
    width = int(_STROKE * max(gray.shape)) | 1
    paper = _closed(smooth, width, width)
    if _lonely(paper < 0.5 * np.percentile(paper, 90)):
        raise ValueError("the ink is a blot, as wide as it is high: draw a digit with a narrower pen")
    return ((paper - smooth) / (light or paper + 0.02)).clip(0, 1)


def _lonely(mask):
    """Is there a large piece in the mask that does not touch the border?"""
    _, pieces = _pieces(mask)
    return any(piece.size > 0.01 * mask.size and not piece.at_border for piece in pieces)


def _digit_alone(ink, flat=False):
    """Return the digit of `ink`, cut out of its surroundings, and whether anything else was dropped.

    On a `flat` ground ink may run to the border; in a photograph what does so is a table or a shadow.
    """
    ink, lines = _without_lines(ink)
    level = np.percentile(ink, 25)  # of paper, even where it fills less than half of the picture
    noise = np.median(np.abs(np.diff(ink, axis=1)))
    floor = level + max(12 * noise, 0.06)
    rest = ink
    for _ in range(4):  # a strip of table at the border is darker than pencil: it goes first
        mask = rest > max(0.7 * threshold(rest) + 0.3 * floor, floor)
        labels, pieces = _pieces(mask)
        many = noise < 0.02 and sum(piece.size >= 0.0001 * mask.size for piece in pieces) > 10  # letters and numbers
        pieces = [piece for piece in pieces if piece.size >= 0.0004 * mask.size]
        inner = [piece for piece in pieces if flat or not piece.at_border]
        inner = inner or [p for p in pieces if 0.4 < p.span / max(mask.shape) < 0.95 and p.size > 0.02 * mask.size]
        if inner or not pieces:
            break
        rest = np.where(_grown(mask, 4), 0, rest)
    if not inner:
        raise ValueError(
            "the page is empty: no ink stands out in it. Draw with a darker pen, and leave paper around the digit"
        )
    main, kept = _chosen(inner)
    if lines == "axes" or many:
        raise ValueError("this looks like a page or a chart, not like one digit: cut the picture to the digit")
    shape = np.isin(labels, [piece.label for piece in kept])
    if _is_blot(shape, kept):
        raise ValueError("the ink is a blot, as wide as it is high: draw a digit with a narrower pen")
    dropped = lines or len(kept) < len(pieces)
    strength = np.percentile(rest[shape], 75)
    digit = np.where(_grown(shape, 5), np.clip((rest - level) / (strength - level), 0, 1), 0)
    # A margin of ground on every side, and no more: the digit fills a look at it.
    top, left = (min(getattr(p, side) for p in kept) for side in ("top", "left"))
    bottom, right = (max(getattr(p, side) for p in kept) for side in ("bottom", "right"))
    margin = max(bottom - top, right - left) // 4 + 6
    padded = np.pad(digit, margin)
    return padded[top : bottom + 2 * margin, left : right + 2 * margin].astype(np.float32), bool(dropped)


def _chosen(pieces):
    """Return the main piece and those that make one digit with it; raises ValueError where there are two digits."""
    main = max(pieces, key=lambda piece: piece.size * piece.span)
    kept = [main]
    for piece in pieces:
        if piece is main:
            continue
        gap = max(piece.left - main.right, main.left - piece.right, piece.top - main.bottom, main.top - piece.bottom)
        beside = max(piece.left - main.right, main.left - piece.right) > 0
        large = piece.size > 0.25 * main.size and piece.span > 0.4 * main.span
        if large and (beside or gap > 0.25 * main.span):
            raise ValueError("two pieces of ink side by side: draw one digit")
        if large or (gap < 0.15 * main.span and piece.size > 0.02 * main.size):
            kept.append(piece)
    return main, kept


def _is_blot(shape, kept):
    """Does a square of two fifths of the ink's length fit into the ink, which is not a mere bar?"""
    height = max(p.bottom for p in kept) - min(p.top for p in kept)
    width = max(p.right for p in kept) - min(p.left for p in kept)
    side = int(0.42 * max(height, width))
    return side > 3 and min(height, width) > 0.4 * max(height, width) and bool(_opened(shape, side, side).any())


# --- ruled lines


def _without_lines(ink):
    """Return `ink` without the lines of lined or squared paper, and what they were: "", "ruled" or "axes".

    A line is thin and straight, and far longer than a stroke of the digit. The picture is turned until its lines are
    level; what remains along them after the digit is taken away is their darkness.
    """
    from PIL import Image

    unit = max(ink.shape) / _WORK
    thick = int(12 * unit) | 1
    thin = np.maximum(ink - _opened(ink, thick, 1), ink - _opened(ink, 1, thick))
    picture = Image.fromarray(_shrunk(thin, 200))

    def sharpness(angle):
        turned = np.asarray(picture.rotate(angle, Image.Resampling.BILINEAR))
        return (turned.sum(axis=0) ** 2).sum() + (turned.sum(axis=1) ** 2).sum()

    angle = max(np.arange(-6, 6.1, 0.5), key=lambda angle: (sharpness(angle), -abs(angle)))
    turned = np.asarray(Image.fromarray(ink).rotate(angle, Image.Resampling.BICUBIC)) if angle else ink
    ground = np.percentile(turned, 25)
    levels, counts = [], []
    for sheet, axis in ((turned, 0), (turned.T, 1)):  # lines along the rows, then along the columns
        broad = _opened(sheet, thick, 1)
        stroke = broad > ground + 0.09
        narrow = np.where(stroke, 1, sheet - broad)  # lines go on under a stroke
        wide = _extreme(narrow, 5, 0, np.maximum)
        wide = _mean(wide, int(15 * unit) | 1)
        level = _opened(wide, 1, int(0.45 * sheet.shape[1]) | 1)
        level = np.where(level > np.percentile(wide, 25) + 0.015, level, 0)  # noise stays below its own quartile
        seen = (level > 0) & ~_grown(stroke, 4)
        found = seen.mean(axis=1) > 0.3
        counts.append(int((np.diff(found.astype(int), prepend=0) == 1).sum()))
        level = np.minimum(level, np.median(level[seen]) if found.any() else 0)
        levels.append(level if axis == 0 else level.T)
    if max(counts) <= 2 and min(counts) >= 1:
        return ink, "axes"
    if max(counts) < 2:  # a single line may well be a 1
        return ink, ""
    clean = turned
    for level, size in zip(levels, ((11, 1), (1, 11))):
        line = level > 0
        less = np.where(line, np.clip(clean - 1.4 * level, 0, 1), clean)
        bridged = _closed(less, *size)  # where a stroke crosses a line, it goes on
        clean = np.where(line, np.maximum(less, np.minimum(bridged, clean)), clean)
    return clean, "ruled"


def threshold(values):
    """The brightness that parts ink from ground best: largest variance between the two. Source: Otsu (1979)."""
    if values.min() == values.max():
        return values.min()
    counts, edges = np.histogram(values, bins=256)
    centres = (edges[1:] + edges[:-1]) / 2
    below, moment = np.cumsum(counts)[:-1], np.cumsum(counts * centres)[:-1]
    total, mean = counts.sum(), (counts * centres).sum() / counts.sum()
    return edges[1:-1][np.argmax((mean * below - moment) ** 2 / (below * (total - below)))]


# --- morphology, with rectangles


def _extreme(values, length, axis, choose):
    """The largest or smallest (`choose`) of `length` neighbours along an axis: each pass doubles its reach."""
    before = length // 2
    around = [(before, length - 1 - before) if k == axis else (0, 0) for k in range(2)]
    values = np.moveaxis(np.pad(values, around, mode="edge"), axis, 0)
    reach = 1
    while reach < length:
        step = min(reach, length - reach)
        values = choose(values[:-step], values[step:])
        reach += step
    return np.moveaxis(values, 0, axis)


def _opened(values, height, width):
    """`values` without bright parts that are lower than `height` or narrower than `width` pixels, both odd."""
    for choose in (np.minimum, np.maximum):
        values = _extreme(_extreme(values, height, 0, choose), width, 1, choose)
    return values


def _closed(values, height, width):
    return -_opened(-values, height, width)


def _grown(mask, pixels):
    return _extreme(_extreme(mask, 2 * pixels + 1, 0, np.maximum), 2 * pixels + 1, 1, np.maximum)


def _mean(values, length):
    """The mean of `length` neighbours along the rows."""
    sums = np.cumsum(np.pad(values, ((0, 0), (length // 2 + 1, length // 2)), mode="edge"), axis=1, dtype=np.float64)
    return ((sums[:, length:] - sums[:, :-length]) / length).astype(np.float32)


class _Piece:
    """A connected piece of ink: its label, its size in pixels and the box that it fills."""

    def __init__(self, label, runs, shape):
        self.label = label
        self.size = int((runs[:, 2] - runs[:, 1]).sum())
        self.top, self.bottom = int(runs[:, 0].min()), int(runs[:, 0].max()) + 1
        self.left, self.right = int(runs[:, 1].min()), int(runs[:, 2].max())
        self.span = max(self.bottom - self.top, self.right - self.left)
        self.at_border = self.top < 2 or self.left < 2 or self.bottom > shape[0] - 2 or self.right > shape[1] - 2


def _pieces(mask):
    """Return `labels` (h, w), 0 where there is no ink, and the connected pieces of the mask.

    The rows are cut into runs of ink; runs that touch in two rows belong together.
    """
    edges = np.diff(np.pad(mask.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    first = np.searchsorted(rows, np.arange(len(mask) + 1))  # where each row's runs begin
    parent = list(range(len(rows)))

    def root(run):
        while parent[run] != run:
            parent[run] = run = parent[parent[run]]
        return run

    start, end = starts.tolist(), ends.tolist()
    for row in range(1, len(mask)):
        above, run = first[row - 1], first[row]
        while above < first[row] and run < first[row + 1]:
            if start[above] <= end[run] and start[run] <= end[above]:  # also across a corner
                parent[root(run)] = root(above)
            if end[above] < end[run]:
                above += 1
            else:
                run += 1
    names, numbers = np.unique([root(run) for run in range(len(rows))], return_inverse=True)
    labels = np.zeros(mask.shape, np.int32)
    labels[mask] = np.repeat(numbers + 1, ends - starts)
    order = np.argsort(numbers, kind="stable")
    runs = np.stack([rows, starts, ends], axis=1)[order]
    parts = np.split(runs, np.searchsorted(numbers[order], np.arange(1, len(names)))) if len(names) else []
    return labels, [_Piece(label + 1, part, mask.shape) for label, part in enumerate(parts)]

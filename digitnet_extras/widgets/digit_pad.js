// The digit pad (notebook 08) and the training bench (notebook 05). The network itself runs here, in the page: its
// weights come once, and every frame of a drawing is read without a kernel. What a kernel adds are picture files,
// teaching and training. On a page without one: `mount(element, weights)`, see the end.

const SIZE = 112; // pixels a side of the ink that is read; PAD_SIZE in pad.py
const FINE = 720; // pixels a side of the ink that is shown
const BOX = 20; // pixels that MNIST's digits were fitted into
const LARGEST_FILE = 9e6; // bytes: a Jupyter server takes messages of 10 MB
const INK = "rgb(254, 232, 56)";

// ------------------------------------------------------------------------------------------------------------------
// From ink to probabilities: what digitnet_extras does in drawings.py and images.py, for the pad's own clean strokes.
// A picture is {height, width, v}: brightnesses from 0 to 1, row by row.
// ------------------------------------------------------------------------------------------------------------------

const picture = (height, width, v = new Float64Array(height * width)) => ({ height, width, v });
const sum = (v) => v.reduce((a, b) => a + b, 0);
function largest(v) {
  let most = 0;
  for (let k = 0; k < v.length; k += 1) if (v[k] > most) most = v[k];
  return most;
}

function roundEven(x) { // as Python rounds
  const low = Math.floor(x);
  return x - low === 0.5 ? low + (low & 1) : Math.round(x);
}

function crop({ height, width, v }) {
  let top = height, bottom = -1, left = width, right = -1;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (v[y * width + x] <= 0.1) continue;
      top = Math.min(top, y); bottom = y; left = Math.min(left, x); right = Math.max(right, x);
    }
  }
  const out = picture(bottom - top + 1, right - left + 1);
  for (let y = 0; y < out.height; y += 1) {
    const start = (top + y) * width + left;
    out.v.set(v.subarray(start, start + out.width), y * out.width);
  }
  return out;
}

function cubic(x) { // Keys' kernel with a = -0.5, as Pillow has it
  const t = Math.abs(x);
  return t < 1 ? (1.5 * t - 2.5) * t * t + 1 : t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
}

function resizedRows({ height, width, v }, length) { // the rows resampled to `length`, and the result transposed
  const out = picture(length, height), scale = width / length, wide = Math.max(scale, 1);
  for (let x = 0; x < length; x += 1) {
    const centre = (x + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - 2 * wide + 0.5), 0);
    const last = Math.min(Math.trunc(centre + 2 * wide + 0.5), width);
    const weights = [];
    for (let k = first; k < last; k += 1) weights.push(cubic((k - centre + 0.5) / wide));
    const total = sum(weights);
    for (let y = 0; y < height; y += 1) {
      let value = 0;
      for (let k = first; k < last; k += 1) value += weights[k - first] * v[y * width + k];
      out.v[x * height + y] = value / total;
    }
  }
  return out;
}

function resized(image, box) {
  const scale = box / Math.max(image.height, image.width);
  const [height, width] = [image.height, image.width].map((length) => Math.max(1, roundEven(scale * length)));
  const out = resizedRows(resizedRows(image, width), height);
  out.v.forEach((value, k) => { out.v[k] = Math.min(Math.max(value, 0), 1); });
  return out;
}

function strokeWidth({ height, width, v }) { // twice the area over the outline
  let steps = 0;
  const at = (y, x) => (y < 0 || x < 0 || y >= height || x >= width ? 0 : v[y * width + x]);
  for (let y = 0; y <= height; y += 1) {
    for (let x = 0; x <= width; x += 1) {
      steps += Math.abs(at(y, x) - at(y - 1, x)) + Math.abs(at(y, x) - at(y, x - 1));
    }
  }
  return (2 * sum(v)) / (steps * Math.PI / 4);
}

function neighbours({ height, width, v }, pick) { // the largest or smallest of 3 x 3, across and then down
  const across = v.map((value, k) => {
    const x = k % width, left = x ? pick(value, v[k - 1]) : value;
    return x < width - 1 ? pick(left, v[k + 1]) : left;
  });
  return picture(height, width, across.map((value, k) => {
    const up = k >= width ? pick(value, across[k - width]) : value;
    return k + width < v.length ? pick(up, across[k + width]) : up;
  }));
}

function thickened(image, pixels) {
  const pad = Math.abs(pixels), most = largest(image.v), pick = pixels > 0 ? Math.max : Math.min;
  let out = picture(image.height + 2 * pad, image.width + 2 * pad);
  image.v.forEach((value, k) => {
    const place = (Math.trunc(k / image.width) + pad) * out.width + (k % image.width) + pad;
    out.v[place] = Math.trunc(Math.fround(255 * value / most));
  });
  for (let turn = 0; turn < pad; turn += 1) {
    const changed = neighbours(out, pick);
    if (largest(changed.v) < 128) break;
    out = changed;
  }
  return crop(picture(out.height, out.width, out.v.map((value) => value / 255)));
}

/** Steps from ink (bytes, size x size) to MNIST's convention: [{name, image}], the last one is 28 x 28. */
function normalize(ink, size) {
  const most = largest(ink), sheet = picture(size, size);
  for (let k = 0; k < ink.length; k += 1) sheet.v[k] = ink[k] / most;
  const cropped = crop(sheet);
  const fine = resized(cropped, 4 * BOX), width = strokeWidth(fine) / 4;
  const aim = width < 1.5 ? 2 : width > 5 ? 3.5 : width;
  const grow = roundEven((4 * (aim - width) * BOX) / 2 / (BOX - aim));
  const small = resized(grow ? thickened(fine, grow) : cropped, BOX);
  const mass = sum(small.v);
  let down = 0, across = 0;
  small.v.forEach((value, k) => {
    down += value * Math.trunc(k / small.width) / mass;
    across += value * (k % small.width) / mass;
  });
  const place = (middle, length) => Math.min(Math.max(roundEven(14 - middle), 0), 28 - length);
  const top = place(down, small.height), left = place(across, small.width);
  const out = picture(28, 28), peak = largest(small.v);
  small.v.forEach((value, k) => {
    out.v[(top + Math.trunc(k / small.width)) * 28 + left + (k % small.width)] = value / peak;
  });
  return [
    { name: "the ink, cut out", image: cropped },
    { name: "in 20 × 20", image: small },
    { name: "its mass in the middle", image: out },
  ];
}

function sampled(v, row, column) { // bilinear, in 28 x 28 with a border of zeros
  const at = (y, x) => (y < 0 || x < 0 || y > 27 || x > 27 ? 0 : v[y * 28 + x]);
  row = Math.min(Math.max(row, -1), 28); column = Math.min(Math.max(column, -1), 28);
  const y = Math.min(Math.floor(row), 27), x = Math.min(Math.floor(column), 27), b = row - y, a = column - x;
  return (1 - b) * ((1 - a) * at(y, x) + a * at(y, x + 1)) + b * ((1 - a) * at(y + 1, x) + a * at(y + 1, x + 1));
}

function remapped(from) {
  const out = picture(28, 28);
  for (let y = 0; y < 28; y += 1) for (let x = 0; x < 28; x += 1) out.v[y * 28 + x] = from(y, x);
  return out;
}

function straightened({ v }) { // by its moments: upright, one height, the width half-way
  const mass = sum(v), mean = (f) => v.reduce((total, value, k) => total + value * f(Math.trunc(k / 28), k % 28), 0) / mass;
  const row = mean((y) => y), column = mean((_, x) => x);
  const tall = Math.max(mean((y) => (y - row) ** 2), 0.5), wide = mean((_, x) => (x - column) ** 2);
  const both = mean((y, x) => (y - row) * (x - column)), slant = both / tall;
  const down = Math.sqrt(tall) / 5.47, across = Math.sqrt(Math.sqrt(Math.max(wide - slant * both, 0.25)) / 3.41);
  return remapped((y, x) => {
    const from = down * (y - 13.5);
    return sampled(v, from + row, column + slant * from + across * (x - 13.5));
  });
}

function plain(ink, size) { // neither centred nor sized, only made smaller
  const step = size / 28, out = picture(28, 28);
  ink.forEach((value, k) => { out.v[Math.trunc(k / size / step) * 28 + Math.trunc((k % size) / step)] += value / 255 / step ** 2; });
  return out;
}

/** A network from float32 weights W1, b1, W2, ... in one buffer, and the layers' sizes. */
export function network(weights, sizes, straighten = false, nine = false) {
  const layers = [];
  let start = 0;
  for (let k = 0; k + 1 < sizes.length; k += 1) {
    const [n, m] = [sizes[k], sizes[k + 1]];
    layers.push({ n, m, W: weights.subarray(start, start + n * m), b: weights.subarray(start + n * m, start + n * m + m) });
    start += n * m + m;
  }
  return { layers, straighten, nine };
}

function forward({ layers }, x) { // all hidden layers' activations, and the probabilities
  const hidden = [];
  let A = x;
  layers.forEach(({ n, m, W, b }, k) => {
    const Z = Float64Array.from(b);
    for (let i = 0; i < n; i += 1) if (A[i]) for (let j = 0; j < m; j += 1) Z[j] += A[i] * W[i * m + j];
    A = k < layers.length - 1 ? Z.map((z) => Math.max(z, 0)) : Z;
    if (k < layers.length - 1) hidden.push(A);
  });
  const most = A.reduce((a, b) => Math.max(a, b), -Infinity), E = A.map((z) => Math.exp(z - most)), total = sum(E);
  return { hidden, shares: E.map((e) => e / total) };
}

/** Read one picture of 784 pixels that is as the network wants to see it: {seen, hidden, shares}. */
export function readSeen(net, seen) {
  const found = { seen, ...forward(net, seen) };
  if (!net.nine) return found;
  const shares = new Float64Array(found.shares.length), half = [-0.5, 0, 0.5];
  for (const down of half) {
    for (const right of half) {
      const moved = down || right ? remapped((y, x) => sampled(seen, y - down, x - right)).v : seen;
      forward(net, moved).shares.forEach((share, k) => { shares[k] += share / 9; });
    }
  }
  return { ...found, shares };
}

/** Read ink (bytes, size x size): {steps, seen, hidden, shares}, or null where there is none. */
export function readInk(net, ink, size = SIZE, centred = true) {
  if (!ink.some((value) => value > 0)) return null;
  const steps = centred ? normalize(ink, size) : [{ name: "made smaller", image: plain(ink, size) }];
  if (centred && net.straighten) steps.push({ name: "straightened", image: straightened(steps[2].image) });
  return { steps, ...readSeen(net, Float64Array.from(steps[steps.length - 1].image.v, Math.fround)) };
}

// ------------------------------------------------------------------------------------------------------------------
// Parts of a page
// ------------------------------------------------------------------------------------------------------------------

const CIVIDIS = [
  [0, 32, 77], [0, 52, 110], [57, 72, 107], [87, 93, 109], [112, 113, 115],
  [138, 134, 120], [166, 157, 117], [196, 182, 105], [228, 207, 91], [254, 232, 56],
];
const SIGNED = [[5, 48, 97], [67, 147, 195], [247, 247, 247], [214, 96, 77], [103, 0, 31]]; // blue below 0, red above
const COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];
const DASHES = ["", "6 3", "8 3 2 3", "2 3", "12 4", "4 2 1 2"];

function colour(map, share) {
  const place = Math.min(Math.max(share, 0), 1) * (map.length - 1), k = Math.min(Math.floor(place), map.length - 2);
  return map[k].map((low, c) => Math.round(low + (place - k) * (map[k + 1][c] - low)));
}

function add(parent, tag, properties = {}, attributes = {}) {
  const element = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent.append(element);
  return element;
}

const pictured = (words) => ({ role: "img", "aria-label": words });

function button(parent, text, action, attributes = {}) {
  const made = add(parent, "button", { type: "button", textContent: text }, attributes);
  made.addEventListener("click", () => { if (made.getAttribute("aria-disabled") !== "true") action(); });
  return made;
}

function paint(canvas, { height, width, v }, map = CIVIDIS, most = 1) { // signed values where the map is SIGNED
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d"), data = context.createImageData(width, height);
  v.forEach((value, k) => {
    if (value === value) data.data.set([...colour(map, map === SIGNED ? (value / most + 1) / 2 : value / most), 255], 4 * k);
  });
  context.putImageData(data, 0, 0);
}

/** A question to the kernel must not stand for ever: it may be busy, or a new one that knows nothing of this widget. */
function patience(say, seconds) {
  let timer = 0;
  const answered = () => clearTimeout(timer);
  const asked = () => {
    answered();
    timer = setTimeout(() => say("No answer from the kernel yet. If it was restarted, run this cell again."), 1000 * seconds);
  };
  return { asked, answered };
}

const percent = (share) => `${(100 * share).toFixed(1)}%`;
const toText = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
const toBytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function floats(view) { // a DataView from the kernel, or base64 text from a page
  const bytes = typeof view === "string" ? toBytes(view) : new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return new Float32Array(bytes.slice(0, bytes.length & ~3).buffer);
}

const STYLE = `
.pad-room { container-type: inline-size; }
.digit-pad { --ink: var(--jp-ui-font-color1, var(--color-foreground-primary, currentColor));
  --line: var(--jp-border-color1, var(--color-foreground-border, #999)); --strong: #0072B2; --pale: #56B4E9;
  --track: var(--jp-layout-color2, var(--color-background-border, color-mix(in srgb, currentColor 12%, transparent)));
  --ground: var(--jp-layout-color1, var(--color-background-primary, transparent));
  color: var(--ink); font: 14px/1.35 "DejaVu Sans", Verdana, sans-serif; padding: 8px 2px; }
[data-jp-theme-light="false"] .digit-pad, [data-theme="dark"] .digit-pad { --strong: #56B4E9; --pale: #2b78a8; }
@media (prefers-color-scheme: dark) { /* a page that has no theme of its own */
  body:not([data-jp-theme-light], [data-theme="light"]) .digit-pad { --strong: #56B4E9; --pale: #2b78a8; }
}
.digit-pad.large { font-size: clamp(18px, 1.9cqi, 34px); }
.digit-pad * { box-sizing: border-box; }
.digit-pad h4 { font-size: 1em; font-weight: bold; margin: 0 0 .4em; padding: 0; color: inherit; }
.digit-pad .pad-grid { display: grid; grid-template-columns: minmax(0, 10fr) minmax(0, 6fr) minmax(0, 10fr); gap: 0 2.5cqi; max-width: 56em; }
.digit-pad.large .pad-grid, .digit-pad.large .bench-grid { max-width: none; }
.digit-pad canvas { display: block; border-radius: 4px; forced-color-adjust: none; }
.digit-pad .pad-frame { position: relative; max-width: min(100%, 78vh); }
.digit-pad .pad-canvas { width: 100%; aspect-ratio: 1; touch-action: none; cursor: crosshair; background: rgb(0, 32, 77); }
.digit-pad .pad-cursor { position: absolute; width: 14px; height: 14px; margin: -7px 0 0 -7px; border: 2px solid #fff;
  border-radius: 50%; pointer-events: none; display: none; forced-color-adjust: none; }
.digit-pad .pad-tools { display: flex; flex-wrap: wrap; gap: .35em; margin-top: .5em; align-items: center; }
.digit-pad button, .digit-pad select, .digit-pad input:not([type="range"], [type="checkbox"]) { font: inherit; font-size: .92em; padding: .22em .55em; border: 1px solid var(--line);
  border-radius: 4px; background: var(--ground); color: inherit; }
.digit-pad button { cursor: pointer; }
.digit-pad button[aria-pressed="true"], .digit-pad button.main { background: #0072B2; border-color: #0072B2; color: white; }
.digit-pad button[aria-pressed="true"] { forced-color-adjust: none; }
@media (forced-colors: active) { .digit-pad { --ink: CanvasText; --track: GrayText; } }
.digit-pad button[aria-disabled="true"] { opacity: .5; cursor: default; }
.digit-pad :focus-visible { outline: 3px solid #E69F00; outline-offset: 2px; }
.digit-pad label { display: inline-flex; gap: .4em; align-items: center; }
.digit-pad input[type="range"] { flex: 1; min-width: 4em; accent-color: #0072B2; }
.digit-pad .pad-seen { width: 100%; image-rendering: pixelated; background: rgb(0, 32, 77); aspect-ratio: 1; margin-bottom: .6em; }
.digit-pad .pad-units { display: grid; grid-template-columns: repeat(5, 1fr); gap: 2px; margin-bottom: .5em; }
.digit-pad .pad-unit { aspect-ratio: 1.3; border-radius: 2px; background: rgb(0, 32, 77); forced-color-adjust: none; }
.digit-pad .pad-middle { font-size: .92em; }
.digit-pad .pad-bar { display: grid; grid-template-columns: 1em minmax(0, 1fr) 4.1em; gap: .5em; white-space: nowrap; align-items: center; height: 1.62em; }
.digit-pad .pad-track { height: 1.05em; background: var(--track); border-radius: 3px; overflow: hidden; }
.digit-pad .pad-fill { height: 100%; width: 0; background: var(--pale); forced-color-adjust: none; }
.digit-pad .pad-best { font-weight: bold; }
.digit-pad .pad-best .pad-fill { background: var(--strong); }
.digit-pad .pad-share, .digit-pad td + td { text-align: right; font-variant-numeric: tabular-nums; }
.digit-pad .pad-verdict { font-size: 1.07em; min-height: 2.7em; margin: .5em 0 0; }
.digit-pad .pad-detail { min-height: 9.5em; font-size: .86em; display: grid; grid-template-columns: 6.5em minmax(0, 1fr); gap: .3em .8em; align-items: start; }
.digit-pad .pad-detail canvas { width: 100%; image-rendering: pixelated; }
.digit-pad .pad-pull { display: flex; gap: 1px; align-items: center; height: 5em; }
.digit-pad .pad-pull div { flex: 1; height: 100%; position: relative; text-align: center; }
.digit-pad .pad-pull span { position: absolute; bottom: -1.3em; left: 0; right: 0; }
.digit-pad .pad-pull i { position: absolute; left: 12%; right: 12%; forced-color-adjust: none; }
.digit-pad .pad-steps, .digit-pad .pad-kept { display: flex; flex-wrap: wrap; gap: .6em; margin-top: .5em; font-size: .86em; }
.digit-pad .pad-steps canvas { height: 6em; image-rendering: pixelated; background: rgb(0, 32, 77); }
.digit-pad .pad-kept { min-height: 5.4em; }
.digit-pad .pad-kept div { text-align: center; }
.digit-pad .pad-kept img { display: block; width: 4em; height: 4em; background: rgb(0, 32, 77); border-radius: 4px; forced-color-adjust: none; }
.digit-pad .pad-kept button { padding: 0 .35em; margin-left: .3em; }
.digit-pad .pad-teach { margin-top: 1em; border-top: 1px solid var(--line); padding-top: .7em; max-width: 56em; }
.digit-pad.large .pad-teach { max-width: none; }
.digit-pad .pad-report { min-height: 6.2em; margin-top: .5em; }
.digit-pad table { border-collapse: collapse; font-size: 1em; margin: 0; border: 0; }
.digit-pad td, .digit-pad th { padding: .12em 1em .12em 0; text-align: left; border: 0; background: none; }
.digit-pad .pad-hidden { position: absolute; width: 1px; height: 1px; opacity: 0; overflow: hidden; pointer-events: none; }
.digit-pad .bench-grid { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 8fr); gap: 0 2.5cqi; max-width: 68em; }
.digit-pad.large .bench-grid { font-size: .72em; }
.digit-pad .bench-settings { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: .35em 1em; font-size: .92em; }
.digit-pad .bench-settings label { min-width: 0; }
.digit-pad .bench-settings label > span { white-space: nowrap; }
.digit-pad .bench-settings input:not([type="range"]), .digit-pad .bench-settings select { flex: 1; min-width: 0; width: 3em; }
.digit-pad .bench-curves { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5cqi; margin-top: .3em; }
.digit-pad svg { width: 100%; height: auto; display: block; forced-color-adjust: none; }
.digit-pad svg text { fill: var(--ink); font-size: 15px; }
.digit-pad .bench-legend { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1em; min-height: 2.7em; margin-bottom: .5em; font-size: .92em; align-content: start; }
.digit-pad .bench-legend div { display: flex; gap: .6em; align-items: center; }
.digit-pad .bench-legend svg { width: 2.6em; flex: none; }
.digit-pad .bench-images { width: 100%; image-rendering: pixelated; border-radius: 0; }
.digit-pad .bench-status { min-height: 2.7em; }
.digit-pad progress { width: 100%; height: .5em; accent-color: #0072B2; }
.digit-pad code { font-size: .92em; overflow-wrap: anywhere; user-select: all; }
@container (max-width: 560px) {
  .digit-pad .pad-grid { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); font-size: .92em; }
  .digit-pad .pad-middle { grid-row: 2; grid-column: 1 / 3; display: grid; grid-template-columns: 1fr 1fr; gap: 2.5cqi; }
  .digit-pad .bench-settings { grid-template-columns: 1fr 1fr; }
}
`;

// ------------------------------------------------------------------------------------------------------------------
// The board: ink from mouse, pen, finger or keyboard, with undo for everything
// ------------------------------------------------------------------------------------------------------------------

/** `store` keeps `strokes` over a reload; `changed(finished)` is called whenever there is other ink. */
function board(parent, store, changed) {
  const frame = add(parent, "div", { className: "pad-frame" });
  const canvas = add(frame, "canvas", { className: "pad-canvas", width: FINE, height: FINE, tabIndex: 0 }, {
    role: "application",
    "aria-label": "Drawing area. Draw with mouse, pen or finger; or move with the arrow keys and press space to put the pen down and lift it.",
  });
  const cursor = add(frame, "div", { className: "pad-cursor" }, { "aria-hidden": "true" });
  const raster = Object.assign(document.createElement("canvas"), { width: SIZE, height: SIZE });
  const contexts = [canvas.getContext("2d"), raster.getContext("2d", { willReadFrequently: true })];
  // strokes: {erase, width, points} in shares of the canvas' side, or {picture, seen} from a file.
  const self = { canvas, raster, strokes: [], erasing: false, width: 0.08 };
  let before = [], current = null, pointer = null, at = null;

  function segment(stroke, from) {
    for (const context of contexts) {
      const side = context.canvas.width, points = stroke.points.slice(Math.max(from - 1, 0));
      context.globalCompositeOperation = stroke.erase ? "destination-out" : "source-over";
      Object.assign(context, { strokeStyle: INK, lineWidth: stroke.width * side, lineCap: "round", lineJoin: "round" });
      context.beginPath();
      context.moveTo(points[0][0] * side, points[0][1] * side);
      // A line to its own start draws the dot that a tap leaves.
      (points.length > 1 ? points.slice(1) : points).forEach(([x, y]) => context.lineTo(x * side, y * side));
      context.stroke();
    }
  }
  function drawFile(stroke) {
    const image = new ImageData(SIZE, SIZE), shown = Object.assign(document.createElement("canvas"), { width: SIZE, height: SIZE });
    toBytes(stroke.picture).forEach((value, k) => image.data.set([254, 232, 56, value], 4 * k));
    shown.getContext("2d").putImageData(image, 0, 0);
    for (const context of contexts) context.drawImage(shown, 0, 0, context.canvas.width, context.canvas.height);
  }
  function redraw() {
    for (const context of contexts) {
      context.globalCompositeOperation = "source-over";
      context.clearRect(0, 0, FINE, FINE);
    }
    for (const stroke of self.strokes) {
      if (stroke.picture) drawFile(stroke);
      else segment(stroke, 0);
    }
    changed(true);
  }
  function begin(point) {
    before.push(self.strokes);
    current = { erase: self.erasing, width: self.width * (self.erasing ? 2 : 1), points: [point] };
    self.strokes = [...self.strokes, current];
    segment(current, 0);
    changed(false);
  }
  function extend(points) {
    const from = current.points.length;
    current.points.push(...points);
    segment(current, from);
    changed(false);
  }
  function lift() {
    if (current) { current = null; changed(true); }
    pointer = null;
  }
  self.put = (strokes) => { lift(); before.push(self.strokes); self.strokes = strokes; redraw(); };
  self.undo = () => { lift(); if (before.length) { self.strokes = before.pop(); redraw(); } };
  self.clear = () => { if (self.strokes.length) self.put([]); };
  self.restore = () => {
    const kept = store.get("strokes") || [];
    if (current || JSON.stringify(kept) === JSON.stringify(self.strokes)) return;
    before = kept.map((_, k) => kept.slice(0, k));
    self.strokes = kept;
    redraw();
  };
  self.ink = () => {
    const pixels = contexts[1].getImageData(0, 0, SIZE, SIZE).data;
    const bytes = new Uint8Array(SIZE * SIZE);
    for (let k = 0; k < bytes.length; k += 1) bytes[k] = pixels[4 * k + 3];
    return bytes;
  };

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map((v) => Math.round(1e4 * v) / 1e4);
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 0 || pointer !== null) return; // a palm beside the pen is a second pointer
    event.preventDefault();
    lift();
    canvas.focus({ preventScroll: true });
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    cursor.style.display = "none";
    at = null;
    begin(place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!current || event.pointerId !== pointer) return;
    const events = event.getCoalescedEvents ? event.getCoalescedEvents() : []; // several at once: a smooth line
    extend((events.length ? events : [event]).map(place));
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(name, (event) => { if (event.pointerId === pointer) lift(); });
  }
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    const undoes = (event.ctrlKey || event.metaKey) && event.key === "z";
    if (undoes) self.undo();
    else if (event.key === "Delete" || event.key === "Backspace") self.clear();
    else if (event.key === " ") {
      at = at || [0.5, 0.5];
      if (current) lift();
      else begin([...at]);
    } else if (STEPS[event.key]) {
      at = (at || [0.5, 0.5]).map((v, k) => Math.min(Math.max(v + STEPS[event.key][k] / 28, 0), 1));
      if (current) extend([[...at]]);
    } else return;
    event.preventDefault();
    if (!at) return;
    const [left, top] = at.map((v) => `${100 * v}%`);
    Object.assign(cursor.style, { display: "block", left, top, background: current ? INK : "transparent" });
  });
  canvas.addEventListener("blur", () => { cursor.style.display = "none"; if (at) lift(); });
  return self;
}

function drawingTools(parent, ink) {
  const tools = add(parent, "div", { className: "pad-tools" }, { role: "group", "aria-label": "Drawing tools" });
  const choose = (erase) => {
    ink.erasing = erase;
    pen.setAttribute("aria-pressed", String(!erase));
    eraser.setAttribute("aria-pressed", String(erase));
  };
  const pen = button(tools, "Pen", () => choose(false), { "aria-pressed": "true" });
  const eraser = button(tools, "Eraser", () => choose(true), { "aria-pressed": "false" });
  button(tools, "Undo", ink.undo, { "aria-label": "Undo", title: "Undo the last stroke, Clear or Open (Ctrl+Z)" });
  button(tools, "Clear", ink.clear, { "aria-label": "Clear the drawing" });
  return tools;
}

function openTool(tools, store, ink, say) { // picture files go to the kernel
  const file = add(tools, "input", { type: "file", className: "pad-hidden", accept: "image/*", tabIndex: -1 }, { "aria-hidden": "true" });
  button(tools, "Open…", () => file.click(), { "aria-label": "Open a picture of a digit" });
  const kernel = patience(say, 6);
  file.addEventListener("change", async () => {
    const chosen = file.files[0];
    file.value = "";
    if (!chosen) return;
    if (chosen.size > LARGEST_FILE) {
      say(`This file has ${Math.round(chosen.size / 1e6)} MB; the pad takes up to 9. Make the picture smaller.`);
      return;
    }
    say("Reading the file …");
    kernel.asked();
    store.send({ kind: "file" }, undefined, [await chosen.arrayBuffer()]);
  });
  return (content, buffers) => {
    if (content.kind !== "file") return;
    kernel.answered();
    if (content.message) say(content.message);
    else {
      const [shown, seen] = buffers.map((b) => toText(new Uint8Array(b.buffer || b, b.byteOffset || 0, b.byteLength)));
      ink.put([{ picture: shown, seen }]);
    }
  };
}

// ------------------------------------------------------------------------------------------------------------------
// The answer: ten bars, what the network sees, its hidden units
// ------------------------------------------------------------------------------------------------------------------

function answerBars(parent) {
  const rows = [...Array(10).keys()].map((digit) => {
    const row = add(parent, "div", { className: "pad-bar" });
    add(row, "span", { textContent: digit });
    const fill = add(add(row, "div", { className: "pad-track" }), "div", { className: "pad-fill" });
    return { row, fill, share: add(row, "span", { className: "pad-share" }) };
  });
  const verdict = add(parent, "p", { className: "pad-verdict" }, { "aria-hidden": "true" });
  const heard = add(parent, "div", { className: "pad-hidden" }, { role: "status" }); // said once the hand rests
  let rest = 0;
  const say = (words) => {
    verdict.textContent = words;
    clearTimeout(rest);
    rest = setTimeout(() => { if (heard.textContent !== words) heard.textContent = words; }, 500);
  };
  const show = (found) => {
    const shares = found ? [...found.shares] : Array(10).fill(null);
    const order = [...Array(10).keys()].sort((a, b) => shares[b] - shares[a]);
    rows.forEach(({ row, fill, share }, digit) => {
      row.classList.toggle("pad-best", found !== null && digit === order[0]);
      fill.style.width = `${100 * (shares[digit] || 0)}%`;
      share.textContent = found ? percent(shares[digit]) : "";
    });
    say(found ? `Reads ${order[0]} (${percent(shares[order[0]])}), then ${order[1]} (${percent(shares[order[1]])}).` : "Draw a digit.");
  };
  return { show, say };
}

/** What a unit looks for, as 784 weights, and its weights to the outputs: straight, or through the units that are on. */
function unitWeights(net, hidden, layer, unit) {
  const on = (k, v) => v.map((value, j) => (hidden[k][j] > 0 ? value : 0));
  const column = ({ n, m, W }) => Float64Array.from({ length: n }, (_, i) => W[i * m + unit]);
  let back = column(net.layers[layer]);
  for (let k = layer - 1; k >= 0; k -= 1) {
    const { n, m, W } = net.layers[k], v = on(k, back);
    back = Float64Array.from({ length: n }, (_, i) => v.reduce((total, value, j) => total + value * W[i * m + j], 0));
  }
  const next = net.layers[layer + 1];
  let ahead = next.W.slice(unit * next.m, (unit + 1) * next.m);
  for (let k = layer + 1; k + 1 < net.layers.length; k += 1) {
    const { m, W } = net.layers[k + 1], v = on(k, ahead);
    ahead = Float64Array.from({ length: m }, (_, j) => v.reduce((total, value, i) => total + value * W[i * m + j], 0));
  }
  return { back, ahead };
}

function hiddenUnits(grids, parent) {
  const detail = add(parent, "div", { className: "pad-detail" });
  let chosen = null, net = null, found = null, cells = [];
  function describe() {
    detail.replaceChildren();
    const names = chosen && found && found.hidden[chosen[0]];
    if (!names) {
      const words = "Point at a unit of a hidden layer, or reach it with Tab and arrows, to see its weights.";
      add(detail, "div", { textContent: words }).style.gridColumn = "1 / 3";
      return;
    }
    const [layer, unit] = chosen, { back, ahead } = unitWeights(net, found.hidden, layer, unit);
    const most = largest(back.map(Math.abs)) || 1, far = largest(ahead.map(Math.abs)) || 1;
    const words = `Layer ${layer + 1}, unit ${unit}: activation ${names[unit].toFixed(2)}`;
    add(detail, "div", { textContent: words }, { role: "status" }).style.gridColumn = "1 / 3";
    const image = add(detail, "canvas", {}, pictured("Its weights from the pixels: red adds, blue takes away"));
    paint(image, picture(28, 28, back), SIGNED, most);
    const list = Array.from(ahead, (v) => v.toFixed(1)).join(", ");
    const pull = add(detail, "div", { className: "pad-pull" }, pictured(`Its weights to the ten outputs: ${list}`));
    ahead.forEach((value, digit) => {
      const place = add(pull, "div"), bar = add(place, "i"), height = `${48 * Math.abs(value) / far}%`;
      Object.assign(bar.style, value < 0 ? { top: "50%", background: "#4393c3" } : { bottom: "50%", background: "#d6604d" }, { height });
      add(place, "span", { textContent: digit });
    });
  }
  function build(layers) {
    grids.replaceChildren();
    cells = layers.map((units, layer) => {
      add(grids, "h4", { textContent: `Layer ${layer + 1}: ${units.length} units` });
      const grid = add(grids, "div", { className: "pad-units" }, { role: "group", "aria-label": `Hidden layer ${layer + 1}` });
      const made = Array.from(units, (_, unit) => {
        const cell = add(grid, "div", { className: "pad-unit", tabIndex: unit ? -1 : 0 }, { role: "img" });
        const choose = () => { chosen = [layer, unit]; describe(); };
        cell.addEventListener("pointerenter", choose);
        cell.addEventListener("focus", choose);
        cell.addEventListener("keydown", (event) => {
          const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 5, ArrowUp: -5 }[event.key];
          if (step && made[unit + step]) { made[unit + step].focus(); event.preventDefault(); }
        });
        return cell;
      });
      return made;
    });
  }
  return (network_, reading) => {
    [net, found] = [network_, reading];
    const layers = found ? found.hidden : net.layers.slice(0, -1).map(({ m }) => new Float64Array(m));
    if (cells.length !== layers.length || cells.some((row, k) => row.length !== layers[k].length)) build(layers);
    const most = Math.max(...layers.map(largest), 1e-9); // one scale for all of them
    layers.forEach((units, layer) => units.forEach((value, unit) => {
      cells[layer][unit].style.background = `rgb(${colour(CIVIDIS, value / most)})`;
      cells[layer][unit].setAttribute("aria-label", `Unit ${unit}: ${value.toFixed(2)}`);
    }));
    describe();
  };
}

function stepPictures(parent) { // the way to 28 x 28, on demand
  const fold = add(parent, "details"), row = add(fold, "div", { className: "pad-steps" });
  add(fold, "summary", { textContent: "From ink to 28 × 28, step by step" });
  let steps = [];
  const show = () => {
    row.replaceChildren();
    if (fold.open) {
      steps.forEach(({ name, image }) => {
        const place = add(row, "figure");
        place.style.margin = 0;
        paint(add(place, "canvas", {}, { role: "img", "aria-label": name }), image);
        add(place, "figcaption", { textContent: name });
      });
    }
  };
  fold.addEventListener("toggle", show);
  return (now) => { steps = now || []; if (fold.open) show(); };
}

// ------------------------------------------------------------------------------------------------------------------
// Reading as the ink changes
// ------------------------------------------------------------------------------------------------------------------

/** Read the board's ink once per frame and `show(found, net)` it; hand strokes and ink to the kernel when it rests. */
function reading(store, kernel, show) {
  const self = { net: null, found: null };
  let frame = 0, rest = 0, ink = null;
  const newNet = () => {
    const weights = floats(store.get("weights")), sizes = store.get("sizes");
    const expected = sizes.slice(1).reduce((total, size, k) => total + (sizes[k] + 1) * size, 0);
    if (weights.length !== expected) return; // a message that was damaged on its way
    self.net = network(weights, sizes, store.get("straighten"), store.get("moved"));
    self.soon();
  };
  function read() {
    frame = 0;
    const [only] = ink.strokes, centred = store.get("centred") !== false;
    if (ink.strokes.length === 1 && only.seen) self.found = readSeen(self.net, Float64Array.from(toBytes(only.seen), (v) => v / 255));
    else self.found = readInk(self.net, ink.ink(), SIZE, centred);
    show(self.found, self.net);
  }
  function keep() {
    store.set("strokes", ink.strokes);
    if (!(ink.strokes.length === 1 && ink.strokes[0].seen)) store.set("ink", new DataView(ink.ink().buffer));
    store.save_changes();
  }
  self.soon = () => { if (ink && self.net) frame = frame || requestAnimationFrame(read); };
  self.start = (made) => { ink = made; newNet(); ink.restore(); };
  self.changed = () => {
    self.soon();
    clearTimeout(rest);
    if (kernel) rest = setTimeout(keep, 150);
  };
  store.on("change:weights", newNet);
  store.on("change:centred", self.soon);
  store.on("change:strokes", () => ink.restore());
  return self;
}

function checkbox(parent, words, checked, changed) {
  const label = add(parent, "label"), box = add(label, "input", { type: "checkbox", checked });
  label.append(words);
  box.addEventListener("change", () => changed(box.checked));
  return box;
}

function drawPad(root, store, kernel) {
  const grid = add(root, "div", { className: "pad-grid" });
  const left = add(grid, "div"), middle = add(grid, "div", { className: "pad-middle" }), right = add(grid, "div");
  add(left, "h4", { textContent: "Draw a digit" });
  add(right, "h4", { textContent: "Probability of each digit" });
  const sees = add(middle, "div");
  add(sees, "h4", { textContent: "The network sees" });
  const seen = add(sees, "canvas", { className: "pad-seen" }, pictured("The 28 by 28 picture that the network reads"));
  const answer = answerBars(right), units = hiddenUnits(add(middle, "div"), right), steps = stepPictures(add(root, "div"));
  const reader = reading(store, kernel, (found, net) => {
    answer.show(found);
    paint(seen, found ? picture(28, 28, found.seen) : picture(28, 28));
    units(net, found);
    steps(found && found.steps);
  });
  const ink = board(left, store, reader.changed), tools = drawingTools(left, ink);
  const answered = kernel ? openTool(tools, store, ink, answer.say) : () => {};
  const more = add(left, "div", { className: "pad-tools" });
  const width = add(add(more, "label", { textContent: "Width" }), "input", { type: "range", min: 4, max: 14, value: 8 });
  width.addEventListener("input", () => { ink.width = width.value / 100; });
  checkbox(more, "Large", false, (large) => root.classList.toggle("large", large));
  checkbox(more, "Centre and size", store.get("centred") !== false, (centred) => {
    store.set("centred", centred);
    store.save_changes();
  });
  reader.start(ink);
  if (store.get("teaching")) teachPanel(root, store, ink);
  return answered;
}

// ------------------------------------------------------------------------------------------------------------------
// Teaching: what a drawing is, and a network that learns it
// ------------------------------------------------------------------------------------------------------------------

function teachPanel(root, store, ink) {
  const panel = add(root, "div", { className: "pad-teach" });
  const send = (kind) => {
    store.send({ kind });
    if (kind === "teach") say("Teaching …");
    kernel.asked();
  };
  const keys = add(panel, "div", { className: "pad-tools" }, { role: "group", "aria-label": "What the drawing is" });
  keys.append("This is a");
  const label = (digit) => {
    if (!ink.strokes.length) { say("Draw a digit first, then say what it is."); return; }
    set([...store.get("labelled"), { label: digit, ink: ink.raster.toDataURL() }]);
    ink.clear();
  };
  [...Array(10).keys()].forEach((digit) => button(keys, String(digit), () => label(digit), { "aria-label": `This is a ${digit}` }));
  root.addEventListener("keydown", (event) => {
    if (/^[0-9]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) label(Number(event.key));
  });
  const kept = add(panel, "div", { className: "pad-kept" }, { role: "list", "aria-label": "Your labelled drawings" });
  const tools = add(panel, "div", { className: "pad-tools" });
  button(tools, "Teach", () => send("teach"), { class: "main" });
  checkbox(tools, "mix in MNIST's digits", store.get("mixing"), (mixing) => { store.set("mixing", mixing); store.save_changes(); });
  [["Forget", "Go back to the network as it was"], ["Save", "Save the taught network"], ["Load", "Load the network saved last"]]
    .forEach(([name, title]) => button(tools, name, () => send(name.toLowerCase()), { title }));
  const report = add(panel, "div", { className: "pad-report" }, { role: "status" });
  function set(labelled) {
    store.set("labelled", labelled);
    store.save_changes();
  }
  const say = (words) => { report.replaceChildren(); add(report, "p", { textContent: words }).style.margin = 0; };
  const kernel = patience(say, 10);
  function showKept() {
    const labelled = store.get("labelled"), judged = store.get("report").judged || [];
    kept.replaceChildren();
    labelled.forEach((one, k) => {
      const place = add(kept, "div", {}, { role: "listitem" }), read = judged[k];
      add(place, "img", { src: one.ink, alt: `A drawing labelled ${one.label}` });
      const verdict = read === undefined || read === null ? "" : read === one.label ? " ✓" : ` ✗ reads ${read}`;
      place.append(one.label + verdict);
      const remove = () => set(labelled.filter((_, other) => other !== k));
      button(place, "×", remove, { "aria-label": `Remove drawing ${k + 1}, a ${one.label}` });
    });
    if (!labelled.length) kept.textContent = "Draw, then press a digit's key. Two or three of a kind are enough to teach.";
  }
  function showReport() {
    const { rows, words } = store.get("report");
    kernel.answered();
    say(words || "");
    if (rows) {
      const table = add(report, "table");
      [["", "before", "after"], ...rows].forEach((cells, k) => {
        const row = add(table, "tr");
        cells.forEach((text) => add(row, k ? "td" : "th", { textContent: text }));
      });
    }
    showKept();
  }
  store.on("change:labelled", showKept);
  store.on("change:report", showReport);
  showReport();
}

// ------------------------------------------------------------------------------------------------------------------
// The bench: a training, and what it does to a drawing
// ------------------------------------------------------------------------------------------------------------------

const NAMES = { optimizer: "", rate: "rate ", batch: "batch ", hidden: "hidden ", epochs: "epochs ", seed: "seed " };

/** Words for each run: whatever differs between the runs, and how it ended where it did not finish. */
function runNames(runs) {
  const keys = Object.keys(NAMES).filter((key) => new Set(runs.map((run) => String(run.settings[key]))).size > 1);
  return runs.map((run, k) => {
    const words = keys.map((key) => NAMES[key] + (run.settings[key] || "none")).join(", ") || `run ${k + 1}`;
    return run.ended === "diverged" || run.ended === "stopped" ? `${words} (${run.ended})` : words;
  });
}

// Runs that blew up, at once or in the end, do not stretch the axes: values of the others after their first epoch.
const sound = (runs, key) => runs
  .filter((run) => run.ended === "training" || (run.ended !== "diverged" && run.accuracy[run.accuracy.length - 1] > 20))
  .flatMap((run) => run[key].slice(1)).filter(Number.isFinite);

function costLimits(runs) {
  const most = Math.max(...sound(runs, "cost"), 0.3);
  return most > 1.5 ? [0, 2.5, 0.5, ""] : most > 0.8 ? [0, 1.5, 0.5, ""] : most > 0.5 ? [0, 0.8, 0.2, ""] : [0, 0.5, 0.1, ""];
}

function accuracyLimits(runs) {
  const least = Math.min(...sound(runs, "accuracy"), 95);
  return least > 88 ? [88, 100, 2, "%"] : least > 75 ? [75, 100, 5, "%"] : least > 50 ? [50, 100, 10, "%"] : [0, 100, 20, "%"];
}

const svgText = (x, y, words, anchor, more = "") => `<text x="${x}" y="${y}" text-anchor="${anchor}" ${more}>${words}</text>`;
const lineOf = ({ color }) => `stroke="${COLORS[color]}" stroke-width="2" stroke-dasharray="${DASHES[color]}"`;

/** A plot of runs[..][key] by epoch, as SVG text; each curve's last value stands at its end. */
function plotOf(runs, title, key, [low, high, step, unit]) {
  const W = 360, H = 250, left = 50, right = 300, top = 32, bottom = H - 46;
  const longest = Math.max(2, ...runs.map((run) => run[key].length - 1));
  const x = (epoch) => left + (epoch / longest) * (right - left);
  const y = (value) => bottom - ((Math.min(Math.max(value, low), high) - low) / (high - low)) * (bottom - top);
  const parts = [svgText(2, 16, title, "start", 'font-weight="bold"'), svgText((left + right) / 2, H - 10, "epoch", "middle")];
  for (let tick = low; tick <= high + 1e-9; tick += step) {
    parts.push(`<path d="M${left} ${y(tick)}H${right}" stroke="currentColor" opacity=".18"/>`);
    parts.push(svgText(left - 5, y(tick) + 5, `${+tick.toFixed(3)}${unit}`, "end"));
  }
  const every = [1, 2, 5, 10, 20].find((number) => longest / number <= 6) || 25;
  for (let epoch = 0; epoch <= longest; epoch += every) parts.push(svgText(x(epoch), bottom + 18, epoch, "middle"));
  const ends = runs.map((run) => {
    const points = run[key].map((value, epoch) => [x(epoch), y(value)]).filter((point) => point.every(Number.isFinite));
    const [endX, endY] = points[points.length - 1], last = run[key][points.length - 1];
    parts.push(`<polyline points="${points.join(" ")}" fill="none" ${lineOf(run)}/>`);
    parts.push(`<circle cx="${endX}" cy="${endY}" r="3.5" fill="${COLORS[run.color]}"/>`);
    return { x: endX + 7, y: endY, words: unit ? last.toFixed(1) + unit : last > 9 ? "> 9" : last.toFixed(3) };
  }).sort((a, b) => a.y - b.y);
  ends.forEach((end, k) => { end.y = Math.max(end.y, k ? ends[k - 1].y + 15 : top); });
  const over = ends.length ? Math.max(0, ends[ends.length - 1].y - bottom) : 0;
  ends.forEach((end) => parts.push(svgText(end.x, end.y - over + 5, end.words, "start")));
  const words = ends.map((end) => end.words).join(", ") || "no run yet";
  return `<svg viewBox="0 0 ${W} ${H}" role="img" aria-label="${title}: ${words}">${parts.join("")}</svg>`;
}

/** Both plots, and below them a line of words for each run. */
function drawRuns(plots, legend, runs) {
  plots.innerHTML = plotOf(runs, "Cost, training digits", "cost", costLimits(runs))
    + plotOf(runs, "Accuracy, validation digits", "accuracy", accuracyLimits(runs));
  legend.replaceChildren();
  runNames(runs).forEach((words, k) => {
    const line = `<svg viewBox="0 0 40 10" aria-hidden="true"><path d="M0 5H40" ${lineOf(runs[k])}/></svg>`;
    add(legend, "div", { innerHTML: line }).append(words);
  });
}

function firstLayer(canvas, net) { // 25 images of weights, on one scale
  const { m, W } = net.layers[0], shown = Math.min(m, 25), across = 9, rows = Math.ceil(shown / across);
  const out = picture(29 * rows - 1, 29 * Math.min(across, shown) - 1);
  out.v.fill(NaN); // no ink between them
  let square = 0;
  for (let k = 0; k < W.length; k += 1) square += W[k] * W[k];
  for (let unit = 0; unit < shown; unit += 1) {
    const start = 29 * Math.trunc(unit / across) * out.width + 29 * (unit % across);
    for (let k = 0; k < 784; k += 1) out.v[start + Math.trunc(k / 28) * out.width + (k % 28)] = W[k * m + unit];
  }
  paint(canvas, out, SIGNED, 3.5 * Math.sqrt(square / W.length));
}

function benchSettings(parent, store) {
  const form = add(parent, "div", { className: "bench-settings" }, { role: "group", "aria-label": "Hyperparameters" });
  const inputs = {};
  const row = (name, words, tag, properties, options = []) => {
    const label = add(form, "label");
    add(label, "span", { textContent: words });
    inputs[name] = add(label, tag);
    options.forEach((option) => add(inputs[name], "option", { textContent: option, value: option }));
    Object.assign(inputs[name], properties);
    return label;
  };
  const fill = () => Object.entries(store.get("settings")).forEach(([name, value]) => {
    inputs[name].value = name === "rate" ? Math.log10(value) : value;
    if (name === "rate") shown.textContent = value;
  });
  const read = () => {
    const rate = Number((10 ** Number(inputs.rate.value)).toPrecision(2));
    store.set("settings", Object.fromEntries(Object.entries(inputs).map(([name, { value }]) => [name, name === "rate" ? rate : value])));
    store.save_changes();
    shown.textContent = rate;
  };
  row("optimizer", "Optimizer", "select", {}, ["sgd", "momentum", "adam"]);
  const shown = add(row("rate", "Rate", "input", { type: "range", min: -4, max: 1, step: 0.05 }), "output");
  shown.style.minWidth = "3.6em";
  row("batch", "Batch", "select", {}, ["32", "128", "512", "2048", "all"]);
  row("hidden", "Hidden layers", "input", { type: "text" });
  row("epochs", "Epochs", "input", { type: "number", min: 1, max: 100 });
  row("seed", "Seed", "input", { type: "number", min: 0, max: 1e6 });
  form.addEventListener("input", read);
  store.on("change:settings", fill);
  fill();
}

function drawBench(root, store) {
  const grid = add(root, "div", { className: "bench-grid" }), left = add(grid, "div"), right = add(grid, "div");
  add(left, "h4", { textContent: "Your own digit" });
  const images = Object.assign(document.createElement("canvas"), { className: "bench-images" });
  let answer = null;
  const reader = reading(store, true, (found, net) => { answer.show(found); firstLayer(images, net); });
  const ink = board(left, store, reader.changed);
  drawingTools(left, ink);
  answer = answerBars(add(left, "div"));
  benchSettings(right, store);
  const actions = add(right, "div", { className: "pad-tools" });
  const ask = (kind) => () => { store.send({ kind }); if (kind !== "forget") kernel.asked(); };
  const train = button(actions, "▶ Train", ask("train"), { class: "main", "aria-label": "Train" });
  const stop = button(actions, "■ Stop", ask("stop"), { "aria-label": "Stop" });
  button(actions, "Forget earlier runs", ask("forget"));
  checkbox(actions, "Large", false, (large) => root.classList.toggle("large", large));
  const bar = add(right, "progress", { max: 1, value: 0 }, { "aria-label": "Progress" });
  const status = add(right, "div", { className: "bench-status" }, { role: "status" });
  const plots = add(right, "div", { className: "bench-curves" });
  const legend = add(right, "div", { className: "bench-legend" });
  add(right, "h4", { textContent: "What the first layer's units look for" });
  right.append(images);
  images.setAttribute("role", "img");
  images.setAttribute("aria-label", "The weights of up to 25 first-layer units as images: red adds, blue takes away");
  const code = add(add(add(right, "details"), "summary", { textContent: "The same training as a line of Python" }).parentNode, "code");
  const kernel = patience((words) => { status.textContent = words; }, 10);
  const show = () => {
    const { running, words, progress } = store.get("status");
    train.setAttribute("aria-disabled", String(Boolean(running)));
    stop.setAttribute("aria-disabled", String(!running));
    Object.assign(status, { textContent: words });
    bar.value = progress;
    if (running) kernel.asked();
    else kernel.answered();
  };
  const plot = () => drawRuns(plots, legend, store.get("runs"));
  const line = () => { code.textContent = store.get("line"); };
  store.on("change:status", show);
  store.on("change:runs", plot);
  store.on("change:line", line);
  show(); plot(); line();
  reader.start(ink);
  return () => {};
}

// ------------------------------------------------------------------------------------------------------------------
// Into the page
// ------------------------------------------------------------------------------------------------------------------

function start(element, store, kernel) {
  const listeners = [];
  const heard = { // every listener goes when the view goes
    get: (name) => store.get(name),
    set: (name, value) => store.set(name, value),
    send: (...message) => { try { store.send(...message); } catch { /* no kernel any more: `patience` says so */ } },
    save_changes: () => { try { store.save_changes(); } catch { /* no kernel any more: the pad reads on */ } },
    on: (name, action) => { listeners.push([name, action]); store.on(name, action); },
  };
  const room = add(element, "div", { className: "pad-room" });
  const root = add(room, "div", { className: "digit-pad" }, { "data-lm-suppress-shortcuts": "true" });
  add(root, "style", { textContent: STYLE });
  const answered = store.get("bench") ? drawBench(root, heard) : drawPad(root, heard, kernel);
  root.addEventListener("keydown", (event) => event.stopPropagation()); // keys on the widget are not for its cell
  heard.on("msg:custom", answered);
  return () => { listeners.forEach(([name, action]) => store.off(name, action)); room.remove(); };
}

/** The pad on a page without a kernel. `weights` is what `weights_json` of pad.py writes, as text or parsed. */
export function mount(element, weights) {
  const values = typeof weights === "string" ? JSON.parse(weights) : weights;
  const listeners = {};
  return start(element, {
    get: (name) => values[name], save_changes() {}, send() {}, off() {},
    on: (name, action) => (listeners[name] = [...(listeners[name] || []), action]),
    set: (name, value) => { values[name] = value; (listeners[`change:${name}`] || []).forEach((action) => action()); },
  }, false);
}

export default { render: ({ model, el }) => start(el, model, true) };

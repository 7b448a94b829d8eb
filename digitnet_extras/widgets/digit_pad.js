// The digit pad: draw with mouse, pen, finger or keyboard, and see what the network makes of it.
//
// Ink is drawn here, in the browser, so it appears at once even while the kernel is busy. What the network reads is
// sent as SIZE x SIZE bytes, at most once per animation frame and only when the answer to the last one has come: a
// slow kernel gets the newest drawing, never a queue of old ones.

const SIZE = 112; // pixels a side of what is sent
const CIVIDIS = [
  [0, 32, 77], [0, 52, 110], [57, 72, 107], [87, 93, 109], [112, 113, 115],
  [138, 134, 120], [166, 157, 117], [196, 182, 105], [228, 207, 91], [254, 232, 56],
];
const STYLE = `
.digit-pad { display: flex; flex-wrap: wrap; gap: 28px; padding: 12px 4px; color: #1a1a1a; background: white;
  font: 13px "DejaVu Sans", Verdana, sans-serif; align-items: flex-start; }
.digit-pad h4 { font-size: 13px; font-weight: bold; margin: 0 0 6px; color: inherit; }
.digit-pad .pad-canvas { width: 280px; height: 280px; border-radius: 6px; touch-action: none; cursor: crosshair;
  display: block; background: rgb(0, 32, 77); }
.digit-pad .pad-frame { position: relative; width: 280px; }
.digit-pad .pad-cursor { position: absolute; width: 14px; height: 14px; margin: -7px 0 0 -7px; border: 2px solid #fff;
  border-radius: 50%; pointer-events: none; display: none; box-sizing: border-box; }
.digit-pad .pad-tools { display: flex; gap: 5px; margin-top: 8px; width: 280px;
  justify-content: space-between; }
.digit-pad button { font: inherit; font-size: 12px; padding: 4px 7px; border: 1px solid #888; border-radius: 4px; background: #fff;
  color: #1a1a1a; cursor: pointer; }
.digit-pad button[aria-pressed="true"] { background: #0072B2; border-color: #0072B2; color: white; font-weight: bold; }
.digit-pad button:focus-visible, .digit-pad input:focus-visible, .digit-pad canvas:focus-visible {
  outline: 3px solid #E69F00; outline-offset: 2px; }
.digit-pad label { display: flex; gap: 6px; align-items: center; width: 280px; margin-top: 8px; }
.digit-pad label input[type="range"] { flex: 1; }
.digit-pad .pad-seen { width: 140px; height: 140px; image-rendering: pixelated; border-radius: 4px; display: block;
  background: rgb(0, 32, 77); }
.digit-pad .pad-units { display: grid; gap: 3px; width: 140px; margin-bottom: 12px; }
.digit-pad .pad-unit { aspect-ratio: 1; border-radius: 3px; background: rgb(0, 32, 77); }
.digit-pad .pad-bar { display: grid; grid-template-columns: 14px 200px 44px; gap: 8px; align-items: center;
  height: 23px; }
.digit-pad .pad-track { height: 15px; background: #eee; border-radius: 3px; overflow: hidden; }
.digit-pad .pad-fill { height: 100%; width: 0; background: #56B4E9; }
.digit-pad .pad-best { font-weight: bold; }
.digit-pad .pad-best .pad-fill { background: #0072B2; }
.digit-pad .pad-share { text-align: right; font-variant-numeric: tabular-nums; }
.digit-pad .pad-verdict { font-size: 15px; min-height: 22px; margin: 8px 0 0; max-width: 275px; }
.digit-pad .pad-file { position: absolute; width: 1px; height: 1px; opacity: 0; pointer-events: none; }
`;

function cividis(share) {
  const place = Math.min(Math.max(share, 0), 1) * (CIVIDIS.length - 1);
  const k = Math.min(Math.floor(place), CIVIDIS.length - 2);
  return CIVIDIS[k].map((low, c) => Math.round(low + (place - k) * (CIVIDIS[k + 1][c] - low)));
}

function add(parent, tag, properties = {}, ...attributes) {
  const element = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of attributes) element.setAttribute(name, value);
  parent.append(element);
  return element;
}

function render({ model, el }) {
  const root = add(el, "div", { className: "digit-pad" });
  add(root, "style", { textContent: STYLE });

  // --- left: the canvas and its tools -------------------------------------------------------------------------
  const left = add(root, "div");
  add(left, "h4", { textContent: "Draw a digit" });
  const frame = add(left, "div", { className: "pad-frame" });
  const ratio = window.devicePixelRatio || 1;
  const canvas = add(frame, "canvas", { className: "pad-canvas", width: 280 * ratio, height: 280 * ratio, tabIndex: 0 },
    ["role", "application"],
    ["aria-label", "Drawing area. Draw with mouse, pen or finger; or move with the arrow keys and press space to put the pen down and lift it."]);
  const cursor = add(frame, "div", { className: "pad-cursor" }, ["aria-hidden", "true"]);
  const tools = add(left, "div", { className: "pad-tools" }, ["role", "group"], ["aria-label", "Drawing tools"]);
  const button = (text, action, ...attributes) => {
    const made = add(tools, "button", { type: "button", textContent: text }, ...attributes);
    made.addEventListener("click", action);
    return made;
  };
  const pen = button("Pen", () => choose(false), ["aria-pressed", "true"]);
  const eraser = button("Eraser", () => choose(true), ["aria-pressed", "false"]);
  button("Undo", undo, ["aria-label", "Undo the last stroke"]);
  button("Clear", clear, ["aria-label", "Clear the drawing"]);
  const file = add(left, "input", { type: "file", className: "pad-file", accept: "image/png,image/jpeg", tabIndex: -1 },
    ["aria-hidden", "true"]);
  button("Open…", () => file.click(), ["aria-label", "Open a picture of a digit, PNG or JPEG"]);
  const widthLabel = add(left, "label", { textContent: "Width" });
  const width = add(widthLabel, "input", { type: "range", min: 4, max: 14, value: 8 }, ["aria-label", "Width of the stroke"]);
  const centreLabel = add(left, "label");
  const centred = add(centreLabel, "input", { type: "checkbox", checked: true });
  centreLabel.append("centre, size and straighten");

  // --- middle: what the network sees, and its hidden units -----------------------------------------------------
  const middle = add(root, "div");
  add(middle, "h4", { textContent: "What the network sees" });
  const seen = add(middle, "canvas", { className: "pad-seen", width: 28, height: 28 }, ["role", "img"],
    ["aria-label", "The 28 by 28 picture that the network reads"]);
  const hidden = add(middle, "div", {}, ["aria-hidden", "true"]);
  hidden.style.marginTop = "12px";

  // --- right: the ten probabilities -----------------------------------------------------------------------------
  const right = add(root, "div");
  add(right, "h4", { textContent: "Probability of each digit" });
  const bars = [...Array(10).keys()].map((digit) => {
    const row = add(right, "div", { className: "pad-bar" });
    add(row, "span", { textContent: digit });
    const fill = add(add(row, "div", { className: "pad-track" }), "div", { className: "pad-fill" });
    return { row, fill, share: add(row, "span", { className: "pad-share", textContent: "" }) };
  });
  const verdict = add(right, "div", { className: "pad-verdict", textContent: "Draw a digit." }, ["role", "status"], ["aria-live", "polite"]);

  // --- ink --------------------------------------------------------------------------------------------------------
  const raster = Object.assign(document.createElement("canvas"), { width: SIZE, height: SIZE });
  const visible = canvas.getContext("2d");
  const sent = raster.getContext("2d", { willReadFrequently: true });
  let strokes = []; // {erase, width, points} in units of the canvas' side, or {picture}
  let erasing = false, current = null, keyboard = null;

  function choose(erase) {
    erasing = erase;
    pen.setAttribute("aria-pressed", String(!erase));
    eraser.setAttribute("aria-pressed", String(erase));
  }

  function segment(stroke, from) {
    for (const context of [visible, sent]) {
      const side = context.canvas.width;
      context.globalCompositeOperation = stroke.erase ? "destination-out" : "source-over";
      context.strokeStyle = context.fillStyle = "rgb(254, 232, 56)";
      context.lineWidth = stroke.width * side;
      context.lineCap = context.lineJoin = "round";
      context.beginPath();
      const points = stroke.points.slice(Math.max(from - 1, 0));
      context.moveTo(points[0][0] * side, points[0][1] * side);
      // A line to its own start draws the dot that a tap leaves.
      (points.length > 1 ? points.slice(1) : points).forEach(([x, y]) => context.lineTo(x * side, y * side));
      context.stroke();
    }
  }

  function redraw() {
    for (const context of [visible, sent]) {
      context.globalCompositeOperation = "source-over";
      context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    }
    for (const stroke of strokes) {
      if (stroke.picture) {
        for (const context of [visible, sent]) {
          context.drawImage(stroke.picture, 0, 0, context.canvas.width, context.canvas.height);
        }
      } else segment(stroke, 0);
    }
    changed();
  }

  function undo() { strokes.pop(); redraw(); }
  function clear() { strokes = []; redraw(); }

  function begin(point) {
    current = { erase: erasing, width: (width.value / 100) * (erasing ? 2 : 1), points: [point] };
    strokes.push(current);
    segment(current, 0);
    changed();
  }
  function extend(points) {
    const from = current.points.length;
    current.points.push(...points);
    segment(current, from);
    changed();
  }
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 0 || current) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    cursor.style.display = "none";
    keyboard = null;
    begin(place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!current || !canvas.hasPointerCapture(event.pointerId)) return;
    // A browser reports several positions at once: all of them make a smooth line.
    const events = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    extend((events.length ? events : [event]).map(place));
  });
  const lift = () => { current = null; };
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) canvas.addEventListener(name, lift);

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    if (event.key === " ") {
      keyboard = keyboard || { at: [0.5, 0.5] };
      if (current) current = null;
      else begin([...keyboard.at]);
    } else if (STEPS[event.key]) {
      keyboard = keyboard || { at: [0.5, 0.5] };
      keyboard.at = keyboard.at.map((v, k) => Math.min(Math.max(v + STEPS[event.key][k] / 28, 0), 1));
      if (current) extend([[...keyboard.at]]);
    } else return;
    // JupyterLab would take these keys for itself.
    event.preventDefault();
    event.stopPropagation();
    Object.assign(cursor.style, { display: "block", left: `${keyboard.at[0] * 280}px`, top: `${keyboard.at[1] * 280}px`,
      background: current ? "rgb(254, 232, 56)" : "transparent" });
  });
  canvas.addEventListener("blur", () => { cursor.style.display = "none"; if (keyboard) current = null; });
  centred.addEventListener("change", changed);

  // --- to the kernel and back ---------------------------------------------------------------------------------------
  const view = crypto.getRandomValues(new Uint32Array(1))[0]; // the same pad may stand on the page twice
  let frameAsked = 0, dirty = false, waiting = false, number = 0, patience = 0;

  function changed() { dirty = true; schedule(); }
  function schedule() { frameAsked = frameAsked || requestAnimationFrame(flush); }
  function flush() {
    frameAsked = 0;
    if (!dirty || waiting) return;
    dirty = false;
    const pixels = sent.getImageData(0, 0, SIZE, SIZE).data;
    const ink = new Uint8Array(SIZE * SIZE);
    for (let k = 0; k < ink.length; k += 1) ink[k] = pixels[4 * k + 3];
    ask("drawing", ink.buffer);
  }
  function ask(kind, buffer) {
    number += 1;
    waiting = true;
    clearTimeout(patience);
    // No answer for a while: say so. An answer lost to a restarted kernel must not stop the pad for ever.
    patience = setTimeout(() => {
      verdict.textContent = "The kernel is busy or was stopped. The drawing is read when it answers.";
      waiting = false;
      if (dirty) schedule();
    }, 3000);
    model.send({ kind, view, number, centred: centred.checked }, undefined, [buffer]);
  }

  file.addEventListener("change", async () => {
    const chosen = file.files[0];
    file.value = "";
    if (!chosen) return;
    const bytes = await chosen.arrayBuffer();
    dirty = false;
    ask("file", bytes);
  });

  function answered(content, buffers) {
    if (content.view !== view) return;
    if (content.number === number) {
      clearTimeout(patience);
      waiting = false;
      draw(content, buffers);
    }
    if (dirty) schedule();
  }

  function paint(context, bytes, size, colour) {
    const picture = context.createImageData(size, size);
    bytes.forEach((value, k) => picture.data.set(colour(value), 4 * k));
    context.putImageData(picture, 0, 0);
  }

  function draw(content, buffers) {
    const bytes = (buffer) => new Uint8Array(buffer.buffer || buffer, buffer.byteOffset || 0, buffer.byteLength);
    verdict.textContent = content.message;
    const shares = content.probabilities || Array(10).fill(null);
    bars.forEach(({ row, fill, share }, digit) => {
      row.classList.toggle("pad-best", digit === content.label);
      fill.style.width = `${100 * (shares[digit] || 0)}%`;
      share.textContent = shares[digit] === null ? "" : `${(100 * shares[digit]).toFixed(1)}%`;
    });
    const context = seen.getContext("2d");
    if (content.probabilities) paint(context, bytes(buffers[0]), 28, (value) => [...cividis(value / 255), 255]);
    else context.clearRect(0, 0, 28, 28);
    hidden.replaceChildren();
    (content.hidden || []).forEach((units, layer) => {
      add(hidden, "h4", { textContent: `Hidden layer ${layer + 1}: ${units.length} units` });
      const grid = add(hidden, "div", { className: "pad-units" });
      grid.style.gridTemplateColumns = `repeat(${units.length > 50 ? 16 : 5}, 1fr)`;
      const most = Math.max(...units, 1e-9);
      units.forEach((unit) => { add(grid, "div", { className: "pad-unit" }).style.background = `rgb(${cividis(unit / most)})`; });
    });
    if (content.kind === "file" && buffers.length > 1) {
      const picture = Object.assign(document.createElement("canvas"), { width: SIZE, height: SIZE });
      paint(picture.getContext("2d"), bytes(buffers[1]), SIZE, (value) => [254, 232, 56, value]);
      strokes = [{ picture }];
      redraw();
      dirty = false; // the answer for the whole file is on the page already
    }
  }

  model.on("msg:custom", answered);
  return () => { clearTimeout(patience); model.off("msg:custom", answered); };
}

export default { render };

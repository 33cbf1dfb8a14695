/**
 * The Gram matrix by hand: point at an entry and see its two maps; brush a region, crop or change the picture, and watch
 * its matrix beside that of the whole picture.
 *
 * State: `layers` [{ name, filters, stride, field }], `layer`, `change` (one of `changes`, the first is none), `i` and `j`
 * (the filters of the entry that is kept), `first` and `second` (what the two pictures are called), `version`.
 * Asked: "picture" { which: "first" | "second", change, crop } → a picture; "layer" { layer } → F of the first, [C, H, W];
 * "gram" { which, layer, change, crop } → G / M, [C, C], with `positions` (M) and, for the first, `order` (of its filters).
 * `crop` is [top, left, height, width] in pixels of the first picture, or null.
 */

import { INFERNO, VIRIDIS, arrow, brief, choices, colour, fitted, make, opened, outline, pointing, raster, surface, within } from "./canvas.js";
import { Region, cosines, distance } from "./matrix.js";
import { Host, newest } from "./protocol.js";

/** @typedef {import("./matrix.js").Gram} Gram */
/** @typedef {import("./canvas.js").Box} Box */

const BRUSH = 14; // radius in pixels of the picture

/** @param {import("./protocol.js").Context} context */
function render({ model, el }) {
  const { say, speak } = opened(el);
  const host = new Host(model, say);
  const [forFirst, forSecond, forLayer, forWhole, forOther] = [newest(), newest(), newest(), newest(), newest()];
  /** @type {HTMLCanvasElement | null} */
  let image = null;
  /** @type {HTMLCanvasElement | null} */
  let changed = null;
  /** @type {import("./protocol.js").Numbers | null} */
  let F = null;
  /** @type {(Gram & { order: number[] }) | null} */
  let whole = null;
  /** @type {Gram | null} */
  let other = null;
  /** @type {Region | null} */
  let region = null;
  /** What the right matrix belongs to. @type {"change" | "region" | "crop"} */
  let subject = "change";
  /** @type {"brush" | "crop"} */
  let tool = "brush";
  /** @type {[number, number, number][]} */
  let strokes = []; // x, y and radius, in pixels of the picture
  /** @type {Box} */
  let frame = { x: 0, y: 0, width: 0, height: 0 };
  /** @type {[number, number] | null} */
  let cursor = null;
  /** @type {[number, number] | null} */
  let corner = null;
  /** @type {[number, number] | null} */
  let hover = null; // filters
  /** @type {{ left: HTMLCanvasElement | null, right: HTMLCanvasElement | null, maps: (HTMLCanvasElement | null)[] }} */
  const drawn = { left: null, right: null, maps: [null, null, null] };

  const info = () => model.get("layers").find((/** @type {any} */ one) => one.name === model.get("layer"));
  const plain = () => model.get("changes")[0];
  /** @returns {[number, number]} */
  const pair = () => {
    const last = whole ? whole.order.length - 1 : 0;
    const [i, j] = hover ?? [model.get("i"), model.get("j")];
    return [within(i, 0, last), within(j, 0, last)];
  };

  const names = model.get("layers").map((/** @type {any} */ one) => one.name);
  const slider = make("input", { type: "range", min: 0, max: names.length - 1, step: 1, "aria-label": "layer",
    oninput: () => host.set({ layer: names[Number(slider.value)] }) });
  const told = make("output");
  const tools = choices("what dragging does", [
    ["brush", "Brush a region", "drag over the picture: the right matrix is that of the places you touch"],
    ["crop", "Crop by dragging", "drag a frame: the right matrix is that of what is inside, as a picture of its own"],
  ], (value) => {
    tool = value === "crop" ? "crop" : "brush";
    tools.press(tool);
    showPicture();
  });
  const changes = choices("change of the whole picture", model.get("changes").map((/** @type {string} */ word) =>
    [word, word, word === plain() ? "the whole picture as it is" : `${word}: the right matrix is that of the changed picture`],
  ), change);
  const stage = surface({ name: "picture", height: 306, draw: drawPicture,
    help: "Drag to brush a region or to crop. Keys: arrows move, Space brushes, plus and minus change the size, Escape starts over." });
  const left = surface({ name: "Gram matrix of the whole picture", height: 306, share: 95, draw: (pen, w, h) => drawMatrix(pen, w, h, drawn.left),
    help: "Point at an entry to see its two maps; click to keep it. Arrow keys move." });
  const right = surface({ name: "Gram matrix beside it", height: 306, share: 95, draw: (pen, w, h) => drawMatrix(pen, w, h, drawn.right),
    help: "Point at an entry to see its two maps; click to keep it. Arrow keys move." });
  const maps = [0, 1, 2].map((place) => surface({ name: "map", height: 190, still: true,
    draw: (pen, w, h) => drawMap(pen, w, h, place) }));
  const captions = Array.from({ length: 6 }, () => make("figcaption"));
  const lead = make("p", { class: "st-lead" });
  el.prepend(
    make("div", { class: "st-row" }, make("label", {}, "layer", slider), told),
    make("div", { class: "st-row" }, tools.box, changes.box),
    lead,
    make("div", { class: "st-three" },
      make("figure", {}, stage.canvas, captions[0]),
      make("figure", {}, left.canvas, captions[1]),
      make("figure", {}, right.canvas, captions[2])),
    make("div", { class: "st-three" }, ...maps.map((map, place) => make("figure", {}, map.canvas, captions[3 + place]))),
  );
  tools.press(tool);

  /** @param {CanvasRenderingContext2D} pen @param {number} width @param {number} height */
  function drawPicture(pen, width, height) {
    const shown = subject === "change" ? changed : image;
    if (!shown) return;
    const box = fitted(shown.width, shown.height, width, height);
    const scale = box.width / shown.width;
    pen.imageSmoothingQuality = "high";
    pen.drawImage(shown, box.x, box.y, box.width, box.height);
    if (subject === "region" && region && F) veil(pen, box, scale);
    if (subject === "crop") {
      const at = { x: box.x + frame.x * scale, y: box.y + frame.y * scale, width: frame.width * scale, height: frame.height * scale };
      pen.fillStyle = "rgba(0, 0, 0, 0.55)";
      pen.beginPath();
      pen.rect(box.x, box.y, box.width, box.height);
      pen.rect(at.x, at.y, at.width, at.height);
      pen.fill("evenodd");
      outline(pen, at);
    }
    if (tool === "brush" && cursor && subject !== "change") {
      for (const [ink, wide] of /** @type {[string, number][]} */ ([["rgba(0,0,0,0.7)", 3], ["#fff", 1.25]])) {
        pen.beginPath();
        pen.arc(box.x + cursor[0] * scale, box.y + cursor[1] * scale, BRUSH * scale, 0, 2 * Math.PI);
        [pen.strokeStyle, pen.lineWidth] = [ink, wide];
        pen.stroke();
      }
    }
  }

  /** Darken what is outside the region. @param {CanvasRenderingContext2D} pen @param {Box} box @param {number} scale */
  function veil(pen, box, scale) {
    const [, H, W] = /** @type {import("./protocol.js").Numbers} */ (F).shape;
    const { stride } = info();
    pen.save();
    pen.beginPath();
    pen.rect(box.x, box.y, box.width, box.height);
    pen.clip();
    pen.fillStyle = "rgba(0, 0, 0, 0.62)";
    for (let row = 0; row < H; row += 1) {
      for (let column = 0; column < W; column += 1) {
        if (region?.inside[row * W + column]) continue;
        let end = column; // one rectangle for each run: seams between single cells would show
        while (end < W && !region?.inside[row * W + end]) end += 1;
        const last = end === W ? box.x + box.width : box.x + end * stride * scale;
        const low = row === H - 1 ? box.y + box.height : Math.round(box.y + (row + 1) * stride * scale);
        const high = Math.round(box.y + row * stride * scale);
        pen.fillRect(box.x + column * stride * scale, high, last - box.x - column * stride * scale, low - high);
        column = end;
      }
    }
    pen.restore();
  }

  /** @param {number} width @param {number} height @returns {Box} */
  const square = (width, height) => fitted(1, 1, width, height);

  /** @param {CanvasRenderingContext2D} pen @param {number} width @param {number} height @param {HTMLCanvasElement | null} matrix */
  function drawMatrix(pen, width, height, matrix) {
    if (!matrix || !whole) return;
    const box = square(width, height);
    const C = whole.order.length;
    pen.imageSmoothingEnabled = C > box.width; // more filters than pixels
    pen.drawImage(matrix, box.x, box.y, box.width, box.height);
    const [i, j] = pair();
    const [row, column, cell] = [whole.order.indexOf(i), whole.order.indexOf(j), box.width / C];
    pen.fillStyle = "rgba(255, 255, 255, 0.35)";
    pen.fillRect(box.x, box.y + row * cell, box.width, Math.max(1, cell));
    pen.fillRect(box.x + column * cell, box.y, Math.max(1, cell), box.height);
    const side = Math.max(6, cell);
    outline(pen, { x: box.x + (column + 0.5) * cell - side / 2, y: box.y + (row + 0.5) * cell - side / 2, width: side, height: side });
  }

  /** @param {CanvasRenderingContext2D} pen @param {number} width @param {number} height @param {number} place */
  function drawMap(pen, width, height, place) {
    const map = drawn.maps[place];
    if (!map || !F) return;
    const { stride } = info();
    const box = fitted(map.width, map.height, width, height);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(map, box.x, box.y, box.width, box.height);
    if (subject === "region" && region) veil(pen, box, box.width / map.width / stride);
  }

  function showPair() {
    if (!whole || !F) return;
    const [i, j] = pair();
    const [C, H, W] = F.shape;
    if (whole.order.length !== C) return; // one of them still belongs to the previous layer
    const M = H * W;
    const both = [F.values.subarray(i * M, (i + 1) * M), F.values.subarray(j * M, (j + 1) * M)];
    const product = both[0].map((value, k) => value * both[1][k]);
    [...both, product].forEach((map, place) => {
      drawn.maps[place] = raster(map, W, H, INFERNO, map.reduce((a, b) => Math.max(a, b), 0));
      maps[place].redraw();
    });
    const cosine = (/** @type {Gram} */ { values: G }) => {
      const lengths = Math.sqrt(G[i * C + i] * G[j * C + j]);
      return lengths > 0 ? (G[i * C + j] / lengths).toFixed(2) : "0";
    };
    captions[3].textContent = `F of filter i = ${i}`;
    captions[4].textContent = `F of filter j = ${j}`;
    captions[5].textContent = `their product: its sum is G_ij = ${brief(whole.values[i * C + j] * whole.positions)}`;
    maps.forEach((map, place) => map.name(`map: ${captions[3 + place].textContent}`));
    captions[1].textContent = `G of ${model.get("first")}: cosine of ${i} and ${j} is ${cosine(whole)}`;
    captions[2].textContent = other && other.values.length === C * C ? `G of ${nameOf()}: ${cosine(other)}` : "";
    left.redraw();
    right.redraw();
  }

  const nameOf = () =>
    subject === "region" ? "the region" : subject === "crop" ? "the crop" : model.get("change") === plain()
      ? model.get("second") : `${model.get("second")}, ${model.get("change")}`;

  function showMatrices() {
    if (!whole) return;
    const C = whole.order.length;
    drawn.left ??= raster(cosines(whole.values, whole.order), C, C, VIRIDIS, 1);
    drawn.right = other && other.values.length === C * C ? raster(cosines(other.values, whole.order), C, C, VIRIDIS, 1) : null;
    if (drawn.right && other) {
      const share = (100 * distance(other.values, whole.values)).toPrecision(3);
      const size = subject === "region" ? ` (${other.positions} of ${whole.positions} positions)` : "";
      lead.textContent = `Style loss E_l between the left matrix and that of ${nameOf()}${size}: ${Number(share)} % of its value for a picture without features`;
    } else {
      lead.textContent = subject === "region" ? "Drag over the picture to brush a region." : "";
    }
    el.dataset.shown = `${model.get("layer")} ${subject}`;
    showPair();
  }

  function showPicture() {
    changes.press(subject === "change" ? model.get("change") : "");
    captions[0].textContent = subject === "change" ? (tool === "crop" ? "Drag a frame on the picture." : "Drag over the picture to brush a region.")
      : subject === "region" ? "Dark: outside the region. Escape starts over."
        : "Drag another frame, or press “unchanged”.";
    stage.redraw();
  }

  function showState() {
    slider.value = String(names.indexOf(model.get("layer")));
    const { name, filters, field } = info();
    told.textContent = `${name}: G is ${filters} × ${filters}; each position sees ${field} × ${field} pixels`;
    slider.setAttribute("aria-valuetext", told.textContent);
    showPicture();
    showMatrices();
  }

  /** Look at something else in the right matrix. @param {"change" | "region" | "crop"} what */
  function begin(what) {
    if (what !== subject || what === "crop") [strokes, region] = [[], null];
    subject = what;
  }

  /** @param {number} x @param {number} y */
  function brush(x, y) {
    begin("region");
    strokes.push([x, y, BRUSH]);
    touchAt(x, y, BRUSH);
    if (region) other = region.gram();
    showPicture();
    showMatrices();
  }

  /** Add the positions whose centre the brush covers, at least the nearest one. @param {number} x @param {number} y @param {number} r */
  function touchAt(x, y, r) {
    if (!F) return;
    region ??= new Region(F.values, F.shape);
    const { stride } = info();
    const [, H, W] = F.shape;
    const middle = (stride - 1) / 2;
    const range = (/** @type {number} */ at, /** @type {number} */ last) =>
      [within(Math.floor((at - r) / stride), 0, last), within(Math.ceil((at + r) / stride), 0, last)];
    const [[top, bottom], [low, high]] = [range(y, H - 1), range(x, W - 1)];
    for (let row = top; row <= bottom; row += 1) {
      for (let column = low; column <= high; column += 1) {
        if (Math.hypot(row * stride + middle - y, column * stride + middle - x) <= r) region.add(row * W + column);
      }
    }
    region.add(within(Math.floor(y / stride), 0, H - 1) * W + within(Math.floor(x / stride), 0, W - 1));
  }

  function replay() {
    region = null;
    for (const [x, y, r] of strokes) touchAt(x, y, r);
    const drawnRegion = /** @type {Region | null} */ (region);
    other = drawnRegion ? drawnRegion.gram() : null;
  }

  /** @param {Box} box */
  function crop(box) {
    begin("crop");
    frame = box;
    showPicture();
    if (box.width >= 8 && box.height >= 8) askOther();
  }

  /** A place in pixels of the first picture, kept inside it. @param {number} x @param {number} y @returns {[number, number]} */
  function pixelAt(x, y) {
    if (!image) return [0, 0];
    const box = fitted(image.width, image.height, stage.canvas.clientWidth, stage.canvas.clientHeight);
    const scale = image.width / box.width;
    return [within((x - box.x) * scale, 0, image.width - 1), within((y - box.y) * scale, 0, image.height - 1)];
  }

  /** @param {number} x @param {number} y */
  function dragged(x, y) {
    const [px, py] = (cursor = pixelAt(x, y));
    if (tool === "brush") brush(px, py);
    else if (corner) {
      const [cx, cy] = corner;
      crop({ x: Math.round(Math.min(px, cx)), y: Math.round(Math.min(py, cy)),
        width: Math.round(Math.abs(px - cx)) + 1, height: Math.round(Math.abs(py - cy)) + 1 });
    }
  }

  pointing(stage.canvas, {
    over: (x, y) => {
      cursor = pixelAt(x, y);
      stage.redraw();
    },
    down: (x, y) => {
      corner = pixelAt(x, y);
      dragged(x, y);
    },
    drag: dragged,
    out: () => {
      cursor = null;
      stage.redraw();
    },
    key: (key, event) => {
      if (!image) return false;
      const step = arrow(event);
      if (key === "Escape") {
        change(plain());
        return true;
      }
      if (tool === "brush") {
        cursor ??= [image.width / 2, image.height / 2];
        if (step) cursor = [within(cursor[0] + 4 * step[0], 0, image.width - 1), within(cursor[1] + 4 * step[1], 0, image.height - 1)];
        else if (key !== " ") return false;
        begin("region");
        if (key === " ") brush(...cursor);
        else {
          showPicture();
          showMatrices();
        }
        speak(`${lead.textContent}; brush at ${Math.round(cursor[0])}, ${Math.round(cursor[1])}`);
        return true;
      }
      const grown = { "+": 4, "-": -4 }[key] ?? 0;
      if (!step && !grown) return false;
      const { width, height } = image;
      const now = subject === "crop" ? frame : { x: width / 4, y: height / 4, width: width / 2, height: height / 2 };
      const [w, h] = [within(now.width + 2 * grown, 32, width), within(now.height + (2 * grown * height) / width, 32, height)];
      const [dx, dy] = step ?? [(now.width - w) / 8, (now.height - h) / 8];
      crop({ x: Math.round(within(now.x + 4 * dx, 0, width - w)), y: Math.round(within(now.y + 4 * dy, 0, height - h)),
        width: Math.round(w), height: Math.round(h) });
      return true;
    },
  });

  /** Show the second picture, changed in this way, in place of a region or a crop. @param {string} word */
  function change(word) {
    begin("change");
    if (model.get("change") === word) {
      askSecond();
      showState();
    } else host.set({ change: word });
  }

  for (const matrix of [left, right]) {
    /** @param {number} x @param {number} y @returns {[number, number] | null} */
    const entry = (x, y) => {
      if (!whole) return null;
      const box = square(matrix.canvas.clientWidth, matrix.canvas.clientHeight);
      const C = whole.order.length;
      const [row, column] = [Math.floor(((y - box.y) / box.height) * C), Math.floor(((x - box.x) / box.width) * C)];
      return row < 0 || column < 0 || row >= C || column >= C ? null : [whole.order[row], whole.order[column]];
    };
    pointing(matrix.canvas, {
      over: (x, y) => {
        hover = entry(x, y);
        showPair();
      },
      down: (x, y) => {
        const at = entry(x, y);
        if (at) host.set({ i: at[0], j: at[1] });
      },
      out: () => {
        hover = null;
        showPair();
      },
      key: (_, event) => {
        const step = arrow(event);
        if (!step || !whole) return false;
        const [i, j] = pair();
        const last = whole.order.length - 1;
        hover = null;
        host.set({ i: whole.order[within(whole.order.indexOf(i) + step[1], 0, last)],
          j: whole.order[within(whole.order.indexOf(j) + step[0], 0, last)] });
        showPair();
        speak(`${captions[1].textContent}; ${captions[2].textContent}`);
        return true;
      },
    });
  }

  const where = () => ({
    change: subject === "change" ? model.get("change") : plain(),
    crop: subject === "crop" ? [frame.y, frame.x, frame.height, frame.width] : null,
  });
  /** @param {import("./protocol.js").Numbers} found @returns {Gram} */
  const gramOf = ({ values, answer }) => ({ values, positions: answer.positions });

  function askOther() {
    // A crop is of the first picture; a change is of the second.
    const which = subject === "crop" ? "first" : "second";
    forOther(host.numbers("gram", { which, layer: model.get("layer"), ...where() }), (found) => {
      if (subject === "region") return;
      other = gramOf(found);
      showMatrices();
    });
  }

  function askSecond() {
    forSecond(host.picture("picture", { which: "second", ...where() }), (found) => {
      changed = found;
      showPicture();
    });
    askOther();
  }

  function askLayer() {
    const layer = model.get("layer");
    forLayer(host.numbers("layer", { layer }), (found) => {
      F = found;
      replay();
      if (subject !== "region") askOther();
      showState();
    });
    forWhole(host.numbers("gram", { which: "first", layer, change: plain(), crop: null }), (found) => {
      whole = { ...gramOf(found), order: found.answer.order };
      drawn.left = null;
      showState();
    });
  }

  function askAll() {
    forFirst(host.picture("picture", { which: "first", change: plain(), crop: null }), (found) => {
      image = found;
      showPicture();
    });
    askSecond();
    askLayer();
  }

  for (const name of ["i", "j"]) host.on(`change:${name}`, showPair);
  host.on("change:layer", () => {
    hover = null;
    other = null;
    askLayer();
    showState();
  });
  host.on("change:change", () => {
    if (model.get("change") !== plain()) begin("change");
    if (subject === "change") askSecond();
    showState();
  });
  host.on("change:version", askAll);
  showState();
  askAll();
  return () => {
    host.close();
    for (const one of [stage, left, right, ...maps]) one.close();
  };
}

export default { render };

// What all views are made with: sharp canvases, numbers as coloured maps, pointers and keys.

/** Dark to bright, like matplotlib's colour maps of these names. */
export const INFERNO = ramp(["000004", "1b0c41", "4a0c6b", "781c6d", "a52c60", "cf4446", "ed6925", "fb9b06", "f7d13d", "fcffa4"]);
export const VIRIDIS = ramp(["440154", "482878", "3e4989", "31688e", "26828e", "1f9e89", "35b779", "6ece58", "b5de2b", "fde725"]);

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */
/** @typedef {Uint8ClampedArray} Ramp 256 times red, green, blue */

/** @param {string[]} anchors @returns {Ramp} */
export function ramp(anchors) {
  const known = anchors.map((colour) => [0, 2, 4].map((at) => parseInt(colour.slice(at, at + 2), 16)));
  const table = new Uint8ClampedArray(768);
  for (let level = 0; level < 256; level += 1) {
    const place = (level / 255) * (known.length - 1);
    const below = Math.min(known.length - 2, Math.floor(place));
    for (let c = 0; c < 3; c += 1) {
      table[3 * level + c] = known[below][c] + (place - below) * (known[below + 1][c] - known[below][c]);
    }
  }
  return table;
}

/**
 * Numbers as a small picture, one pixel each.
 * @param {ArrayLike<number>} values @param {number} width @param {number} height @param {Ramp} colours
 * @param {number} top the brightest value @param {number} [veil] if given, opacity grows with the value, up to this
 */
export function raster(values, width, height, colours, top, veil) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const pen = pen2d(canvas);
  const image = pen.createImageData(width, height);
  for (let k = 0; k < width * height; k += 1) {
    const share = top > 0 ? Math.min(1, Math.max(0, values[k] / top)) : 0;
    const level = 3 * Math.round(255 * share);
    image.data[4 * k] = colours[level];
    image.data[4 * k + 1] = colours[level + 1];
    image.data[4 * k + 2] = colours[level + 2];
    image.data[4 * k + 3] = veil === undefined ? 255 : 255 * veil * Math.min(1, 0.25 + share * 1.5);
  }
  pen.putImageData(image, 0, 0);
  return canvas;
}

/** @param {HTMLCanvasElement} canvas @returns {CanvasRenderingContext2D} */
export function pen2d(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
}

/** The largest box of the shape w × h that fits, centred. @returns {Box} */
export function fitted(/** @type {number} */ w, /** @type {number} */ h, /** @type {number} */ width, /** @type {number} */ height) {
  const scale = Math.min(width / w, height / h);
  return { x: (width - w * scale) / 2, y: (height - h * scale) / 2, width: w * scale, height: h * scale };
}

/** @param {number} value @param {number} low @param {number} high */
export const within = (value, low, high) => Math.min(high, Math.max(low, value));

/** A number with about three significant digits. @param {number} value */
export function brief(value) {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6) return value.toExponential(2);
  return size >= 100 && size < 1e5 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/**
 * An element with its attributes and children.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, any>} [given] @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/** Buttons of which one is pressed. @param {string} name @param {[string, string, string][]} options value, text, title
 * @param {(value: string) => void} chosen */
export function choices(name, options, chosen) {
  const buttons = options.map(([value, text, title]) =>
    make("button", { type: "button", title, "data-value": value, onclick: () => chosen(value) }, text),
  );
  const box = make("div", { class: "st-choices", role: "group", "aria-label": name }, ...buttons);
  return {
    box,
    /** @param {string} value */
    press(value) {
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.value === value));
    },
  };
}

/** The frame of a view: keys stay inside, and one line says what is wrong or still awaited. @param {HTMLElement} el */
export function opened(el) {
  el.classList.add("st-touch");
  el.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab's: "a" would make a new cell
  const status = make("div", { class: "st-status", role: "status" });
  const spoken = make("div", { class: "st-spoken", "aria-live": "polite" });
  el.append(status, spoken);
  const keep = (/** @type {Event} */ event) => event.stopPropagation();
  el.addEventListener("keydown", keep);
  return {
    /** @param {string} line */
    say: (line) => {
      status.textContent = line;
      status.hidden = line === "";
    },
    /** Tell those who use the keys and may not see the picture. @param {string} line */
    speak: (line) => {
      spoken.textContent = line;
    },
  };
}

/**
 * A canvas of a fixed CSS size, with as many pixels as the screen has there.
 * @param {{ name: string, height: number, draw: (pen: CanvasRenderingContext2D, width: number, height: number) => void,
 *   help?: string, still?: boolean, share?: number }} given `still`: nothing to point at; `share`: its height at
 *   most, in percent of the view's width
 */
export function surface({ name, height, draw, help = "", still = false, share = 72 }) {
  const canvas = make("canvas", {
    class: "st-canvas",
    style: `height: min(${height}px, ${share}cqi)`, // less in a narrow view
    role: still ? "img" : "application",
    tabindex: still ? undefined : 0,
    "aria-label": name,
    "aria-description": help || undefined,
    title: help || undefined,
  });
  let asked = 0;
  const paint = () => {
    asked = 0;
    const [width, tall] = [canvas.clientWidth, canvas.clientHeight];
    const scale = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * scale), Math.round(tall * scale)];
    if (w === 0 || h === 0) return;
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    const pen = pen2d(canvas);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, tall);
    draw(pen, width, tall);
  };
  const redraw = () => {
    if (!asked) asked = requestAnimationFrame(paint);
  };
  const observer = new ResizeObserver(redraw);
  observer.observe(canvas);
  // Its colours are those of the page, which may switch between light and dark.
  const turned = new MutationObserver(redraw);
  turned.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", redraw);
  return {
    canvas,
    redraw,
    name: (/** @type {string} */ text) => canvas.setAttribute("aria-label", text),
    close: () => {
      observer.disconnect();
      turned.disconnect();
      system.removeEventListener("change", redraw);
      cancelAnimationFrame(asked);
    },
  };
}

/**
 * Mouse, pen, finger and keys on a canvas, in CSS pixels from its corner.
 * @param {HTMLCanvasElement} canvas
 * @param {{ over?: (x: number, y: number) => void, down?: (x: number, y: number) => void,
 *   drag?: (x: number, y: number) => void, up?: () => void, out?: () => void,
 *   key?: (key: string, event: KeyboardEvent) => boolean | void }} on `key` says whether the key was meant for it
 */
export function pointing(canvas, on) {
  let held = false;
  /** @param {PointerEvent} event @returns {[number, number]} */
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener("pointermove", (event) => {
    (held ? (on.drag ?? on.over) : on.over)?.(...place(event));
  });
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = true;
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    event.preventDefault();
    on.down?.(...place(event));
  });
  const released = () => {
    if (held) on.up?.();
    held = false;
  };
  canvas.addEventListener("pointerup", released);
  canvas.addEventListener("pointercancel", released);
  canvas.addEventListener("pointerleave", () => (held ? undefined : on.out?.()));
  canvas.addEventListener("keydown", (event) => {
    if (on.key?.(event.key, event)) event.preventDefault();
  });
}

/** The step of an arrow key, columns and rows; with Shift ten times as far. @param {KeyboardEvent} event
 * @returns {[number, number] | null} */
export function arrow(event) {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  return step ? [step[0] * (event.shiftKey ? 10 : 1), step[1] * (event.shiftKey ? 10 : 1)] : null;
}

/** A frame that can be seen on light and on dark. @param {CanvasRenderingContext2D} pen @param {Box} box */
export function outline(pen, box) {
  pen.lineJoin = "round";
  for (const [colour, width] of /** @type {[string, number][]} */ ([["rgba(0, 0, 0, 0.75)", 4], ["#fff", 1.75]])) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.strokeRect(box.x, box.y, box.width, box.height);
  }
}

/** A colour from the view's style sheet. @param {Element} el @param {string} name */
export function colour(el, name) {
  return getComputedStyle(el).getPropertyValue(name).trim() || "#888";
}

// Pictures of the page: the reader's own or the package's, decoded, drawn larger, saved.

const MOST = 1024; // longer side of what is kept of a file: far more than any size that is computed here

/**
 * Read a picture as bytes of RGB over white, turned as its file says.
 *
 * @param {Blob} blob
 * @param {string} name for the message
 * @returns {Promise<import("./engine.js").Raw>}
 */
export async function decode(blob, name) {
  const bitmap = await createImageBitmap(blob, { imageOrientation: "from-image" }).catch(() => null);
  if (!bitmap) throw new Error(`${name} is not a picture that this browser can read.`);
  const scale = Math.min(1, MOST / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const context = sheet(width, height);
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return { rgba: context.getImageData(0, 0, width, height).data, height, width };
}

/** @param {number} width @param {number} height */
function sheet(width, height) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  context.imageSmoothingQuality = "high";
  return context;
}

/** A canvas of a picture at its own size. @param {import("./engine.js").Raw} raw */
export function toCanvas({ rgba, height, width }) {
  const context = sheet(width, height);
  context.putImageData(new ImageData(/** @type {any} */ (rgba), width, height), 0, 0);
  return context.canvas;
}

/**
 * Draw a picture onto a canvas, smoothly enlarged to the canvas's width.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasImageSource & { width: number, height: number }} source
 */
export function show(canvas, source) {
  const height = Math.round((canvas.width * source.height) / source.width);
  if (canvas.height !== height) canvas.height = height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, canvas.width, height);
}

/** Offer a picture as a PNG file, at its own size. @param {import("./engine.js").Raw} raw @param {string} name */
export async function save(raw, name) {
  const blob = await new Promise((resolve) => toCanvas(raw).toBlob(resolve, "image/png"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(/** @type {Blob} */ (blob));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

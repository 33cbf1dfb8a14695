/**
 * PROTOCOL: how a view talks to its host. The host is a notebook's kernel (protocol.py), or whatever else has
 * pictures and features, such as a page that computes them itself.
 *
 * A view is `export default { render({ model, el }) }`; `render` draws into `el` and returns what closes it again.
 * `model` is all that it sees of its host:
 *
 *   model.get(name), model.set(name, value), model.save_changes(), model.on("change:NAME", f), model.off(event, f)
 *       State: small, plain values, listed at the top of each view. Either side may change it, and both follow.
 *   model.send({ id, ask, …arguments }, undefined, buffers?)
 *       A question. `id` is a string that no other question has; `ask` says what is wanted.
 *   model.on("msg:custom", (answer, buffers) => …)
 *       Its answer, which repeats the `id`: `{ id, …, shape, dtype, scale }` and one buffer, or `{ id, error }`, where
 *       `error` is one line for a reader, or `{ id, overtaken: true }` where a newer question has made it pointless.
 *       Every view of a model hears all answers; it drops those with ids that are not its own.
 *
 * The host says nothing unasked. When its pictures change it raises the number `version`, and views ask again. What
 * is asked for is never kept in the state, which notebooks would store.
 *
 * Arrays are row by row, little-endian. `dtype` is "float32", "float16" or "uint8"; the values are buffer × `scale`
 * (1 where it is missing), so that large activations fit into float16.
 * Pictures are arrays [height, width, 4] of uint8 (red, green, blue, opacity), or whole files, with their
 * `type`: "image/png" in place of `shape` and `dtype`.
 *
 * Position p of a layer of stride s sits over pixel p · s + (s − 1) / 2, and sees a square of `field` pixels around it.
 * Light or dark: as `data-jp-theme-light` on the body says; where that is missing, as the system is set.
 *
 * @typedef {{ get(name: string): any, set(name: string, value: any): void, save_changes(): void,
 *   on(event: string, f: (...things: any[]) => void): void, off(event: string, f: (...things: any[]) => void): void,
 *   send(content: object, callbacks?: any, buffers?: (ArrayBuffer | ArrayBufferView)[]): void }} Model
 * @typedef {{ model: Model, el: HTMLElement }} Context
 * @typedef {{ id: string, error?: string, overtaken?: boolean, shape?: number[], dtype?: string, scale?: number, type?: string,
 *   [more: string]: any }} Answer
 * @typedef {{ values: Float32Array, shape: number[], answer: Answer }} Numbers
 */

let views = 0;

/** Questions and answers of one view. */
export class Host {
  /** @param {Model} model @param {(line: string) => void} say shows one line, such as an error */
  constructor(model, say) {
    this.model = model;
    this.say = say;
    this.name = `${Date.now().toString(36)}-${(views += 1)}-${Math.random().toString(36).slice(2, 8)}`;
    this.count = 0;
    /** @type {Map<string, (answer: Answer, buffers: DataView[]) => void>} */
    this.open = new Map();
    /** @type {[string, (...things: any[]) => void][]} */
    this.heard = [];
    this.on("msg:custom", (answer, buffers) => {
      const settle = this.open.get(answer?.id);
      this.open.delete(answer?.id);
      settle?.(answer, buffers ?? []);
    });
  }

  /** Listen until the view is closed. @param {string} event @param {(...things: any[]) => void} f */
  on(event, f) {
    this.model.on(event, f);
    this.heard.push([event, f]);
  }

  /** Change the state. @param {Record<string, any>} values */
  set(values) {
    for (const [name, value] of Object.entries(values)) this.model.set(name, value);
    this.model.save_changes();
  }

  /**
   * @param {string} what @param {object} [more] @param {ArrayBufferView[]} [buffers]
   * @returns {Promise<{ answer: Answer, buffer: DataView | undefined }>} rejected with the host's line
   */
  ask(what, more = {}, buffers = []) {
    const id = `${this.name}-${(this.count += 1)}`;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.say("still computing …"), 3000);
      this.open.set(id, (answer, parts) => {
        clearTimeout(late);
        this.say(answer.error ?? "");
        if (answer.error || answer.overtaken) reject(new Error(answer.error ?? "overtaken"));
        else resolve({ answer, buffer: parts[0] });
      });
      this.model.send({ id, ask: what, ...more }, undefined, buffers);
    });
  }

  /** @param {string} what @param {object} [more] @returns {Promise<Numbers>} */
  async numbers(what, more) {
    const { answer, buffer } = await this.ask(what, more);
    return { values: decoded(answer, buffer), shape: answer.shape ?? [], answer };
  }

  /** @param {string} what @param {object} [more] @returns {Promise<HTMLCanvasElement | null>} null: there is none */
  async picture(what, more) {
    const { answer, buffer } = await this.ask(what, more);
    if (!buffer) return null;
    const bytes = part(buffer);
    const canvas = document.createElement("canvas");
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
    if (answer.type) {
      const bitmap = await createImageBitmap(new Blob([/** @type {BlobPart} */ (bytes)], { type: answer.type }));
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
      pen.drawImage(bitmap, 0, 0);
      bitmap.close();
    } else {
      const [height, width] = /** @type {number[]} */ (answer.shape);
      [canvas.width, canvas.height] = [width, height];
      pen.putImageData(new ImageData(new Uint8ClampedArray(bytes), width, height), 0, 0);
    }
    return canvas;
  }

  /** Stop listening. */
  close() {
    for (const [event, f] of this.heard) this.model.off(event, f);
    this.open.clear();
  }
}

/** Only the newest of several questions counts. @returns {<T>(asked: Promise<T>, use: (found: T) => void) => void} */
export function newest() {
  let latest = 0;
  return (asked, use) => {
    const mine = (latest += 1);
    // `ask` has already said what went wrong.
    asked.then((found) => (mine === latest ? use(found) : undefined)).catch(() => undefined);
  };
}

/** @param {DataView | ArrayBuffer} buffer @returns {Uint8Array} */
function part(buffer) {
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer)
    : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** @type {Float32Array | undefined} */
let halves;

/** The value of a float16 for each pattern of its 16 bits. @returns {Float32Array} */
function halfTable() {
  if (halves) return halves;
  halves = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits += 1) {
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    const size =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction
            ? NaN
            : Infinity
          : (1 + fraction / 1024) * 2 ** (exponent - 15);
    halves[bits] = sign * size;
  }
  return halves;
}

/** @param {Answer} answer @param {DataView | undefined} buffer @returns {Float32Array} */
export function decoded(answer, buffer) {
  if (!buffer) return new Float32Array(0);
  const bytes = part(buffer).slice(); // aligned
  const scale = answer.scale ?? 1;
  if (answer.dtype === "float16") {
    const table = halfTable();
    const packed = new Uint16Array(bytes.buffer);
    const values = new Float32Array(packed.length);
    for (let k = 0; k < packed.length; k += 1) values[k] = table[packed[k]] * scale; // `from` is ten times slower
    return values;
  }
  const plain = answer.dtype === "uint8" ? new Float32Array(bytes) : new Float32Array(bytes.buffer);
  return scale === 1 ? plain : plain.map((value) => value * scale);
}

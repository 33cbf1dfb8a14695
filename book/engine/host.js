// The page as a host of the package's views: the model that they talk to, as `touch/protocol.js` says. No kernel.

/**
 * @typedef {{ values?: Record<string, any>, data?: ArrayBufferView }} Answer a few plain values, at most one buffer
 * @typedef {(asked: Record<string, any>) => Answer | Promise<Answer>} Asked
 */

/** State that both sides see, questions and their answers. */
export class Model {
  /**
   * @param {Record<string, any>} state
   * @param {Record<string, Asked>} answers by the name of the question
   */
  constructor(state, answers) {
    /** @type {Record<string, any>} */
    this.state = { version: 0, ...state };
    this.answers = answers;
    /** @type {Map<string, Set<(...things: any[]) => void>>} */
    this.heard = new Map();
  }

  /** @param {string} name */
  get(name) {
    return this.state[name];
  }

  /** @param {string} name @param {any} value */
  set(name, value) {
    if (this.state[name] === value) return;
    this.state[name] = value;
    this.#tell(`change:${name}`);
  }

  /** There is nobody else to tell. */
  save_changes() {}

  /** @param {string} event @param {(...things: any[]) => void} f */
  on(event, f) {
    this.heard.set(event, (this.heard.get(event) ?? new Set()).add(f));
  }

  /** @param {string} event @param {(...things: any[]) => void} f */
  off(event, f) {
    this.heard.get(event)?.delete(f);
  }

  /** Answer a question. @param {any} asked @param {unknown} [_callbacks] @param {unknown} [_buffers] */
  async send(asked, _callbacks, _buffers) {
    try {
      const { values, data } = await this.answers[asked.ask](asked);
      const buffers = data ? [new DataView(data.buffer, data.byteOffset, data.byteLength)] : [];
      this.#tell("msg:custom", { ...values, id: asked.id }, buffers);
    } catch (error) {
      this.#tell("msg:custom", { id: asked.id, error: String(/** @type {any} */ (error)?.message ?? error) }, []);
    }
  }

  /** The pictures have changed: the views ask again. */
  renew() {
    this.set("version", this.state.version + 1);
  }

  /** @param {string} event @param {any[]} things */
  #tell(event, ...things) {
    for (const f of [...(this.heard.get(event) ?? [])]) f(...things);
  }
}

/** Numbers of any shape. @param {{ data: Float32Array, shape: readonly number[] }} array @returns {Answer} */
export function array({ data, shape }, more = {}) {
  return { values: { ...more, shape: [...shape], dtype: "float32" }, data };
}

/** A picture as bytes of RGB and opacity. @param {{ rgba: Uint8ClampedArray, height: number, width: number }} raw @returns {Answer} */
export function picture({ rgba, height, width }) {
  return { values: { shape: [height, width, 4], dtype: "uint8" }, data: rgba };
}

// The engine as a page sees it: promises, and a worker behind them that is made at the first request.

import { unsupported } from "./runtime.js";

export { unsupported };

/**
 * @typedef {import("./runtime.js").OnBytes} OnBytes
 * @typedef {{ rgba: Uint8ClampedArray, height: number, width: number }} Raw
 * @typedef {Omit<import("./synthesis.js").Step, "picture"> & Raw} Step
 * @typedef {import("./objective.js").Picture & { stopped: boolean, steps: number }} Made
 * @typedef {{ data: Float32Array, shape: number[] }} Values
 * @typedef {{ onBytes?: OnBytes, signal?: AbortSignal }} Watching
 */

/**
 * Computes syntheses, features and Gram matrices. Nothing is fetched before the first request, and nothing leaves the
 * machine. Requests are answered one after the other.
 */
export class Engine {
  /**
   * @param {object} [options]
   * @param {string} [options.base] address of the folder with engine.json; by default this file's own
   * @param {() => Worker} [options.worker] how a worker is made
   * @param {() => Promise<Record<string, ArrayBuffer>>} [options.inline] the engine's files, for a page that has them inside
   * @param {number} [options.threads] by default one, or up to four where the page is cross-origin isolated
   */
  constructor({ base = new URL("./", import.meta.url).href, worker, inline, threads } = {}) {
    this.place = { base, threads };
    this.inline = inline;
    this.makeWorker = worker ?? (() => new Worker(new URL("./worker.js", base), { type: "module" }));
    /** @type {Worker | null} */
    this.worker = null;
    /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void, hear: (message: any) => void }>} */
    this.waiting = new Map();
    this.count = 0;
    this.times = 0; // how often it was closed
    /** @type {Promise<any> | null} */
    this.index = null;
  }

  /** What engine.json says: graphs, defaults, pictures. The worker is started. @returns {Promise<any>} */
  open() {
    this.index ??= this.#begin().catch((error) => {
      this.close();
      throw error;
    });
    return this.index;
  }

  /**
   * Make a picture. An aborted signal ends it after its step; the promise then gives the best picture so far.
   *
   * @param {import("./plan.js").Job} job
   * @param {Watching & { onStep?: (step: Step) => void }} [watching]
   * @returns {Promise<Made>}
   */
  async synthesise(job, { onStep, onBytes, signal } = {}) {
    await this.#opened();
    return this.#ask({ ask: "synthesise", job }, { signal, onBytes, onStep });
  }

  /**
   * F of some layers of a picture by name, (1, C, H, W), by one forward pass.
   *
   * @param {Raw | import("./objective.js").Picture} image as it was read, or at its size already
   * @param {string[]} layers conv1_1 … conv5_3, pool1 … pool4
   * @param {{ size?: number, pooling?: "max" | "avg", padding?: "replicate" | "zeros" } & Watching} [options]
   * @returns {Promise<{ layers: Record<string, Values>, picture: import("./objective.js").Picture }>}
   */
  async features(image, layers, { size = 224, pooling = "max", padding = "replicate", ...watching } = {}) {
    await this.#opened();
    return this.#ask({ ask: "features", image, layers, size, pooling, padding }, watching);
  }

  /**
   * Ĝ = F Fᵀ / M of features, (C, C).
   *
   * @param {Values} features from `features`
   * @param {{ ordered?: boolean }} [options] whether to sort the filters as well
   * @returns {Promise<Values & { order?: number[] }>}
   */
  async gram({ data, shape }, { ordered = false } = {}) {
    await this.#opened();
    return this.#ask({ ask: "gram", data, shape, ordered });
  }

  async #begin() {
    const inline = await this.inline?.();
    return this.#ask({ ask: "open", place: { ...this.place, inline } }, {}, Object.values(inline ?? {}));
  }

  async #opened() {
    const { times } = this;
    await this.open();
    if (times !== this.times) throw new Error("The engine was closed.");
  }

  /** End everything at once and give the memory back; the next request starts afresh. */
  close() {
    this.times += 1;
    this.worker?.terminate();
    this.worker = this.index = null;
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of waiting) reject(new Error("The engine was closed."));
  }

  /**
   * @param {any} request
   * @param {Watching & { onStep?: (step: Step) => void }} [watching]
   * @param {Transferable[]} [transfer]
   * @returns {Promise<any>}
   */
  #ask(request, { signal, onBytes, onStep } = {}, transfer = []) {
    const worker = this.#start();
    const id = ++this.count;
    const stop = () => worker.postMessage({ id, ask: "stop" });
    return new Promise((resolve, reject) => {
      const hear = (/** @type {any} */ message) => {
        if (message.say === "bytes") onBytes?.(message.loaded, message.total);
        if (message.say === "step") onStep?.(message);
      };
      this.waiting.set(id, { resolve, reject, hear });
      worker.postMessage({ id, ...request }, transfer);
      if (signal?.aborted) stop();
      signal?.addEventListener("abort", stop, { once: true });
    }).finally(() => signal?.removeEventListener("abort", stop));
  }

  /** @returns {Worker} */
  #start() {
    if (this.worker) return this.worker;
    const why = unsupported() ?? (typeof Worker === "undefined" ? "This browser has no workers, which the engine needs." : null);
    if (why) throw new Error(why);
    const worker = this.makeWorker();
    worker.onmessage = ({ data }) => {
      const waiting = this.waiting.get(data.id);
      if (!waiting) return;
      if (data.say === "done" || data.say === "failed") this.waiting.delete(data.id);
      if (data.say === "done") waiting.resolve(data.value);
      else if (data.say === "failed") waiting.reject(new Error(data.text));
      else waiting.hear(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      const text = event.message || "its worker did not start; open the page from a server, not as a file";
      const waiting = [...this.waiting.values()];
      this.waiting.clear();
      this.close();
      for (const { reject } of waiting) reject(new Error(`The engine stopped: ${text}.`));
    };
    this.worker = worker;
    return worker;
  }
}

// What computes: onnxruntime-web, the weights as far as they are needed, one session at a time.

import { expand } from "./int8.js";

/**
 * @typedef {(loaded: number, total: number) => void} OnBytes
 * @typedef {{ base: string, inline?: Record<string, ArrayBuffer>, threads?: number }} Place
 */

const CACHE = "styletools ";
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

/** Why this browser cannot compute, in one line; null if it can. */
export function unsupported() {
  if (typeof WebAssembly !== "object") return "This browser has no WebAssembly, which the engine needs.";
  if (!WebAssembly.validate(new Uint8Array(SIMD))) return "This browser has no WebAssembly SIMD, which the engine needs.";
  return null;
}

/** Sessions of the exported graphs. */
export class Runtime {
  /** @param {Place} place where the engine lies; `inline` holds its files instead */
  constructor(place) {
    this.place = place;
    /** @type {any} */
    this.ort = null;
    /** @type {any} */
    this.index = null;
    /** @type {Uint8Array} */
    this.weights = new Uint8Array(0);
    /** @type {{ name: string, session: any } | null} */
    this.current = null;
    /** @type {{ name: string, session: any } | null} */
    this.light = null;
    this.loaded = 0;
    this.total = 0;
    /** @type {OnBytes} */
    this.onBytes = () => {};
  }

  /** Read engine.json and graphs.json. */
  async open() {
    if (this.index) return;
    const why = unsupported();
    if (why) throw new Error(why);
    const json = async (/** @type {string} */ path) => JSON.parse(new TextDecoder().decode(await this.#bytes(path)));
    const [index, graphs] = [await json("engine.json"), await json("graphs.json")];
    this.index = { ...index, graphs };
    if (this.place.inline || typeof caches === "undefined") return;
    for (const name of await caches.keys().catch(() => [])) {
      if (name.startsWith(CACHE) && name !== CACHE + this.index.digest) await caches.delete(name);
    }
  }

  /** The session of a graph; that of another graph is released, unless it has no weights. @param {string} name */
  async session(name) {
    await this.open();
    const there = [this.current, this.light].find((one) => one?.name === name);
    if (there) return there.session;
    const about = this.index.graphs[name];
    if (!about) throw new Error(`There is no graph called ${name}.`);
    this.loaded = 0;
    this.total = (this.ort ? 0 : this.index.runtime.bytes) + about.bytes;
    if (about.weights > this.weights.length) this.total += about.weights;
    await this.#start();
    const graph = await this.#bytes(about.file);
    if (about.weights > this.weights.length) {
      const { file, packed } = this.index.weights;
      this.weights = packed ? expand(await this.#bytes(packed)) : await this.#bytes(file, about.weights);
    }
    if (about.weights) await this.release(); // sessions with weights are large: one at a time
    const externalData = about.weights ? [{ path: this.index.weights.file, data: this.weights }] : [];
    const session = await this.ort.InferenceSession.create(graph, { executionProviders: ["wasm"], externalData });
    this[about.weights ? "current" : "light"] = { name, session };
    return session;
  }

  /** Give the memory of the session back. */
  async release() {
    await this.current?.session.release();
    this.current = null;
  }

  /** The runtime itself, once. */
  async #start() {
    if (this.ort) return;
    const { module, wasm } = this.index.runtime;
    const binary = await this.#bytes(wasm);
    const ort = await import(this.place.inline ? dataUrl(await this.#bytes(module)) : new URL(module, this.place.base).href);
    ort.env.wasm.wasmBinary = binary;
    ort.env.wasm.numThreads = this.place.threads ?? threads();
    this.ort = ort;
  }

  /** A file, or its first bytes: from the page, from the cache, or fetched and counted. @param {string} path */
  async #bytes(path, upTo = Infinity) {
    const inline = this.place.inline?.[path];
    if (inline) return new Uint8Array(inline);
    const url = new URL(path, this.place.base).href;
    const cache = this.index && typeof caches !== "undefined" ? await caches.open(CACHE + this.index.digest).catch(() => null) : null;
    const stored = await cache?.match(url).then((found) => found?.arrayBuffer());
    if (stored && (upTo === Infinity || stored.byteLength >= upTo)) {
      this.#count(stored.byteLength);
      return new Uint8Array(stored);
    }
    const bytes = await this.#fetch(url, upTo);
    await cache?.put(url, new Response(bytes)).catch(() => {}); // a full disk is no reason to stop
    return bytes;
  }

  /** @param {string} url @param {number} upTo */
  async #fetch(url, upTo) {
    const name = url.split("/").at(-1);
    /** @type {RequestInit} */
    const options = upTo === Infinity ? { cache: "no-cache" } : { headers: { Range: `bytes=0-${upTo - 1}` } };
    const response = await fetch(url, options).catch(() => null);
    if (!response?.ok || !response.body) {
      throw new Error(`Cannot fetch ${name} (${response ? response.status : "no connection"}). Try again.`);
    }
    /** @type {Uint8Array[]} */
    const parts = [];
    let length = 0;
    const reader = response.body.getReader();
    while (length < upTo) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      length += value.length;
      this.#count(value.length);
    }
    if (length < upTo && upTo !== Infinity) throw new Error(`${name} is shorter than expected. Try again.`);
    reader.cancel().catch(() => {}); // a server that ignores ranges would go on
    const bytes = new Uint8Array(Math.min(length, upTo));
    let at = 0;
    for (const part of parts) {
      bytes.set(part.subarray(0, bytes.length - at), at);
      at += part.length;
    }
    return bytes;
  }

  /** @param {number} more */
  #count(more) {
    this.loaded += more;
    if (this.total) this.onBytes(Math.min(this.loaded, this.total), this.total);
  }
}

/** One thread; up to four where the page is cross-origin isolated. */
function threads() {
  const there = globalThis.navigator?.hardwareConcurrency ?? 1;
  return globalThis.crossOriginIsolated ? Math.min(4, there) : 1;
}

/** A module that a worker made from a blob can import. @param {Uint8Array} bytes */
function dataUrl(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return `data:text/javascript;base64,${btoa(text)}`;
}

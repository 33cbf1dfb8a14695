// The worker of the engine: one request at a time, answered by messages. The page stays alive while it computes.

import { tensor } from "./objective.js";
import { order } from "./reading.js";
import { read, toBytes } from "./resize.js";
import { Runtime } from "./runtime.js";
import { fit } from "./stages.js";
import { Synthesis } from "./synthesis.js";

/** @type {Runtime} */
let runtime;
/** @type {Set<number>} */
const stopped = new Set();
let busy = Promise.resolve();

/** Let waiting messages in. */
const breathe = () => new Promise((resolve) => setTimeout(resolve, 0));

const answers = {
  /** @param {any} place */
  async open({ place }) {
    runtime = new Runtime(place);
    await runtime.open();
    return runtime.index;
  },

  /** @param {any} request @param {(message: any, transfer?: Transferable[]) => void} say */
  async synthesise({ id, job }, say) {
    const synthesis = new Synthesis(runtime, job);
    let number = 0;
    for await (const { picture, ...step } of synthesis.steps()) {
      number = step.number;
      const rgba = toBytes(picture);
      say({ say: "step", ...step, rgba, height: picture.height, width: picture.width }, [rgba.buffer]);
      await breathe();
      if (stopped.has(id)) break;
    }
    return { ...synthesis.picture, stopped: stopped.delete(id), steps: number };
  },

  /** Features of some layers by name, by the shallowest graph that has them all. @param {any} request */
  async features({ image, size, layers, pooling, padding }) {
    await runtime.open();
    const picture = "rgba" in image ? read(image, ...fit(image.height, image.width, size)) : image;
    const { graphs } = runtime.index;
    const names = Object.keys(graphs).filter((graph) => graph.startsWith("features ") && graph.endsWith(` ${pooling} ${padding}`));
    const missing = (/** @type {string} */ graph) => layers.find((/** @type {string} */ layer) => !graphs[graph].layers.includes(layer));
    const name = names.find((graph) => missing(graph) === undefined);
    if (!name) throw new Error(`There is no layer called ${missing(/** @type {string} */ (names.at(-1)))}.`);
    const { smallest } = graphs[name];
    const { height, width } = picture;
    if (Math.min(height, width) < smallest) throw new Error(`${height} × ${width} pixels are too few; take ${smallest} or more.`);
    const session = await runtime.session(name);
    const found = await session.run({ image: tensor(runtime.ort, picture) }, layers);
    const values = layers.map((/** @type {string} */ layer) => [layer, { data: found[layer].data, shape: found[layer].dims }]);
    return { layers: Object.fromEntries(values), picture };
  },

  /** Ĝ = F Fᵀ / M of features, and an order of the filters where it is asked for. @param {any} request */
  async gram({ data, shape, ordered }) {
    const session = await runtime.session("gram");
    const features = new runtime.ort.Tensor("float32", data, shape);
    const { gram } = await session.run({ features });
    const found = { data: gram.data, shape: gram.dims };
    return ordered ? { ...found, order: order(gram.data, gram.dims[0]) } : found;
  },

  async release() {
    await runtime.release();
  },
};

/** @param {any} request */
async function answer(request) {
  const { id, ask } = request;
  const say = (/** @type {any} */ message, /** @type {Transferable[]} */ transfer = []) =>
    self.postMessage({ id, ...message }, /** @type {any} */ (transfer));
  try {
    if (runtime) runtime.onBytes = (loaded, total) => say({ say: "bytes", loaded, total });
    const value = await /** @type {any} */ (answers)[ask](request, say);
    say({ say: "done", value });
  } catch (error) {
    const memory = error instanceof RangeError || /memory|allocat/i.test(String(error));
    const text = memory ? "There is not enough memory for this size; take a smaller one." : String(/** @type {any} */ (error)?.message ?? error);
    say({ say: "failed", text });
  }
}

self.onmessage = ({ data }) => {
  if (data.ask === "stop") {
    stopped.add(data.id);
    return;
  }
  busy = busy.then(() => answer(data));
};

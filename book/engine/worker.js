// The worker of the engine: one request at a time, answered by messages. The page stays alive while it computes.

import { tensor } from "./objective.js";
import { read, toBytes } from "./resize.js";
import { Runtime } from "./runtime.js";
import { fit } from "./stages.js";
import { Synthesis } from "./synthesis.js";

/** @type {Runtime} */
let runtime;
/** @type {Set<number>} */
const stopped = new Set();
let busy = Promise.resolve();

/** Let messages in. */
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

  /** Features of one layer: F, and their shape. @param {any} request */
  async features({ image, size, layer, pooling, padding }) {
    await runtime.open();
    const [height, width] = fit(image.height, image.width, size);
    const picture = read(image, height, width);
    const name = ["conv5_1", "conv5_3"]
      .map((deepest) => `features ${deepest} ${pooling} ${padding}`)
      .find((graph) => runtime.index.graphs[graph].layers.includes(layer));
    if (!name) throw new Error(`There is no layer called ${layer}.`);
    const { smallest } = runtime.index.graphs[name];
    if (Math.min(height, width) < smallest) throw new Error(`${height} × ${width} pixels are too few; take ${smallest} or more.`);
    const session = await runtime.session(name);
    const found = (await session.run({ image: tensor(runtime.ort, picture) }, [layer]))[layer];
    return { data: found.data, shape: found.dims, picture };
  },

  /** Ĝ = F Fᵀ / M of features. @param {any} request */
  async gram({ data, shape }) {
    const session = await runtime.session("gram");
    const features = new runtime.ort.Tensor("float32", data, shape);
    const { gram } = await session.run({ features });
    return { data: gram.data, shape: gram.dims };
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

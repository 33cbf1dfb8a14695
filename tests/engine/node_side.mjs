// The engine's modules in Node: a request as JSON on standard input, the answer as JSON on standard output.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { engine, ask, ...request } = JSON.parse(readFileSync(0, "utf8"));
const base = pathToFileURL(`${engine}/`).href;
const load = (name) => import(new URL(name, base));
const raw = ({ rgba, height, width }) => ({ rgba: Uint8ClampedArray.from(Buffer.from(rgba, "base64")), height, width });
const floats = (text) => new Float32Array(new Uint8Array(Buffer.from(text, "base64")).buffer);
const text = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");

const answers = {
  async noise({ height, width, seed, contrast }) {
    const { softNoise } = await load("noise.js");
    return text(softNoise(height, width, seed, contrast));
  },
  async read({ picture, height, width }) {
    const { read } = await load("resize.js");
    return text(read(raw(picture), height, width).data);
  },
  async resize({ data, from, to }) {
    const { resize } = await load("resize.js");
    return text(resize({ data: floats(data), height: from[0], width: from[1] }, to[0], to[1]).data);
  },
  async vary({ name, data, height, width }) {
    const { VARIATIONS } = await load("variations.js");
    if (!name) return Object.keys(VARIATIONS);
    const found = VARIATIONS[name]({ data: floats(data), height, width });
    return { ...found, data: text(found.data) };
  },
  async order({ gram, count }) {
    const { closest, order } = await load("reading.js");
    return { order: order(floats(gram), count), closest: closest(floats(gram), count) };
  },
  async stages({ options, defaults }) {
    const { stages } = await load("stages.js");
    return options.map((one) => stages(one, defaults));
  },
  async spectrum({ height, width, steps, gradient }) {
    const { Spectrum } = await load("spectrum.js");
    const spectrum = new Spectrum(height, width);
    for (const [s, y] of steps.map((pair) => pair.map(floats))) {
      spectrum.learn(s, y, s.reduce((sum, value, i) => sum + value * y[i], 0));
    }
    return text(spectrum.scale(floats(gradient)));
  },
  /** Σ w (x − target)² by either optimiser. */
  async bowl({ optimiser, height, width, start, target, weights, steps }) {
    const { Adam, LBFGS } = await load("optimisers.js");
    const [t, w] = [floats(target), floats(weights)];
    const evaluate = async (image) => {
      let total = 0;
      const gradient = image.map((x, i) => {
        total += w[i] * (x - t[i]) ** 2;
        return 2 * w[i] * (x - t[i]);
      });
      return { image, terms: { bowl: total }, total, gradient };
    };
    const Kind = { Adam, LBFGS }[optimiser];
    const run = optimiser === "Adam" ? new Kind(evaluate, floats(start)) : new Kind(evaluate, floats(start), height, width);
    await run.begin();
    const totals = [];
    for (let i = 0; i < steps; i++) totals.push((await run.step()).total);
    return { totals, image: text(run.at.image) };
  },
  async expand({ packed }) {
    const { expand } = await load("int8.js");
    return text(expand(new Uint8Array(Buffer.from(packed, "base64"))));
  },
  /** A whole job with the real graphs. */
  async synthesis({ job, most }) {
    const { Runtime } = await load("runtime.js");
    const { Synthesis } = await load("synthesis.js");
    globalThis.fetch = async (url) => new Response(readFileSync(new URL(url)));
    const runtime = new Runtime({ base, threads: 1 });
    await runtime.open();
    const pictures = Object.fromEntries(Object.entries(job.pictures).map(([name, picture]) => [name, raw(picture)]));
    const synthesis = new Synthesis(runtime, { ...job, pictures });
    const found = [];
    for await (const { total, height, terms, picture, evaluations, progress } of synthesis.steps()) {
      found.push({ total, terms, height: picture.height, evaluations, progress });
      if (found.length === most) break;
    }
    return { found, picture: text(synthesis.picture.data) };
  },
};

const answer = JSON.stringify(await answers[ask](request));
process.stdout.write(answer, () => process.exit(0)); // the runtime keeps Node alive

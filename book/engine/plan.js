// What one job asks for: from its pictures and options to the stages of a synthesis, as in `styletools/plan.py`.

import { softNoise } from "./noise.js";
import { read, resize } from "./resize.js";
import { fit, scaled, stages } from "./stages.js";

/**
 * @typedef {{ rgba: Uint8ClampedArray, height: number, width: number }} Raw a picture as it was read
 * @typedef {object} Job
 * @property {string | null} content the layer of the content, or none
 * @property {Record<string, number> | null} style w_l by layer, or none
 * @property {"gram" | "mean-deviation"} [statistic]
 * @property {{ content?: Raw, style?: Raw }} pictures
 * @property {number} size longer side in pixels
 * @property {number} [styleSize]
 * @property {number} steps at each size
 * @property {number} [alpha]
 * @property {number} [beta]
 * @property {number} [tv] for each unit of α + β
 * @property {"max" | "avg"} [pooling]
 * @property {"replicate" | "zeros"} [padding]
 * @property {"relative" | "literal"} [units]
 * @property {"lbfgs" | "adam"} [optimiser]
 * @property {"noise" | "content" | "style"} [start]
 * @property {number} [seed]
 * @property {boolean} [coarseToFine]
 */

/** The recipe of the package that a job stands for. @param {Job} job */
export function recipeOf(job) {
  if (job.content && job.style) return "transfer";
  return job.content ? "reconstruct_content" : "reconstruct_style";
}

/** A job, with the package's defaults for what it leaves out. @param {Job} job @param {any} defaults of engine.json */
export function complete(job, defaults) {
  const from = defaults.recipes[recipeOf(job)];
  return {
    ...{ statistic: "gram", alpha: from.alpha ?? 1, beta: from.beta ?? 1, tv: from.tv, units: "relative", seed: 0 },
    ...{ pooling: from.pooling, padding: from.padding, optimiser: "lbfgs", start: "noise", styleSize: job.size },
    ...{ coarseToFine: (job.start ?? "noise") === "noise" && Boolean(job.content) },
    ...job,
  };
}

/**
 * @param {ReturnType<typeof complete>} job
 * @param {any} defaults of engine.json
 * @param {number} smallest side of a picture that the layers allow
 */
export function plan(job, defaults, smallest) {
  const sized = (/** @type {Raw} */ raw, /** @type {number} */ size) => {
    const [height, width] = fit(raw.height, raw.width, size);
    return read(raw, height, width);
  };
  const P = job.content && job.pictures.content ? sized(job.pictures.content, job.size) : undefined;
  const S = job.style && job.pictures.style ? sized(job.pictures.style, job.styleSize) : undefined;
  for (const [name, picture] of Object.entries({ content: P, style: S })) {
    if (picture && Math.min(picture.height, picture.width) < smallest) {
      throw new Error(`${name}: ${picture.height} × ${picture.width} pixels are too few; it needs ${smallest}. Take a larger size.`);
    }
  }
  const of = job.pictures[P ? "content" : "style"];
  if (!of || (job.content && !P) || (job.style && !S)) throw new Error("Choose a picture first.");
  const [height, width] = P ? [P.height, P.width] : fit(of.height, of.width, job.size);
  const found = stages(
    {
      ...{ height, width, smallest, steps: job.steps, tv: job.tv, grow: job.coarseToFine },
      ...{ alpha: P ? job.alpha : 0, beta: S ? job.beta : 0, relative: job.units === "relative" },
    },
    defaults.stages,
  );
  const [first, last] = [found[0], /** @type {import("./stages.js").Stage} */ (found.at(-1))];
  const chosen = job.start === "content" ? P : S;
  if (job.start !== "noise" && !chosen) throw new Error(`start: there is no ${job.start} picture here.`);
  const noise = () => ({
    ...{ data: softNoise(first.height, first.width, job.seed, defaults.contrast) },
    ...{ height: first.height, width: first.width },
  });
  return {
    stages: found,
    start: job.start === "noise" ? noise() : resize(/** @type {any} */ (chosen), height, width),
    /** The pictures of a stage. @param {import("./stages.js").Stage} stage */
    at(stage) {
      const grown = Math.max(stage.height, stage.width) / Math.max(last.height, last.width);
      const [rows, columns] = S ? scaled(S.height, S.width, grown, smallest) : [0, 0];
      return { content: P && resize(P, stage.height, stage.width), style: S && resize(S, rows, columns) };
    },
  };
}

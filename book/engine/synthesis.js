// A picture in the making: stages from small to large, a stream of steps, the best picture kept.

import { Objective, graphOf } from "./objective.js";
import { Adam, LBFGS, NotFinite } from "./optimisers.js";
import { complete, plan } from "./plan.js";
import { resize } from "./resize.js";

/**
 * @typedef {object} Step
 * @property {number} number counted from 1 over all stages
 * @property {number} steps of all stages together
 * @property {number} evaluations of the loss so far
 * @property {Record<string, number>} terms weighted
 * @property {number} total
 * @property {number} progress share of the work that is done, 0 … 1; a step counts by its pixels
 * @property {import("./objective.js").Picture} picture now, at the size of its stage
 */

/** One synthesis. */
export class Synthesis {
  /**
   * @param {import("./runtime.js").Runtime} runtime
   * @param {import("./plan.js").Job} job
   */
  constructor(runtime, job) {
    this.runtime = runtime;
    this.job = complete(job, runtime.index.defaults);
    this.graph = graphOf({ ...this.job, style: this.job.style && Object.keys(this.job.style) });
    const about = runtime.index.graphs[this.graph];
    if (!about) throw new Error(`There is no graph for ${this.graph}.`);
    this.about = about;
    this.plan = plan(this.job, runtime.index.defaults, about.smallest);
    this.best = { picture: this.plan.start, total: Infinity };
  }

  /** The best picture so far, at the size of the last stage. */
  get picture() {
    const last = /** @type {import("./stages.js").Stage} */ (this.plan.stages.at(-1));
    return resize(this.best.picture, last.height, last.width);
  }

  /** Make the steps, one by one. @returns {AsyncGenerator<Step>} */
  async *steps() {
    const { stages } = this.plan;
    const work = stages.reduce((sum, stage) => sum + stage.height * stage.width * stage.steps, 0);
    const steps = stages.reduce((sum, stage) => sum + stage.steps, 0);
    const session = await this.runtime.session(this.graph);
    let [number, evaluations, before] = [0, 0, 0];
    for (const stage of stages) {
      const { height, width } = stage;
      const objective = await this.#objective(session, stage);
      const evaluate = async (/** @type {Float32Array} */ image) => {
        evaluations += 1;
        return objective.evaluate(image, height, width);
      };
      const start = resize(this.best.picture, height, width).data.slice();
      const optimiser =
        this.job.optimiser === "adam" ? new Adam(evaluate, start) : new LBFGS(evaluate, start, height, width);
      this.best = { picture: { data: start, height, width }, total: Infinity };
      await this.#guarded(optimiser.begin(), number);
      this.#keep(optimiser.at, height, width);
      for (let i = 1; i <= stage.steps; i++) {
        const here = optimiser.at;
        const after = await this.#guarded(optimiser.step(), number + 1);
        const still = after === here; // converged: the steps left in this stage would change nothing
        number += 1;
        this.#keep(after, height, width);
        const progress = (before + height * width * (still ? stage.steps : i)) / work;
        const { terms, total } = after;
        yield { number, steps, evaluations, terms, total, progress, picture: { data: after.image, height, width } };
        if (still) break;
      }
      before += height * width * stage.steps;
    }
  }

  /** @param {any} session @param {import("./stages.js").Stage} stage */
  #objective(session, stage) {
    const { alpha, beta, tv } = stage;
    const weights = { alpha, beta, tv, layerWeights: this.job.style ?? {}, relative: this.job.units === "relative" };
    return Objective.create(this.runtime.ort, session, this.about, weights, this.plan.at(stage));
  }

  /** @param {import("./optimisers.js").Evaluation} now @param {number} height @param {number} width */
  #keep({ image, total }, height, width) {
    if (total < this.best.total) this.best = { picture: { data: image, height, width }, total };
  }

  /** @template T @param {Promise<T>} promise @param {number} number @returns {Promise<T>} */
  async #guarded(promise, number) {
    try {
      return await promise;
    } catch (error) {
      if (!(error instanceof NotFinite)) throw error;
      throw new Error(`Step ${number}: the loss became infinite. Try smaller weights.`);
    }
  }
}

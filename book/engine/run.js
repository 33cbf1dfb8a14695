// A finished run to look at: before and after under a curtain or a lens, and its steps, in the notebooks' view.

import { Model, picture } from "./host.js";

const MOST = 60; // steps that are kept; when there are more, every second one is dropped

/** The steps of one run. */
export class Run {
  /** @param {import("./engine.js").Raw} before */
  constructor(before) {
    this.before = before;
    /** @type {{ name: string, raw: import("./engine.js").Raw }[]} */
    this.steps = [];
    this.every = 1;
  }

  /** @param {import("./engine.js").Step} step */
  keep({ number, rgba, height, width }) {
    if (number % this.every) return;
    this.steps.push({ name: `step ${number}`, raw: { rgba, height, width } });
    if (this.steps.length <= MOST) return;
    this.every *= 2;
    this.steps = this.steps.filter((_, i) => i % 2);
  }

  /** What the view is told. @param {import("./engine.js").Raw} made @param {string} before @param {string} alt */
  model(made, before, alt) {
    const state = { mode: "after", x: 0.5, y: 0.5, steps: this.steps.map(({ name }) => name), step: -1, originals: 0 };
    return new Model({ ...state, before, after: "result", height: 360, alt }, {
      picture: ({ which, step }) => picture(which === "before" ? this.before : (this.steps[step]?.raw ?? made)),
    });
  }
}

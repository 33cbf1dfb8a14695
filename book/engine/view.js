// A view of the notebooks' panels in the page: its module, its sheet, and a tree of its own around it.

import { element } from "./elements.js";

/** Fetched when they are wanted. @type {Record<string, () => Promise<any>>} */
const VIEWS = {
  features: () => import("./touch/features.js"),
  gram: () => import("./touch/gram.js"),
  compare: () => import("./touch/compare.js"),
};
// Its colours are the page's: the sheet asks the body of a notebook, which cannot be seen from inside the tree.
const COLOURS = `.st-touch.st-touch {
  --st-ink: var(--st-text); --st-paper: var(--st-back); --st-ground: color-mix(in srgb, var(--st-text) 7%, var(--st-back));
  --st-soft: inherit; --st-line: inherit; --st-accent: inherit; --st-warm: inherit;
}`;

/**
 * Show a view in a place. The page's rules for buttons and paragraphs are not meant for it, so it gets a shadow tree.
 *
 * @param {"features" | "gram" | "compare"} kind
 * @param {import("./host.js").Model} model
 * @param {(file: string) => Promise<Blob>} open a file of the engine
 * @returns {Promise<HTMLElement>}
 */
export async function viewed(kind, model, open) {
  const [view, sheet] = await Promise.all([VIEWS[kind](), open("touch/touch.css").then((blob) => blob.text())]);
  const place = element("div", { className: "st-view" });
  const el = element("div");
  place.attachShadow({ mode: "open" }).append(element("style", {}, sheet, COLOURS), el);
  view.default.render({ model, el });
  return place;
}

/** Say on the body whether the page is dark, as a notebook does: the views redraw when it changes. */
export function follow() {
  const page = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const say = () => {
    const dark = page.dataset.theme === "dark" || (page.dataset.theme !== "light" && system.matches);
    document.body.dataset.jpThemeLight = String(!dark);
  };
  say();
  new MutationObserver(say).observe(page, { attributes: true, attributeFilter: ["data-theme"] });
  system.addEventListener("change", say);
}

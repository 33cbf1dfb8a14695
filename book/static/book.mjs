// What the pages of the book do. Each part finds its own places in the page; without it the page still teaches.
import { compare } from "./compare.mjs";
import { ask, tally } from "./predict.mjs";
import { work } from "./equation3.mjs";

for (const frame of document.querySelectorAll(".before-after")) compare(frame);
for (const place of document.querySelectorAll(".styletools-prediction")) ask(place);
for (const place of document.querySelectorAll(".styletools-tally")) tally(place);
for (const place of document.querySelectorAll(".styletools-equation3")) work(place);

// What is wider than a phone can be scrolled sideways, by the keyboard too.
function reachable() {
  for (const wide of document.querySelectorAll(".bd-article div.math, .bd-article table, .bd-article pre, .bd-article .equation p")) {
    if (wide.scrollWidth > wide.clientWidth + 1) wide.tabIndex = 0;
  }
  document.documentElement.dataset.settled = "yes";
}
addEventListener("load", () => (window.MathJax?.startup?.promise ?? Promise.resolve()).then(reachable));
addEventListener("resize", reachable);

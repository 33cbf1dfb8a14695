// What the pages of the book do. Each part finds its own places in the page; without it the page still teaches.
import { compare } from "./compare.mjs";
import { ask, tally } from "./predict.mjs";
import { work } from "./equation3.mjs";

for (const frame of document.querySelectorAll(".before-after")) compare(frame);
for (const place of document.querySelectorAll(".styletools-prediction")) ask(place);
for (const place of document.querySelectorAll(".styletools-tally")) tally(place);
for (const place of document.querySelectorAll(".styletools-equation3")) work(place);

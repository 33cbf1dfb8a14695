// Predictions checked in the page, by the rules of styletools/exercises/prediction.py: a test holds the two together.
// The questions, their truths and what is said of wrong answers come from there as JSON, when the book is made.

const bare = (text) => text.toLowerCase().trim().split(/\s+/).join(" ");

/** What was typed as a number: 0.25, 0,25, 1/4, 131 328, 512 × 513 / 2; null if it is none. */
export function number(text) {
  const typed = text.replace(/[\s_\u00a0\u202f]/g, "").replace(/[×·]/g, "*").replace(/^(-?\d+),(\d+)$/, "$1.$2");
  if (!/^-?\d*\.?\d+(e-?\d+)?([*/]\d*\.?\d+(e-?\d+)?)*$/i.test(typed)) return null;
  const [first, ...rest] = typed.split(/(?=[*/])/);
  return rest.reduce((value, part) => (part[0] === "*" ? value * part.slice(1) : value / part.slice(1)), Number(first));
}

/** What was typed as a shape: (2, 3, 32, 48), with any brackets or none; null if it is none. */
export function shape(text) {
  const parts = text.replace(/[()[\]]/g, "").split(/[,;×x\s]+/).filter(Boolean);
  return parts.length && parts.every((part) => /^\d+$/.test(part)) ? parts.map(Number) : null;
}

function matches(given, value, exercise) {
  switch (exercise.kind) {
    case "number":
      return Math.abs(given - value) <= exercise.tolerance * Math.abs(value);
    case "shape":
      return Array.isArray(value) && given.length === value.length && given.every((part, axis) => part === value[axis]);
    case "several": {
      const wanted = Array.isArray(value) ? value : [value];
      return given.length === wanted.length && given.every((part) => wanted.includes(part));
    }
    default:
      return bare(given) === bare(String(value));
  }
}

/** The verdict of an answer: its state and what is said. */
export function judge(exercise, given) {
  if (given === null || given === undefined || given === "" || (Array.isArray(given) && !given.length)) {
    return { state: "not attempted yet", message: "" };
  }
  if (matches(given, exercise.truth, exercise)) return { state: "right", message: exercise.why };
  const named = exercise.wrong.find(([value]) => matches(given, value, exercise));
  return { state: "not yet", message: named ? named[1] : exercise.otherwise };
}

const said = { right: "Right.", "not yet": "Not yet.", "not attempted yet": "Decide first; a wrong guess teaches more than none." };
const key = (exercise) => `styletools ${exercise.name}`;

/** localStorage, where a browser allows it. */
function kept(name, value) {
  try {
    return value === undefined ? localStorage.getItem(name) : localStorage.setItem(name, value);
  } catch {
    return null;
  }
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** A text with its `code`. */
function marked(text) {
  const parts = text.split(/`([^`]+)`/);
  return parts.map((part, index) => (index % 2 ? element("code", { textContent: part }) : part));
}

function choices(exercise) {
  const type = exercise.kind === "several" ? "checkbox" : "radio";
  const name = `choice-${exercise.name}`;
  return exercise.options.map((option) =>
    element("label", { className: "choice" }, element("input", { type, name, value: option }), element("span", { textContent: option })),
  );
}

function field(exercise) {
  const hint = exercise.kind === "shape" ? "numbers with commas, such as 1, 3, 32, 48" : "a number, such as 3, 0.5 or 1/3";
  const input = element("input", { type: "text", autocomplete: "off", spellcheck: false, inputMode: "text" });
  return [element("label", { className: "typed" }, element("span", { textContent: `Your answer: ${hint}` }), input)];
}

function answer(form, exercise) {
  const chosen = [...form.querySelectorAll("input:checked")].map((input) => input.value);
  if (exercise.kind === "several") return chosen;
  if (exercise.kind === "one") return chosen[0] ?? null;
  const text = form.querySelector("input[type=text]").value.trim();
  if (!text) return null;
  return exercise.kind === "shape" ? shape(text) : number(text);
}

const form = (exercise) => {
  const chosen = exercise.kind === "one" || exercise.kind === "several";
  const legend = element("legend", { textContent: exercise.title });
  const note = exercise.kind === "several" ? [element("p", { className: "note", textContent: "Choose all that apply." })] : [];
  return element("form", { noValidate: true }, element("fieldset", {}, legend, ...note, ...(chosen ? choices(exercise) : field(exercise))));
};

/** Put a question in the place of its printed form. */
export function ask(place) {
  const exercise = JSON.parse(place.querySelector("script[type='application/json']").textContent);
  const asked = form(exercise);
  const verdict = element("div", { className: "verdict" });
  verdict.setAttribute("role", "status");
  let hints = 0;
  const show = (state, message) => {
    verdict.dataset.state = state;
    verdict.replaceChildren(element("strong", { textContent: `${said[state] ?? state} ` }), ...marked(message));
  };
  const hint = element("button", { type: "button", textContent: "A hint" });
  hint.addEventListener("click", () => {
    const shown = Math.min(hints++, exercise.hints.length - 1);
    show("hint", exercise.hints[shown]);
    verdict.firstChild.textContent = `Hint ${shown + 1} of ${exercise.hints.length}. `;
  });
  asked.append(element("div", { className: "buttons" }, element("button", { type: "submit", textContent: "Check" }), hint));
  asked.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = answer(asked, exercise);
    const typed = asked.querySelector("input[type=text]")?.value.trim();
    if (given === null && typed) {
      show("not yet", exercise.kind === "shape" ? "Expected whole numbers with commas between them." : "Expected a number.");
      return;
    }
    const { state, message } = judge(exercise, given);
    show(state, message);
    if (state === "right") kept(key(exercise), "right");
    document.dispatchEvent(new CustomEvent("styletools-answered"));
  });
  place.dataset.name = exercise.name;
  place.replaceChildren(asked, verdict);
}

/** At the end of a lesson: how many of its predictions were right, on this device. */
export function tally(place) {
  const names = [...document.querySelectorAll(".styletools-prediction")].map((asked) => asked.dataset.name);
  const show = () => {
    const right = names.filter((name) => kept(`styletools ${name}`) === "right").length;
    place.textContent = names.length
      ? `Predictions on this page: ${right} of ${names.length} right. Nothing is sent; the browser remembers. ` +
        "The functions that you write are checked in the notebook."
      : "The functions that you write are checked in the notebook.";
  };
  document.addEventListener("styletools-answered", show);
  show();
}

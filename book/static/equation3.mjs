// Eq. 3 to work with: G_ij = Σ_k F_ik F_jk, product by product. A tile is moved by dragging, or picked and placed by
// click, touch or keyboard. Two tiles belong nowhere: they multiply what two filters say at different positions.

const F = [
  [2, 0, 1, 3],
  [1, 2, 0, 2],
];
const PLACES = [[0, 0], [0, 1], [1, 1]];
const STRAYS = [[0, 0, 1, 1], [0, 3, 1, 0]]; // filter, position, filter, position
const ASIDE = "aside";

/** The tiles: each product, and the place where it belongs. */
export function tiles(features = F) {
  const made = [];
  for (const [i, j] of PLACES) {
    features[0].forEach((_, k) => made.push({ i, j, k, m: k, home: `${i}${j}`, value: features[i][k] * features[j][k] }));
  }
  for (const [i, k, j, m] of STRAYS) made.push({ i, j, k, m, home: ASIDE, value: features[i][k] * features[j][m] });
  return made;
}

/** What is said when a tile is put into a place; empty if it belongs there. */
export function objection(tile, place) {
  if (tile.home === place) return "";
  const name = `F${sub(tile.i)}${sub(tile.k)} · F${sub(tile.j)}${sub(tile.m)}`;
  if (tile.k !== tile.m) {
    return `${name} takes position ${tile.k + 1} of one filter and position ${tile.m + 1} of the other. In Eq. 3 there is only one k: both filters are asked at the same position. It belongs nowhere.`;
  }
  if (place === ASIDE) return `${name} has the same position twice, so it is a term of the sum. Of which entry?`;
  return tile.i === tile.j
    ? `${name} is filter ${tile.i + 1} with itself: that is on the diagonal, G${sub(tile.i)}${sub(tile.i)}.`
    : `${name} pairs filter 1 with filter 2. Which entry has both numbers in its name?`;
}

const SUB = "₁₂₃₄";
const sub = (index) => SUB[index];
const entry = (place) => `G${sub(place[0])}${sub(place[1])}`;

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function map(row, filter, order) {
  const cells = order.map((k) => element("span", { className: "square", textContent: row[k] }));
  cells.forEach((cell, index) => cell.style.setProperty("--strength", row[order[index]] / 3));
  return element("div", { className: `map filter-${filter}` }, ...cells);
}

function matrix(features, order) {
  const head = element("tr", {}, element("td"), ...order.map((k) => element("th", { scope: "col", textContent: `k = ${k + 1}` })));
  const rows = features.map((row, i) =>
    element("tr", { className: `filter-${i + 1}` }, element("th", { scope: "row", textContent: `filter ${i + 1}` }),
      ...order.map((k) => element("td", { textContent: row[k] }))),
  );
  return element("table", { className: "features" }, element("caption", { textContent: "F: a row is a filter, a column a position" }), head, ...rows);
}

function shuffled(list) {
  const mixed = [...list];
  for (let left = mixed.length - 1; left > 0; left--) {
    const other = Math.floor(Math.random() * (left + 1));
    [mixed[left], mixed[other]] = [mixed[other], mixed[left]];
  }
  return mixed;
}

/** Build the figure in its place. */
export function work(place) {
  let order = [0, 1, 2, 3];
  let picked = null;
  const given = element("div", { className: "given" });
  const tray = element("div", { className: "tray" });
  const status = element("p", { className: "verdict" });
  status.setAttribute("role", "status");
  const boxes = new Map();

  const say = (text, state = "hint") => {
    status.dataset.state = state;
    status.textContent = text;
  };
  const draw = () => {
    given.replaceChildren(
      element("div", { className: "maps" }, map(F[0], 1, order), map(F[1], 2, order)),
      element("span", { className: "arrow", textContent: "→", ariaHidden: "true" }),
      matrix(F, order),
    );
  };
  const pick = (button) => {
    picked?.setAttribute("aria-pressed", "false");
    picked = picked === button ? null : button;
    picked?.setAttribute("aria-pressed", "true");
    place.classList.toggle("picking", Boolean(picked));
    if (picked) say(`${picked.textContent}: now choose its place.`);
  };
  const left = () => tray.querySelectorAll("button").length;

  const put = (button, name) => {
    const tile = button.tile;
    const wrong = objection(tile, name);
    if (picked) pick(picked);
    if (wrong) return say(`Not there. ${wrong}`, "not yet");
    const next = button.nextElementSibling ?? button.previousElementSibling;
    button.remove();
    const box = boxes.get(name);
    box.terms.push(tile);
    show(box);
    if (name === "01") show(boxes.get("10"), box.terms);
    if (!left()) return finished();
    next?.focus({ preventScroll: true });
    say(name === ASIDE
      ? "Right: two different positions. No entry of G has such a term."
      : `Right. ${entry(name)} is now ${sum(box.terms)}${box.terms.length === 4 ? ", and complete." : "."}`, "right");
  };
  const finished = () => {
    shuffle.hidden = false;
    say("All in place: that is G. G₁₂ and G₂₁ are the same sum. Now shuffle the positions of both maps, and see what becomes of G.", "right");
    shuffle.focus({ preventScroll: true });
  };
  const sum = (terms) => terms.reduce((total, tile) => total + tile.value, 0);
  const show = (box, terms = box.terms) => {
    const text = terms.map((tile) => tile.value).join(" + ");
    box.terms_.textContent = box.name === ASIDE ? terms.map(written).join(", ") : text ? `${text}${terms.length > 1 ? ` = ` : ""}` : "…";
    box.total.textContent = box.name === ASIDE || !text ? "" : sum(terms);
  };
  const written = (tile) => `F${sub(tile.i)}${sub(tile.k)} · F${sub(tile.j)}${sub(tile.m)} = ${tile.value}`;

  const target = (name, label) => {
    const box = element("button", { type: "button", className: `place place-${name}` });
    Object.assign(box, { name, terms: [], terms_: element("span", { className: "terms" }), total: element("strong", { className: "total" }) });
    box.append(element("span", { className: "name", textContent: label }), box.terms_, box.total);
    box.dataset.place = name === "10" ? "01" : name;
    box.addEventListener("click", () => (picked ? put(picked, box.dataset.place) : say("First choose a product above.")));
    boxes.set(name, box);
    show(box);
    return box;
  };
  const gram = element("div", { className: "gram" },
    target("00", "G₁₁"), target("01", "G₁₂"), target("10", "G₂₁"), target("11", "G₂₂"), target(ASIDE, "belongs nowhere"));
  gram.setAttribute("role", "group");
  gram.setAttribute("aria-label", "The Gram matrix");

  const begin = () => {
    order = [0, 1, 2, 3];
    for (const box of boxes.values()) {
      box.terms = [];
      show(box);
    }
    const all = tiles();
    const example = all.filter((tile) => tile.home === "00");
    boxes.get("00").terms = example;
    show(boxes.get("00"));
    tray.replaceChildren(...shuffled(all.filter((tile) => tile.home !== "00")).map(made));
    shuffle.hidden = true;
    draw();
    say("G₁₁ is done, as an example: filter 1 with itself, position by position. Choose a product, then its place; or drag it there.");
  };
  const made = (tile) => {
    const button = element("button", { type: "button", className: "tile", textContent: written(tile), tile });
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => button.dragged || pick(button));
    button.addEventListener("pointerdown", (event) => drag(button, event));
    return button;
  };
  const drag = (button, start) => {
    button.dragged = false;
    button.setPointerCapture(start.pointerId); // at once: a quick hand has left the tile before it has moved
    const under = (event) => document.elementsFromPoint(event.clientX, event.clientY).find((other) => other.dataset?.place);
    const move = (event) => {
      const [x, y] = [event.clientX - start.clientX, event.clientY - start.clientY];
      if (!button.dragged && Math.hypot(x, y) < 8) return;
      button.dragged = true;
      button.classList.add("dragging");
      button.style.transform = `translate(${x}px, ${y}px)`;
      boxes.forEach((box) => box.classList.toggle("over", box === under(event)));
    };
    const end = (event) => {
      button.removeEventListener("pointermove", move);
      button.classList.remove("dragging");
      button.style.transform = "";
      boxes.forEach((box) => box.classList.remove("over"));
      const box = button.dragged && event.type === "pointerup" && under(event);
      if (box) put(button, box.dataset.place);
    };
    button.addEventListener("pointermove", move);
    button.addEventListener("pointerup", end, { once: true });
    button.addEventListener("pointercancel", end, { once: true });
  };
  const shuffle = element("button", { type: "button", textContent: "Shuffle the positions" });
  shuffle.addEventListener("click", () => {
    order = shuffled(order);
    draw();
    for (const box of boxes.values()) if (box.name !== ASIDE) show(box, order.map((k) => tiles().find((t) => t.home === box.dataset.place && t.k === k)));
    say("The pictures have changed, the columns of F have changed places, and so have the terms of each sum. G is what it was: it forgets where.", "right");
  });
  const again = element("button", { type: "button", textContent: "Begin again" });
  again.addEventListener("click", begin);
  place.replaceChildren(given, tray, gram, status, element("div", { className: "buttons" }, shuffle, again));
  begin();
}

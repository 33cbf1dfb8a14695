// The parts of a panel: labelled controls, made of plain HTML so that every keyboard and screen reader knows them.

let count = 0;

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [properties] of the element; names with a dash are attributes
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role" || name === "for") made.setAttribute(name, value);
    else /** @type {any} */ (made)[name] = value;
  }
  made.append(...children);
  return made;
}

/** A control under its label. @param {string} text @param {HTMLElement} control @param {(Node | string)[]} more */
export function labelled(text, control, ...more) {
  control.id ||= `styletools-${++count}`;
  return element("div", { className: "st-field" }, element("label", { for: control.id }, text), control, ...more);
}

/** @param {[string, string][]} options value and text @param {string} chosen */
export function select(options, chosen) {
  const made = element("select");
  for (const [value, text] of options) made.append(element("option", { value, selected: value === chosen }, text));
  return made;
}

/** @param {string} legend @param {string[]} names @param {string[]} chosen */
export function checkboxes(legend, names, chosen) {
  const boxes = names.map((name) => element("input", { type: "checkbox", value: name, checked: chosen.includes(name) }));
  const labels = boxes.map((box) => element("label", { className: "st-check" }, box, ` ${box.value}`));
  const field = element("fieldset", {}, element("legend", {}, legend), ...labels);
  return { field, chosen: () => boxes.filter((box) => box.checked).map((box) => box.value) };
}

/** @param {string} text @param {() => void} action @param {Record<string, any>} [properties] */
export function button(text, action, properties = {}) {
  const made = element("button", { type: "button", ...properties }, text);
  made.addEventListener("click", action);
  return made;
}

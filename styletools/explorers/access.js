// Names for what ipywidgets leaves unnamed, and keys for what it opens only with a mouse.

const SLIDERS = ".noUi-handle";
const HEADERS = ".jupyter-widget-Collapse-header";

/** @param {Element} panel */
function mend(panel) {
  for (const handle of panel.querySelectorAll(SLIDERS)) {
    const label = handle.closest(".widget-inline-hbox")?.querySelector(".widget-label")?.textContent ?? "value";
    if (handle.getAttribute("aria-label") !== label) handle.setAttribute("aria-label", label);
  }
  for (const header of panel.querySelectorAll(HEADERS)) {
    const open = String(header.parentElement?.classList.contains("jupyter-widget-Collapse-open") ?? false);
    if (header.getAttribute("aria-expanded") !== open) header.setAttribute("aria-expanded", open);
    if (header.getAttribute("role") === "button") continue;
    header.setAttribute("role", "button");
    header.setAttribute("tabindex", "0");
    header.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      header.click();
    });
  }
}

/** @param {{ el: HTMLElement }} context */
function render({ el }) {
  const observer = new MutationObserver(() => mend(watched));
  let watched = el;
  let frame = requestAnimationFrame(function begin() {
    const panel = el.closest(".styletools-panel"); // it is assembled after its parts
    if (panel === null) {
      frame = requestAnimationFrame(begin);
      return;
    }
    watched = panel;
    mend(panel);
    observer.observe(panel, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
  });
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
  };
}

export default { render };

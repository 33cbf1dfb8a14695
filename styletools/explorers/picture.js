// A picture with a text for those who cannot see it: ipywidgets' own Image has none.

/** @param {{ model: import("@anywidget/types").AnyModel, el: HTMLElement }} context */
function render({ model, el }) {
  const image = document.createElement("img");
  image.className = "widget-image";
  Object.assign(image.style, {
    width: `${model.get("width")}px`,
    height: `${model.get("height")}px`,
    objectFit: "contain",
  });
  let address = "";
  const show = () => {
    const before = address;
    address = URL.createObjectURL(new Blob([model.get("value")], { type: "image/png" }));
    image.src = address;
    if (before) URL.revokeObjectURL(before);
  };
  const name = () => {
    image.alt = model.get("alt");
  };
  model.on("change:value", show);
  model.on("change:alt", name);
  show();
  name();
  el.append(image);
  return () => URL.revokeObjectURL(address);
}

export default { render };

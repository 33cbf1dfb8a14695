// Two pictures, one over the other, and a line between them that you move: by touch, by mouse, by the arrow keys.
// A range input does the work, so that every way of moving a slider is a way of moving the line.

export function compare(frame) {
  const [before, after] = frame.querySelectorAll("img");
  if (!after || frame.querySelector("input")) return;
  const slider = document.createElement("input");
  slider.type = "range";
  slider.min = 0;
  slider.max = 100;
  slider.value = frame.closest(".hero") ? 50 : 30;
  slider.setAttribute("aria-label", `Before and after: ${after.alt}`);
  const show = () => {
    frame.style.setProperty("--cut", `${slider.value}%`);
    slider.setAttribute("aria-valuetext", `${100 - slider.value} % of the result, ${slider.value} % of the photograph`);
  };
  slider.addEventListener("input", show);
  before.classList.add("before");
  after.classList.add("after");
  frame.classList.add("live");
  frame.append(slider);
  show();
}

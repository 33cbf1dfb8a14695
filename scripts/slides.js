// One slide at a time: arrows, space, Page Up and Down, Home and End; the address keeps the number.
const all = [...document.querySelectorAll(".slide")];
const show = (number) => {
  const index = Math.min(Math.max(number, 1), all.length) - 1;
  all.forEach((slide, i) => slide.classList.toggle("now", i === index));
  history.replaceState(null, "", `#${index + 1}`);
};
const now = () => all.findIndex((slide) => slide.classList.contains("now")) + 1;
const turn = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };
document.addEventListener("keydown", (event) => {
  if (event.key in turn) show(now() + turn[event.key]);
  else if (event.key === "Home") show(1);
  else if (event.key === "End") show(all.length);
  else return;
  event.preventDefault();
});
document.addEventListener("click", (event) => event.target.closest("a") || show(now() + 1));
window.addEventListener("hashchange", () => show(Number(location.hash.slice(1))));
show(Number(location.hash.slice(1)) || 1);

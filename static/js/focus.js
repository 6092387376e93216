// A swap that takes away what has the focus gives the focus to the same control among what came instead, else to the part that was swapped.
// htmx itself does so only for a control with an id; a keyboard must go on wherever a list, a step or a panel renews itself.
let held;
let region;

const words = (control) => control.ariaLabel ?? control.textContent.trim();
const place = (control) => control.href ?? control.form?.action;
const isLost = () => held && !held.isConnected && document.activeElement === document.body;

function sameControl(part) {
  const same = [...part.querySelectorAll(held.localName)].filter((one) => one.name === held.name && words(one) === words(held));
  return same.find((one) => place(one) === place(held)) ?? same[0];
}

document.addEventListener("htmx:beforeSwap", ({ target }) => {
  held = document.activeElement;
  region = target;
});

document.addEventListener("htmx:afterSwap", ({ target }) => {
  if (isLost()) sameControl(target)?.focus({ preventScroll: true });
});

document.addEventListener("htmx:afterSettle", () => {
  const part = region?.isConnected ? region : document.getElementById(region?.id);
  if (!isLost() || !part) return;
  part.tabIndex = -1;
  part.focus({ preventScroll: true });
});

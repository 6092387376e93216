// Popover menus: arrow keys, closing after a choice, and a place under the button where the browser cannot anchor by itself.
const anchors = CSS.supports("position-area: block-end");
const phone = matchMedia("(width < 560px)");

function place(menu) {
  const button = document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`)?.getBoundingClientRect();
  if (!button) return;
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = button.bottom + 4 + height <= innerHeight || button.top < height;
  menu.style.top = `${below ? button.bottom : button.top - height - 8}px`;
  menu.style.left = `${Math.min(Math.max(8, button.right - width), innerWidth - width - 8)}px`;
}

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.(".menu") || event.newState !== "open") return;
  if (!anchors && !phone.matches) place(menu);
}, true);

document.addEventListener("click", (event) => {
  event.target.closest(".menu-item")?.closest(".menu")?.hidePopover();
});

document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const opened = event.target.closest("[popovertarget]");
  const menu = event.target.closest(".menu") ?? (opened && document.getElementById(opened.getAttribute("popovertarget")));
  if (!menu?.matches(".menu:popover-open")) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll(".menu-item")];
  const here = items.indexOf(document.activeElement);
  items.at(here < 0 && step < 0 ? -1 : (here + step) % items.length)?.focus();
});

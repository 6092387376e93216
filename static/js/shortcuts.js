// Keyboard shortcuts, read from the page: data-keys="g c" follows the link, presses the button or enters the field that carries it.
// They can be switched off in the dialog that lists them (WCAG 2.1.4); the choice stays in this browser.
const OFF = "genkan-shortcuts-off";
const SECOND_KEY_WITHIN = 1200;
let pending = "";
let timer;

const typing = (element) => element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (localStorage.getItem(OFF) || document.querySelector("dialog[open]")) return;
  const keys = pending ? `${pending} ${event.key}` : event.key;
  const target = document.querySelector(`[data-keys="${CSS.escape(keys)}"]`);
  clearTimeout(timer);
  pending = "";
  if (target) {
    event.preventDefault();
    target.focus();
    if (target.matches("input")) target.select(); else target.click();
  } else if (document.querySelector(`[data-keys^="${CSS.escape(event.key)} "]`)) {
    pending = event.key;
    timer = setTimeout(() => { pending = ""; }, SECOND_KEY_WITHIN);
  }
});

const toggle = document.querySelector("[data-shortcuts-toggle]");
if (toggle) {
  toggle.checked = !localStorage.getItem(OFF);
  toggle.addEventListener("change", () => {
    if (toggle.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
}

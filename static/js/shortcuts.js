// Keyboard shortcuts, read from the page: data-keys="g c" follows the link, presses the button or enters the field that carries it.
// What stands in the page comes before what stands in the shell. In a list (data-rows) j and k go from row to row; data-row-keys
// belongs to the row that one is in. They can be switched off in the dialog that lists them (WCAG 2.1.4); the choice stays in this browser.
const OFF = "genkan-shortcuts-off";
const SECOND_KEY_WITHIN = 3000; // from press to press, however busy the page was in between
const STEPS = { j: 1, k: -1 };
let pending = null;

const typing = (element) => element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

function step(by) {
  const links = [...document.querySelectorAll("[data-rows] [data-row-link]")];
  const here = links.findIndex((link) => link.closest("[data-row]").contains(document.activeElement));
  const next = links[here < 0 ? 0 : Math.min(Math.max(here + by, 0), links.length - 1)];
  next?.focus();
  next?.closest("[data-row]").scrollIntoView({ block: "nearest" });
  return Boolean(next);
}

const inRow = (keys) => document.activeElement.closest("[data-row]")?.querySelector(`[data-row-keys="${CSS.escape(keys)}"]`);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (localStorage.getItem(OFF) || document.querySelector("dialog[open]")) return;
  const isSecond = pending && event.timeStamp - pending.timeStamp < SECOND_KEY_WITHIN;
  const keys = isSecond ? `${pending.key} ${event.key}` : event.key;
  const target = inRow(keys) ?? document.querySelector(`main [data-keys="${CSS.escape(keys)}"]`) ?? document.querySelector(`[data-keys="${CSS.escape(keys)}"]`);
  pending = null;
  if (STEPS[keys] && step(STEPS[keys])) { event.preventDefault(); return; }
  if (target) {
    event.preventDefault();
    if (!target.dataset.rowKeys) target.focus();
    if (target.matches("input")) target.select(); else target.click();
  } else if (document.querySelector(`[data-keys^="${CSS.escape(event.key)} "]`)) {
    pending = event;
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

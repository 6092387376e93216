// Work done in steps, each asked for by the answer to the last. A step that the server does not answer is asked for again by itself,
// ever less often, and no toast complains meanwhile.
const FIRST_WAIT = 2000, LONGEST_WAIT = 30000;
let wait = FIRST_WAIT;

function askAgain(event) {
  const form = event.target.closest?.("form[data-steps]");
  if (!form || event.detail.xhr?.status in { 403: true, 404: true }) return;
  event.stopPropagation();
  form.parentElement.querySelectorAll("[data-hiccup]").forEach((notice) => { notice.hidden = false; });
  setTimeout(() => { if (form.isConnected) form.dispatchEvent(new Event("retry")); }, wait);
  wait = Math.min(wait * 2, LONGEST_WAIT);
}

for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.addEventListener(name, askAgain, { capture: true });
document.addEventListener("htmx:afterSwap", () => { wait = FIRST_WAIT; });

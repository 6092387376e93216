// Forms: where typing goes on, a busy button instead of a second submission, passwords that can be shown, selects that apply at once,
// copying, ticking all rows.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog" || event.submitter?.formMethod === "dialog") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (form.hasAttribute("hx-post") || form.hasAttribute("hx-get")) return;
  form.dataset.sent = "true";
  setTimeout(() => {
    if (event.defaultPrevented) delete form.dataset.sent; // a later listener stopped it
    else event.submitter?.setAttribute("aria-busy", "true");
  });
});

document.querySelector("main [aria-invalid=true]")?.focus();

addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  });
});

document.addEventListener("click", (event) => {
  const reveal = event.target.closest("[data-reveal]");
  if (reveal) {
    const input = document.getElementById(reveal.dataset.reveal);
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    reveal.setAttribute("aria-pressed", String(!shown));
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    const source = document.getElementById(copy.dataset.copy);
    navigator.clipboard.writeText(source.value ?? source.textContent.trim()).then(() => copy.setAttribute("data-copied", ""));
  }
});

// Only what holds the words that are typed, among what `data-filter` selects.
document.addEventListener("input", (event) => {
  const { filter } = event.target.dataset;
  if (!filter) return;
  const words = event.target.value.normalize("NFKC").toLowerCase().split(/\s+/);
  document.querySelectorAll(filter).forEach((part) => {
    const text = part.textContent.normalize("NFKC").toLowerCase();
    part.hidden = !words.every((word) => text.includes(word));
  });
});

document.addEventListener("change", (event) => {
  const { target } = event;
  if (target.closest("form[data-autosubmit]")) target.form.requestSubmit();
  if (target.matches("input[name=theme]")) document.documentElement.dataset.theme = target.value;
  if (target.matches("[data-check-all]")) {
    target.form.querySelectorAll(`input[name="${CSS.escape(target.dataset.checkAll)}"]`).forEach((box) => { box.checked = target.checked; });
  }
  if (target.type === "checkbox" && target.form) countTicked(target.form);
});

function countTicked(form) {
  const all = form.querySelector("[data-check-all]");
  if (!all) return;
  const boxes = [...form.querySelectorAll(`input[name="${CSS.escape(all.dataset.checkAll)}"]`)];
  const ticked = boxes.filter((box) => box.checked).length;
  all.checked = ticked > 0 && ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
  form.querySelectorAll("[data-ticked-count]").forEach((place) => { place.textContent = ticked; });
  form.querySelectorAll("[data-when-ticked]").forEach((part) => { part.hidden = ticked === 0; });
}

// A fold that opens into a form (its button disappears) goes on in the form's first field.
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.(".compose[open]")) event.target.querySelector("input:not([type=hidden]), textarea")?.focus();
}, true);

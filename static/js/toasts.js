// Messages: dismissed by hand, good news also by itself once nobody points at it, unless it offers something, such as to undo;
// and what to say when an htmx request fails.
const READING_TIME = 8000;
const region = document.getElementById("messages");

function fade(toast) {
  if (!toast.matches(".ok, .info") || toast.querySelector("a")) return;
  let timer;
  const start = () => { timer = setTimeout(() => toast.remove(), READING_TIME); };
  const stop = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", stop);
  toast.addEventListener("focusin", stop);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusout", start);
  start();
}

function show(templateId) {
  const template = document.getElementById(templateId);
  if (region && template) region.append(template.content.cloneNode(true));
}

if (region) {
  region.querySelectorAll(".toast").forEach(fade);
  new MutationObserver((changes) => {
    for (const change of changes) change.addedNodes.forEach((node) => node.matches?.(".toast") && fade(node));
  }).observe(region, { childList: true });
}

document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".toast")?.remove());
document.addEventListener("htmx:sendError", () => show("offline-toast"));
document.addEventListener("htmx:timeout", () => show("offline-toast"));
document.addEventListener("htmx:responseError", () => show("failed-toast"));

// A fragment request that ends at the sign-in page means that the session is over: show that page whole, then come back here.
document.addEventListener("htmx:beforeSwap", (event) => {
  const signIn = document.body.dataset.signIn;
  if (signIn && new URL(event.detail.xhr.responseURL).pathname === signIn) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});

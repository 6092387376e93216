// Tabs that are wider than a phone begin where the current one is.
document.querySelectorAll(".tabs > [aria-current]").forEach((tab) => {
  const tabs = tab.parentElement;
  tabs.scrollLeft = tab.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - tab.clientWidth) / 2;
});

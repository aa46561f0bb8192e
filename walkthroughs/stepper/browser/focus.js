// The focus is never lost: where a key or a click has made a part of the page anew, or hidden it, it stays on what is
// called the same there, or next to it.

let held = null; // what had the focus before

function holdFocus() {
  const { activeElement: element } = document;
  const home = element.closest("#groups, #scroll, #node, #watched, #training, section, header");
  held = element === document.body ? null : { element, home, text: element.textContent, kind: element.classList[0] };
}

const isSeen = (element) => element.isConnected && element.checkVisibility();

function regainFocus() {
  if (!held || isSeen(held.element) || (document.activeElement !== document.body && isSeen(document.activeElement))) return;
  const { home, text, kind, element } = held;
  const there = [...home.querySelectorAll("button, [tabindex]")].filter(isSeen);
  const same = there.find(({ id }) => id && id === element.id) ?? there.find(({ textContent }) => textContent === text) ?? there.find(({ classList }) => kind && classList[0] === kind);
  (same ?? (home.matches("header") ? null : there[0]) ?? byId("next")).focus({ preventScroll: true });
}

for (const kind of ["keydown", "click"]) {
  addEventListener(kind, holdFocus, true);
  addEventListener(kind, regainFocus);
}

// What moves the stepper: keys, buttons, pointers, touch; and what it looks like.

// ---- keys

const MOVING = ["ArrowRight", "ArrowLeft", "Home", "End", " ", "o", "?"]; // all that training needs

const KEYS = {
  ArrowRight: next,
  ArrowLeft: back,
  s: stepOver,
  l: toggleLecture,
  d: turnPicture,
  m: toggleSizes,
  Home: () => goTo(0),
  End: () => goTo(state.graph.frames.length),
  " ": play,
  t: () => goTo(state.graph.turn),
  n: toNode,
  b: () => toggleBreakpoint(chosen()),
  w: () => toggleWatched(chosen()),
  o: () => (state.graph.training ? byId("open-graph")?.click() : state.graph.behind?.[chosen()] && openScalars(chosen())),
  u: () => state.graph !== first && leave(),
  p: togglePredict,
  c: () => alive().life && byId("slide").focus(),
  g: () => alive().life && descendOnce(),
  "+": () => zoomBy(1.25),
  "-": () => zoomBy(0.8),
  "?": toggleKeys,
  "/": () => {
    showTab("values");
    byId("search").focus();
    byId("search").select();
  },
  Escape: () => {
    select(null);
    showTip(null);
  },
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target;
  if (target.matches("input[type=search], input[type=text], textarea, select")) {
    if (event.key === "Escape") byId("next").focus({ preventScroll: true });
    return;
  }
  if (event.key === " " && target.closest("button, [role=button]")) return; // presses it
  if (target.matches("[role=tab]") && /^Arrow(Left|Right)$/.test(event.key)) return; // go from tab to tab
  if (target.closest("#scroll") && pictureKey(event)) return event.preventDefault();
  const action = KEYS[event.key];
  if (!action || (state.graph.training && !MOVING.includes(event.key))) return;
  event.preventDefault();
  action();
});

// Keys on a node or a box of the picture; returns whether it was one.
function pictureKey(event) {
  const box = event.target.closest("[data-group]");
  if (box && ["Enter", " "].includes(event.key)) {
    toggleGroup(box.dataset.group, true);
    const inside = [...picture.items].find(([i]) => prefixes(state.graph.nodes[i].group).includes(box.dataset.group));
    inside?.[1].element.focus({ preventScroll: true });
    return true;
  }
  const i = nodeAt(event);
  if (i === null) return false;
  if (["Enter", " "].includes(event.key)) return select(i), true;
  const neighbours = { ArrowUp: state.graph.nodes[i].inputs, ArrowDown: state.graph.consumers[i] }[event.key];
  if (!neighbours) return false;
  const to = neighbours.find((j) => picture.items.has(j));
  if (to !== undefined) {
    select(to);
    picture.items.get(to).element.focus({ preventScroll: true });
  }
  return true;
}

// ---- pointers

function nodeAt(event) {
  const found = event.target.closest?.("[data-node]");
  return found ? Number(found.dataset.node) : null;
}

function listen() {
  readTheme();
  listenToButtons();
  listenToLists();
  listenToPicture();
  listenToLive();
  listenToBeside();
  listenToTaking();
  for (const place of [byId("scroll"), byId("rows"), byId("watched")]) listenToPointer(place);
  listenToSwipes(byId("now"));
  addEventListener("hashchange", ({ newURL }) => readAddress(new URL(newURL).hash)); // it may have been written anew since
}

function listenToButtons() {
  const actions = {
    start: () => goTo(0),
    back,
    play,
    next,
    over: stepOver,
    lecture: toggleLecture,
    direction: turnPicture,
    sizes: toggleSizes,
    end: () => goTo(state.graph.frames.length),
    turn: () => goTo(state.graph.turn),
    predict: togglePredict,
    skip: () => reveal(`Shown: ${verdictOn("", state.graph.frames[predict.pending - 1])[1]}.`),
    smaller: () => zoomBy(0.8),
    larger: () => zoomBy(1.25),
    fit,
    leave,
    help: toggleKeys,
    theme: switchTheme,
  };
  for (const [id, action] of Object.entries(actions)) byId(id).addEventListener("click", () => action());
  byId("position").addEventListener("input", (event) => goTo(Number(event.target.value)));
  byId("level").addEventListener("change", () => (withdraw(), ask(false)));
  byId("question").addEventListener("submit", (event) => {
    event.preventDefault();
    check();
  });
}

function toggleKeys() {
  byId("keys").hidden = !byId("keys").hidden;
  byId("help").setAttribute("aria-expanded", !byId("keys").hidden);
}

function listenToLists() {
  for (const name of ["program", "values"]) byId(`${name}-tab`).addEventListener("click", () => showTab(name));
  document.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
    if (["ArrowLeft", "ArrowRight"].includes(event.key)) showTab(byId("values").hidden ? "values" : "program", true);
  });
  byId("more").addEventListener("click", () => {
    const before = panels.limit;
    panels.limit += 400;
    showTable();
    byId("rows").rows[before].querySelector("button").focus();
  });
  byId("search").addEventListener("input", () => {
    panels.limit = 200;
    showTable();
  });
  byId("search").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !panels.found.length) return;
    select(panels.found[0]);
    (picture.items.get(panels.found[0])?.element ?? byId("next")).focus({ preventScroll: true });
  });
  byId("filter").addEventListener("change", showTable);
}

function listenToPicture() {
  const scroll = byId("scroll");
  scroll.addEventListener("click", (event) => {
    if (picture.isDragged) return;
    const box = event.target.closest("[data-group]");
    if (box) return toggleGroup(box.dataset.group, true);
    select(nodeAt(event));
    tellTapped(event);
  });
  byId("groups").addEventListener("focusin", ({ target }) => target.scrollIntoView({ block: "nearest", inline: "nearest" }));
  listenToLooking();
  listenToMap();
}

// A pointer over a node lights its paths and tells its ledger; a finger has no "over".
function listenToPointer(place) {
  place.addEventListener("pointerover", (event) => {
    const i = nodeAt(event);
    if (event.pointerType === "touch" || i === null) return;
    light(i);
    showTip(i, event.clientX, event.clientY);
  });
  place.addEventListener("pointerout", (event) => {
    if (nodeAt(event) === null || nodeAt({ target: event.relatedTarget ?? document.body }) !== null) return;
    light(null);
    showTip(null);
  });
}

// A finger on a node tells its ledger, above the buttons and below the formula.
function tellTapped(event) {
  const i = nodeAt(event);
  showTip(event.pointerType === "touch" ? i : null, event.clientX, event.clientY);
}

// A swipe to the left is the next step, one to the right the last one.
function listenToSwipes(place) {
  let start = null;
  place.addEventListener("touchstart", (event) => (start = event.touches.length === 1 ? event.touches[0] : null), { passive: true });
  place.addEventListener("touchend", (event) => {
    const end = event.changedTouches[0];
    if (!start) return;
    const [x, y] = [end.clientX - start.clientX, end.clientY - start.clientY];
    start = null;
    if (Math.abs(x) < 40 || Math.abs(x) < 2 * Math.abs(y)) return;
    x < 0 ? next() : back();
  });
}

// ---- tabs and themes

function showTab(name, focus = false) {
  for (const tab of ["program", "values"]) {
    byId(tab).hidden = tab !== name;
    byId(`${tab}-tab`).setAttribute("aria-selected", tab === name);
    byId(`${tab}-tab`).tabIndex = tab === name ? 0 : -1;
  }
  showTable();
  if (focus) byId(`${name}-tab`).focus();
}

// The other one, kept for the next page; the system's own is not kept, so that the page goes on following the system.
function switchTheme() {
  const { dataset } = document.documentElement;
  const shown = () => getComputedStyle(document.documentElement).colorScheme;
  const chosen = shown() === "dark" ? "light" : "dark";
  delete dataset.theme;
  if (shown() !== chosen) dataset.theme = chosen;
  try {
    localStorage.setItem("theme", dataset.theme ?? "");
  } catch {} // a notebook's frame keeps nothing
  showMap();
}

function readTheme() {
  try {
    const theme = localStorage.getItem("theme");
    if (theme) document.documentElement.dataset.theme = theme;
  } catch {}
}

// Lecture mode: the graph, the formula and a narrow ledger, all large. The group at work opens, and closes behind.

const lecture = {
  on: false,
  zoom: null, // what the lecturer has chosen
  depth: Infinity, // of the groups that open: less after a step over one
  before: null, // the view that was shown, and is shown again
};

function toggleLecture() {
  lecture.on = !lecture.on;
  lecture.zoom = null;
  document.body.classList.toggle("lecture", lecture.on);
  byId("lecture").setAttribute("aria-pressed", lecture.on);
  for (const id of ["now", "node"]) byId(id).tabIndex = lecture.on ? 0 : -1; // which are scrolled, and have no buttons there
  if (state.graph.training) return;
  lecture.depth = Infinity;
  if (lecture.on) lecture.before = picture.given;
  const { views } = state.graph;
  if (!lecture.on || !openAtWork()) showView(views.includes(lecture.before) ? lecture.before : (views[0] ?? null));
  writeAddress();
  showLecture();
  follow();
}

// What a move changes in a lecture.
function showLecture() {
  showFormula();
  showMap();
}

// ---- the formula

const SMALLEST = 0.6; // of what a formula has where there is room

function showFormula() {
  const place = byId("math");
  place.hidden = !lecture.on || !frameAt();
  byId("formula").classList.toggle("unseen", !place.hidden);
  if (place.hidden) return;
  place.innerHTML = typeset(frameAt()).map((part) => `<math display="inline">${part}</math>`).join(" ");
  place.style.setProperty("--size", 1);
  place.style.whiteSpace = "";
  const room = byId("now");
  const size = Math.min(place.clientWidth / place.scrollWidth, room.clientHeight / room.scrollHeight);
  if (size < 1) place.style.setProperty("--size", Math.max(SMALLEST, size));
  if (size < SMALLEST) place.style.whiteSpace = "normal"; // in lines, that its result is seen
}

// ---- steps over what belongs together

// The names of what a step can go over: of groups, from the innermost on, by what their names begin with; and a pass.
function units(graph) {
  const levels = [];
  for (const parts of new Set(graph.nodes.map((node) => node.group))) {
    if (parts) parts.split("/").forEach((part, depth) => (levels[depth] ??= new Set()).add(part.replace(/\d+$/, "")));
  }
  const named = levels.map((stems, depth) => [depth + 1, stems.size === 1 ? [...stems][0] : "group"]);
  return [...named.reverse(), [0, "pass"]];
}

function showUnits() {
  byId("unit").replaceChildren(...units(state.graph).map(([depth, name]) => element("option", { value: depth }, `a ${name}`)));
}

// To the end of the neuron, layer or pass that the next step is in.
function stepOver() {
  const { frames, turn } = state.graph;
  const depth = Number(byId("unit").value);
  if (state.position === frames.length) return;
  lecture.depth = depth - 1;
  if (depth === 0) return goTo(state.position < turn - 1 ? turn - 1 : frames.length);
  const groupAt = (position) => prefixes(state.graph.nodes[frames[position].node].group).slice(0, depth).at(-1);
  const group = groupAt(state.position);
  let to = state.position + 1;
  while (group && to < frames.length && groupAt(to) === group) to++;
  goTo(to);
}

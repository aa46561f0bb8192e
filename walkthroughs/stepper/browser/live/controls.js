// What changes the leaves of a graph that is alive: a slider, a field, and gradient descent.

const HOLD = 60; // milliseconds between steps of descent while the button is held down

// The panel of the graph stepped through. A graph that is not alive says why.
function showLive() {
  const { still, training } = state.graph;
  const { life, nodes, receivedAt } = alive();
  byId("live").hidden = Boolean(training) || !(life || still);
  for (const id of ["leaves", "descent"]) byId(id).hidden = !life;
  byId("changed").textContent = life ? "" : `Numbers cannot be changed here: ${still}.`;
  if (!life) return;
  byId("descent").hidden = !life.leaves.some((i) => nodes[i].takes && receivedAt[i].length);
  const inOrder = (i) => nodes[i].name.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(9, "0")); // w2 before w10
  const byName = life.leaves.map((i) => [inOrder(i), i]).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, i]) => i);
  byId("leaf").replaceChildren(...byName.map((i) => element("option", { value: i }, nodes[i].name)));
  const first = life.leaves.find((i) => nodes[i].takes) ?? life.leaves[0];
  chooseLeaf(life.leaf ?? first);
}

// A leaf that has been selected; of a tensor, its first element.
const chooseLeafOf = (i) => chooseLeaf(state.graph.host ? state.graph.elements[i]?.[0] : i);

function chooseLeaf(i) {
  const { life, nodes } = alive();
  if (!life?.leaves.includes(i)) return;
  life.leaf = i;
  byId("leaf").value = i;
  const { name } = nodes[i];
  byId("slide").setAttribute("aria-label", name);
  byId("number").setAttribute("aria-label", `${name} =`);
  byId("slide").max = 0; // so that the range is that of this leaf
  showLeaf();
}

// The slider reaches from -m to m, with m = 1, 2 or 5 times a power of ten.
function showLeaf(typed = false) {
  const { life } = alive();
  const x = life.numbers[life.leaf];
  const slide = byId("slide");
  const reach = Number.isFinite(x) ? 2 * Math.max(Math.abs(x), 0.5) : 1;
  if (reach > 2 * Number(slide.max)) {
    const power = 10 ** Math.floor(Math.log10(reach));
    const most = [1, 2, 5, 10].map((m) => m * power).find((m) => m >= reach);
    Object.assign(slide, { min: -most, max: most });
  }
  if (Number.isFinite(x)) slide.value = x;
  if (!typed) byId("number").value = Number.isFinite(x) ? String(Number(x.toPrecision(6))) : brief(x);
  byId("number").removeAttribute("aria-invalid");
  showCourse();
  byId("changed").textContent = failureOf(alive()) || changesOf(life);
}

function changesOf(life) {
  const changed = life.leaves.filter((i) => isChanged(life, i));
  const words = changed.slice(0, 4).map((i) => `${alive().nodes[i].name} was ${brief(life.given[i])}`);
  return changed.length > 4 ? `${changed.length} numbers are changed.` : changed.length ? `Changed: ${words.join(", ")}.` : "";
}

// The element of a tensor whose cell, or number, has been clicked.
function chooseElement({ target, offsetX, offsetY }) {
  const places = state.graph.host && state.graph.elements[chosen()];
  if (!places) return;
  const isCell = target.matches("canvas");
  const row = isCell ? Math.floor((offsetY * target.height) / target.clientHeight) : target.parentNode.rowIndex;
  const column = isCell ? Math.floor((offsetX * target.width) / target.clientWidth) : target.cellIndex;
  chooseLeaf(places[row * (isCell ? target.width : target.parentNode.cells.length) + column]);
}

// ---- changing numbers: at most once a frame, however many events there are

let awaited = null;

function changeLeaf(number, typed = false) {
  if (!awaited) requestAnimationFrame(settle);
  awaited = { graph: alive(), leaf: alive().life.leaf, number, typed };
}

function settle() {
  if (!awaited) return;
  const { graph, leaf, number, typed } = awaited;
  awaited = null;
  graph.life.losses = [];
  change(graph, [[leaf, number]]);
  showLeaf(typed);
  showNumbers();
}

// Every number on the page, at the position where it is.
function showNumbers() {
  showStep();
  for (const i of picture.items.keys()) paint(i);
  panels.rows.forEach((_, i) => paintRow(i));
  paintSizes();
  showWatched();
  showNode();
  showLecture();
  rewriteProgram();
  if (predict.pending) showQuestion();
  showTaken();
  tellBeside(false);
  writeAddress();
}

// ---- leaves in the address

const TOLD = 200; // leaves: more make an address that is cut off on its way

function leavesInAddress() {
  const { life } = alive();
  const changed = life?.leaves.filter((i) => isChanged(life, i)) ?? [];
  return changed.length > TOLD ? "" : changed.map((i) => `~${i}=${life.numbers[i]}`).join("");
}

// Gives the leaves of a graph the numbers of an address, and those that it does not tell of their own.
function readLeaves(graph, text) {
  const told = new Map([...text.matchAll(/~(\d+)=([^~]+)/g)].map(([, i, number]) => [Number(i), parsed(number)]));
  const { life } = graph;
  if (life && (life.found || told.size)) change(graph, life.leaves.map((i) => [i, told.get(i) ?? life.given[i]]));
}

function resetLeaves() {
  const graph = alive();
  graph.life.losses = [];
  change(graph, graph.life.leaves.map((i) => [i, graph.life.given[i]]));
  showLeaf();
  showNumbers();
}

function descendOnce() {
  if (byId("descent").hidden) return;
  const rate = parsed(byId("rate").value);
  byId("rate").setAttribute("aria-invalid", rate === undefined);
  if (rate === undefined) return;
  descend(alive(), rate);
  showLeaf();
  showNumbers();
}

// ---- the course of the loss under descent

function showCourse() {
  const { losses } = alive().life;
  const course = byId("course");
  course.hidden = losses.length < 2;
  course.replaceChildren();
  if (course.hidden) return;
  const finite = losses.filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...finite), Math.max(0, ...finite)];
  const x = (i) => 1 + (118 * i) / (losses.length - 1);
  const y = (loss) => 29 - (28 * (loss - low)) / (high - low || 1);
  const points = losses.flatMap((loss, i) => (Number.isFinite(loss) ? [`${x(i).toFixed(1)},${y(loss).toFixed(1)}`] : []));
  const words = `${losses.length - 1} step${losses.length > 2 ? "s" : ""}: ${brief(losses[0])} → ${brief(losses.at(-1))}`;
  const svg = svgElement("svg", { viewBox: "0 0 120 30", width: 120, height: 30, class: "curve", "aria-hidden": true });
  svg.append(svgElement("polyline", { points: points.join(" "), class: "loss" }));
  course.append(svg, ` ${words}`);
}

// ---- listening

function listenToLive() {
  // Whatever is done before the next frame (an answer, Reset, a picture to save) is done with the numbers just given;
  // and where another place is told, they have been those of the graph that was there.
  for (const kind of ["keydown", "click", "change", "hashchange", "message"]) addEventListener(kind, settle, { capture: true });
  byId("live").addEventListener("keydown", (event) => {
    if (event.key === "Escape") byId("next").focus({ preventScroll: true });
    else if (event.target.matches("input, select")) event.stopPropagation(); // arrows move the slider here
  });
  byId("leaf").addEventListener("change", (event) => {
    const leaf = Number(event.target.value);
    if (state.graph === alive()) select(leaf);
    else chooseLeaf(leaf);
  });
  byId("node").addEventListener("click", (event) => {
    if (event.target.matches("[aria-label^=value] canvas, [aria-label^=value] td")) chooseElement(event);
  });
  byId("slide").addEventListener("input", (event) => changeLeaf(Number(Number(event.target.value).toPrecision(4))));
  byId("number").addEventListener("input", (event) => {
    const number = parsed(event.target.value);
    if (number === undefined) event.target.setAttribute("aria-invalid", true);
    else changeLeaf(number, true);
  });
  byId("number").addEventListener("change", () => showLeaf());
  byId("reset").addEventListener("click", resetLeaves);
  listenToHolding(byId("descend"), descendOnce);
}

// A press is one step, and a pointer that stays down goes on.
function listenToHolding(button, action) {
  let holding = null;
  let held = false;
  const release = () => clearTimeout(holding);
  button.addEventListener("pointerdown", () => {
    held = false;
    const again = () => {
      held = true;
      action();
      holding = setTimeout(again, HOLD);
    };
    holding = setTimeout(again, 5 * HOLD);
  });
  for (const kind of ["pointerup", "pointerleave", "pointercancel", "blur"]) button.addEventListener(kind, release);
  button.addEventListener("click", (event) => {
    if (!held || event.detail === 0) action();
    held = false;
  });
}

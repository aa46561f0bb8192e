// Where the stepper is: moving, playing, nodes, and which graph.

let timer = null;

function goTo(position) {
  const from = state.position;
  light(null);
  showTip(null);
  state.position = Math.max(0, Math.min(state.graph.frames.length, Math.round(position)));
  Object.assign(byId("verdict"), { textContent: "", className: "" });
  if (predict.pending && predict.pending !== state.position + 1) withdraw();
  showStep();
  writeAddress();
  if (state.graph.training) return showTraining(), showTaken();
  if (lecture.on) openAtWork();
  paintMove(from, state.position);
  paintRows(from, state.position);
  showWatched();
  showNode();
  showLecture();
  showProgram(); // last, for it scrolls to its end, and the others take room
  showTaken();
  tellBeside(true);
}

function next() {
  if (state.position === state.graph.frames.length) return;
  if (predict.on && !predict.pending && ask()) return;
  if (predict.pending) return byId("guess").focus();
  lecture.depth = Infinity;
  goTo(state.position + 1);
}

function back() {
  lecture.depth = Infinity;
  goTo(state.position - 1);
}

// ---- playing

function play() {
  if (timer) return stop();
  if (predict.on) return next();
  if (state.position === state.graph.frames.length) goTo(0);
  byId("play").setAttribute("aria-label", "Pause");
  byId("play").textContent = "❚❚";
  const tick = () => {
    goTo(state.position + 1);
    const frame = frameAt();
    const stops = !state.graph.training && [frame.node, receiverOf(frame)].some((i) => i !== null && state.breakpoints.has(i));
    if (stops) byId("verdict").textContent = "Stopped at a breakpoint.";
    if (stops || state.position === state.graph.frames.length) return stop();
    timer = setTimeout(tick, 1000 / Number(byId("speed").value));
  };
  timer = setTimeout(tick, 1000 / Number(byId("speed").value));
}

function stop() {
  clearTimeout(timer);
  timer = null;
  byId("play").setAttribute("aria-label", "Play");
  byId("play").textContent = "▶";
}

// ---- nodes

function select(i) {
  const before = state.selected;
  state.selected = i;
  for (const node of [before, i]) {
    if (node === null) continue;
    paint(node);
    paintRow(node);
  }
  if (before === null || i === null) paint(graphRoot());
  if (i !== null) chooseLeafOf(i);
  showNode();
  if (i !== null) follow(i);
  light(i); // last, for only what is drawn can be lit
  writeAddress();
}

function toggleWatched(i) {
  state.watched.delete(i) || state.watched.add(i);
  paint(i);
  showWatched();
  showNode();
  writeAddress();
  if (byId("filter").value === "watched") showTable();
}

function toggleBreakpoint(i) {
  state.breakpoints.delete(i) || state.breakpoints.add(i);
  paint(i);
  showNode();
  writeAddress();
}

// The next step of the selected node, and its first one after its last.
function toNode() {
  if (state.selected === null) return;
  const at = state.graph.worksAt[state.selected];
  if (at.length) goTo(at.find((position) => position > state.position) ?? at[0]);
}

// The node that keys and the node's panel mean.
const chosen = () => state.selected ?? workedOn() ?? graphRoot();

// ---- which graph

function show(graph, position = 0) {
  stop();
  state.graph = graph;
  Object.assign(state, { position: 0, selected: null, watched: new Set(), breakpoints: new Set() });
  if (graph.training && lecture.on) toggleLecture();
  panels.lines = { from: 0, to: 0 };
  byId("lines").replaceChildren();
  const { graph: from, position: at } = state.opened.at(-1) ?? {};
  byId("leave").hidden = graph === first;
  byId("leave").textContent = from?.training ? `←\u00a0Step\u00a0${from.training.steps[at - 1]}` : !from && first.training ? "Back to training" : "Back to the tensors";
  for (const id of ["picture", "node", "watched", "lists", "turn", "predict", "jump", "lecture"]) byId(id).hidden = Boolean(graph.training);
  byId("training").hidden = !graph.training;
  document.body.classList.toggle("of-arrays", graph.nodes.some(({ array }) => array));
  if (!graph.training) {
    showView(graph.views[0] ?? null);
    showUnits();
    showPanels();
  }
  showLive();
  goTo(position);
}

function openScalars(i) {
  const { scalars, places } = data.graph.behind[i];
  const graph = scalarGraphs[scalars];
  state.opened.push({ graph: state.graph, node: i, position: state.position });
  show(graph);
  goTo(Math.max(...places.map((j) => graph.computedAt[j])));
  places.slice(0, 6).forEach((j) => state.watched.add(j));
  select(places[0]);
  showWatched();
}

// Back to the graph that the one stepped through has been opened from.
function leave() {
  const { graph, node, position } = state.opened.pop() ?? { graph: first, node: null, position: 0 };
  show(graph, position);
  if (node !== null) select(node);
}

// ---- beginning

const scalarGraphs = data.scalars ?? [];
[data.graph, ...scalarGraphs].filter(Boolean).forEach((graph, i) => enliven(indexed(graph), programs[i]));
if (scalarGraphs.length === 1) follows(data.graph, scalarGraphs[0]);
listen();
const first = data.training ? asGraph(data.training) : data.graph;
readAddress();

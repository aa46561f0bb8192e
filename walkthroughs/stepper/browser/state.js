// What is known at a position. Position p is after the first p frames; nothing here computes a number: every number
// is written in the data, by the engine that computed it, or comes of the graph's program (live/program.js).

const data = JSON.parse(document.getElementById("data").textContent);

const state = {
  graph: null, // the graph stepped through: data.graph, or one of the scalar graphs behind it
  position: 0,
  selected: null, // a node's index
  watched: new Set(),
  breakpoints: new Set(),
  opened: [], // of each graph that others have opened from: {graph, node, position} there
};

const NODE = { label: "", group: "", op: "", takes: false, array: null };
const FRAME = { note: "", names: "", numbers: "", sign: "=", shape: false, array: null, nth: 1, of: 1, local: null };

// Adds to the data of a graph what the file leaves out, and what is looked up all the time.
function indexed(graph) {
  graph.nodes = graph.nodes.map((node) => ({ ...NODE, exact: node.data, ...node }));
  graph.frames = graph.frames.map((frame) => ({ ...FRAME, exact: frame.result, totalExact: frame.total, ...frame }));
  for (const view of graph.views) view.edges = view.edges.map(([tail, head, path, position, tip, number]) => ({ tail, head, path, position, tip, number }));
  graph.computedAt = graph.nodes.map(() => 0); // the position from which on a node has its value
  graph.receivedAt = graph.nodes.map(() => []); // the positions at which its gradient grows
  graph.worksAt = graph.nodes.map(() => []); // the positions of steps in which it takes part
  graph.consumers = graph.nodes.map(() => []);
  graph.frames.forEach((frame, i) => {
    const receiver = receiverOf(frame);
    if (receiver === null) graph.computedAt[frame.node] = i + 1;
    else graph.receivedAt[receiver].push(i + 1);
    graph.worksAt[frame.node].push(i + 1);
    if (receiver !== null && receiver !== frame.node) graph.worksAt[receiver].push(i + 1);
  });
  graph.nodes.forEach((node, i) => new Set(node.inputs).forEach((x) => graph.consumers[x].push(i)));
  return graph;
}

// What a node is called where there is room for it: its label, where its name is that cut in the middle.
const wholeName = ({ name, label }) => (name.includes("…") && label) || name;

// The node whose gradient grows in a frame; null for a forward step.
function receiverOf(frame) {
  if (frame.kind === "forward") return null;
  return frame.kind === "turn" ? frame.node : frame.input;
}

// The node at work: the one that receives, or else the one that is computed. Undefined before the first step.
function workedOn() {
  const frame = frameAt();
  return frame ? (receiverOf(frame) ?? frame.node) : undefined;
}

function frameAt(position = state.position) {
  return position > 0 ? state.graph.frames[position - 1] : null;
}

function isKnown(i, position = state.position) {
  return state.graph.computedAt[i] <= position;
}

// How many frames have added to a node's gradient by now.
function countReceived(i, position) {
  const positions = state.graph.receivedAt[i];
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (positions[middle] <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Those frames.
function receivedBy(i, position = state.position) {
  const positions = state.graph.receivedAt[i].slice(0, countReceived(i, position));
  return positions.map((p) => state.graph.frames[p - 1]);
}

// The frame that holds a node's gradient as it is by now; null if it has not been computed.
function gradientOf(i, position = state.position) {
  const n = countReceived(i, position);
  return n ? state.graph.frames[state.graph.receivedAt[i][n - 1] - 1] : null;
}

// waiting, computed, now, flowing, partial, done: what the colours mean.
function stateOf(i) {
  const frame = frameAt();
  if (frame && frame.kind === "forward" && frame.node === i) return "now";
  if (frame && frame.kind !== "forward" && (frame.node === i || frame.input === i)) return "flowing";
  if (!isKnown(i)) return "waiting";
  const gradient = gradientOf(i);
  if (!gradient) return "computed";
  return gradient.kind === "turn" || gradient.nth === gradient.of ? "done" : "partial";
}

function valueText(i) {
  return isKnown(i) ? state.graph.nodes[i].data : "";
}

function gradientText(i) {
  return gradientOf(i)?.total ?? "";
}

// The nodes on the paths from a node to the loss, itself included.
function pathsToRoot(i) {
  const found = new Set([i]);
  for (const node of found) state.graph.consumers[node].forEach((consumer) => found.add(consumer));
  return found;
}

// An element with attributes, properties and children; text is always text, never markup.
function element(name, options = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(options)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

const byId = (id) => document.getElementById(id);

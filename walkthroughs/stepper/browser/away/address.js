// The address: what a link shows is what its sender saw. #57~3=0.5&view=1&node=4 is step 57 with another number in
// leaf 3, in the second picture, with node 4 selected; #scalars-0-12 is of the first scalar graph behind the tensors,
// #graph-20-12 of the 20th recorded step of training.
// What is not there (any more), or is no place of this graph, is left out.

// {name: [what to write, "" for nothing; what to do with what was written]}; both may count on the graph being shown.
const KEPT = {
  view: [() => Math.max(0, state.graph.views.indexOf(picture.given)) || "", ([i]) => state.graph.views[i] && showView(state.graph.views[i])],
  right: [() => (picture.isTurned ? 1 : ""), ([on]) => on && !picture.isTurned && turnPicture()],
  lecture: [() => (lecture.on ? 1 : ""), ([on]) => on && !lecture.on && toggleLecture()],
  watch: [() => [...state.watched].join("."), (nodes) => nodes.filter(isNode).forEach((i) => state.watched.add(i))],
  stop: [() => [...state.breakpoints].join("."), (nodes) => nodes.filter(isNode).forEach((i) => state.breakpoints.add(i))],
  node: [() => state.selected ?? "", ([i]) => isNode(i) && (state.selected = i)],
};

const isNode = (i) => i in state.graph.nodes;

let addressTimer = null;

// A moment later, for browsers stop a page that writes its address many times a second.
function writeAddress() {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => {
    const address = addressNow();
    if (location.protocol === "about:") return beside.keepsAddress && parent.postMessage({ address }, "*"); // a frame has none
    if (location.hash !== address) history.replaceState(null, "", address);
  }, 100);
}

function addressNow() {
  const scalars = scalarGraphs.indexOf(state.graph);
  const where = scalars >= 0 ? `scalars-${scalars}-` : data.training && state.graph !== first ? `graph-${state.opened.find(({ graph }) => graph === first).position}-` : "";
  const kept = state.graph.training ? [] : Object.entries(KEPT).map(([name, [told]]) => [name, told()]);
  const written = kept.flatMap(([name, told]) => (told === "" ? [] : [`&${name}=${told}`]));
  return `#${where}${state.position}${leavesInAddress()}${written.join("")}`;
}

function readAddress(address = location.hash) {
  const [, kind, number, position, leaves, rest] = address.match(/^#(?:(scalars|graph)-(\d+)-)?(\d+)((?:~\d+=[-+.\w]+)*)((?:&\w+=[\d.]*)*)$/) ?? [];
  const ofStep = kind === "graph" && hasGraph(number - 1);
  state.opened.length = 0;
  if (ofStep) openStepGraph(number - 1);
  const graph = ofStep ? state.graph : (kind === "scalars" && scalarGraphs[number]) || first;
  const told = new Map([...(rest ?? "").matchAll(/&(\w+)=([\d.]*)/g)].map(([, name, text]) => [name, text.split(".").filter(Boolean).map(Number)]));
  if (position === undefined && graph === state.graph) return;
  show(graph, Number(position ?? 0));
  if (!ofStep || leaves) readLeaves(graph.host ?? graph, leaves ?? "");
  if (graph.training) return;
  for (const [name, [, take]] of Object.entries(KEPT)) if (told.get(name)?.length) take(told.get(name));
  if (state.selected !== null) chooseLeafOf(state.selected);
  if (alive().life) showLeaf();
  if (leaves || rest) showNumbers();
}

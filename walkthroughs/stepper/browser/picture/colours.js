// The picture's colours: what a position has made of every node, and the paths from a node to the loss.

const GRADIENT_SIGN = "∂ ";

function paint(i) {
  const item = picture.items.get(i);
  if (!item) return;
  const now = stateOf(i);
  const marks = `${i === state.selected ? " selected" : ""}${state.breakpoints.has(i) ? " stop" : ""}${state.watched.has(i) ? " watched" : ""}${beside.differs.has(i) ? " differs" : ""}${item.element.classList.contains("lit") ? " lit" : ""}`;
  item.element.setAttribute("class", `node ${now}${marks}`);
  item.element.setAttribute("tabindex", i === (state.selected ?? graphRoot()) ? 0 : -1);
  const [value, gradient] = [valueText(i), gradientText(i)];
  write(item.lines.value, value, item.width);
  if (item.lines.gradient) write(item.lines.gradient, gradient && GRADIENT_SIGN + gradient, item.width);
  item.element.setAttribute("aria-label", spoken(i));
  picture.ops.get(i)?.setAttribute("class", `op ${now === "now" ? "now" : isKnown(i) ? "computed" : "waiting"}`);
}

function spoken(i) {
  const node = state.graph.nodes[i];
  const gradient = gradientText(i);
  const words = [node.name, isKnown(i) ? `value ${node.data}` : "not yet computed"];
  if (gradient) words.push(`gradient ${gradient}`);
  if (state.breakpoints.has(i)) words.push("breakpoint");
  if (beside.differs.has(i)) words.push("differs");
  return words.join(", ");
}

const pen = document.createElement("canvas").getContext("2d");

// How wide the picture's words are in the reader's font, which need not be Graphviz's.
function lengthOf(text, isTitle = false) {
  pen.font = `${isTitle ? "bold " : ""}11px Helvetica, Arial, sans-serif`;
  return pen.measureText(text).width;
}

// What is surely short enough is not measured: at the start of a page that takes as long as drawing it.
const isShort = (text, width) => 13 * text.length < width && /^[ -~]*$/.test(text);

function write(line, text, width) {
  line.textContent = text;
  if (!isShort(text, width) && lengthOf(text, line.classList.contains("title")) > width - 6) {
    line.setAttribute("textLength", width - 8);
    line.setAttribute("lengthAdjust", "spacingAndGlyphs");
  } else line.removeAttribute("textLength");
}

function paintBoxes() {
  const frame = frameAt();
  for (const [group, box] of picture.boxes) {
    const { element, count, members, width } = box;
    const inside = frame && [frame.node, receiverOf(frame)].some((i) => i !== null && picture.into[i] === group);
    const known = members.filter((i) => isKnown(i)).length;
    const takers = members.filter((i) => state.graph.nodes[i].takes);
    const graded = takers.filter((i) => gradientOf(i)).length;
    const now = inside ? (frame.kind === "forward" ? "now" : "flowing") : "";
    box.state = now || (graded ? "partial" : known === members.length ? "computed" : "waiting");
    element.setAttribute("class", `box ${box.state}`);
    const words = graded ? `${GRADIENT_SIGN}${graded} of ${takers.length}` : `${known} of ${members.length}`;
    write(count, words, width);
  }
}

// The edges along which this step works: into the node, forwards; back to the one input that receives.
function paintEdges() {
  picture.active.forEach((edge) => edge.element?.classList.remove("now", "flowing"));
  picture.active = [];
  const frame = frameAt();
  if (!frame || frame.kind === "turn") return;
  const { node, input, position } = frame;
  const isPlace = (i, end) => end === i || (typeof end === "string" && picture.into[i] === end);
  for (const edge of picture.edgesInto.get(picture.into[node] ?? node) ?? []) {
    const fromOp = edge.tail === node;
    const isWhole = typeof edge.tail === "number" && typeof edge.head === "number";
    const receives = frame.kind === "forward" || (isPlace(input, edge.tail) && (!isWhole || edge.position === position));
    if (!fromOp && !receives) continue;
    if (!edge.element) drawPart(edge.part);
    edge.element.classList.add(frame.kind === "forward" ? "now" : "flowing");
    picture.active.push(edge);
  }
}

// After a move from one position to another only the nodes of the steps between have changed.
function paintMove(from, to) {
  if (!picture.view) return;
  const changed = new Set();
  for (let p = Math.max(1, Math.min(from, to)); p <= Math.max(from, to); p++) {
    const frame = frameAt(p);
    changed.add(frame.node);
    if (frame.kind === "backward") changed.add(frame.input);
  }
  changed.forEach(paint);
  paintBoxes();
  paintEdges();
  paintSizes();
  follow();
}

// Lights the paths from a node to the loss; null puts the light out.
function light(i) {
  if (!picture.svg) return;
  picture.lit.forEach((lit) => lit.classList.remove("lit"));
  picture.lit = [];
  picture.svg.classList.toggle("lighting", i !== null);
  if (i === null) return;
  const nodes = pathsToRoot(i);
  const add = (lit) => {
    lit.classList.add("lit");
    picture.lit.push(lit);
  };
  const ends = new Set(nodes);
  nodes.forEach((node) => {
    if (picture.items.has(node)) add(picture.items.get(node).element);
    if (node !== i && picture.ops.has(node)) add(picture.ops.get(node));
    const group = picture.into[node];
    if (group && picture.boxes.has(group)) {
      add(picture.boxes.get(group).element);
      ends.add(group);
    }
  });
  for (const end of ends) {
    for (const edge of picture.edgesInto.get(end) ?? []) {
      if (edge.element && ends.has(edge.tail) && edge.head !== i) add(edge.element);
    }
  }
}

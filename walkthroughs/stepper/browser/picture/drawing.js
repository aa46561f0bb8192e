// The picture: Graphviz's layout from the data, drawn as SVG and coloured by state.

const MANY = 800; // parts of a picture: of a larger one only what is in sight is on the page

const picture = {
  given: null, // a view of the data
  view: null, // the same as it is shown: downwards, or turned
  isTurned: false,
  isDragged: false,
  isPrinted: false,
  isSized: false, // coloured by gradients
  svg: null,
  zoom: 1,
  parts: [], // {around: [left, top, right, bottom], make, drop, element, layer}: whatever can be drawn
  items: new Map(), // node -> {element, lines, width}, of the nodes that are drawn
  ops: new Map(), // node -> element
  boxes: new Map(), // group -> {element, count, members}
  edgesInto: new Map(), // a node's index or a group -> [{edge, element, tail, head, position}]
  into: [], // node -> the group that it is folded into, or null
  active: [], // the edges along which this step works
  lit: [], // elements on the paths to the loss
};

function svgElement(name, attributes = {}, text = null) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
}

function showView(given) {
  const view = given && picture.isTurned ? turned(given) : given;
  Object.assign(picture, { given, view, svg: null, parts: [], active: [], lit: [], into: [] });
  [picture.items, picture.ops, picture.boxes, picture.edgesInto].forEach((map) => map.clear());
  byId("nopicture").hidden = Boolean(view);
  byId("scroll").replaceChildren();
  drawGroupButtons();
  if (!view) return;
  const graph = state.graph;
  const groups = new Set(view.boxes.map((box) => box.group));
  picture.into = graph.nodes.map((node, i) => (i in view.nodes ? null : prefixes(node.group).find((p) => groups.has(p))));
  const svg = svgElement("svg", { viewBox: `0 0 ${view.width} ${view.height}`, role: "group", "aria-label": "Computation graph" });
  const all = svgElement("g", { transform: `translate(${view.left} ${view.top})` });
  const [edges, nodes] = [svgElement("g"), svgElement("g")];
  view.edges.forEach((edge) => addEdge(edge, view, edges));
  Object.entries(view.ops).forEach(([i, at]) => addPart(at, nodes, () => drawOp(Number(i), at), () => picture.ops.delete(Number(i))));
  Object.entries(view.nodes).forEach(([i, item]) => addPart(item.at, nodes, () => drawNode(Number(i), item), () => picture.items.delete(Number(i))));
  view.boxes.forEach((box) => addPart(box.at, nodes, () => drawBox(box), () => picture.boxes.delete(box.group)));
  all.append(edges, nodes);
  svg.append(all);
  picture.svg = svg;
  byId("scroll").append(svg);
  zoomTo(beginningZoom());
  drawInSight();
  showNode(); // its buttons open and fold
  writeAddress();
}

function addPart([x, y, width, height], layer, make, drop) {
  const around = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
  picture.parts.push({ around, layer, make, drop, element: null });
}

// Downwards, or from left to right.
function turnPicture() {
  picture.isTurned = !picture.isTurned;
  lecture.zoom = null;
  byId("direction").setAttribute("aria-pressed", picture.isTurned);
  showView(picture.given);
  follow();
}

// Draws what is in sight, and the arrows at work; of a large picture takes away what is not.
function drawInSight() {
  const { view, zoom, parts } = picture;
  if (!view) return;
  const all = parts.length <= MANY || picture.isPrinted;
  const sight = all ? null : sightOf(view, zoom); // which costs a layout, before there is a picture
  const atWork = new Set(picture.active.map((edge) => edge.part));
  let drawn = false;
  for (const part of parts) {
    const inSight = all || atWork.has(part) || meets(part, sight);
    if (inSight && !part.element) {
      drawPart(part);
      drawn = true;
    } else if (!inSight && part.element) {
      part.element.remove();
      part.element = null;
      part.drop();
    }
  }
  showMap();
  if (!drawn) return;
  for (const i of picture.items.keys()) paint(i);
  paintBoxes();
  paintEdges();
  paintSizes();
}

// The rectangle that is in sight, with a margin.
function sightOf({ left, top }, zoom) {
  const { scrollLeft, scrollTop, clientWidth, clientHeight } = byId("scroll");
  const margin = 120 / zoom;
  const [x, y] = [scrollLeft / zoom - left, scrollTop / zoom - top];
  return [x - margin, y - margin, x + clientWidth / zoom + margin, y + clientHeight / zoom + margin];
}

function prefixes(group) {
  const parts = group ? group.split("/") : [];
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

function drawPart(part) {
  part.element = part.make();
  part.layer.append(part.element);
}

// Whether a part meets a rectangle. An arrow has to begin and end in it: thousands of others would only confuse.
function meets({ around: [x0, y0, x1, y1], ends }, [left, top, right, bottom]) {
  const inside = ([x, y]) => x > left && x < right && y > top && y < bottom;
  return ends ? ends.every(inside) : x1 > left && x0 < right && y1 > top && y0 < bottom;
}

function drawNode(i, { at: [x, y, width, height], title }) {
  const node = state.graph.nodes[i];
  const element = svgElement("g", { class: "node", "data-node": i, id: `n${i}`, tabindex: -1, role: "button" });
  const words = svgElement("g", { class: "words", "aria-hidden": true });
  const radius = node.kind === "constant" ? 0 : 6;
  const corner = { x: x - width / 2, y: y - height / 2 };
  element.append(svgElement("rect", { ...corner, width, height, rx: radius, class: `is-${node.kind}${i === graphRoot() ? " is-root" : ""}` }));
  const rows = title.length + 1 + (node.takes ? 1 : 0);
  const line = (row, className) => {
    const made = svgElement("text", { x, y: y + 11.5 * (row - (rows - 1) / 2) + 4, class: className });
    write(made, title[row] ?? "", width);
    words.append(made);
    return made;
  };
  title.forEach((_, row) => line(row, "title"));
  const lines = { value: line(title.length, "value"), gradient: node.takes ? line(title.length + 1, "gradient") : null };
  picture.items.set(i, { element, lines, width });
  return together(element, words);
}

// What is pressed, whose name has all the words and numbers, and under it what is read.
function together(element, words) {
  const made = svgElement("g");
  made.append(element, words);
  return made;
}

const graphRoot = () => state.graph.nodes.length - 1;

function drawOp(i, [x, y, width, height]) {
  const element = svgElement("g", { class: "op", "data-node": i });
  element.append(svgElement("ellipse", { cx: x, cy: y, rx: width / 2, ry: height / 2 }));
  element.append(svgElement("text", { x, y: y + 4 }, state.graph.nodes[i].op));
  picture.ops.set(i, element);
  return element;
}

function drawBox({ group, size, at: [x, y, width, height] }) {
  const element = svgElement("g", { class: "box", "data-group": group, tabindex: 0, role: "button" });
  const members = picture.into.flatMap((into, i) => (into === group ? [i] : []));
  element.append(svgElement("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: 6 }));
  const title = svgElement("text", { x, y: y - 2, class: "title" });
  write(title, group, width);
  const count = svgElement("text", { x, y: y + 10.5 }, `${size} nodes`);
  const words = svgElement("g", { class: "words", "aria-hidden": true });
  words.append(title, count);
  element.setAttribute("aria-label", `${group}, a folded group of ${size} nodes: open it`);
  picture.boxes.set(group, { element, count, members, width });
  return together(element, words);
}

function addEdge(edge, view, layer) {
  const end = (name) => (name[0] === "g" ? view.boxes.find((box) => box.id === name).group : parseInt(name.slice(1)));
  const item = { edge, element: null, tail: end(edge.tail), head: end(edge.head), position: (edge.position ?? 0) - 1 };
  const make = () => (item.element = drawEdge(item));
  const numbers = edge.path.match(/-?[\d.]+/g).map(Number);
  const ends = [numbers.slice(0, 2), numbers.slice(-2)];
  item.part = { around: [], ends, layer, make, drop: () => (item.element = null), element: null };
  picture.parts.push(item.part);
  if (!picture.edgesInto.has(item.head)) picture.edgesInto.set(item.head, []);
  picture.edgesInto.get(item.head).push(item);
}

function drawEdge({ edge, head }) {
  const element = svgElement("g", { class: "edge" });
  const { path, tip } = edge.tip ? pointed(edge) : edge;
  element.append(svgElement("path", { d: path }));
  if (tip) element.append(svgElement("polygon", { points: tip }));
  if (edge.number) {
    const [x, y] = placeOfNumber(edge, head);
    element.append(svgElement("text", { x, y: y + 3 }, edge.number));
  }
  return element;
}

const [TIP, HALF] = [6, 2.2]; // of an arrow's head

// An arrow with its head, which points from the end of its path to its tip.
function pointed({ path, tip }) {
  const [[x, y], end] = [pointsIn(tip)[0], pointsIn(path).at(-1)];
  const far = Math.hypot(x - end[0], y - end[1]) || 1;
  const [dx, dy] = [(x - end[0]) / far, (y - end[1]) / far];
  const foot = (side) => [x - TIP * dx - side * HALF * dy, y - TIP * dy + side * HALF * dx].map(tenths).join();
  return { path: `${path}L${foot(0)}`, tip: `${foot(1)} ${tip} ${foot(-1)}` };
}

const tenths = (number) => Number(number.toFixed(1));
const pointsIn = (text) => [...text.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

// The picture: Graphviz's layout from the data, drawn as SVG and coloured by state.

const MANY = 800; // parts of a picture: of a larger one only what is in sight is on the page

const OPERANDS = 5; // of more, the edges carry no numbers

const picture = {
  view: null,
  svg: null,
  zoom: 1,
  parts: [], // {around: [left, top, right, bottom], make, drop, element, layer}: whatever can be drawn
  items: new Map(), // node -> {element, lines, width}, of the nodes that are drawn
  ops: new Map(), // node -> element
  boxes: new Map(), // group -> {element, count, members}
  edgesInto: new Map(), // a node's index or a group -> [{element, tail, head, position}]
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

function showView(view) {
  Object.assign(picture, { view, svg: null, parts: [], active: [], lit: [], into: [] });
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
  const wide = byId("scroll").clientWidth / view.width;
  zoomTo(Math.min(1.3, Math.max(0.85, wide)));
  drawInSight();
  showNode(); // its buttons open and fold
  writeAddress();
}

function addPart([x, y, width, height], layer, make, drop) {
  const around = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
  picture.parts.push({ around, layer, make, drop, element: null });
}

// Draws what is in sight, and of a large picture takes away what is not.
function drawInSight() {
  const { view, zoom, parts } = picture;
  if (!view) return;
  const scroll = byId("scroll");
  const [left, top] = [scroll.scrollLeft / zoom - view.left, scroll.scrollTop / zoom - view.top];
  const margin = 120 / zoom;
  const sight = [left - margin, top - margin, left + scroll.clientWidth / zoom + margin, top + scroll.clientHeight / zoom + margin];
  const all = parts.length <= MANY;
  let drawn = false;
  for (const part of parts) {
    const inSight = all || meets(part, sight);
    if (inSight && !part.element) {
      drawPart(part);
      drawn = true;
    } else if (!inSight && part.element) {
      part.element.remove();
      part.element = null;
      part.drop();
    }
  }
  if (!drawn) return;
  for (const i of picture.items.keys()) paint(i);
  paintBoxes();
  paintEdges();
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
  const radius = node.kind === "constant" ? 0 : 6;
  const corner = { x: x - width / 2, y: y - height / 2 };
  element.append(svgElement("rect", { ...corner, width, height, rx: radius, class: `is-${node.kind}${i === graphRoot() ? " is-root" : ""}` }));
  const rows = title.length + 1 + (node.takes ? 1 : 0);
  const line = (row, className) => {
    const made = svgElement("text", { x, y: y + 11.5 * (row - (rows - 1) / 2) + 4, class: className }, title[row] ?? "");
    element.append(made);
    return made;
  };
  title.forEach((_, row) => line(row, "title"));
  const lines = { value: line(title.length, "value"), gradient: node.takes ? line(title.length + 1, "gradient") : null };
  picture.items.set(i, { element, lines, width });
  return element;
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
  element.append(svgElement("text", { x, y: y - 2, class: "title" }, group));
  const count = svgElement("text", { x, y: y + 10.5 }, `${size} nodes`);
  element.append(count);
  element.setAttribute("aria-label", `${group}, a folded group of ${size} nodes: open it`);
  picture.boxes.set(group, { element, count, members, width });
  return element;
}

function addEdge(edge, view, layer) {
  const end = (name) => (name[0] === "g" ? view.boxes.find((box) => box.id === name).group : parseInt(name.slice(1)));
  const item = { element: null, tail: end(edge.tail), head: end(edge.head), position: (edge.position ?? 0) - 1 };
  const isClear = (state.graph.nodes[item.head]?.inputs.length ?? 0) <= OPERANDS;
  const make = () => (item.element = drawEdge(edge, isClear));
  const numbers = edge.path.match(/-?[\d.]+/g).map(Number);
  const ends = [numbers.slice(0, 2), numbers.slice(-2)];
  item.part = { around: [], ends, layer, make, drop: () => (item.element = null), element: null };
  picture.parts.push(item.part);
  if (!picture.edgesInto.has(item.head)) picture.edgesInto.set(item.head, []);
  picture.edgesInto.get(item.head).push(item);
}

// The number of an operand is left out where there are so many that they would lie upon one another.
function drawEdge(edge, isClear) {
  const element = svgElement("g", { class: "edge" });
  element.append(svgElement("path", { d: edge.path }));
  if (edge.tip) element.append(svgElement("polygon", { points: edge.tip }));
  if (edge.number && isClear) element.append(svgElement("text", { x: edge.number[1], y: edge.number[2] }, edge.number[0]));
  return element;
}

// ---- looking around

function placeOf(i) {
  const view = picture.view;
  return view.nodes[i]?.at ?? view.boxes.find((box) => box.group === picture.into[i])?.at ?? null;
}

// Brings the node at work into sight.
function follow(i = workedOn()) {
  const at = picture.view && i !== undefined && placeOf(i);
  if (!at) return;
  const scroll = byId("scroll");
  const x = (at[0] + picture.view.left) * picture.zoom;
  const y = (at[1] + picture.view.top) * picture.zoom;
  const [marginX, marginY] = [Math.min(90, scroll.clientWidth / 3), Math.min(80, scroll.clientHeight / 3)];
  const inside = (a, start, size, margin) => a > start + margin && a < start + size - margin;
  const inSight = inside(x, scroll.scrollLeft, scroll.clientWidth, marginX) && inside(y, scroll.scrollTop, scroll.clientHeight, marginY);
  if (inSight) return;
  scroll.scrollTo({ left: x - scroll.clientWidth / 2, top: y - scroll.clientHeight / 2 });
  drawInSight();
}

function zoomTo(zoom) {
  picture.zoom = Math.min(4, Math.max(0.05, zoom));
  picture.svg.setAttribute("width", picture.view.width * picture.zoom);
  picture.svg.setAttribute("height", picture.view.height * picture.zoom);
}

function zoomBy(factor) {
  if (!picture.view) return;
  const scroll = byId("scroll");
  const middle = [(scroll.scrollLeft + scroll.clientWidth / 2) / picture.zoom, (scroll.scrollTop + scroll.clientHeight / 2) / picture.zoom];
  zoomTo(picture.zoom * factor);
  scroll.scrollTo(middle[0] * picture.zoom - scroll.clientWidth / 2, middle[1] * picture.zoom - scroll.clientHeight / 2);
  drawInSight();
}

function fit() {
  if (!picture.view) return;
  const scroll = byId("scroll");
  zoomTo(Math.min(1.3, scroll.clientWidth / picture.view.width, scroll.clientHeight / picture.view.height));
  drawInSight();
}

// ---- groups

// The picture in which `group` is open (or folded) and as much of the rest as possible is as it was.
function toggleGroup(group, open) {
  const views = state.graph.views;
  const all = [...new Set(views.flatMap((view) => [...(view.open ?? []), ...view.boxes.map((box) => box.group)]))];
  const before = new Set(picture.view.open ?? all);
  const wanted = new Set([...before].filter((g) => open || (g !== group && !g.startsWith(`${group}/`))));
  if (open) prefixes(group).forEach((g) => wanted.add(g));
  const shows = (view) => {
    const opened = new Set(view.open ?? all);
    if (opened.has(group) !== open) return -1;
    return all.filter((g) => opened.has(g) === wanted.has(g)).length;
  };
  const best = views.reduce((a, b) => (shows(b) > shows(a) ? b : a));
  if (shows(best) >= 0) showView(best);
  else byId("verdict").textContent = `${group} has too many nodes for a picture.`;
  follow(state.selected ?? undefined);
}

function drawGroupButtons() {
  const bar = byId("groups");
  bar.replaceChildren();
  const views = state.graph.views;
  if (!picture.view || views.length < 2) return;
  const [first, whole] = [views.find((view) => view.open?.length === 0), views.find((view) => view.open === null)];
  const names = picture.view.open ?? [...new Set(views.flatMap((view) => view.boxes.map((box) => box.group)))];
  const shown = names.length > 6 ? names.filter((name) => !name.includes("/")) : names; // a node's panel folds the others
  shown.sort().slice(0, 6).forEach((name) => bar.append(element("button", { type: "button", class: "fold", title: `Fold ${name}`, onclick: () => toggleGroup(name, false) }, `fold ${name}`)));
  if (first && picture.view !== first) bar.append(element("button", { type: "button", id: "fold-all", onclick: () => showView(first) }, "Fold all"));
  if (whole && picture.view !== whole) bar.append(element("button", { type: "button", id: "open-all", onclick: () => showView(whole) }, "Open all"));
}

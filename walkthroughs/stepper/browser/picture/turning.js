// The picture from left to right: Graphviz's layout on its side, so that one layout serves both directions.

const [ACROSS, DOWN] = [2, 0.55]; // of what is high and of what is wide: a box of two or three lines keeps its shape
const [TIP, HALF] = [6, 2.2]; // of an arrow's head
const OVAL = 18; // the least height of an operator's

// The whole view, its corner in the upper left as before.
function turned(view) {
  view.turned ??= {
    ...view,
    width: view.height * ACROSS,
    height: view.width * DOWN,
    left: view.top * ACROSS,
    top: view.left * DOWN,
    nodes: mapped(view.nodes, (node) => ({ ...node, at: boxOnItsSide(node.at) })),
    ops: mapped(view.ops, (at) => boxOnItsSide(at, OVAL)),
    boxes: view.boxes.map((box) => ({ ...box, at: boxOnItsSide(box.at) })),
    edges: view.edges.map(edgeOnItsSide),
  };
  return view.turned;
}

const mapped = (found, change) => Object.fromEntries(Object.entries(found).map(([key, value]) => [key, change(value)]));
const onItsSide = ([x, y]) => [y * ACROSS, x * DOWN];
const tenths = (number) => Number(number.toFixed(1));
const pointsIn = (text) => [...text.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

function boxOnItsSide([x, y, width, height], least = 0) {
  return [...onItsSide([x, y]), height * ACROSS, Math.max(least, width * DOWN)];
}

function edgeOnItsSide(edge) {
  const path = edge.path.replace(/(-?[\d.]+),(-?[\d.]+)/g, (_, x, y) => onItsSide([x, y]).map(tenths).join());
  const made = { ...edge, path };
  if (edge.number) made.number = [edge.number[0], ...onItsSide(edge.number.slice(1))];
  if (!edge.tip) return made;
  const [[x, y], end] = [onItsSide(pointsIn(edge.tip)[1]), pointsIn(path).at(-1)];
  const far = Math.hypot(x - end[0], y - end[1]) || 1;
  const [dx, dy] = [(x - end[0]) / far, (y - end[1]) / far];
  const foot = (side) => [x - TIP * dx - side * HALF * dy, y - TIP * dy + side * HALF * dx];
  made.tip = [foot(1), [x, y], foot(-1)].map((point) => point.map(tenths).join()).join(" ");
  made.path += `L${foot(0).map(tenths).join()}`;
  return made;
}

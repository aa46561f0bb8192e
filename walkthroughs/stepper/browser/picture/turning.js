// The picture from left to right: Graphviz's layout on its side, so that one layout serves both directions.

const [ACROSS, DOWN] = [2, 0.55]; // of what is high and of what is wide: a box of two or three lines keeps its shape
const OVAL = 18; // the least height of an operator's

// The whole view, its corner in the upper left as before.
function turned(view) {
  if (view.turned) return view.turned;
  const along = alongOf(view);
  const left = -along(-view.top);
  const boxOnItsSide = ([x, y, width, height], least = 0) => {
    const [start, end] = [along(y - height / 2), along(y + height / 2)];
    return [(start + end) / 2, x * DOWN, end - start, Math.max(least, width * DOWN)];
  };
  const nodeOnItsSide = (node) => {
    const at = boxOnItsSide(node.at);
    return { ...node, at, title: node.title.flatMap((line) => broken(line, at[2])) };
  };
  view.turned = {
    ...view,
    numbers: null,
    left,
    width: left + along(view.height - view.top),
    height: view.width * DOWN,
    top: view.left * DOWN,
    nodes: mapped(view.nodes, nodeOnItsSide),
    ops: mapped(view.ops, (at) => boxOnItsSide(at, OVAL)),
    boxes: view.boxes.map((box) => ({ ...box, at: boxOnItsSide(box.at) })),
    edges: view.edges.map((edge) => edgeOnItsSide(edge, ([x, y]) => [along(y), x * DOWN])),
  };
  return view.turned;
}

const mapped = (found, change) => Object.fromEntries(Object.entries(found).map(([key, value]) => [key, change(value)]));

// How far along a height comes to lie: a row of operators gets the room that their names take.
function alongOf(view) {
  const rows = [];
  const ops = Object.entries(view.ops).map(([i, [, y, , height]]) => ({ start: y - height / 2, height, needed: lengthOf(state.graph.nodes[i].op) + 14 }));
  for (const op of ops.sort((a, b) => a.start - b.start)) {
    const last = rows.at(-1);
    if (last && op.start < last.start + last.height) last.needed = Math.max(last.needed, op.needed);
    else rows.push({ ...op });
  }
  const more = ({ start, height, needed }, y) => Math.max(0, needed - ACROSS * height) * Math.min(1, Math.max(0, (y - start) / height));
  return (y) => rows.reduce((sum, row) => sum + more(row, y), y * ACROSS);
}

// A title in lines that fit: a box on its side is as high as its title was long.
function broken(line, width) {
  const most = Math.max(2, Math.floor((line.length * (width - 10)) / lengthOf(line, true)));
  return line.match(new RegExp(`.{1,${most}}$|.{0,${most - 1}}[ _./]|.{1,${most}}`, "gu"));
}

function edgeOnItsSide(edge, onItsSide) {
  const moved = (text) => text?.replace(/(-?[\d.]+),(-?[\d.]+)/g, (_, x, y) => onItsSide([x, y]).map(tenths).join());
  return { ...edge, path: moved(edge.path), tip: moved(edge.tip), at: null };
}

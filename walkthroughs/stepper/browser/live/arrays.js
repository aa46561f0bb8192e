// Tensors that are alive: their numbers are those of the scalar graph behind them, element by element.

// The graph of tensors follows the one of their scalars.
function follows(graph, host) {
  if (!graph.elements || !host.life) return;
  Object.assign(graph, { host, made: { nodes: graph.nodes, frames: graph.frames }, living: null });
  host.mirror = graph;
}

// After a run of the host's program, or without one: the numbers as they were made.
function mirror(graph) {
  const { found } = graph.host.life;
  if (!found) return Object.assign(graph, graph.made);
  graph.now = { values: Object.entries(graph.elements).map(([, places]) => places.map((j) => (typeof j === "number" ? found.values[j] : parsed(j)))), sums: sumsOf(graph, found) };
  graph.living ??= { nodes: graph.made.nodes.map((node, i) => livingTensor(graph, node, i)), frames: graph.made.frames.map((frame, k) => livingTensorFrame(graph, frame, k)) };
  Object.assign(graph, graph.living);
}

// Of each frame what it contributes, and the receiving node's gradient so far, added up as the backward pass does it.
function sumsOf(graph, found) {
  const latest = [];
  return graph.made.frames.map((frame, k) => {
    if (frame.kind === "turn") return void (latest[frame.node] = [1]);
    const parts = graph.parts[k];
    if (!parts) return null;
    const moved = graph.moves.includes(frame.node) ? latest[frame.node] : null;
    const part = (j) => (moved ? moved[j] : found.steps[j]?.contribution);
    const sum = parts.map((each) => each.reduce((sum, j) => sum + part(j), 0));
    const before = latest[frame.input];
    latest[frame.input] = before ? sum.map((x, i) => x + before[i]) : sum;
    return { sum, total: latest[frame.input] };
  });
}

function livingTensor(graph, node, i) {
  const numbers = () => graph.now.values[i];
  if (!node.array) return Object.create(node, readers({ data: () => briefly(numbers()[0]), exact: () => exact(numbers()[0]) }));
  return Object.create(node, readers({ array: () => arrayOf(node.array, numbers()) }));
}

// Numbers between shapes are left out where they may have changed: the formula says it all without them.
function livingTensorFrame(graph, frame, k) {
  const { nodes } = graph.made;
  const root = nodes.length - 1;
  const isNumber = (i) => !nodes[i].array && nodes[i].kind !== "constant" && i !== root;
  const operands = nodes[frame.node].inputs.flatMap((i) => (nodes[i].op === "broadcast_to" ? nodes[i].inputs : [i]));
  const hasNumbers = [frame.node, ...operands].some(isNumber);
  const made = hasNumbers ? { numbers: () => "" } : {};
  if (frame.kind === "turn") return frame;
  if (frame.kind === "forward") {
    if (!frame.shape) Object.assign(made, { result: () => briefly(graph.now.values[frame.node][0]), exact: () => exact(graph.now.values[frame.node][0]) });
    return Object.create(frame, readers(made));
  }
  const total = () => graph.now.sums[k].total;
  if (frame.array) made.array = () => arrayOf(frame.array, total());
  else {
    const contribution = () => graph.now.sums[k].sum[0];
    Object.assign(made, { total: () => briefly(total()[0]), totalExact: () => exact(total()[0]), numbers: () => "" });
    if (!frame.shape) Object.assign(made, { result: () => briefly(contribution()), exact: () => exact(contribution()) });
    made.note = () => frame.note.replace(/ is \S+\.$/, () => ` is ${briefly(total()[0])}.`);
  }
  if (!nodes[frame.node].array && frame.node !== root) made.upstream = () => "…";
  if (frame.local && !frame.local.startsWith("(")) made.local = () => "…";
  return Object.create(frame, readers(made));
}

// A number of an array: four digits, whatever its size.
const briefly = (x) => (x === undefined ? "–" : Number.isFinite(x) ? general(x, 4) : named(x));

// ---- what quantities.py says of an array, for other numbers

const CELLS = 40;

function arrayOf(base, numbers) {
  const finite = numbers.filter(Number.isFinite);
  const sum = numbers.reduce((a, b) => a + b, 0);
  const hasNan = numbers.some((x) => !(x === x));
  const made = { ...base, nan: numbers.filter((x) => !(x === x)).length };
  const least = hasNan ? NaN : numbers.reduce((a, b) => Math.min(a, b));
  const most = hasNan ? NaN : numbers.reduce((a, b) => Math.max(a, b));
  const rounding = (base.dtype === "float32" ? 2 ** -23 : 2 ** -52) * Math.max(most, -least);
  const mean = Math.abs(sum / numbers.length) <= rounding ? 0 : sum / numbers.length;
  Object.assign(made, { min: briefly(least), max: briefly(most), mean: briefly(mean) });
  const shape = base.shape.match(/\d+/g).map(Number);
  const columns = shape.at(-1);
  if (base.written) made.written = inRows(numbers, columns).map((row) => row.map(briefly));
  if (base.map) {
    const m = Math.max(0, ...finite.map(Math.abs));
    Object.assign(made, { map: cellsOf(inRows(numbers, columns), -m, m, base.written), scale: briefly(m) });
  } else if (base.images) {
    const [low, high, side] = [Math.min(...finite), Math.max(...finite), base.images[0].columns];
    const images = inRows(numbers, shape.length === 3 ? side * side : columns).slice(0, base.images.length);
    made.images = images.map((image) => cellsOf(inRows(image, Math.round(Math.sqrt(image.length))), low, high));
  }
  return made;
}

const inRows = (numbers, columns) => Array.from({ length: numbers.length / columns }, (_, i) => numbers.slice(i * columns, (i + 1) * columns));

// A matrix as bytes in hexadecimal digits, in blocks if it is large and its numbers are not written.
function cellsOf(matrix, low, high, isWritten) {
  const across = (rows) => rows[0].map((_, j) => rows.map((row) => row[j]));
  const rows = isWritten || matrix.length * matrix[0].length <= numbers.few ? matrix : across(blocks(across(blocks(matrix))));
  const level = (x) => (x !== x ? 0 : 1 + Math.round(254 * (high > low ? Math.min(1, Math.max(0, (x - low) / (high - low))) : 0.5)));
  const cells = rows.flat().map((x) => level(x).toString(16).padStart(2, "0")).join("");
  return { rows: rows.length, columns: rows[0].length, cells };
}

// The means of at most CELLS blocks of rows.
function blocks(rows) {
  if (rows.length <= CELLS) return rows;
  const start = (i) => Math.floor((i * rows.length) / CELLS);
  return Array.from({ length: CELLS }, (_, i) => {
    const block = rows.slice(start(i), start(i + 1));
    return rows[0].map((_, j) => block.reduce((sum, row) => sum + row[j], 0) / block.length);
  });
}

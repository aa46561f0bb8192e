// A graph that is alive: a reader changes its leaves, its program computes every number anew, and the page shows those.
// Numbers of nodes and frames are written when they are read, for a page shows few of them at a time.

// A graph and its program, before anything has been changed. The program has to give the numbers that are there.
function enliven(graph, program) {
  const leaves = graph.nodes.flatMap((node, i) => (node.inputs.length || node.kind === "constant" ? [] : [i]));
  if (!program || !leaves.length) return;
  const given = graph.nodes.map((node) => (node.inputs.length ? undefined : parsed(node.exact)));
  const { values, steps } = program([...given]);
  const agrees = graph.nodes.every((node, i) => isNearly(values[i], node.exact)) && graph.frames.slice(graph.turn).every((frame, k) => isNearly(steps[k]?.contribution, frame.exact));
  if (!agrees) return void (graph.still = "its program gives other numbers than the engine");
  graph.life = { program, leaves, given, numbers: [...given], found: null, made: { nodes: graph.nodes, frames: graph.frames }, living: null, losses: [] };
}

function isNearly(x, text) {
  const y = parsed(text);
  return Object.is(x, y) || Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(y));
}

const isChanged = (life, i) => !Object.is(life.numbers[i], life.given[i]);

// Gives leaves other numbers, [[leaf, number], ...].
function change(graph, numbers) {
  const { life } = graph;
  numbers.forEach(([i, number]) => (life.numbers[i] = number));
  if (!life.leaves.some((i) => isChanged(life, i))) {
    life.found = null;
    Object.assign(graph, life.made);
  } else {
    life.found = life.program([...life.numbers]);
    life.living ??= livingParts(graph);
    Object.assign(graph, life.living);
  }
  if (graph.mirror) mirror(graph.mirror);
}

// The graph whose program the numbers of the page come from: that of the scalars behind tensors, if these follow it.
const alive = () => state.graph.host ?? state.graph;

// The gradient of every node, whether or not something has been changed.
function currentRun({ life }) {
  return life.found ?? life.program([...life.numbers]);
}

// w <- w - rate * dw for every parameter w.
function descend(graph, rate) {
  const { life } = graph;
  const { values, gradients } = currentRun(graph);
  if (!life.losses.length) life.losses.push(values.at(-1));
  const parameters = life.leaves.filter((i) => graph.nodes[i].takes && gradients[i] !== undefined);
  change(graph, parameters.map((i) => [i, life.numbers[i] - rate * gradients[i]]));
  life.losses.push(currentRun(graph).values.at(-1));
}

// Why a value or a derivative does not exist, as the engine would say it; "" if all do.
function failureOf(graph) {
  const { found } = graph.life;
  if (!found?.error) return "";
  const missing = graph.nodes.findIndex((node, i) => node.inputs.length && found.values[i] === undefined);
  const isForward = missing >= 0;
  const i = isForward ? missing : graph.frames[graph.turn + found.steps.length].node;
  const { names, left } = graph.frames[graph.computedAt[i] - 1];
  const at = [...new Set(graph.nodes[i].inputs)].filter((j) => graph.nodes[j].kind !== "constant").map((j) => `${graph.nodes[j].name} = ${graph.nodes[j].data}`);
  return `${isForward ? "" : "The derivative of "}${names || left} does not exist at ${at.join(", ")} (${found.error}).`;
}

// ---- numbers in writing, from the last run

function livingParts(graph) {
  return { nodes: graph.nodes.map((node, i) => livingNode(graph, node, i)), frames: graph.frames.map((frame, k) => livingFrame(graph, frame, k)) };
}

const readers = (functions) => Object.fromEntries(Object.entries(functions).map(([name, get]) => [name, { get, enumerable: true }]));

function livingNode({ life }, node, i) {
  const value = () => life.found.values[i];
  return Object.create(node, readers({ data: () => brief(value()), exact: () => exact(value()) }));
}

function livingFrame(graph, frame, k) {
  const { life } = graph;
  if (frame.kind === "turn") return frame;
  if (frame.kind === "forward") {
    const value = () => life.found.values[frame.node];
    const numbers = () => appliedTo(graph.nodes[frame.node], graph.nodes[frame.node].inputs.map((i) => graph.nodes[i].data));
    return Object.create(frame, readers({ result: () => brief(value()), exact: () => exact(value()), numbers }));
  }
  const step = () => life.found.steps[k - graph.turn] ?? {};
  const total = () => brief(step().total);
  const made = {
    result: () => brief(step().contribution),
    exact: () => exact(step().contribution),
    total,
    totalExact: () => exact(step().total),
    upstream: () => brief(step().upstream),
    note: () => frame.note.replace(/ is \S+\.$/, () => ` is ${total()}.`),
  };
  if (frame.local !== null) {
    made.local = () => brief(step().local);
    made.numbers = () => appliedTo({ op: "*" }, [brief(step().upstream), brief(step().local)]);
  }
  return Object.create(frame, readers(made));
}

// ---- an operator applied to numbers, as `applied` and `shortened` of the engine's side write it

const [LONGEST, FEW, WIDE] = [9, 3, 160];

// Whether an operator's symbol stands between its operands.
const isInfix = (op) => !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(op);

function appliedTo({ op, form }, numbers) {
  const infix = isInfix(op);
  const isSafe = !infix || (numbers.length > 1 && op !== "**");
  const operands = numbers.map((number, i) => (number.startsWith("-") && !(isSafe && (i === 0 || !infix)) ? `(${number})` : number));
  const lists = form?.match(/\{\d\}/g)?.length ?? 1;
  const parts = Array.from({ length: lists }, (_, i) => shortenedTo(operands, lists, i));
  if (form) return form.replace(/\{(\d)\}/g, (_, i) => parts[i].join(", "));
  if (!infix) return `${op}(${parts[0].join(", ")})`;
  return parts[0].length > 1 ? parts[0].join(` ${op} `) : op + parts[0][0];
}

// The operands of one of an operator's lists; of more than `longest` the first third and the last.
function shortenedTo(operands, lists, which) {
  const n = operands.length / lists;
  const letters = operands.reduce((sum, operand) => sum + operand.length, 0);
  const longest = n > FEW && letters > lists * WIDE ? FEW : LONGEST;
  const part = operands.slice(which * n, which * n + n);
  return n <= longest ? part : [...part.slice(0, longest / 3), "...", part.at(-1)];
}

// A recording of training: the loss curve with a cursor, and what the step did to every parameter.

// The recording as something to step through: a frame for each optimizer step, and no nodes.
function asGraph(training) {
  const frames = training.updates.map((_, i) => ({ kind: "update", node: 0, left: `loss of step ${training.steps[i]}`, names: "", numbers: "", result: training.losses[i], exact: training.exact[i] }));
  return { training, frames, nodes: [], views: [], turn: frames.length };
}

function showTraining() {
  const { training } = state.graph;
  const i = Math.max(0, state.position - 1);
  const panel = byId("training");
  if (!training.updates.length) return panel.replaceChildren("Nothing has been recorded.");
  const rate = training.rates[i];
  const parts = [
    element("h2", {}, "Loss ", logButton(training)),
    lossCurve(training, state.position),
    training.which ? element("p", {}, `Kept are ${training.which}.`) : null,
    element("h2", {}, state.position ? `What step ${training.steps[i]} did ` : "What step 1 will do ", element("small", {}, rate === null ? "" : ` rate = ${rate} `), graphButton(i)),
    hasGraph(i) ? null : element("p", {}, `There is no graph of this step: ${data.steps[i].leaves ? data.graph.still : data.steps[i]}.`),
    training.updates[i].some((entry) => entry.rule.endsWith("+ change")) ? element("p", {}, rate === null ? UNRATED : MORE) : null,
    updates(training.updates[i], training),
  ];
  refill(panel, "training", ...parts.filter(Boolean));
}

const UNRATED = "The rate is not recorded, so this is the change as it was: Recording(parameters, rate) shows the rule.";
const MORE = "The change is more than rate × gradient: the optimizer adds momentum, moments or decay.";

function logButton({ exact }) {
  const turn = () => {
    curve.isLog = !curve.isLog;
    showTraining();
    byId("log").focus();
  };
  if (!exact.some((loss) => Number(loss) > 0 && Number.isFinite(Number(loss)))) return "";
  return element("button", { type: "button", id: "log", "aria-pressed": curve.isLog, onclick: turn }, "log scale");
}

// ---- the graph of a step: the first one's, with other leaves, or with what is otherwise in it

const made = data.graph && { nodes: data.graph.nodes, frames: data.graph.frames }; // as they are written
const opened = new Map(); // the graphs of steps that are no longer alive

// An array is written once, however many steps show it.
function spreadArrays({ arrays, graph, steps, training }) {
  const graphs = [graph, ...steps].filter((each) => each?.nodes);
  const entries = [...training.updates.flat(), ...graphs.flatMap(({ nodes, frames }) => [nodes, frames])].flatMap((each) => Object.values(each));
  for (const entry of entries) if (Number.isInteger(entry?.array)) entry.array = arrays[entry.array];
}

if (data.training) spreadArrays(data);

const hasGraph = (i) => typeof (data.steps?.[i] ?? "") !== "string" && Boolean(!data.steps[i].leaves || data.graph.life);

function graphButton(i) {
  return hasGraph(i) ? element("button", { type: "button", id: "open-graph", onclick: () => openStepGraph(i) }, "Open its graph") : "";
}

function openStepGraph(i) {
  const graph = graphOfStep(i);
  graph.about = `The graph of step ${data.training.steps[i]}, before its update.`;
  state.opened.push({ graph: first, node: null, position: i + 1 });
  show(graph);
}

function graphOfStep(i) {
  const { graph, steps } = data;
  const { leaves, nodes, frames, forms } = steps[i];
  const alive = graph.host ?? graph;
  if (alive.life && (leaves || !(Object.keys(nodes).length + Object.keys(frames).length))) {
    change(alive, alive.life.leaves.map((leaf, k) => [leaf, leaves ? parsed(leaves[k]) : alive.life.given[leaf]]));
    alive.life.losses = [];
    return graph;
  }
  if (!opened.has(i)) {
    const { turn, root, views } = graph;
    const otherwise = (entries, changes) => entries.map((entry, k) => Object.fromEntries(Object.entries({ ...entry, ...changes[k] }).filter(([, value]) => value !== null)));
    const still = `this is a record; in Python, step(recording.graph_of(${data.training.steps[i]})) opens the graph alive`;
    const found = indexed({ forms: forms ?? graph.forms, turn, root, still, views: [], nodes: otherwise(made.nodes, nodes), frames: otherwise(made.frames, frames) });
    opened.set(i, Object.assign(found, { views }));
  }
  return opened.get(i);
}

function updates(entries, { names, labels }) {
  const arrays = element("div");
  const rows = [];
  entries.forEach((entry, k) => {
    const cell = (part, className) => element("td", { class: className, title: part?.exact }, part ? part.text : "");
    rows.push(element("tr", {}, element("th", { scope: "row", title: labels[k] || null }, names[k]), cell(entry.before), cell(entry.gradient, "gradient"), cell(entry.after, "value"), element("td", {}, entry.rule, entry.numbers ? ` = ${entry.numbers}` : "")));
    if (!entry.before.array) return;
    const parts = [["before", entry.before], [`d${names[k]}`, entry.gradient], ["after", entry.after]].filter(([, part]) => part);
    arrays.append(element("h3", {}, names[k]), element("div", { class: "arrays" }, ...parts.map(([name, part]) => arrayView(part.array, name))));
  });
  const head = element("tr", {}, ...["Parameter", "Before", "Gradient", "After", "Update"].map((text) => element("th", { scope: "col" }, text)));
  const table = element("table", {}, element("thead", {}, head), element("tbody", { id: "updates" }, ...rows));
  return element("div", {}, scrolled(table, "What the step did"), arrays);
}

// ---- the curve

const [LEFT, BOTTOM, TOP, RIGHT, HEIGHT] = [62, 34, 12, 16, 210];

function lossCurve({ exact, losses, steps }, position) {
  const width = Math.min(640, Math.max(300, byId("training").clientWidth - 24));
  const numbers = exact.map(Number);
  const isShown = (number) => Number.isFinite(number) && (!curve.isLog || number > 0);
  const shown = numbers.filter(isShown);
  const [low, high] = curve.isLog ? [Math.min(...shown), Math.max(...shown)] : [Math.min(0, ...shown), Math.max(...shown, 1e-300)];
  const ticks = curve.isLog ? powers(low, high) : rounds(low, high, 4);
  const [least, most] = [Math.min(low, ticks[0]), Math.max(high, ticks.at(-1))];
  const scale = curve.isLog ? Math.log10 : (number) => number;
  const x = (i) => LEFT + ((width - LEFT - RIGHT) * i) / Math.max(1, numbers.length - 1);
  const y = (number) => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * (scale(number) - scale(least))) / (scale(most) - scale(least) || 1);
  const svg = svgElement("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, class: "curve", role: "img", "aria-label": `Loss of ${losses.length} steps, from ${losses[0]} to ${losses.at(-1)}` });
  const line = (x1, y1, x2, y2, className) => svg.append(svgElement("line", { x1, y1, x2, y2, class: className }));
  const word = (at, across, text, anchor = "middle") => svg.append(svgElement("text", { x: at, y: across, "text-anchor": anchor }, text));
  line(LEFT, HEIGHT - BOTTOM, width - RIGHT, HEIGHT - BOTTOM, "axis");
  line(LEFT, TOP, LEFT, HEIGHT - BOTTOM, "axis");
  for (const tick of ticks) {
    line(LEFT - 4, y(tick), width - RIGHT, y(tick), "grid");
    word(LEFT - 7, y(tick) + 4, brief(tick), "end");
  }
  for (const i of placesOf(steps, Math.floor((width - LEFT) / 60))) {
    line(x(i), HEIGHT - BOTTOM, x(i), HEIGHT - BOTTOM + 4, "axis");
    word(x(i), HEIGHT - BOTTOM + 16, String(steps[i]));
  }
  word((LEFT + width - RIGHT) / 2, HEIGHT - 4, "step");
  let pen = "M";
  const path = numbers.map((number, i) => {
    if (!isShown(number)) return ((pen = "M"), "");
    const point = `${pen}${x(i)},${y(number)}`;
    pen = "L";
    return point;
  });
  svg.append(svgElement("path", { d: path.join("") || "M0,0", class: "loss" }));
  numbers.forEach((number, i) => {
    const isHere = i === position - 1;
    const target = svgElement("circle", { cx: x(i), cy: isShown(number) ? y(number) : TOP + 2, r: isHere ? 6 : 3, class: isHere ? "cursor" : "dot" });
    target.append(svgElement("title", {}, `step ${steps[i]}: loss ${losses[i]}`));
    target.addEventListener("click", () => goTo(i + 1));
    svg.append(target);
  });
  if (position > 0) line(x(position - 1), 8, x(position - 1), HEIGHT - BOTTOM, "cursor-line");
  return svg;
}

const curve = { isLog: false };

// Round numbers from low to high, about so many.
function rounds(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const apart = [1, 2, 5, 10].map((m) => m * power).find((m) => m >= rough);
  const first = Math.floor(low / apart + 1e-9);
  return Array.from({ length: Math.ceil(high / apart - 1e-9) - first + 1 }, (_, i) => Number(((first + i) * apart).toPrecision(12)));
}

// Powers of ten around low and high, every one or every few; 1, 2 and 5 times them where there are few.
function powers(low, high) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const apart = Math.ceil((last - first) / 5) || 1;
  const all = Array.from({ length: Math.ceil((last - first) / apart) + 1 }, (_, i) => first + i * apart);
  if (last - first > 2) return all.map((power) => Number(`1e${power}`));
  const fine = all.flatMap((power) => [1, 2, 5].map((m) => Number(`${m}e${power}`)));
  const inside = fine.filter((tick) => tick >= low && tick <= high);
  return inside.length > 1 ? inside : fine.filter((tick, i) => (fine[i + 1] ?? Infinity) > low && (fine[i - 1] ?? 0) < high);
}

// The places of steps whose numbers are round, about so many, and of the first; where none are round, some of all.
function placesOf(steps, count) {
  const wanted = new Set([steps[0], ...rounds(steps[0], steps.at(-1), count)]);
  const found = steps.flatMap((step, i) => (wanted.has(step) ? [i] : []));
  if (found.length < 3) return steps.flatMap((_, i) => (i % Math.ceil(steps.length / count) ? [] : [i]));
  return found.length > 1 && steps[found[1]] - steps[0] < (steps.at(-1) - steps[0]) / (2 * count) ? [0, ...found.slice(2)] : found;
}

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
    element("h2", {}, "Loss"),
    lossCurve(training, state.position),
    element("h2", {}, state.position ? `What step ${training.steps[i]} did` : "What step 1 will do", element("small", {}, rate === null ? "" : ` rate = ${rate}`)),
    training.updates[i].some((entry) => entry.rule.endsWith("+ change"))
      ? element("p", {}, "The change is more than rate × gradient: the optimizer adds momentum, moments or decay.")
      : null,
    updates(training.updates[i], training.names),
  ];
  panel.replaceChildren(...parts.filter(Boolean));
}

function updates(entries, names) {
  const arrays = element("div");
  const rows = [];
  entries.forEach((entry, k) => {
    const cell = (part, className) => element("td", { class: className, title: part?.exact }, part ? part.text : "");
    rows.push(element("tr", {}, element("th", { scope: "row" }, names[k]), cell(entry.before), cell(entry.gradient, "gradient"), cell(entry.after, "value"), element("td", {}, entry.rule, entry.numbers ? ` = ${entry.numbers}` : "")));
    if (!entry.before.array) return;
    const parts = [["before", entry.before], [`d${names[k]}`, entry.gradient], ["after", entry.after]].filter(([, part]) => part);
    arrays.append(element("h3", {}, names[k]), element("div", { class: "arrays" }, ...parts.map(([name, part]) => arrayView(part.array, name))));
  });
  const head = element("tr", {}, ...["Parameter", "Before", "Gradient", "After", "Update"].map((text) => element("th", { scope: "col" }, text)));
  return element("div", {}, element("div", { class: "wide" }, element("table", {}, element("thead", {}, head), element("tbody", { id: "updates" }, ...rows))), arrays);
}

function lossCurve({ exact, losses, steps }, position) {
  const room = byId("training").clientWidth - 24;
  const [width, height, left, bottom] = [Math.min(640, Math.max(300, room)), 190, 62, 24];
  const numbers = exact.map(Number);
  const finite = numbers.filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...finite), Math.max(...finite, 1e-300)];
  const x = (i) => left + ((width - left - 12) * i) / Math.max(1, numbers.length - 1);
  const y = (number) => height - bottom - ((height - bottom - 12) * (number - low)) / (high - low);
  const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, class: "curve", role: "img", "aria-label": `Loss of ${losses.length} steps, from ${losses[0]} to ${losses.at(-1)}` });
  svg.append(svgElement("line", { x1: left, x2: width - 12, y1: y(low), y2: y(low), class: "axis" }));
  svg.append(svgElement("line", { x1: left, x2: left, y1: 12, y2: y(low), class: "axis" }));
  const highest = losses[numbers.indexOf(high)] ?? "";
  svg.append(svgElement("text", { x: left - 6, y: 18, "text-anchor": "end" }, highest));
  if (low === 0) svg.append(svgElement("text", { x: left - 6, y: y(0), "text-anchor": "end" }, "0"));
  svg.append(svgElement("text", { x: left, y: height - 6, "text-anchor": "middle" }, "1"));
  svg.append(svgElement("text", { x: width - 16, y: height - 6, "text-anchor": "middle" }, String(steps.at(-1))));
  svg.append(svgElement("text", { x: width / 2, y: height - 6, "text-anchor": "middle" }, "step"));
  let pen = "M";
  const path = numbers.map((number, i) => {
    if (!Number.isFinite(number)) return ((pen = "M"), "");
    const point = `${pen}${x(i)},${y(number)}`;
    pen = "L";
    return point;
  });
  svg.append(svgElement("path", { d: path.join("") || "M0,0", class: "loss" }));
  numbers.forEach((number, i) => {
    const target = svgElement("circle", { cx: x(i), cy: Number.isFinite(number) ? y(number) : 14, r: i === position - 1 ? 6 : 3, class: i === position - 1 ? "cursor" : "dot" });
    target.append(svgElement("title", {}, `step ${steps[i]}: loss ${losses[i]}`));
    target.addEventListener("click", () => goTo(i + 1));
    svg.append(target);
  });
  if (position > 0) svg.append(svgElement("line", { x1: x(position - 1), x2: x(position - 1), y1: 8, y2: height - bottom, class: "cursor-line" }));
  return svg;
}

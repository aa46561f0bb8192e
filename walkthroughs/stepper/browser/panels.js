// Everything beside the picture: the step in formulas, the program so far, values, watched nodes, one node's ledger.

const panels = { rows: new Map(), limit: 200, lines: { from: 0, to: 0 } };
const LINES = 150; // of the program are on the page at a time
const ENTRIES = 20; // of a ledger

// ---- the step

function showStep() {
  const frame = frameAt();
  const total = state.graph.frames.length;
  const pass = !frame ? state.graph.training ? "before training" : "nothing is computed yet" : { forward: "forward pass", turn: "the turn", backward: "backward pass", update: "training" }[frame.kind];
  byId("where").textContent = `Step ${state.position} of ${total} · ${pass}`;
  byId("formula").replaceChildren(...(frame ? formulaOf(frame) : [`Next computes ${state.graph.frames[0]?.left ?? "nothing"}.`]));
  byId("note").textContent = frame?.note || (state.graph.about ?? ""); // a graph of scalars says what it is
  byId("position").max = total;
  byId("position").value = state.position;
  byId("position").setAttribute("aria-valuetext", byId("where").textContent);
  for (const id of ["start", "back"]) byId(id).setAttribute("aria-disabled", state.position === 0);
  for (const id of ["next", "end"]) byId(id).setAttribute("aria-disabled", state.position === total);
}

// The frame in one line: h1 = sigmoid(k1) = sigmoid(2) = 0.8808; with `known` false the result is left out.
function formulaOf(frame, known = true) {
  const part = (className, text, title) => element("span", { class: className, title }, text);
  const made = [part("left", frame.left)];
  if (frame.names) made.push(` ${frame.sign} `, part("names", frame.names));
  if (frame.shape) {
    made.push("    ", part("numbers", frame.numbers), known ? " -> " : "", part("result", known ? frame.result : ""));
  } else {
    if (frame.numbers) made.push(" = ", part("numbers", frame.numbers));
    made.push(" = ", part("result", known ? frame.result : "?", known ? frame.exact : null));
  }
  return made;
}

// ---- the program so far

function showProgram() {
  const list = byId("lines");
  const to = state.position;
  const from = Math.max(0, to - LINES);
  const { lines } = panels;
  if (from < lines.from || from > lines.to || to < lines.from) {
    list.replaceChildren();
    lines.from = lines.to = from;
  }
  while (lines.to > to) {
    list.lastChild.remove();
    lines.to--;
  }
  while (lines.from < from) {
    list.firstChild.remove();
    lines.from++;
  }
  while (lines.from > from) list.prepend(programLine(lines.from--));
  const fresh = document.createDocumentFragment();
  while (lines.to < to) fresh.append(programLine(++lines.to));
  list.append(fresh);
  list.querySelector("[aria-current]")?.removeAttribute("aria-current");
  const last = list.lastElementChild;
  if (last) {
    last.firstChild.setAttribute("aria-current", "step");
    const box = byId("program");
    box.scrollTop = box.scrollHeight;
  }
}

function programLine(position) {
  const frame = state.graph.frames[position - 1];
  return element("li", { value: position, class: frame.kind }, element("button", { type: "button", onclick: () => goTo(position) }, lineOf(frame)));
}

function lineOf(frame) {
  const sign = frame.kind === "backward" ? frame.sign : "=";
  const result = frame.shape ? `    ${frame.result}` : ` = ${frame.result}`;
  return frame.names ? `${frame.left} ${sign} ${frame.names}${result}` : `${frame.left}${result}`;
}

function rewriteProgram() {
  for (const line of byId("lines").children) line.firstChild.textContent = lineOf(state.graph.frames[line.value - 1]);
  byId("program").scrollTop = byId("program").scrollHeight;
}

// ---- all values

function showTable() {
  panels.rows.clear();
  byId("rows").replaceChildren();
  if (byId("values").hidden) return; // rows are made when they are looked at
  const wanted = byId("search").value.trim().toLowerCase();
  const filter = byId("filter").value;
  const passes = (node, i) =>
    ({ all: true, known: isKnown(i), graded: gradientOf(i) !== null, watched: state.watched.has(i) })[filter] ?? node.kind === filter;
  const found = state.graph.nodes.flatMap((node, i) =>
    passes(node, i) && (!wanted || `${node.label}\n${node.name}\n${node.op}`.toLowerCase().includes(wanted)) ? [i] : [],
  );
  panels.found = found;
  const rows = found.slice(0, panels.limit).map((i) => {
    const node = state.graph.nodes[i];
    const row = element(
      "tr",
      { "data-node": i },
      element("th", { scope: "row" }, element("button", { type: "button", title: node.label || null, onclick: () => select(i) }, node.name)),
      element("td", {}, node.op),
      element("td", { class: "value" }),
      element("td", { class: "gradient" }),
    );
    panels.rows.set(i, row);
    return row;
  });
  byId("rows").append(...rows);
  byId("more").hidden = found.length <= panels.limit;
  byId("found").textContent = `${found.length} of ${state.graph.nodes.length} nodes`;
  panels.rows.forEach((_, i) => paintRow(i));
}

function paintRow(i) {
  const row = panels.rows.get(i);
  if (!row) return;
  const [value, gradient] = row.querySelectorAll("td.value, td.gradient");
  fill(value, valueText(i), isKnown(i) ? state.graph.nodes[i].exact : null);
  fill(gradient, gradientText(i), gradientOf(i)?.totalExact);
  row.className = `${stateOf(i)}${i === state.selected ? " selected" : ""}`;
}

function fill(cell, text, title) {
  cell.textContent = text;
  if (title) cell.title = title;
  else cell.removeAttribute("title");
}

function paintRows(from, to) {
  if (["known", "graded"].includes(byId("filter").value)) return showTable();
  if (Math.abs(to - from) > 200) return panels.rows.forEach((_, i) => paintRow(i));
  for (let p = Math.max(1, Math.min(from, to)); p <= Math.max(from, to); p++) {
    paintRow(frameAt(p).node);
    if (frameAt(p).kind === "backward") paintRow(frameAt(p).input);
  }
}

// ---- watched nodes

function showWatched() {
  byId("watched").hidden = state.watched.size === 0;
  byId("watched").replaceChildren(
    ...[...state.watched].map((i) =>
      element(
        "li",
        { class: stateOf(i), "data-node": i },
        element("button", { type: "button", class: "name", onclick: () => select(i) }, state.graph.nodes[i].name),
        element("span", { class: "value", title: isKnown(i) ? state.graph.nodes[i].exact : null }, valueText(i)),
        element("span", { class: "gradient", title: gradientOf(i)?.totalExact }, gradientText(i) && GRADIENT_SIGN + gradientText(i)),
        element("button", { type: "button", class: "remove", "aria-label": `Stop watching ${state.graph.nodes[i].name}`, onclick: () => toggleWatched(i) }, "×"),
      ),
    ),
  );
}

// ---- one node

function showNode() {
  const i = chosen();
  const node = state.graph.nodes[i];
  const kinds = { parameter: "a parameter: takes a gradient", input: "an input: data", constant: "a constant", computed: "computed" };
  const gradient = gradientOf(i);
  const forward = state.graph.frames[state.graph.computedAt[i] - 1];
  const product = state.selected === null ? productView(frameAt()) : null;
  refill(
    byId("node"),
    `${i}${product ? ", a product" : ""}`,
    element("h2", {}, node.name, state.selected === i || workedOn() !== i ? "" : element("small", {}, " at work now")),
    element("p", { class: "kind" }, `${node.label && node.label !== node.name ? `${node.label}, ` : ""}${kinds[node.kind]}${forward?.names ? ` as ${forward.names}` : ""}`),
    element("dl", {}, ...pair("value", isKnown(i) ? node.data : null, node.exact), ...(node.takes ? pair("gradient", gradient?.total, gradient?.totalExact) : [])),
    product ?? arraysOf(i),
    ledgerOf(i),
    nodeButtons(i),
  );
}

// The value and the gradient of a node, if they are arrays, as far as they are known.
function arraysOf(i, isTip = false) {
  const { array } = state.graph.nodes[i];
  const gradient = gradientOf(i)?.array;
  const shown = [array && isKnown(i) ? arrayView(array, "value", isTip) : null, gradient ? arrayView(gradient, "gradient", isTip) : null];
  return element("div", { class: "arrays" }, ...shown);
}

function pair(name, text, exact) {
  const known = text !== null && text !== undefined;
  const shown = !known ? "not computed yet" : lecture.on || exact === text || Number(exact) === Number(text) && exact !== "-0.0" ? text : `${text} (${exact})`;
  return [element("dt", {}, name), element("dd", { class: known ? name : `${name} none` }, shown)];
}

// Every contribution to a node's gradient so far, as the engine recorded it, and their sum.
function ledgerOf(i) {
  const node = state.graph.nodes[i];
  const received = receivedBy(i);
  const saying = (...parts) => element("div", { class: "ledger" }, ...parts.map((part) => (typeof part === "string" ? element("p", {}, part) : part)));
  if (!node.takes) return saying("It takes no gradient: data, or made of data only.");
  if (!received.length) return saying(`${node.derivative}: not computed yet`);
  const last = received.at(-1);
  if (last.kind === "turn") return saying(`${node.derivative} = ${last.total}: a node's derivative by itself`);
  const earlier = Math.max(0, received.length - ENTRIES);
  const over = earlier ? `over ${earlier} earlier ones and` : "over";
  const what = last.shape ? "the sum of what comes" : "the sum of upstream × local";
  const rest = last.of - last.nth;
  return saying(
    `${node.derivative} = ${last.total}, ${what} ${over}`,
    element("table", {}, ...received.slice(-ENTRIES).map(contribution)),
    ...(rest ? [`${rest} more to come`] : []),
  );
}

function contribution(frame) {
  const isProduct = frame.local !== null;
  return element(
    "tr",
    {},
    element("td", {}, computation(frame.node)),
    element("td", { class: isProduct ? "number" : null }, isProduct ? `${frame.upstream} × ${frame.local}` : frame.names),
    element("td", { class: "number", title: frame.exact }, isProduct || !frame.shape ? `= ${frame.result}` : frame.result),
  );
}

// How a node is computed: h1 = sigmoid(k1).
function computation(i) {
  const { left, names } = state.graph.frames[state.graph.computedAt[i] - 1];
  return names ? `${left} = ${names}` : left;
}

function nodeButtons(i) {
  const { graph } = state;
  const button = (text, action, options = {}) => element("button", { type: "button", onclick: action, ...options }, text);
  const buttons = element("div", { class: "buttons" });
  buttons.append(button(state.watched.has(i) ? "Stop watching" : "Watch", () => toggleWatched(i), { class: "watch" }));
  buttons.append(button(state.breakpoints.has(i) ? "Remove breakpoint" : "Breakpoint", () => toggleBreakpoint(i), { class: "breakpoint" }));
  if (graph.computedAt[i]) buttons.append(button("To its value", () => goTo(graph.computedAt[i]), { class: "to-value" }));
  if (graph.receivedAt[i].length) buttons.append(button("To its gradient", () => goTo(graph.receivedAt[i].at(-1)), { class: "to-gradient" }));
  const group = prefixes(graph.nodes[i].group).find((g) => picture.view && picture.into[i] === g);
  if (group) buttons.append(button(`Open ${group}`, () => toggleGroup(group, true), { class: "open-group" }));
  const around = graph.nodes[i].group; // outer groups fold by the buttons over the picture
  if (!group && around.includes("/") && graph.views.some((view) => view.boxes.some((box) => box.group === around)))
    buttons.append(button(`Fold ${around}`, () => toggleGroup(around, false), { class: "fold-group" }));
  if (graph.behind?.[i]) buttons.append(button("Open into scalars", () => openScalars(i), { class: "open-scalars" }));
  return buttons;
}

// ---- the tip beside the pointer

function showTip(i, x, y) {
  const tip = byId("tip");
  tip.hidden = i === null;
  if (i === null) return;
  const node = state.graph.nodes[i];
  tip.replaceChildren(element("strong", {}, wholeName(node)), " ", isKnown(i) ? `= ${node.data}` : "not computed yet", arraysOf(i, true), ledgerOf(i));
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 8))}px`;
  const controls = byId("controls").getBoundingClientRect();
  const bottom = controls.top > y ? controls.top : innerHeight; // on a phone the buttons lie over the page
  tip.style.top = `${y + 18 + height > bottom ? Math.max(4, y - height - 12) : y + 18}px`;
}

function showPanels() {
  showProgram();
  showTable();
  showWatched();
  showNode();
}

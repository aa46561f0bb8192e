// Predict mode: what comes next is asked for before it is shown, at one of four levels, and a score sheet is kept.

const predict = { on: false, right: 0, asked: 0, pending: null, sheet: [] };

// Of each level: what is asked about a frame, as parts of the page; null where there is nothing to ask. What is right is
// said by `verdictOn`.
const LEVELS = {
  number: (frame) => ["What comes next?", ...asked(formulaOf(frame, false)), frame.shape ? "Its shape:" : ""],
  hidden: ({ left, names, sign, shape }) => ["What comes next?", ...asked(formulaOf({ left, names, sign, shape, numbers: "" }, false)), shape ? "Its shape:" : ""],
  local: (frame) => frame.wrong && [`Which is the local derivative, ${localOf(frame).name}?`, ...asked([`${frame.left} ${frame.sign} ${state.graph.nodes[frame.node].derivative} * ?`])],
  order: (frame) => [frame.kind === "forward" ? "Which node is computed next?" : "Which node receives a part of its gradient next?"],
};

const asked = (parts) => [element("span", { class: "asked" }, ...parts)];
const level = () => byId("level").value;

function togglePredict() {
  predict.on = !predict.on;
  predict.right = predict.asked = 0;
  if (predict.on) predict.sheet = [];
  byId("predict").setAttribute("aria-pressed", predict.on);
  byId("level").hidden = !predict.on;
  byId("score").textContent = "";
  byId("verdict").textContent = "";
  stop();
  withdraw();
  if (predict.on) ask();
}

// Asks about the next step, and returns whether there is something to ask. While a level is chosen, the focus stays there.
function ask(moves = true) {
  const frame = state.graph.frames[state.position];
  if (!frame || frame.kind === "turn" || !LEVELS[level()](frame)) return false;
  predict.pending = state.position + 1;
  byId("question").hidden = false;
  showQuestion();
  byId("guess").value = "";
  if (!moves) return true;
  byId("guess").focus({ preventScroll: true });
  if (byId("question").getBoundingClientRect().bottom > innerHeight) byId("question").scrollIntoView({ block: "nearest" });
  return true;
}

function showQuestion() {
  const frame = state.graph.frames[predict.pending - 1];
  const parts = LEVELS[level()](frame);
  byId("asked").replaceChildren(...parts);
  byId("choices").replaceChildren(...(level() === "local" ? choicesOf(frame).map(choice) : []));
}

function choice(text) {
  return element("button", { type: "button", onclick: () => judge(text) }, text);
}

function withdraw() {
  predict.pending = null;
  byId("question").hidden = true;
}

// ---- the local derivative: the rule's own, as the formula has it, among likely slips (choices.py)

function localOf(frame) {
  const { nodes } = state.graph;
  const of = (i) => nodes[i].derivative.slice((nodes[graphRoot()].derivative.length + 3) / 2); // behind "dl/d" of dl/dl
  return { name: `d ${of(frame.node)} / d ${of(frame.input)}`, text: frame.names.slice(nodes[frame.node].derivative.length + 3) };
}

// In an order that says nothing of what is right.
function choicesOf(frame) {
  return [localOf(frame).text, ...Object.keys(frame.wrong)].sort((a, b) => scattered(a) - scattered(b));
}

const scattered = (text) => [...text].reduce((sum, c) => (31 * sum + c.codePointAt(0)) % 1009, state.position);

// ---- answers

function check() {
  const given = byId("guess").value.trim();
  const unread = given && notRead(given);
  if (unread) Object.assign(byId("verdict"), { textContent: unread, className: "" });
  else if (given) judge(given);
}

// Why an answer is none, which is not counted: a slip of the pen is no wrong answer.
function notRead(given) {
  const frame = state.graph.frames[predict.pending - 1];
  if (level() === "order") return nodeCalled(given) < 0 && `No node is called ${given}.`;
  const isNumber = level() !== "local" && !frame.shape;
  return isNumber && numberIn(given) === undefined && `${given} is not read: an answer is a number, or arithmetic on numbers and names that have one, such as 1/2 or x * (1 - x).`;
}

const nodeCalled = (text) => state.graph.nodes.findIndex(({ name, label }) => [name, label].includes(text));
const numberIn = (text) => parsed(text) ?? valueOf(treeOf(text));

function judge(given) {
  const frame = state.graph.frames[predict.pending - 1];
  const [right, truth, aside] = verdictOn(given, frame);
  predict.asked++;
  if (right) predict.right++;
  predict.sheet.push({ step: predict.pending, question: [...byId("asked").childNodes].map(({ textContent }) => textContent).join(" ").trim(), given, truth, right });
  reveal(`${right ? `Right: ${truth}.` : `Not quite: ${truth}, not ${given}.`}${aside}`, right);
}

// [whether it is right, what is, what else there is to say]
function verdictOn(given, frame) {
  if (level() === "order") return verdictOnOrder(given, frame);
  if (level() === "local") {
    const { name, text } = localOf(frame);
    const same = (a, b) => a.replace(/[()\s]/g, "") === b.replace(/[()\s]/g, "");
    const kind = Object.entries(frame.wrong).find(([wrong]) => same(wrong, given))?.[1];
    const number = valueOf(treeOf(text));
    const right = !kind && (same(given, text) || (number !== undefined && isNear(given, String(number))));
    return [right, `${name} = ${text}`, kind ? ` Likely slip: ${kind}.` : ""];
  }
  const right = frame.shape ? sameShape(given, frame.result) : isNear(given, frame.exact);
  return [right, `${frame.left} ${frame.sign} ${frame.result}`, right ? "" : slipBehind(given, frame)];
}

// Right is the node of the next step, or another that could be next: whose inputs are known, or one of whose consumers
// has its whole gradient.
function verdictOnOrder(given, frame) {
  const { nodes } = state.graph;
  const meant = receiverOf(frame) ?? frame.node;
  const i = nodeCalled(given);
  const isDone = (j) => stateWhole(j, predict.pending - 1);
  const could = frame.kind === "forward" ? !isKnown(i) && nodes[i]?.inputs.every((j) => isKnown(j)) : nodes[i]?.takes && !isDone(i) && state.graph.consumers[i].some(isDone);
  return [i === meant || Boolean(i >= 0 && could), nodes[meant].name, i >= 0 && i !== meant && could ? ` ${given} could be next too.` : ""];
}

// Whether a node's gradient is complete.
function stateWhole(i, position) {
  const held = gradientOf(i, position);
  return Boolean(held) && (held.kind === "turn" || held.nth === held.of);
}

// What Python, which wrote the page, knows to lead to a wrong number here; nothing while numbers are changed.
function slipBehind(given, frame) {
  if (alive().life?.found) return "";
  const found = (frame.likely ?? []).find(([number]) => isNear(given, number));
  const text = found && state.graph.slips[found[1]].replace("\0", () => computation(frame.node));
  return found ? ` Likely slip, ${text}${/[.?]$/.test(text) ? "" : "."}` : "";
}

function reveal(words, right = null) {
  const position = predict.pending;
  withdraw();
  goTo(position);
  byId("verdict").textContent = words;
  byId("verdict").className = right === null ? "" : right ? "right" : "wrong";
  byId("score").textContent = predict.asked ? `${predict.right} of ${predict.asked} right` : "";
  showTaken();
  byId("next").focus({ preventScroll: true });
}

// Right is what rounds to the digits given, at least two of them, or is within a hundredth of the number. An answer is a
// number, or arithmetic on numbers and on what nodes are called: 1/2, h1 * (1 - h1).
function isNear(given, exact) {
  const [guess, truth] = [numberIn(given), parsed(exact)];
  if (guess === undefined) return false;
  if (!Number.isFinite(truth)) return Object.is(guess, truth);
  if (truth === 0) return Math.abs(guess) < 5e-4;
  return Math.abs(guess - truth) <= 0.01 * Math.abs(truth);
}

function sameShape(given, shape) {
  const numbers = (text) => (text.match(/\d+/g) ?? []).join();
  return numbers(given) === numbers(shape);
}

// ---- the score sheet

function scoreSheet() {
  if (!predict.sheet.length) return "Nothing has been predicted yet: p begins.";
  const lines = predict.sheet.map(({ step, question, given, truth, right }) => `${right ? "right" : "wrong"}  step ${step}: ${question}\n       answer ${given}${right ? "" : `; it is ${truth}`}`);
  return [document.title, `${predict.right} of ${predict.asked} right`, "", ...lines].join("\n");
}

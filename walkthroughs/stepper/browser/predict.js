// Predict mode: the next number is asked for before it is shown, and a score is kept.

const predict = { on: false, right: 0, asked: 0, pending: null };

function togglePredict() {
  predict.on = !predict.on;
  predict.right = predict.asked = 0;
  byId("predict").setAttribute("aria-pressed", predict.on);
  byId("score").textContent = "";
  byId("verdict").textContent = "";
  stop();
  withdraw();
  if (predict.on) ask();
}

// Asks for the number of the next step, and returns whether there is one to ask for.
function ask() {
  const frame = state.graph.frames[state.position];
  if (!frame || frame.kind === "turn") return false;
  predict.pending = state.position + 1;
  byId("question").hidden = false;
  showQuestion();
  byId("guess").value = "";
  byId("guess").focus({ preventScroll: true });
  return true;
}

function showQuestion() {
  const frame = state.graph.frames[predict.pending - 1];
  byId("asked").replaceChildren("What comes next?", element("span", { class: "asked" }, ...formulaOf(frame, false)), frame.shape ? "Its shape:" : "");
}

function withdraw() {
  predict.pending = null;
  byId("question").hidden = true;
}

function check() {
  const frame = state.graph.frames[predict.pending - 1];
  const given = byId("guess").value.trim();
  if (!given) return;
  const right = frame.shape ? sameShape(given, frame.result) : isNear(given, frame.exact);
  predict.asked++;
  if (right) predict.right++;
  const slip = right ? "" : slipBehind(given, frame);
  reveal(`${right ? "Right" : "Not quite"}: ${frame.left} ${frame.kind === "backward" ? "+= " : "= "}${frame.result}${right ? "" : `, not ${given}`}${slip}`, right);
}

// What Python, which wrote the page, knows to lead to a wrong number here; nothing once numbers are changed.
function slipBehind(given, frame) {
  if (state.graph.living || state.graph.life?.living) return "";
  const found = (frame.likely ?? []).find(([number]) => isNear(given, number));
  return found ? `. Likely slip, ${found[1]}` : "";
}

function reveal(words, right = null) {
  const position = predict.pending;
  withdraw();
  goTo(position);
  byId("verdict").textContent = words;
  byId("verdict").className = right === null ? "" : right ? "right" : "wrong";
  byId("score").textContent = predict.asked ? `${predict.right} of ${predict.asked} right` : "";
  byId("next").focus({ preventScroll: true });
}

// Right is what rounds to the digits given, at least two of them, or is within a hundredth of the number.
function isNear(given, exact) {
  const text = given.replace(",", ".").replace("−", "-").toLowerCase();
  if (!/^[-+]?(inf(inity)?|nan|(\d+\.?\d*|\.\d+)(e[-+]?\d+)?)$/.test(text)) return false;
  const number = (t) => (t.includes("nan") ? NaN : t.includes("inf") ? (t.startsWith("-") ? -Infinity : Infinity) : Number(t));
  const [guess, truth] = [number(text), number(exact)];
  if (!Number.isFinite(truth)) return Object.is(guess, truth);
  if (truth === 0) return Math.abs(guess) < 5e-4;
  return Math.abs(guess - truth) <= 0.01 * Math.abs(truth);
}

function sameShape(given, shape) {
  const numbers = (text) => (text.match(/\d+/g) ?? []).join();
  return numbers(given) === numbers(shape);
}

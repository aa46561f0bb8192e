// What Python's arithmetic, its `math` and its built-in functions give, errors included, so that a rule translated from
// Python gives here what it gives there.

class Undefined extends Error {}
const fail = (words) => {
  throw new Undefined(words);
};

const inf = Infinity;
const nan = NaN;
const { PI: pi, E: e } = Math;
const tau = 2 * pi;

const { abs } = Math;
const fabs = abs;
const add = (a, b) => a + b;
const sub = (a, b) => a - b;
const mul = (a, b) => a * b;
const neg = (a) => -a;
const isnan = Number.isNaN;
const isfinite = Number.isFinite;
const isinf = (x) => x === inf || x === -inf;
const truth = (x) => (Array.isArray(x) ? x.length > 0 : x !== 0 && x !== false);
const float = (x) => Number(x);
const divide = (a, b) => (b === 0 ? fail("float division by zero") : a / b);
const modulo = (a, b) => (b === 0 ? fail("float modulo") : a % b && a % b < 0 !== b < 0 ? (a % b) + b : a % b);
const floorDivide = (a, b) => {
  if (b === 0) fail("float floor division by zero");
  const rest = a % b;
  return Math.round((a - rest) / b - (rest && rest < 0 !== b < 0 ? 1 : 0));
};
const copysign = (x, y) => (y < 0 || Object.is(y, -0) ? -abs(x) : abs(x));

// A function of `math`: what is not a number, or not finite, though its operands were, is an error.
const checked = (f, beyond = "math range error") => (...xs) => {
  const y = f(...xs);
  if (y !== y && !xs.some(isnan)) fail("math domain error");
  if (isinf(y) && xs.every(isfinite)) fail(beyond);
  return y;
};
const [sqrt, cbrt, sin, cos, tan, asin, acos, atan, atan2, sinh, cosh, tanh, asinh, acosh, exp, expm1, hypot] =
  "sqrt cbrt sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh exp expm1 hypot".split(" ").map((name) => checked(Math[name]));
const [log1p, log2, log10, atanh] = "log1p log2 log10 atanh".split(" ").map((name) => checked(Math[name], "math domain error"));
const naturalLog = checked(Math.log, "math domain error");
const log = (x, base) => (base === undefined ? naturalLog(x) : divide(naturalLog(x), naturalLog(base)));
const [floor, ceil, trunc] = [Math.floor, Math.ceil, Math.trunc].map((f) => (x) => (isfinite(x) ? f(x) : fail("cannot convert float to integer")));
const round = (x) => (abs(x - Math.trunc(x)) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));
// The error function, by a series of which all terms are positive (Abramowitz and Stegun 7.1.6).
const erf = (x) => {
  if (abs(x) > 6 || isnan(x)) return x !== x ? x : x > 0 ? 1 : -1;
  let [term, total] = [x, 0];
  for (let n = 1; total + term !== total; n++) [term, total] = [(term * 2 * x * x) / (2 * n + 1), total + term];
  return (2 / Math.sqrt(pi)) * Math.exp(-x * x) * total;
};
const raised = checked((x, y) => (x === 1 || (x === -1 && isinf(y)) ? 1 : x ** y));
const pow = (x, y) => (x === 0 && y < 0 && isfinite(y) ? fail("math domain error") : raised(x, y));
const power = (x, y) => (x === 0 && y < 0 ? fail("0.0 cannot be raised to a negative power") : raised(x, y));

// The largest and the least as Python finds them: by comparing each with the best so far.
const best = (isBetter) => (xs, otherwise) => {
  if (!xs.length) return otherwise === undefined ? fail("max() iterable argument is empty") : otherwise;
  return xs.reduce((found, x) => (isBetter(x, found) ? x : found));
};
const largest = best((x, found) => x > found);
const least = best((x, found) => x < found);
const all = (xs) => xs.every(truth);
const any = (xs) => xs.some(truth);
const len = (xs) => xs.length;
const map = (f, ...lists) => zip(...lists).map((xs) => f(...xs));
const zip = (...lists) => Array.from({ length: Math.min(...lists.map(len)) }, (_, i) => lists.map((xs) => xs[i]));
const range = (n) => Array.from({ length: n }, (_, i) => i);
const list = (xs) => [...xs];
const item = (xs, i) => (xs.at(i) === undefined ? fail("list index out of range") : xs.at(i));

// From Python 3.12 on a sum carries what each addition has rounded off, and adds it in the end.
function sum(xs) {
  let [total, lost] = [0, 0];
  for (const x of xs) {
    const next = total + x;
    if (COMPENSATED) lost += abs(total) >= abs(x) ? total - next + x : x - next + total;
    total = next;
  }
  return lost && isfinite(lost) ? total + lost : total;
}

// The sum with a single rounding, by partial sums that lose nothing (Shewchuk 1997), as CPython has it.
function fsum(xs) {
  if (!xs.every(isfinite)) return checked((...all) => all.reduce(add, 0))(...xs);
  const partials = [];
  for (let x of xs) {
    let kept = 0;
    for (let y of partials) {
      if (abs(x) < abs(y)) [x, y] = [y, x];
      const high = x + y;
      const low = y - (high - x);
      if (low) partials[kept++] = low;
      x = high;
    }
    partials.length = kept;
    partials.push(x);
  }
  let n = partials.length;
  let [high, low] = [n ? partials[--n] : 0, 0];
  while (n && !low) {
    const [x, y] = [high, partials[--n]];
    high = x + y;
    low = y - (high - x);
  }
  const isTie = n && low && low < 0 === partials[n - 1] < 0;
  if (isTie && high + 2 * low - high === 2 * low) high += 2 * low;
  return high;
}

// One run: `work` computes the values of nodes from those of leaves, and has gradients passed on from node to input.
function run(work, values) {
  const found = { values, gradients: [], steps: [], error: null };
  const { gradients, steps } = found;
  const pass = (node, input, local, contribution = local * gradients[node]) => {
    gradients[input] = gradients[input] === undefined ? contribution : gradients[input] + contribution;
    steps.push({ upstream: gradients[node], local, contribution, total: gradients[input] });
  };
  try {
    work(values, gradients, pass);
  } catch (error) {
    if (!(error instanceof Undefined)) throw error;
    found.error = error.message;
  }
  return found;
}

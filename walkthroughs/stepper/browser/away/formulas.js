// Formulas read: what stands on the page as text becomes a tree, and its value and its LaTeX are walks over the tree.

const LIKE_A_NAME = /^[\p{L}_][\p{L}\p{N}_.]*(\[[\w, ]*\])?'*$/u;
const [NAME, NUMBER, WORD] = [/[\p{L}_][\p{L}\p{N}_.]*(\[[\w, ]*\])?'*/uy, /(\d+\.?\d*|\.\d+)(e[-+]?\d+)?/y, /[\p{L}_][\p{L}\p{N}_]*/uy];
const TIGHTNESS = { "+": 1, "-": 1, "*": 2, "/": 2, "@": 2, "**": 4 };
const [UNARY, LOOSEST] = [3, 1];

// The tree of a formula, in which names are those of the graph's nodes, or whole where they are cut; null for what cannot
// be read.
function treeOf(text, graph = state.graph) {
  const isOdd = ({ name, tex, label }) => name.includes("#") || ((label || tex) && !LIKE_A_NAME.test(name));
  const isFormula = ({ name, label, inputs }) => !label && inputs.length && LIKE_A_NAME.test(name); // W.T
  const called = (node) => [...new Set([wholeName(node), node.name])];
  graph.called ??= { nodes: new Map(graph.nodes.flatMap((node, i) => (isFormula(node) ? [] : called(node).map((name) => [name, i])))), odd: graph.nodes.filter(isOdd).flatMap(called).sort((a, b) => b.length - a.length) };
  const { derivative } = graph.nodes.at(-1); // "dl/dl"
  const reader = new Reader(text, graph.called, derivative ? derivative.slice(0, (derivative.length + 3) / 2) : null);
  try {
    const tree = reader.sum();
    return reader.rest() ? null : tree;
  } catch (error) {
    if (error instanceof Unreadable || error instanceof RangeError) return null; // too deep
    throw error;
  }
}

class Unreadable extends Error {}

class Reader {
  constructor(text, { nodes, odd }, derivative) {
    Object.assign(this, { text, nodes, odd, derivative, at: 0 });
  }

  // Whether something stands next, which is then gone past.
  takes(sign) {
    const { text } = this;
    while (text[this.at] === " ") this.at++;
    if (!sign || !text.startsWith(sign, this.at) || (sign === "*" && text[this.at + 1] === "*")) return false;
    this.at += sign.length;
    return true;
  }

  matches(pattern) {
    this.takes(null);
    pattern.lastIndex = this.at;
    return pattern.exec(this.text)?.[0];
  }

  needs(sign) {
    if (!this.takes(sign)) throw new Unreadable();
  }

  rest() {
    this.takes(null);
    return this.text.slice(this.at);
  }

  // Operands between operators that are at least so tight.
  sum(tightest = LOOSEST) {
    let a = this.takes("-") ? { kind: "minus", a: this.sum(UNARY) } : this.part();
    for (;;) {
      const op = ["**", "*", "/", "@", "+", "-"].find((op) => TIGHTNESS[op] >= tightest && this.takes(op));
      if (!op) return a;
      a = { kind: op, a, b: this.sum(op === "**" ? UNARY : TIGHTNESS[op] + 1) };
    }
  }

  part() {
    let part = this.atom();
    for (;;) {
      if (this.takes(".")) {
        const name = this.word();
        part = { kind: "member", of: part, name, parts: this.takes("(") ? this.parts(")") : null };
      } else if (this.takes("[")) part = { kind: "index", of: part, parts: this.parts("]") };
      else return part;
    }
  }

  atom() {
    if (this.takes("...")) return { kind: "dots" };
    if (this.takes("(")) return { kind: "group", parts: this.parts(")") };
    if (this.takes("[")) return { kind: "list", parts: this.parts("]") };
    const number = this.matches(NUMBER);
    const start = this.at;
    if (this.derivative && this.takes(this.derivative)) return { kind: "derivative", by: this.atom(), text: this.text.slice(start, this.at) };
    const odd = this.odd.find((name) => name.length > (number?.length ?? 0) && this.takes(name)); // 1st weight
    if (odd) return { kind: "name", node: this.nodes.get(odd) };
    if (number && this.takes(number)) return { kind: "number", text: number };
    for (let name = this.matches(NAME); name; name = name.replace(/(\.[^.]*|\[[^[]*|'|^[^.'[]*)$/, "")) {
      if (this.nodes.has(name) && this.text[this.at + name.length] !== "(" && this.takes(name)) return { kind: "name", node: this.nodes.get(name) };
    }
    const word = this.word();
    if (this.takes("(")) return { kind: "call", name: word, parts: this.parts(")") };
    return this.takes("=") ? { kind: "option", name: word, value: this.sum() } : { kind: "word", text: word };
  }

  word() {
    const word = this.matches(WORD);
    this.needs(word);
    return word;
  }

  // What stands between commas, up to a closing bracket.
  parts(end) {
    const parts = [];
    while (!this.takes(end)) {
      parts.push(this.sum());
      if (!this.takes(",")) {
        this.needs(end);
        return parts;
      }
    }
    if (parts.length) parts.push({ kind: "nothing" }); // after the comma of (2,)
    return parts;
  }
}

// ---- their values: arithmetic over the numbers of nodes and derivatives, as far as they are known

// undefined for what has no value here.
function valueOf(tree, graph = state.graph) {
  const of = (part) => valueOf(part, graph);
  const numbers = tree && [tree.a, tree.b].map((part) => part && of(part));
  switch (tree?.kind) {
    case "number": return Number(tree.text);
    case "name": return isKnown(tree.node) ? parsed(graph.nodes[tree.node].exact) : undefined;
    case "derivative": return derivativeNow(tree.text);
    case "group": return tree.parts.length === 1 ? of(tree.parts[0]) : undefined;
    case "word": return parsed(tree.text);
    case "minus": return numbers[0] === undefined ? undefined : -numbers[0];
  }
  if (!(tree?.kind in TIGHTNESS) || numbers.includes(undefined)) return undefined;
  const [a, b] = numbers;
  return { "+": a + b, "-": a - b, "*": a * b, "/": a / b, "**": a ** b }[tree.kind];
}

function derivativeNow(text) {
  const i = state.graph.nodes.findIndex(({ derivative }) => derivative === text);
  return i >= 0 && gradientOf(i) ? parsed(gradientOf(i).totalExact) : undefined;
}

// ---- their LaTeX, with the names and the functions of the derivations (formulas/writing.py)

const plain = (text) => `\\text{${text.replace(/[\\~^]/g, "?").replace(/[{}$&#%_]/g, "\\$&")}}`;

// A formula of the page in LaTeX; as text where it cannot be read.
function latexOf(text) {
  const tree = treeOf(text);
  return tree ? tex(tree) : plain(text);
}

const bare = (tree) => (tree.kind === "group" && tree.parts.length === 1 ? bare(tree.parts[0]) : tree);
const listedTex = (parts) => parts.map(tex).join(", ").trimEnd();

function inBrackets(text, [left, right] = "()") {
  return /\\frac|\\sqrt|\^/.test(text) ? `\\left${left}${text}\\right${right}` : left + text + right;
}

function tex(tree) {
  const { kind, a, b, parts } = tree;
  switch (kind) {
    case "number": return scientific(tree.text);
    case "name": return texOf(tree.node);
    case "derivative": return `\\frac{\\mathrm{d} ${texOf(graphRoot())}}{\\mathrm{d} ${tex(tree.by)}}`;
    case "group": return inBrackets(listedTex(parts));
    case "list": return inBrackets(listedTex(parts), "[]");
    case "dots": return "\\ldots";
    case "nothing": return "";
    case "minus": return `-${tex(a)}`;
    case "word": return tree.text === "inf" ? "\\infty" : `\\mathrm{${tree.text.replaceAll("_", "\\_")}}`;
    case "option": return `\\mathrm{${tree.name.replaceAll("_", "\\_")}} = ${tex(tree.value)}`;
    case "index": return `${tex(tree.of)}_{${listedTex(parts)}}`;
    case "member": return tree.name === "T" ? `${raisable(tree.of)}^{\\top}` : called(tree.name, [tree.of, ...(parts ?? [])]);
    case "call": return called(tree.name, parts);
    case "/": return `\\frac{${tex(bare(a))}}{${tex(bare(b))}}`;
    case "**": return `${raisable(a)}^{${tex(bare(b))}}`;
    case "*": case "@": return product(a, b);
  }
  return `${tex(a)} ${kind} ${tex(b)}`;
}

// A node's name; the page's data has those that LaTeX writes otherwise.
function texOf(i) {
  const { tex: own, name } = state.graph.nodes[i];
  return own ?? (LIKE_A_NAME.test(name) ? name : latexOf(name));
}

function raisable(tree) {
  const text = tex(tree);
  return text.includes("^") && tree.kind !== "group" ? `{${text}}` : text;
}

function product(a, b) {
  const [left, right] = [tex(a), tex(b)];
  const isTight = a.kind !== "derivative" && b.kind !== "derivative" && !(/\d$/.test(left) && /^[\d(-]/.test(right));
  return `${left} ${isTight ? "\\," : "\\cdot"} ${right}`;
}

function called(name, parts) {
  const { functions, commands } = data.tex;
  if (commands[name] && parts.length === 1) return commands[name].replace("#", () => tex(parts[0]));
  return (functions[name] ?? `\\operatorname{${name.replaceAll("_", "\\_")}}`) + inBrackets(listedTex(parts));
}

function scientific(text) {
  const [mantissa, exponent] = text.split("e");
  return exponent === undefined ? text : `${mantissa === "1" ? "" : `${mantissa} \\cdot `}10^{${Number(exponent)}}`;
}

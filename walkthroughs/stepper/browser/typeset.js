// Formulas in MathML: the forms that Python has made of the derivations' LaTeX, with names put in, or numbers.

const inRow = (text) => `<mrow>${text}</mrow>`;
const inParentheses = (text) => `<mrow><mo>(</mo>${text}<mo>)</mo></mrow>`;
const asText = (text) => `<mtext>${text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt()};`)}</mtext>`;
const EQUALS = "<mo>=</mo>";

// A frame's formula in parts, between which a line may break: what is computed, from what, in numbers, the result.
function typeset(frame) {
  const { nodes } = state.graph;
  const { node, math, shape } = frame;
  const result = shape ? asText(frame.result) : numberInMath(frame.result);
  if (frame.kind === "turn") return [derivativeInMath(node) + EQUALS + result];
  const numbers = (shape || !math) && frame.numbers ? [(shape ? "" : EQUALS) + asText(frame.numbers)] : [];
  const last = (shape ? "<mo>→</mo>" : EQUALS) + result;
  if (frame.kind === "forward") {
    if (!math) return [(nodes[node].math ? nodes[node].math + EQUALS : "") + read(frame.names || frame.left), ...numbers, last];
    const names = inNames(math, 1);
    if (!shape) numbers.push(EQUALS + put(spaced(math), (i) => numberInMath(nodes[i].data), (i) => nodes[i].data.startsWith("-")));
    return [nodes[node].math ? nodes[node].math + EQUALS : "", names, ...numbers, last].filter(Boolean);
  }
  const left = `${derivativeInMath(frame.input)}<mo>${frame.sign}</mo>`;
  if (!math) return [left, read(frame.names), ...numbers, last];
  const names = `${derivativeInMath(node)}<mo>⋅</mo>${inNames(math, 1)}`;
  if (!shape) numbers.push(`${EQUALS + numberInMath(frame.upstream)}<mo>⋅</mo>${guarded(frame.local)}`);
  return [left, names, ...numbers, last];
}

// What is about arrays has no form: its text is read, and is set as text where it cannot be.
function read(text) {
  const tree = treeOf(text);
  return tree ? treeInMath(tree) : asText(text);
}

function treeInMath(tree) {
  const { kind, a, b, parts } = tree;
  const listed = () => inRow(parts.map(treeInMath).join("<mo>,</mo>"));
  switch (kind) {
    case "number": return numberInMath(tree.text);
    case "name": return nameInMath(tree.node, 1);
    case "derivative": return fraction(nameInMath(graphRoot(), 0), treeInMath(tree.by));
    case "group": return inParentheses(listed());
    case "list": return `<mrow><mo>[</mo>${listed()}<mo>]</mo></mrow>`;
    case "dots": return "<mi>…</mi>";
    case "nothing": return "";
    case "minus": return `<mo form="prefix">−</mo>${treeInMath(a)}`;
    case "word": return asText(tree.text);
    case "option": return `${asText(tree.name)}<mo>=</mo>${treeInMath(tree.value)}`;
    case "index": return `<msub>${inRow(treeInMath(tree.of))}${listed()}</msub>`;
    case "call": return asText(tree.name) + inParentheses(listed());
    case "member": return tree.name === "T" ? `<msup>${inRow(treeInMath(tree.of))}<mo>⊤</mo></msup>` : treeInMath({ kind: "call", name: tree.name, parts: [tree.of, ...(parts ?? [])] });
    case "/": return `<mfrac>${inRow(treeInMath(bare(a)))}${inRow(treeInMath(bare(b)))}</mfrac>`;
    case "**": return `<msup>${inRow(treeInMath(a))}${inRow(treeInMath(bare(b)))}</msup>`;
  }
  const sign = { "*": "<mo>⋅</mo>", "@": '<mspace width="0.167em"></mspace>', "-": "<mo>−</mo>" }[kind] ?? `<mo>${kind}</mo>`;
  return treeInMath(a) + sign + treeInMath(b);
}

// Whether what a node is called needs parentheses within a product.
function isFormula(i) {
  const { math, op, name, inputs } = state.graph.nodes[i];
  return !math && (inputs.length ? isInfix(op) : name.startsWith("-"));
}

function nameInMath(i, depth) {
  const node = state.graph.nodes[i];
  const { math } = state.graph.frames[state.graph.computedAt[i] - 1] ?? {};
  if (node.short && node.group === state.graph.nodes[frameAt().node].group) return node.short;
  if (node.math || node.kind === "constant") return node.math || numberInMath(node.name);
  if (!math) return node.label || node.name.includes("#") ? asText(node.name) : inRow(read(node.name));
  return depth < 0 ? "<mi>…</mi>" : inRow(inNames(math, depth - 1));
}

const OPERANDS_BELOW = 3; // more would make a fraction as wide as the page

function derivativeInMath(i) {
  const { math, op, inputs } = state.graph.nodes[i];
  const by = !math && inputs.length > OPERANDS_BELOW ? asText(`${isInfix(op) ? "" : op}(…)`) : nameInMath(i, 1);
  const root = nameInMath(graphRoot(), 0);
  return fraction(root, isFormula(i) ? inParentheses(by) : by);
}

function fraction(root, by) {
  const small = (name) => inRow(`<mi mathvariant="normal">d</mi>${name}`);
  return `<mfrac>${small(root)}${small(by)}</mfrac>`;
}

function inNames(math, depth) {
  const isLong = math.slice(1).some((i) => /^<m(text|n|o)/.test(nameInMath(i, 0)));
  return put(isLong ? spaced(math) : math, (i) => nameInMath(i, depth), isFormula);
}

// A form with its operands in their places; those that need parentheses there get them, but for the first of all.
function put([form, ...operands], write, needs) {
  const text = typeof form === "string" ? form : state.graph.forms[form];
  return text.replace(/\{(\d+)\}|\((\d+)\)/g, (_, bare, guarded, at) => {
    const i = operands[bare ?? guarded];
    return guarded && needs(i) && (at > 0 || isFormula === needs) ? inParentheses(write(i)) : write(i);
  });
}

// Between two numbers, and between long names, a product needs its point.
const spaced = ([form, ...operands]) => [state.graph.forms[form].replace(/<mspace[^>]*>/g, "<mo>⋅</mo>"), ...operands];

function numberInMath(text) {
  const [mantissa, exponent] = text.replace(/^-/, "").split(/e(?=[-+]?\d)/);
  const digits = /\d/.test(mantissa) ? `<mn>${mantissa}</mn>` : asText(text.replace(/^-/, ""));
  const power = exponent ? `<mo>⋅</mo><msup><mn>10</mn>${inRow(numberInMath(String(Number(exponent))))}</msup>` : "";
  return (text.startsWith("-") ? '<mo form="prefix">−</mo>' : "") + digits + power;
}

const guarded = (text) => (text.startsWith("-") ? inParentheses(numberInMath(text)) : numberInMath(text));

"""Names and formulas of nodes in words: what texts, pictures and errors call them.

A node here is anything with a label, inputs and an operator, so that this file needs no other.
"""

import re

NO_NAMES: dict = {}  # {node: name}


LONG, BEGIN, END = 32, 16, 7  # letters of a label that pages and pictures show whole; of another one those at its ends
BEFORE, AFTER = 3, 5  # letters beside the place where two labels with the same ends differ first
PLACE = re.compile(r"(\[[\d, ]+\])?$")  # of an element


def unique_names(nodes, unlabelled="", grouped=None, most=None):
    """{node: name} of nodes in topological order, as one text or picture has them: no two are alike.

    A label goes without its groups, "w", or with them where another would be called the same, "layer1.w". A node
    without a label goes by the formula that made it, and a constant by its number, of which there may be two; or both
    are called v1, v2, ... with `unlabelled="v"`, as leaves that take a gradient always are. What is alike even so is
    numbered: w_2, a * b #2.

    grouped     {node: its group}: where it is "", a slash in a label is no path, and the label goes as it is, dL/dw
    most        how many letters of a label stay whole, if not all
    """
    groups: dict = {}  # {name, but for the place of an element: the groups that have one}
    for node in nodes:
        if node.label:
            groups.setdefault(node.name.partition("[")[0], set()).add(node.label[: -len(node.name)])
    names, taken, last, ends = {}, set(), {}, {}
    whole = {node for node in nodes if grouped and not grouped[node]}

    def enter(node, wanted, pattern, first):
        name, n = wanted, last.get(wanted, first)
        while name in taken or not name:
            name, n = pattern.format(wanted, n), n + 1
        last[wanted] = n
        taken.add(name)
        names[node] = name

    for node in nodes:
        if node.label:
            is_clear = len(groups[node.name.partition("[")[0]]) == 1
            short = node.name if is_clear else node.label.replace("/", ".")
            wanted = node.label if node in whole else short
            enter(node, wanted if most is None else abridged(wanted, ends, most), "{}_{}", 2)
    labelled = dict(names)
    for node in nodes:
        if not node.label:
            if unlabelled or not node.inputs and node.requires_grad:
                prefix = unlabelled or "v"
                taken.add(prefix)  # never bare
                enter(node, prefix, "{}{}", 1)
            elif node.inputs:
                enter(node, node.describe(2, labelled), "{} #{}", 2)
            else:
                names[node] = node.constant
    return {node: names[node] for node in nodes}


def abridged(text, ends, most=LONG):
    """A long text without its middle: "the mean of the …en both". An element keeps its place, "...[0, 12]".

    ends        {both ends: the first text that has them}: another one keeps what tells it from that
    """
    name = PLACE.sub("", text)
    if len(text) <= most or len(name) <= BEGIN + END:
        return text
    begin, end = name[:BEGIN], name[-END:]
    other = ends.setdefault((begin, end), name)
    at = next((i for i, (mine, others) in enumerate(zip(name, other)) if mine != others), len(name))
    middle = name[max(BEGIN, at - BEFORE) : min(at + AFTER, len(name) - END)]
    return "…".join(part for part in (begin, middle, end) if part) + text[len(name) :]


LONGEST, FEW, WIDE = 9, 3, 160  # operands of a formula, and of one within a formula; letters beyond which both have few


def formula(op, inputs, depth=2, names=NO_NAMES):
    """op(*inputs) in writing, each input as it describes itself: `depth` operators deep, and long lists cut short."""

    def written(x):
        x = operand_of(op, x)
        text = x.describe(depth, names)
        is_formula = not x.label and x.op is not None and x.op.infix and depth != 0
        chained = is_formula and x.op is op and op.symmetric
        if op.postfix:
            bare = not is_formula and not (x.label and "/" in text)
        else:
            is_quotient = x in names and x.label and reads_as_quotient(text)
            bare = not op.infix or chained or not (is_formula or is_quotient or text.startswith("-"))
        return text if bare else f"({text})"

    longest = LONGEST if depth > 1 or depth < 0 else FEW
    return op.formula(*shortened(inputs, op.lists, longest, written))


def reads_as_quotient(name):
    """Whether a name within a formula would look like a division: distance/km; dL/dw is a sign of its own."""
    above, slash, below = name.partition("/")
    return bool(slash) and not (above.startswith("d") and below.startswith("d"))


def operand_of(op, x):
    """An operator's input as formulas show it: as it was before what is done to operands unasked."""
    is_implied = op.elementwise and x.op is not None and x.op.implied and not x.label
    return x.inputs[0] if is_implied else x


def shortened(operands, lists=1, longest=LONGEST, written=str):
    """Operands in writing, of which more than `longest` are cut to the first third and the last: x1, x2, x3, ..., x20.

    Only as many are written as it takes: of a graph with long lists, each node is described by many others.
    """
    n, texts = len(operands) // lists, {}

    def text(i):
        if i not in texts:
            texts[i] = written(operands[i])
        return texts[i]

    if n > FEW and longest > FEW:
        letters = 0
        for i in range(len(operands)):
            letters += len(text(i))
            if letters > lists * WIDE:
                longest = FEW
                break
    if n <= longest:
        return [text(i) for i in range(len(operands))]
    shown = [(*range(start, start + longest // 3), start + n - 1) for start in range(0, lists * n, n)]
    return [word for *first, last in shown for word in (*map(text, first), "...", text(last))]


def branching(op, error):
    """The error for a rule with an `if`, which arrays and formulas cannot follow; None if `error` is another."""
    if "truth value of" in str(error) or "not supported between" in str(error):
        return TypeError(
            f"{op.name}: its derivative rule compares or branches, which no array or formula can follow: write it with "
            f"step, sign, equal or maximum"
        )
    return None


def undefined(op, inputs, error, what=""):
    """The error for a value that does not exist: "log: log(y2) does not exist at y2 = 0 (math domain error)"."""
    kind = next(
        kind for kind in (ZeroDivisionError, OverflowError, ArithmeticError, ValueError) if isinstance(error, kind)
    )
    known = [f"{x.label or x.describe()} = {x.brief(x.data)}" for x in inputs if x.label or x.op]
    where = f" at {', '.join(dict.fromkeys(known))}" if known else ""
    return kind(f"{op.name}: {what}{formula(op, inputs)} does not exist{where} ({error})")

"""The statements of a program: found by one walk through the graph forwards and one backwards, then written down."""

import textwrap
import unicodedata
from collections import Counter

from ..formulas.writing import SUM
from ..graph import recorded_order
from .templates import ENCLOSED, OWN, RESERVED, VARIABLE, Template, Templates

WIDTH = 96


class Statement:
    """target = text, or target += text.

    template, holes     what the text is made of: a Template, and {hole: variable}
    around              what is written around that: "{}" for nothing
    rule                the operator whose derivative it is, for the comment; "" in the forward pass
    in_place            whether += may change what the target holds
    """

    __slots__ = ("target", "sign", "template", "holes", "rule", "around", "in_place")

    def __init__(self, target, sign, template, holes, rule="", around="{}", in_place=True):
        self.target = target
        self.sign = sign
        self.template = template
        self.holes = holes
        self.rule = rule
        self.around = around
        self.in_place = in_place


class Listing:
    """The text of a program for the graph behind `root`.

    words       {node: its variable, or a float where it is a known number}
    gradients   {variable: the variable of its gradient, or a float where that is a known number}
    known       {formula: the variable that holds it}
    active      the variables that depend on a parameter
    """

    def __init__(self, root, inputs, parameters, style):
        self.root, self.inputs, self.parameters = root, inputs, parameters
        self.style, self.templates = style, Templates(style)
        self.order = recorded_order(root)
        self.names = Names(self.order, self.reserved())
        self.words, self.gradients, self.known = {}, {}, {}
        self.counts = Counter()  # how often the backward pass needs a formula
        self.lines = []

    def reserved(self):
        """Names that are taken: what the program's operators and their rules call. (Their templates are made here.)"""
        for op, n in {(node.op, len(node.inputs)) for node in self.order if node.inputs}:
            self.templates.forward(op, (None,) * n)
            self.templates.pull(op, None, (None,) * n, (True,) * n)
        return {*RESERVED, *OWN, *self.style.imports, *self.style.called.values()}

    # ---- what there is to say

    def forward_statements(self):
        """One for each node; for a second node of the same formula none, or one that copies if it has a name."""
        words = self.words
        self.name_given()
        for node in self.order:
            if node in words:
                continue
            if not node.inputs and node.label:
                words[node] = self.names.of(node)
                yield Statement(words[node], "=", constant(self.style, node.data), {})
            elif all(type(words[x]) is float for x in node.inputs):
                words[node] = float(node.data)
            else:
                yield from self.computed(node)

    def name_given(self):
        for node in (*self.inputs, *self.parameters):
            self.words[node] = self.names.of(node)

    def computed(self, node):
        numbers, holes = self.operands(node)
        template = self.templates.forward(node.op, numbers)
        formula = self.canonical(template, holes)
        first = self.known.get(formula)
        if first is None:
            self.words[node] = self.known[formula] = self.names.of(node)
            yield Statement(self.words[node], "=", template, holes)
        else:
            self.words[node] = first
            if node.label:
                yield Statement(self.names.of(node), "=", COPY, {"x": first})

    def operands(self, node):
        """The numbers among a node's inputs (None for variables), and the holes that its variables fill."""
        words = [self.words[x] for x in node.inputs]
        numbers = tuple([word if type(word) is float else None for word in words])
        return numbers, {f"x{i}": word for i, word in enumerate(words) if type(word) is str}

    def backward_statements(self):
        """One for each contribution to the gradient of a variable that depends on a parameter."""
        words, root = self.words, self.words[self.root]
        active = self.active = {words[node] for node in self.parameters}
        work = {}  # {variable: the node that computes it}
        for node in self.order:
            if node.inputs and words[node] not in work and any(words[x] in active for x in node.inputs):
                active.add(words[node])
                work[words[node]] = node
        self.expected = Counter(words[x] for node in work.values() for x in node.inputs if words[x] in active)
        if root in active:
            yield from self.start(root)
        for word, node in reversed(work.items()):
            yield from self.arrival(word)
            if word in self.gradients:
                yield from self.pulled(node)

    def start(self, root):
        """The root's derivative by itself."""
        self.gradients[root] = 1.0
        if self.root.label:
            yield Statement(self.names.new(f"d{root}"), "=", constant(self.style, 1.0), {})

    def arrival(self, word):
        """What there is to say before a variable's gradient is used."""
        return ()

    def pulled(self, node):
        """What a node contributes to its inputs' gradients, by its operator's rule."""
        numbers, holes = self.operands(node)
        upstream = self.gradients[self.words[node]]
        known = upstream if type(upstream) is float else None
        holes |= {"out": self.words[node], "up": upstream}
        words = [self.words[x] for x in node.inputs]
        needs = tuple([word in self.active for word in words])
        places = None if len({*words}) == len(words) else tuple([words.index(word) for word in words])
        templates = self.templates.pull(node.op, known, numbers, needs, places)
        return self.contributions(node, [t if need else None for t, need in zip(templates, needs)], holes)

    def contributions(self, node, templates, holes):
        for x, template in zip(node.inputs, templates):
            if template is None:
                continue
            target = self.words[x]
            if self.expected[target] == 1 and not x.label and self.is_known(template, node, x):
                # No statement for what is a number or a variable already.
                self.gradients[target] = template if type(template) is float else holes[template.text[1:-1]]
                continue
            if type(template) is float:
                template = constant(self.style, template)
            yield self.contribution(node, target, template, holes)

    def is_known(self, template, node, x):
        return type(template) is float or template.is_variable

    def contribution(self, node, target, template, holes):
        is_new = target not in self.gradients
        if is_new:
            self.gradients[target] = self.names.new(f"d{target}")
        return Statement(self.gradients[target], "=" if is_new else "+=", template, holes, node.op.name)

    def preparations(self):
        return []

    # ---- how it is said

    def canonical(self, template, holes):
        """The text of a formula, written out but for what the forward pass has computed."""
        if not template.parts:
            return template.text.format_map(holes)
        holes = dict(holes)
        for hole, part, _ in template.parts:
            formula = self.canonical(part, holes)
            holes[hole] = self.known.get(formula) or f"({formula})"
        return template.text.format_map(holes)

    def count(self, template, holes):
        if template.level is not None:
            self.counts[self.canonical(template, holes)] += 1
            for _, part, _ in template.parts:
                self.count(part, holes)

    def written(self, template, holes):
        """The text of a formula. Parts of it that are needed again are computed first, in lines of their own."""
        if not template.parts:
            return template.text.format_map(holes)
        filled = dict(holes)
        for hole, part, how in template.parts:
            word = self.shared(part, holes, how is VARIABLE)
            filled[hole] = word or (f"({self.written(part, holes)})" if how is ENCLOSED else self.written(part, holes))
        return template.text.format_map(filled)

    def shared(self, template, holes, always=False):
        """The variable that holds a formula which is needed more than once (or `always`), or else None."""
        formula = self.canonical(template, holes)
        if formula not in self.known and (always or self.counts[formula] > 1):
            word = self.names.new("v")
            self.lines.append(f"    {word} = {self.written(template, holes)}")
            self.known[formula] = word
        return self.known.get(formula)

    def write(self, statement):
        template, holes = statement.template, statement.holes
        is_formula = template.level is not None and not template.is_variable
        text = (statement.rule and is_formula and self.shared(template, holes)) or self.written(template, holes)
        text, sign = statement.around.format(text), statement.sign
        if sign == "+=" and text[0] == "-" and template.level != SUM:
            text, sign = text[1:], "-="
        if not statement.in_place:
            sign, text = "=", f"{statement.target} {sign[0]} {text}"
        comment = f"  # {statement.rule}" if statement.rule else ""
        self.lines.append(f"    {statement.target} {sign} {text}{comment}")

    def source(self):
        """The whole text."""
        forward = list(self.forward_statements())
        backward = list(self.backward_statements())
        for statement in backward:
            self.count(statement.template, statement.holes)
        self.lines.append(f"    # forward: {self.words[self.root]}")
        for statement in forward:
            self.write(statement)
        self.lines += ["", "    # backward: its derivatives, by the rule of the operator named"]
        for statement in backward:
            self.write(statement)
        value = self.style.value(self.words[self.root])
        found = ", ".join(str(self.gradients.get(self.words[node], 0.0)) for node in self.parameters)
        return "\n".join(
            [
                *self.style.head(),
                "def program(inputs, parameters):",
                *unpacking(", ".join(self.words[node] for node in self.inputs), self.style.inputs),
                *self.preparations(),
                *unpacking(", ".join(self.words[node] for node in self.parameters), "parameters"),
                "",
                *self.lines,
                "",
                *result(value, found),
                "",
            ]
        ).lstrip("\n")


COPY = Template("{x}", None, [])


def constant(style, number):
    """The Template of a number."""
    return Template(style.digits(number), None, [])


def unpacking(names, argument):
    if not names:
        return []
    if "," not in names:
        return [f"    ({names},) = {argument}"]
    if len(names) < WIDTH:
        return [f"    {names} = {argument}"]
    return ["    (", textwrap.indent(textwrap.fill(names, WIDTH), " " * 8), f"    ) = {argument}"]


def result(value, gradients):
    if len(gradients) < WIDTH:
        return [f"    return {value}, [{gradients}]"]
    return [f"    return {value}, [", textwrap.indent(textwrap.fill(gradients, WIDTH), " " * 8), "    ]"]


class Names:
    """Variables, no two alike and none that means something else: named like the nodes' labels as far as may be."""

    def __init__(self, order, reserved):
        self.taken = reserved
        self.bearers = Counter(node.name for node in order if node.label)
        self.last = Counter()

    def of(self, node):
        if not node.label:
            return self.new("v")
        return self.new(identifier(node.name if self.bearers[node.name] == 1 else node.label))

    def new(self, wanted):
        name = f"{wanted}1" if wanted == "v" else wanted
        while name in self.taken:
            self.last[wanted] += 1
            name = f"{wanted}{self.last[wanted]}" if wanted == "v" else f"{wanted}_{self.last[wanted] + 1}"
        self.taken.add(name)
        return name


def identifier(label):
    """A label as a name in Python: letters, digits and underscores, whatever it was."""
    letters = [c if c.isalnum() else "_" for c in unicodedata.normalize("NFKC", label)]
    name = "_".join(part for part in "".join(letters).split("_") if part)
    return name if name.isidentifier() and name.isprintable() else f"n_{name}" if f"n_{name}".isidentifier() else "v"

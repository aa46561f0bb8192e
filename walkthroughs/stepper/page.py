"""The stepper as one file: a trace as JSON in a template, with the script and the style that stand beside this file."""

import html
import json
import re
from importlib import resources

from scalar_engine.checking.slips.likely import likely_answers
from scalar_engine.formulas.writing import LATEX, latex_name
from scalar_engine.graph import Operator
from scalar_engine.naming import LONG
from scalar_engine.programs.javascript import written
from scalar_engine.value import Value
from walkthroughs.drawing.palette import palette

from .choices import wrong_locals
from .pictures.views import views_of
from .quantities import brief, exact, is_array, is_of_images, summary
from .typeset import Forms, name_in_math

MARGIN = re.compile(r"^ *//.*\n|^ +", re.MULTILINE)  # of scripts: what only their readers need
HERE = resources.files(__package__).joinpath("browser")
SCRIPTS = ["state", *[f"live/{name}" for name in ("numbers", "program", "arrays", "controls")]]
SCRIPTS += [
    f"picture/{name}" for name in ("drawing", "turning", "operands", "looking", "minimap", "groups", "colours", "sizes")
]
SCRIPTS += ["heatmap", "panels", "predict", "training", "typeset", "lecture"]
SCRIPTS += [f"away/{name}" for name in ("formulas", "take_away", "address")] + ["beside", "controls", "focus", "main"]


# How the page writes functions in LaTeX: by the name of the function, or around its one operand, "#".
TEX = {
    "functions": LATEX.FUNCTIONS,
    "commands": {name: LATEX.COMMANDS[name].format("#") for name in ("abs", "exp", "sqrt")},
}

DIAGNOSED = 400  # frames: of a longer graph the likely wrong answers would be most of the page
FORMULA = "\0"  # in a sentence about a step, in the place of what is computed there


def page(data, programs, title):
    """The HTML of a stepper with the given data. Text from labels enters as JSON only, in which no markup is left.

    programs    a list in JavaScript: the program of the graph, and those of the scalar graphs behind it. Made by
                programs/javascript.py, of rules that it has understood: no text of a label is in it.
    """
    script = MARGIN.sub("", "\n".join(text_of(f"{name}.js") for name in SCRIPTS))
    style = text_of("stepper.css") + text_of("screens.css")
    parts = {"palette": palette(), "style": style, "script": script, "programs": programs}
    return filled("page.html", title=html.escape(title), data=in_script(data), **parts)


def filled(template, **parts):
    """A template with its places {{ name }} filled, each with a text as it stands."""
    return re.sub(r"\{\{ (\w+) \}\}", lambda place: parts[place[1]], text_of(template))


def in_script(data):
    """JSON that ends no element and begins none, whatever is written in it."""
    return re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", json.dumps(data, separators=(",", ":")))


def text_of(name):
    return HERE.joinpath(name).read_text(encoding="utf-8")


def graph_page(trace, title):
    """The page of a trace, and of the scalar graphs that it or its nodes open into."""
    data, programs = graph_data(trace)
    return page(data, programs, title)


def graph_data(trace):
    """(what the page has of a trace and the scalar graphs that it or its nodes open into, their programs)"""
    openings = []
    if not isinstance(trace.root, Value):
        from .arrays.behind import openings_of  # with NumPy, which numbers do without
        from .arrays.elements import following

        openings = openings_of(trace)
    traces = [trace, *[opening.trace for opening in openings]]
    graphs = [trace_data(each) for each in traces]
    programs, reasons = written([(each.nodes, [f.step for f in each.frames if f.step]) for each in traces])
    for graph, reason in zip(graphs, reasons):
        graph["still"] = reason
    if not isinstance(trace.root, Value):
        graphs[0] |= following(trace, openings, reasons)
    data = {"graph": graphs[0], "tex": TEX}
    if openings:
        data["scalars"] = [graph | {"about": opening.note} for graph, opening in zip(graphs[1:], openings)]
        data["graph"]["behind"] = {
            i: {"scalars": number, "places": places}
            for number, opening in enumerate(openings)
            for i, places in opening.places.items()
        }
    return data, programs


def trace_data(trace):
    """A trace as plain data, with its pictures."""
    return steps_data(trace) | {
        "views": [view | {"edges": [packed(edge) for edge in view["edges"]]} for view in views_of(trace)]
    }


def steps_data(trace):
    """What there is to know of each node and of each frame, all numbers in writing."""
    forms = Forms(trace)
    frames = [frame_data(trace, frame) | forms.of(frame) for frame in trace.frames]
    slips: dict = {}  # {sentence: its number}, for many steps have the same
    if len(frames) <= DIAGNOSED:
        forward = [each for each in trace.frames if each.kind == "forward"]
        computed = {each.node: f"{each.left} = {each.names}" if each.names else each.left for each in forward}
        steps = [(data, frame.step) for data, frame in zip(frames, trace.frames) if frame.step]
        for (data, step), likely in zip(steps, likely_answers(trace.root, [step for _, step in steps])):
            if likely:
                texts = [text.replace(computed[data["node"]], FORMULA) for _, text in likely]
                numbers = [exact(number) for number, _ in likely]
                data["likely"] = [[number, slips.setdefault(text, len(slips))] for number, text in zip(numbers, texts)]
            if step.local is not None and not is_array(step.local):
                data["wrong"] = wrong_locals(step, trace.names)
    return {
        "nodes": [node_data(trace, i) for i in range(len(trace.nodes))],
        "frames": frames,
        "forms": forms.math,
        "slips": list(slips),
        "turn": trace.turn,
        "root": trace.names[trace.root],
    }


EDGE = ("tail", "head", "path", "position", "tip", "number")


def packed(edge):
    """An edge without the names of its parts (state.js puts them in), of an arrow's corners with the point only, and of
    its number without the place, which the page finds.
    """
    tip, number = edge.get("tip"), edge.get("number")
    kept = edge | {"tip": tip and tip.split()[1], "number": number and number[0]}
    return [kept.get(name) for name in EDGE]


def node_data(trace, i):
    node = trace.nodes[i]
    is_data = not node.inputs and not node.requires_grad
    has_short = node.label and trace.groups[i] and len(node.name) <= LONG and node.name != trace.names[node]
    data = {
        "name": trace.names[node],
        "label": node.label,
        "tex": tex_of(trace.names, node),
        "group": trace.groups[i],
        "kind": "computed" if node.inputs else ("input" if node.label else "constant") if is_data else "parameter",
        "op": node.op.symbol if node.inputs else "",
        "form": form_of(node.op) if node.inputs and isinstance(node, Value) else "",
        "inputs": [trace.index[x] for x in node.inputs],
        "data": brief(node.data),
        "exact": exact(node.data),
        "takes": node.requires_grad,
        "derivative": trace.names.derivative(node) if node.requires_grad else None,
        "array": summary(node.data, is_of_images(node)),
        "math": name_in_math(trace.names[node]) if node.label or node is trace.root else None,
        "short": name_in_math(node.name) if has_short else None,
    }
    return without_defaults(data)


def tex_of(names, node):
    """A name in LaTeX where it is another there; None for what reads as a formula."""
    name = names[node]
    is_formula = "#" not in name and (names.is_formula(node) or (node.op is None and not node.label))
    return None if is_formula or latex_name(name) == name else latex_name(name)


def form_of(op):
    """How an operator's formula is written, if not as its symbol says, with a place for each list of operands."""
    has_own = type(op).formula is not Operator.formula
    return op.formula(*[f"{{{i}}}" for i in range(op.lists)]) if has_own else ""


def frame_data(trace, frame):
    data = {"kind": frame.kind, "note": frame.note, "node": frame.node, "left": frame.left, "names": frame.names}
    data |= {"numbers": frame.numbers, "sign": frame.sign, "result": brief(frame.result), "exact": exact(frame.result)}
    data["shape"] = is_array(frame.result)
    if frame.kind != "forward":
        receiver = trace.nodes[frame.node if frame.input is None else frame.input]
        data |= {"total": brief(frame.total), "totalExact": exact(frame.total)}
        data |= {"array": summary(frame.total, is_of_images(receiver))}
    if frame.kind == "backward":
        step = frame.step
        data |= {"input": frame.input, "position": step.position, "nth": frame.nth, "of": frame.of}
        data |= {"upstream": brief(step.upstream), "local": None if step.local is None else brief(step.local)}
    return without_defaults(data)


# What the page takes for granted where nothing is said (state.js puts it in): this halves the file.
DEFAULTS = {"sign": "=", "nth": 1, "of": 1}
SAME_AS = {"exact": ("result", "data"), "totalExact": ("total",)}


def without_defaults(data):
    kept = {}
    for key, value in data.items():
        is_default = value is None or value is False or value == "" or DEFAULTS.get(key) == value
        if not is_default and not any(data.get(other) == value for other in SAME_AS.get(key, ())):
            kept[key] = value
    return kept

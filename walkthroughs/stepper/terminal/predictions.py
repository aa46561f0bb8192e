"""What predict mode asks about the next step, at four levels as on the page, and which answers are right."""

import ast
import operator
import random
import re
from typing import Any, NamedTuple

from scalar_engine.checking.slips.likely import likely_answers

from ..choices import wrong_locals
from ..quantities import brief, exact, is_array
from ..trace import known_at

LEVELS = {
    "number": "the number",
    "hidden": "the number, operands hidden",
    "local": "the local derivative",
    "order": "the next node",
}
ARITHMETIC: dict[type, Any] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.USub: operator.neg, ast.UAdd: operator.pos,
}  # fmt: skip
NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"


class Answer(NamedTuple):
    """A line of the score sheet. `step` is the position that was predicted."""

    step: int
    question: str
    given: str
    truth: str
    right: bool


# ---- questions


def question(trace, level, position):
    """What is asked about the step after a position; "" where the level has nothing to ask."""
    frame = trace.frames[position] if position < len(trace.frames) else None
    if frame is None or frame.kind == "turn":
        return ""
    if level == "order":
        which = "is computed next" if frame.kind == "forward" else "receives a part of its gradient next"
        return f"Which node {which}?"
    if level == "local":
        upstream = trace.names.derivative(trace.nodes[frame.node])
        found = local_choices(trace, frame)
        return f"Which is {local_name(trace, frame)}?  {frame.left} {frame.sign} {upstream} * ?" if found else ""
    shown = frame.formula.removesuffix(brief(frame.result))
    if level == "hidden":
        shown = f"{frame.left} {frame.sign} {frame.names}" if frame.names else frame.left
        shown += "    the shape: " if is_array(frame.result) else " = "
    return f"{shown}?"


def local_name(trace, frame):
    return " / ".join(f"d {trace.names.closed(trace.nodes[i])}" for i in (frame.node, frame.input))


def local_choices(trace, frame):
    """{formula: the slip that leads to it, "" of the right one}, in an order that says nothing; {} if there is none."""
    step = frame.step
    if frame.kind != "backward" or step.local is None or is_array(step.local):
        return {}
    right = trace.names.locals(step.node)[step.position]
    found = [(right, ""), *wrong_locals(step, trace.names).items()]
    random.Random(f"{trace.index[step.node]} {step.position}").shuffle(found)
    return dict(found)


# ---- answers


def unread(trace, level, position, given):
    """Why an answer is none, which is not counted: a slip of the pen is no wrong answer; "" for one that is read."""
    if level == "order":
        names = [name for node in trace.nodes for name in (trace.names[node], node.label)]
        return "" if given in names else f"No node is called {given}."
    frame = trace.frames[position]
    if level == "local" or is_array(frame.result) or value_of(given, known_numbers(trace, position)) is not None:
        return ""
    arithmetic = "arithmetic on numbers and names that have one, such as 1/2 or x * (1 - x)"
    return f"{given} is not read: an answer is a number, or {arithmetic}."


def verdict(trace, level, position, given):
    """(whether an answer is right, what is, what else there is to say)"""
    frame = trace.frames[position]
    if level == "order":
        return verdict_on_order(trace, frame, position, given)
    numbers = known_numbers(trace, position)
    if level == "local":
        slips = {bare(formula): slip for formula, slip in local_choices(trace, frame).items()}
        right = trace.names.locals(frame.step.node)[frame.step.position]
        slip = slips.get(bare(given))
        is_right = slip == "" or (slip is None and is_near(given, frame.step.local, numbers))
        return is_right, f"{local_name(trace, frame)} = {right}", f" Likely slip: {slip}." if slip else ""
    right, truth = is_near(given, frame.result, numbers), f"{frame.left} {frame.sign} {brief(frame.result)}"
    return right, truth, "" if right else slip_behind(trace, frame, given, numbers)


def verdict_on_order(trace, frame, position, given):
    """Right is the next node, or another that could be: whose inputs are known, or one of whose consumers is done."""
    meant = frame.node if frame.input is None else frame.input
    known = known_at(trace, position)
    done = {
        node for node, (_, held) in zip(trace.nodes, known) if held and (held.kind == "turn" or held.nth == held.of)
    }
    for i, node in enumerate(trace.nodes):
        if given in (trace.names[node], node.label):
            if frame.kind == "forward":
                could = known[i][0] is None and all(known[trace.index[x]][0] is not None for x in node.inputs)
            else:
                could = node.requires_grad and node not in done and any(node in other.inputs for other in done)
            aside = f" {given} could be next too." if could and i != meant else ""
            return i == meant or could, trace.names[trace.nodes[meant]], aside
    return False, trace.names[trace.nodes[meant]], ""


def slip_behind(trace, frame, given, numbers):
    """What is known to lead to a wrong number here."""
    (likely,) = likely_answers(trace.root, [frame.step])
    text = next((text for number, text in likely if is_near(given, number, numbers)), None)
    return f" Likely slip, {text}{'' if text[-1] in '.?' else '.'}" if text else ""


def bare(formula):
    return re.sub(r"[()\s]", "", formula)


def is_near(given, quantity, numbers=None):
    """Whether an answer is within a hundredth of a number, or names an array's shape.

    An answer is a number, or arithmetic on numbers and on `numbers`, {name: number}: 1/2, h1 * (1 - h1).
    """
    if is_array(quantity):
        return re.findall(r"\d+", given) == re.findall(r"\d+", exact(quantity))
    found, truth = value_of(given, numbers or {}), float(exact(quantity))
    if found is None:
        return False
    if truth != truth or truth in (float("inf"), -float("inf")):
        return repr(found) == repr(truth)
    return abs(found - truth) <= (0.01 * abs(truth) or 5e-4)


def known_numbers(trace, position):
    """{name or label of a node, or name of a derivative: its number} of those that are known after so many frames."""
    numbers = {}
    for node, (value, held) in zip(trace.nodes, known_at(trace, position)):
        if value is not None and not trace.names.is_formula(node) and not is_array(value):
            numbers[trace.names[node]] = float(value)
            numbers.setdefault(node.label or trace.names[node], float(value))  # of a name that is cut, say
        if held and not is_array(held.total):
            numbers[trace.names.derivative(node)] = float(held.total)
    return numbers


def value_of(text, numbers):
    """The value of arithmetic on numbers and names; None for anything else, and where there is none."""
    try:
        return float(text)
    except ValueError:
        names = sorted(numbers, key=len, reverse=True)
        named = "|".join(rf"{re.escape(name)}(?![\w.\[(])" for name in names) or "(?!)"
        parts = re.findall(rf"({named})|({NUMBER}|\*\*|[-+*/()])|(\S)", text)
        if any(other for *_, other in parts):
            return None
    places = {name: f"x{i}" for i, name in enumerate(names)}
    try:
        tree = ast.parse(" ".join(places.get(name, "") + sign for name, sign, _ in parts), mode="eval")
        found = walked(tree.body, {place: numbers[name] for name, place in places.items()})
    except (SyntaxError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError, MemoryError):
        return None
    return None if isinstance(found, complex) else found


def walked(tree, numbers):
    if isinstance(tree, ast.BinOp):
        return ARITHMETIC[type(tree.op)](walked(tree.left, numbers), walked(tree.right, numbers))
    if isinstance(tree, ast.UnaryOp):
        return ARITHMETIC[type(tree.op)](walked(tree.operand, numbers))
    return numbers[tree.id] if isinstance(tree, ast.Name) else float(tree.value)


def score_sheet(title, answers):
    """The answers as text, as on the page."""
    lines = [title, f"{sum(answer.right for answer in answers)} of {len(answers)} right", ""]
    for step, asked, given, truth, right in answers:
        lines.append(f"{'right' if right else 'wrong'}  step {step}: {asked}")
        lines.append(f"       answer {given}{'' if right else f'; it is {truth}'}")
    return "\n".join(lines)

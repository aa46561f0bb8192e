"""Question 3 of the assignment: one forward and one backward pass through its tiny network, beside the sheet's answer.

The network, the instance and the target are data. A JSON file for --weights looks as follows; what it leaves out
is as on the sheet, and the sizes are its own:

    {"W": [[1, 1, 1], [-1, -1, -1]], "b": [0, 0, 0], "V": [[1, 1], [-1, -1], [-1, -1]], "c": [0, 0]}

With --random SEED it is a second exercise, as an exam would want: the folder then has the sheet to hand out,
exam/report.html, beside its answer key, report.html.

Exit status: 0 if the derivatives agree with the sheet's (another network's: with finite differences) and with those of
the loops in plain Python, 1 if they do not, 2 if an argument or a file cannot be used.
"""

import inspect
import io
import json
import math
from contextlib import redirect_stdout
from dataclasses import replace

from models import question3
from models.by_hand import vu_lists
from models.question3 import Question3, agrees
from scalar_engine import compile_graph, explain, gradcheck
from walkthroughs.sheets.script import parser_for, run_walkthrough
from walkthroughs.sheets.vu.answer_key import agreement, answer_key, exam, loops_agreement, target_of
from walkthroughs.stepper import step
from walkthroughs.tables import table

TITLE = "Question 3, step by step"
SAME = 1e-9  # what part of the largest derivative another order of adding up may change


def main(arguments=None):
    parser = parser_for("question3", __doc__)
    parser.add_argument("--x", nargs="+", type=float, metavar="NUMBER", help="the instance (default: 1 -1)")
    parser.add_argument("--target", type=int, metavar="CLASS", help="the target class, counted from 0 (default: 0)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--weights", metavar="FILE", help="a JSON file with another network")
    source.add_argument(
        "--random", "--seed", dest="seed", type=int, metavar="SEED", help="another network of this shape"
    )
    parser.add_argument("--animate", metavar="FILE", help="write the steps as a film too: .gif, .mp4 or .webm")
    parser.add_argument("--slides", metavar="FILE", help="write the steps as a PDF too, a page a step")
    for what, words in INSTEAD.items():
        parser.add_argument(f"--{what}", dest="instead", action="store_const", const=what, help=words)
    return run_walkthrough(parser, build, arguments, "The derivatives of a tiny network")


# What can be printed instead of the report, which --out still writes.
INSTEAD = {
    "program": "print both passes as Python, to be read and run",
    "json": "print one JSON object, at full precision",
    "table": "print every named node with its value and gradient",
    "step": "step through it here; in a pipe, list every step",
}


def build(report, options):
    try:
        network = Question3(chosen_case(options))
        results = results_of(network)
        script = script_of(network.case)
        printed, derivatives = run_alone(script)
    except ArithmeticError as error:
        raise ValueError(str(error)) from error
    results["by_hand"] = compared(results["gradients"], derivatives)
    if results["agrees"] is False or not results["finite_differences"]["agree"]:
        report.fail(agreement(results))
    if not results["by_hand"]["agree"]:
        report.fail(loops_agreement(results))
    answer_key(network, results, script, printed, report, is_exam=options.seed is not None)
    report.section("Written by the engine")
    report.code(
        program_of(network), "Both passes of the graph as a program, as `--program` prints it; it runs by itself."
    )
    report.file("by_hand.py", script)
    in_json = json.dumps(results, indent=2)
    report.file("question3.json", in_json + "\n")
    stepper = step(network.l, TITLE)
    report.file("stepper.html", stepper.save)
    if options.animate:
        stepper.animate(options.animate)
    if options.slides:
        stepper.slides(options.slides)
    if options.seed is not None:
        report.file("exam/report.html", lambda page: exam(network.case).write(page.parent))
    if options.instead == "json":
        return in_json
    if options.instead == "program":
        return program_of(network)
    if options.instead == "table":
        return table(network.l).text()
    if options.instead == "step":
        stepper.run()
        return ""
    return in_words(results, network)


def chosen_case(options):
    case = question3.SHEET
    if options.weights:
        case = question3.read_case(options.weights)
    elif options.seed is not None:
        case = question3.random_case(options.seed)
    given = {"x": options.x, "target": options.target}
    return replace(case, **{name: value for name, value in given.items() if value is not None})


def results_of(network):
    """What the walkthrough found, as plain data. `sheet` and `agrees` are None unless the case is the sheet's."""
    gradients = network.gradients()
    if not all(math.isfinite(number) for gradient in gradients.values() for number in flat(gradient)):
        raise ValueError("a derivative is not finite: a y is so small that l = -log y has no slope in floating point")
    check = gradcheck(network.l)
    sheet = question3.SHEET_GRADIENTS if network.case == question3.SHEET else None
    return {
        "values": network.values(),
        "gradients": gradients,
        "sheet": sheet,
        "agrees": sheet and all(agrees(gradients[name], sheet[name]) for name in sheet),
        "finite_differences": {"agree": check.ok, "worst_error": check.entries[0][3]},
    }


def script_of(case):
    """The loops as a script, with the case's numbers and what prints the derivatives."""
    loops = (getattr(vu_lists, name) for name in ("linear", "sigmoid", "softmax", "forward", "loss", "backward"))
    numbers = [f"{name} = {getattr(case, name)}" for name in ("x", "W", "b", "V", "c", "target")]
    parts = ["import math", *(inspect.getsource(function).strip() for function in (*loops, rounded))]
    return "\n\n\n".join([*parts, "\n".join([*numbers, "", BOTH_PASSES])])


def rounded(numbers):
    if isinstance(numbers, list):
        return [rounded(number) for number in numbers]
    return round(numbers, 4) + 0.0  # 0, never -0


BOTH_PASSES = """k, h, o, y = forward(x, W, b, V, c)
l = loss(y, target)
dW, db, dV, dc = backward(x, target, V, h, y)
print("loss:", rounded(l))
print("derivatives wrt W, b:", rounded(dW), rounded(db), sep="\\n")
print("derivatives wrt V, c:", rounded(dV), rounded(dc), sep="\\n")
"""


def run_alone(script):
    """What a script prints, and the derivatives that it leaves."""
    found: dict = {}
    with redirect_stdout(io.StringIO()) as printed:
        exec(script, found)
    return printed.getvalue(), {name: found[f"d{name}"] for name in "WbVc"}


def compared(gradients, by_hand):
    """How the derivatives by hand compare with the engine's."""
    pairs = [pair for name in gradients for pair in zip(flat(gradients[name]), flat(by_hand[name]), strict=True)]
    difference = max(abs(a - b) for a, b in pairs)
    return {"agree": difference <= SAME * max(1.0, *(abs(a) for a, _ in pairs)), "largest_difference": difference}


def program_of(network):
    """Both passes as straight-line Python, with the case's numbers and what prints the derivatives."""
    parameters = flat(network.W) + network.b + flat(network.V) + network.c
    inputs = network.x + network.t
    program = compile_graph(network.l, inputs, parameters)
    return "\n".join(
        [
            program.source,
            "",
            f"inputs = {[x.data for x in inputs]}",
            f"parameters = {[w.data for w in parameters]}",
            f"names = {[w.name for w in parameters]}",
            "l, gradients = program(inputs, parameters)",
            'print(f"l = {l:.4f}")',
            "for name, gradient in zip(names, gradients):",
            '    print(f"dl/d{name} = {gradient + 0.0:.4f}")  # + 0.0 turns -0.0 into 0.0',
        ]
    )


def in_words(results, network):
    """The whole walkthrough as text."""
    case = network.case
    check = results["finite_differences"]
    lines = [
        "Question 3: k = W'x + b,  h = sigmoid(k),  o = V'h + c,  y = softmax(o),  l = -log y[target]",
        f"x = [{', '.join(f'{x:g}' for x in case.x)}], {target_of(case, 'l = -log y%d')}",
        "",
        "Forward pass",
    ]
    for name, values in results["values"].items():
        lines.append(f"  {name:<6}{decimals(values)}")
    lines += ["", "Backward pass" + ("" if results["sheet"] is None else ", the engine's derivatives and the sheet's")]
    for name, gradient in results["gradients"].items():
        lines += beside(f"dl/d{name}", gradient, results["sheet"] and results["sheet"][name])
    lines.append("")
    if results["sheet"]:
        lines.append(f"The engine {said(results['agrees'])} with the sheet to four decimals.")
    error = f"(worst error {check['worst_error']:.0e})"
    lines.append(f"The engine {said(check['agree'])} with finite differences {error}.")
    apart = f"(largest difference {results['by_hand']['largest_difference']:.0e})"
    lines.append(f"The loops in plain Python, by_hand.py, {say(results['by_hand']['agree'])} with the engine {apart}.")
    lines += ["", "Where one weight's derivative comes from:", str(explain(network.V[0][0], network.l))]
    lines += ["", "h1 is used once for each class, so its derivative is a sum over paths:"]
    lines.append(str(explain(network.h[0], network.l)))
    return "\n".join(lines)


def said(agrees):
    return "agrees" if agrees else "DISAGREES"


def say(agree):
    return "agree" if agree else "DISAGREE"


def flat(values):
    return [number for value in values for number in (value if isinstance(value, list) else [value])]


def decimals(values):
    row = values if isinstance(values, list) else [values]
    return "".join(f" {value:8.4f}" for value in row).replace("-0.0000", " 0.0000")


def beside(name, gradient, sheet):
    """A table of a gradient, row by row, and of the sheet's where there is one."""
    rows = gradient if isinstance(gradient[0], list) else [gradient]
    if sheet is None:
        return [f"  {name if i == 0 else '':<6}{decimals(row)}" for i, row in enumerate(rows)]
    sheet_rows = sheet if isinstance(sheet[0], list) else [sheet]
    width = 9 * max(len(row) for row in rows)
    lines = []
    for i, (row, expected) in enumerate(zip(rows, sheet_rows)):
        mark = say(agrees(row, expected))
        lines.append(f"  {name if i == 0 else '':<6}{decimals(row)}   |{decimals(expected):<{width}}   {mark}")
    return lines

"""Question 3 of the assignment: one forward and one backward pass through its tiny network, beside the sheet's answer.

The network, the instance and the target are data. A JSON file for --weights looks as follows; what it leaves out
is as on the sheet, and the sizes are its own:

    {"W": [[1, 1, 1], [-1, -1, -1]], "b": [0, 0, 0], "V": [[1, 1], [-1, -1], [-1, -1]], "c": [0, 0]}

With --random SEED it is a second exercise, as an exam would want: the folder then has the sheet to hand out,
exam/report.html, beside its answer key, report.html.

Exit status: 0 if the derivatives agree with the sheet's (another network's: with finite differences), 1 if they
do not, 2 if an argument or a file cannot be used.
"""

import json
import math
import sys
from dataclasses import replace
from pathlib import Path

from models import question3
from models.command_line import Parser
from models.question3 import Question3, agrees
from scalar_engine import compile_graph, explain, gradcheck

from ...catalogue import BY_NAME
from ...drawing.picture import draw
from ...reports.report import Report, command_line
from ...stepper import step
from .answer_key import answer_key, exam

TITLE = "Question 3, step by step"


def main(arguments=None):
    parser = Parser("walkthroughs question3", __doc__)
    parser.add_argument("--x", nargs="+", type=float, metavar="NUMBER", help="the instance (default: 1 -1)")
    parser.add_argument("--target", type=int, metavar="CLASS", help="the true class, counted from 0 (default: 0)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--weights", metavar="FILE", help="a JSON file with another network")
    source.add_argument("--random", "--seed", type=int, metavar="SEED", help="another network of this shape")
    parser.add_argument("--program", action="store_true", help="print both passes as Python, to be read and run")
    parser.add_argument("--quick", action="store_true", help="as without: one instance leaves nothing to shorten")
    parser.add_argument("--json", action="store_true", help="print one JSON object, at full precision")
    parser.add_argument("--step", action="store_true", help="step through it here; in a pipe, list every step")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: runs/question3, or none with --json")
    options = parser.parse_args(arguments)
    command = command_line("question3", arguments)
    try:
        network = Question3(chosen_case(options))
        if options.program:
            print(program_of(network))
            return 0
        results = results_of(network)
    except (ArithmeticError, ValueError) as error:
        parser.error(str(error))
    if options.step:
        step(network.l, TITLE).run()
        return 0
    out = options.out or (None if options.json else Path("runs/question3"))
    try:
        written = write(results, network, out) if out else []
        if out:
            page = Report("The derivatives of a tiny network", BY_NAME["question3"].source, command, options.random)
            answer_key(network, results, page)
            page.section("The code")
            page.code(program_of(network), "Both passes in plain Python, as `--program` prints them; they run alone.")
            written += page.write(out)
            if options.random is not None:
                written += exam(network.case).write(out / "exam")[:1]
    except OSError as error:
        parser.error(f"cannot write to {out}: {error.strerror}")
    print(json.dumps(results, indent=2) if options.json else report(results, network, written))
    return 0 if results["agrees"] is not False and results["finite_differences"]["agree"] else 1


def chosen_case(options):
    case = question3.SHEET
    if options.weights:
        case = question3.read_case(options.weights)
    elif options.random is not None:
        case = question3.random_case(options.random)
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


def write(results, network, out):
    """Write the results, a page to step through, and the drawn graph into the folder `out`; returns the paths."""
    out.mkdir(parents=True, exist_ok=True)
    numbers = out / "question3.json"
    numbers.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    page = step(network.l, TITLE).save(out / "stepper.html")
    try:
        picture = draw(network.l)
    except ValueError as error:  # the numbers are wanted even so
        print(f"no picture: {error}", file=sys.stderr)
        return [numbers, page]
    return [numbers, page, picture.write(out / "question3.svg")]


def report(results, network, written):
    """The whole walkthrough as text."""
    case = network.case
    check = results["finite_differences"]
    lines = [
        "Question 3: k = W'x + b,  h = sigmoid(k),  o = V'h + c,  y = softmax(o),  l = -log y[target]",
        f"x = [{', '.join(f'{x:g}' for x in case.x)}], target class {case.target}",
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
        verdict = "agrees" if results["agrees"] else "DISAGREES"
        lines.append(f"The engine {verdict} with the sheet to four decimals.")
    verdict = "agrees" if check["agree"] else "DISAGREES"
    lines.append(f"The engine {verdict} with finite differences (worst error {check['worst_error']:.0e}).")
    lines += ["", "Where one weight's derivative comes from:", str(explain(network.V[0][0], network.l))]
    lines += ["", "h1 is used once for each class, so its derivative is a sum over paths:"]
    lines.append(str(explain(network.h[0], network.l)))
    if written:
        lines += ["", "Written:", *(f"  {path}" for path in written)]
    return "\n".join(lines)


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
        mark = "agree" if agrees(row, expected) else "DISAGREE"
        lines.append(f"  {name if i == 0 else '':<6}{decimals(row)}   |{decimals(expected):<{width}}   {mark}")
    return lines

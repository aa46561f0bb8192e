"""Question 3 as an exam: the sheet to hand out, and the answer key with every step of both passes."""

from scalar_engine import explain
from walkthroughs.drawing.picture import draw
from walkthroughs.reports.report import Report

SIX = ".6f"
TASK = r"""Implement the network $k = W^{\top} x + b$, $h = \sigma(k)$, $o = V^{\top} h + c$,
$y = \operatorname{softmax}(o)$ with the weights below. Perform one forward pass, up to the loss on the target class,
and one backward pass. Report the derivatives of the loss on all weights, including biases. Do not use anything more
than plain Python and the `math` package."""
BACKWARD = r"""\begin{align*}
  \frac{\partial l}{\partial y_i} & = -\frac{t_i}{y_i} \\
  \frac{\partial l}{\partial o_j}
    & = \sum_i \frac{\partial l}{\partial y_i} \cdot \frac{\partial y_i}{\partial o_j} = y_j - t_j \\
  \frac{\partial l}{\partial h_i} & = \sum_j \frac{\partial l}{\partial o_j} \cdot V_{ij} \\
  \frac{\partial l}{\partial k_i} & = \frac{\partial l}{\partial h_i} \cdot h_i \, (1 - h_i)
\end{align*}"""
OF_WEIGHTS = {
    "V": r"$\partial l / \partial V_{ij} = h_i \cdot \partial l / \partial o_j$",
    "c": r"$\partial l / \partial c_j = \partial l / \partial o_j$",
    "W": r"$\partial l / \partial W_{ij} = x_i \cdot \partial l / \partial k_j$",
    "b": r"$\partial l / \partial b_j = \partial l / \partial k_j$",
}
POINTS = {"Forward pass": 3, "Backward pass": 3, "Derivatives on the weights": 4}  # of an exam
WORKING = "\n" * 12, "Working:"  # room for it, as empty code


def target_of(case, loss=r"$l = -\log y_{%d}$"):
    """The target class as every text says it: the sheet's loaders count from 0, and its diagram numbers from 1."""
    return f"target class {case.target}, counted from 0, so that {loss % (case.target + 1)}"


def titles(is_exam):
    """The titles of the parts, in an exam with their points."""
    return [f"{part} ({points} points)" if is_exam else part for part, points in POINTS.items()]


def given(report, case):
    """The numbers that the exercise starts from."""
    x = ", ".join(f"{number:g}" for number in case.x)
    report.prose(f"The instance is $x = [{x}]$, of {target_of(case)}.")
    for name, inputs, outputs, matrix, bias in [("W", "x", "k", case.W, case.b), ("V", "h", "o", case.V, case.c)]:
        columns = {"from": "", **{f"to {outputs}{j}": "g" for j in range(1, len(bias) + 1)}}
        rows = [(f"{inputs}{i}", *row) for i, row in enumerate(matrix, start=1)] + [("bias", *bias)]
        bias_name = {"W": "b", "V": "c"}[name]
        report.table(
            f"given_{name}", f"${name}$, a row for each ${inputs}$, and the biases ${bias_name}$.", columns, rows
        )


def exam(case):
    """The sheet to hand out: a Report without the answers, and without the command that would tell them."""
    report = Report("Scalar backpropagation: an exercise", "After VU, Assignment 1: Question 3", command="")
    columns = {"Name": "", "Student number": "", f"Points, of {sum(POINTS.values())}": ""}
    report.table("name", "Who hands this in.", columns, [("_" * 30, "_" * 16, "_" * 6)])
    report.prose(TASK)
    given(report, case)
    sizes = {"k": len(case.b), "h": len(case.b), "o": len(case.c), "y": len(case.c)}
    forward, backward, weights = titles(is_exam=True)

    report.section(forward)
    blanks(report, "forward", "The layers and the loss, numbered from 1.", {**sizes, "l": 1})
    report.code(*WORKING)
    report.section(backward)
    layers = {f"dl/d{name}": sizes[name] for name in "yohk"}
    blanks(report, "backward", "The derivatives of the loss on the layers.", layers)
    report.code(*WORKING)
    report.section(weights)
    for name, rows in {"W": case.W, "b": [case.b], "V": case.V, "c": [case.c]}.items():
        lengths = {f"row {i}" if len(rows) > 1 else "": len(row) for i, row in enumerate(rows, start=1)}
        blanks(report, f"weights_{name}", rf"$\partial l / \partial {name}$", lengths)
    report.code(*WORKING)
    return report


def blanks(report, name, caption, rows):
    """A table to fill in, {what a row is: how many numbers}."""
    width = max(rows.values())
    columns = {"": "", **{str(j): "" for j in range(1, width + 1)}}
    report.table(name, caption, columns, [(what, *padded(["_" * 8] * n, width)) for what, n in rows.items()])


def answer_key(network, results, script, printed, report, is_exam=False):
    """Fill a report with the worked answer: a script and what it prints, and both passes in full, beside the sheet's
    numbers where these are known."""
    case = network.case
    forward, backward, weights = titles(is_exam)
    report.prose(TASK)
    given(report, case)

    report.section("In plain Python")
    report.code(
        script.rstrip(),
        "A layer is a list of floats and a matrix a list of rows, as the sheet suggests; the program runs by itself.",
    )
    report.code(printed.rstrip(), "What it prints:")
    report.reading(loops_agreement(results))

    report.section(forward)
    layers = [("k", "k = W'x + b"), ("h", "h = sigmoid(k)"), ("o", "o = V'h + c"), ("y", "y = softmax(o)")]
    width = max(len(case.b), len(case.c))
    rows = [(formula, *padded(results["values"][name], width)) for name, formula in layers]
    rows.append((f"l = -log(y{case.target + 1})", *padded([results["values"]["l"]], width)))
    columns = {"": "", **{str(i): SIX for i in range(1, width + 1)}}
    report.table("forward", "Every layer's values, numbered from 1 as on the sheet.", columns, rows)

    report.section(backward)
    report.prose(
        "From the loss to the inputs, each layer's derivative from the one after it; the first two are derived in "
        "[Questions 1 and 2](derivations). $t$ is the target as a one-hot vector: "
        f"$t_{{{case.target + 1}}}$ is 1, and all others are 0."
    )
    report.math(BACKWARD)
    rows = [(f"dl/d{name}", *padded([node.grad for node in getattr(network, name)], width)) for name in "yohk"]
    report.table("backward", "The derivatives of the layers' values.", columns, rows)

    report.section(weights)
    for name, formula in OF_WEIGHTS.items():
        report.table(f"derivatives_{name}", formula, *gradient_table(name, results))
    report.reading(agreement(results))

    report.section("Where two of them come from")
    report.code(str(explain(network.V[0][0], network.l)))
    report.code(str(explain(network.h[0], network.l)), "$h_1$ is used once for each class, so its derivative is a sum:")
    try:
        picture = draw(network.l)
        report.picture("question3", picture, "The computation graph: values with data and gradient, and operators.")
        report.file("question3.svg", picture.write)
    except ValueError as error:  # a graph too large to draw: the numbers are wanted even so
        report.prose(f"There is no picture: {error}")
    report.numbers.update(results)


def gradient_table(name, results):
    """Columns and rows of a derivative, with the sheet's numbers in brackets where there are any."""
    rows = as_rows(results["gradients"][name])
    columns = {"": "", **{str(j): SIX for j in range(1, len(rows[0]) + 1)}}
    table = [(f"row {i}" if len(rows) > 1 else "", *row) for i, row in enumerate(rows, start=1)]
    if results["sheet"]:
        sheet = as_rows(results["sheet"][name])
        columns |= {f"sheet's {j}": ".4f" for j in range(1, len(rows[0]) + 1)}
        table = [(*row, *expected) for row, expected in zip(table, sheet)]
    return columns, table


def as_rows(gradient):
    return gradient if isinstance(gradient[0], list) else [gradient]


def padded(values, width):
    return [*values, *[None] * (width - len(values))]


def agreement(results):
    check = results["finite_differences"]
    sentences = []
    if results["sheet"]:
        agrees = "agree" if results["agrees"] else "DO NOT agree"
        sentences.append(f"The derivatives {agrees} with the sheet's to four decimals.")
    agree = "agree" if check["agree"] else "DO NOT agree"
    they = "They" if sentences else "The derivatives"
    sentences.append(f"{they} {agree} with finite differences: the worst error is {check['worst_error']:.0e}.")
    return " ".join(sentences)


def loops_agreement(results):
    """Whether the loops' derivatives are the engine's."""
    agree = "agree" if results["by_hand"]["agree"] else "DO NOT agree"
    return (
        f"The loops' derivatives {agree} with the engine's: the largest difference is "
        f"{results['by_hand']['largest_difference']:.0e}."
    )

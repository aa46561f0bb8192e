"""What the project's own commands write, gathered for the site: reports, steppers, worksheets with their keys."""

import io
import json
import random
import re
import shutil
from argparse import Namespace
from collections.abc import Callable, Collection
from contextlib import redirect_stdout
from pathlib import Path

from markupsafe import Markup, escape

from models.mlp import MLP
from models.question3 import SHEET, Question3
from models.scalar_training import loss_of, sgd_step
from scalar_engine import Value, tanh
from tensor_engine import Tensor, cross_entropy, relu
from walkthroughs.catalogue import BY_NAME, ENTRIES, SHEETS, Entry
from walkthroughs.marking.exercises import EXERCISES
from walkthroughs.marking.hand_out import hand_out_worksheets
from walkthroughs.sheets.whole_sheet import made
from walkthroughs.site.cells import within
from walkthroughs.site.pages import PARTS, environment, linked, write_page
from walkthroughs.stepper import Recording, beside, step

SEEDS = range(1, 4)  # the worksheets of each exercise
PUBLISHED = {".html", ".tex", ".png", ".pdf", ".svg", ".csv", ".json", ".py"}
TO_NEIGHBOUR = re.compile(r'<a href="\.\./(\w+)/report\.html">(.*?)</a>')


def write_reports(site: Path, runs: Path, quick: bool, after: Callable[[str], object]) -> None:
    """Write reports/: what lies in `runs`, and of the others, if `quick`, short runs, which say that they are."""
    there = {name: runs / name for name in BY_NAME if (runs / name / "report.html").is_file()}
    (site / "reports").mkdir(parents=True, exist_ok=True)
    if quick:
        for entry in ENTRIES:  # each page links to those that have a folder beside it
            (site / "reports" / entry.name).mkdir()
        for entry in [entry for entry in ENTRIES if entry.name not in there]:
            with redirect_stdout(io.StringIO()), within(site / "reports"):  # a page tells no path of this machine
                status = made(entry, Namespace(quick=True, seed=None), Path(entry.name))
            if status:
                raise ValueError(f"python -m walkthroughs {entry.name} --quick ended with status {status}")
            after(entry.name)
    for name, folder in there.items():
        shutil.copytree(folder, site / "reports" / name, ignore=others, dirs_exist_ok=True)
    shown = [entry for entry in ENTRIES if quick or entry.name in there]
    for entry in shown:
        page = site / "reports" / entry.name / "report.html"
        frame(page, "../../", {each.name for each in shown})
        page.write_text(linked(site, page.read_text(encoding="utf-8"), "../../"), encoding="utf-8")
    write_page(site, "reports/index.html", "Reports", list_of_reports(site, shown))


def others(folder: str, names: list[str]) -> list[str]:
    """The files of a walkthrough's folder that its report does not speak of: sweeps, checkpoints."""
    return [name for name in names if Path(name).suffix not in PUBLISHED and not Path(folder, name).is_dir()]


def list_of_reports(site: Path, shown: list[Entry]) -> str:
    short = {entry for entry in shown if is_short(site / "reports" / entry.name)}
    pieces = ["<h1>The course sheets, answered</h1>"]
    if not shown:
        pieces.append("<p>There are none yet: <code>python -m walkthroughs question3</code> makes one.</p>")
    if short:
        pieces.append("<p>A short run is of a small part of the data, in seconds; its report says so.</p>")
    for sheet in SHEETS.values():
        items = [
            Markup('<li><a href="{}/report.html">{}</a>: {}{}</li>').format(
                entry.name, entry.question, entry.line, " (a short run)" if entry in short else ""
            )
            for entry in shown
            if entry.sheet is sheet
        ]
        if items:
            pieces.append(f'<h2 id="{sheet.key}">{escape(sheet.title)}</h2><ul>{"".join(items)}</ul>')
    return "\n".join(pieces)


def is_short(folder: Path) -> bool:
    """Whether the report in a folder is of a --quick run."""
    return "--quick" in json.loads((folder / "numbers.json").read_text(encoding="utf-8"))["provenance"]["Command"]


def frame(page: Path, top: str, reports: Collection[str] = ()) -> None:
    """Put the site's header on a page that a report has written, and leave out links to reports that are not there."""
    text = page.read_text(encoding="utf-8")
    parts = {"top": top, "parts": PARTS}
    head, header = (environment().get_template(f"{name}.html.jinja2").render(parts) for name in ("head", "header"))
    text = text.replace("</head>", f"{head}</head>", 1).replace("<body>", f"<body>\n{header}", 1)
    text = TO_NEIGHBOUR.sub(
        lambda a: a[0] if a[1] in reports else f"{a[2]} (<code>python -m walkthroughs {a[1]}</code>)", text
    )
    page.write_text(text, encoding="utf-8")


def write_steppers(site: Path) -> None:
    """Write steppers/: pages to step through, of graphs of both engines."""
    folder = site / "steppers"
    folder.mkdir(parents=True, exist_ok=True)
    pages = []
    for name, about, stepper in steppers():
        stepper.save(folder / f"{name}.html")
        pages.append(Markup('<li><a href="{}.html">{}</a>: {}</li>').format(name, stepper.title, about))
    body = f"<h1>Steppers</h1><p>Each is one file, which asks for no other.</p><ul>{''.join(pages)}</ul>"
    write_page(site, "steppers/index.html", "Steppers", body)


def steppers():
    """(name, about, Stepper) of each page."""
    x, w, b = Value(2.0, "x"), Value(-1.0, "w"), Value(0.5, "b")
    yield "question3", "the assignment's network, as on the sheet", step(Question3(SHEET).l, "Question 3, step by step")
    yield "neuron", "one weight, one bias, one slope", step(tanh(w * x + b).named("y"), "A neuron")
    squares = beside((x * x).named("y"), (x**2).named("y"), "x * x beside x ** 2", ("x * x", "x ** 2"))
    yield "square", "two ways to write a square, and where they differ", squares
    W = Tensor([[0.1, -0.1, 0.6], [0.1, -0.5, 0.4]], "W", requires_grad=True)
    V = Tensor([[1.3, 0.9], [-0.7, -1.3], [-0.6, 0.0]], "V", requires_grad=True)
    hidden = relu(Tensor([[1.0, -1.0], [0.5, 2.0]], "x") @ W).named("h")
    loss = step(cross_entropy((hidden @ V).named("o"), [0, 1]).named("l"), "Two layers of tensors")
    yield "tensors", "two layers of tensors, with the shapes; a node opens into scalars", loss
    model = MLP(2, [3, 2], rng=random.Random(0))
    recording = Recording(model.parameters(), 0.5)
    for _ in range(20):
        loss = loss_of(model, [1.0, -1.0], 0)
        loss.backward()
        with recording.step(loss):
            sgd_step(model.parameters(), 0.5)
    yield "training", "what each of twenty steps did to each parameter", step(recording, "Gradient descent")


def write_worksheets(site: Path, after: Callable[[str], object]) -> None:
    """Write worksheets/: some of every exercise, and their keys, which a switch on the page shows."""
    pieces = [
        "<h1>Worksheets</h1>",
        "<p>Other numbers on each; print one from the browser. "
        "<code>python -m walkthroughs exercise network --count 30</code> makes one for every student of a class.</p>",
        '<p><label class="switch"><input type="checkbox" id="keys" role="switch"> Show the keys</label></p>',
    ]
    for name in EXERCISES:
        folder = site / "worksheets" / name
        command = f"python -m walkthroughs exercise {name} --seed {SEEDS[0]} --count {len(SEEDS)}"
        hand_out_worksheets(name, SEEDS, {}, folder, command)
        items = []
        for seed in SEEDS:
            for kind in ("sheets", "keys"):
                frame(folder / kind / str(seed) / "report.html", "../../../../")
            items.append(
                f'<li><a href="{name}/sheets/{seed}/report.html">Worksheet {seed}</a>'
                f'<span class="key"> · <a href="{name}/keys/{seed}/report.html">its key</a></span></li>'
            )
        pieces.append(f'<h2 id="{name}">{name.capitalize()}</h2><ul>{"".join(items)}</ul>')
        after(name)
    write_page(site, "worksheets/index.html", "Worksheets", "\n".join(pieces))

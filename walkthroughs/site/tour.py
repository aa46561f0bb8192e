"""The README as a tutorial, the engine's ten steps, and the notebook: pages whose numbers their code has computed."""

import re
import tempfile
from collections.abc import Callable
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

from joblib.externals.loky import get_reusable_executor
from markupsafe import Markup

from walkthroughs.grow.steps import LAST, Step, graph_of
from walkthroughs.site.cells import notebook_html, run_html, within
from walkthroughs.site.pages import fenced, headings, linked, markdown, write_page
from walkthroughs.stepper import step

ROOT = Path(__file__).parents[2]
NOTEBOOK = "walkthroughs/question3.ipynb"
FIRST, AFTER = "## It begins with twelve lines", "## Reading the code"  # of the README: what is read on the way
GONE = {NOTEBOOK: "../notebook/index.html", "walkthroughs/grow/README.md": "../grow/index.html"}
FENCE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
PICTURE = re.compile(r"!\[([^]]*)\]\((walkthroughs/[\w.]+)\)")
LINK = re.compile(r"\]\((?![a-z]+:|#|\.\./)([^)]+)\)")


def readme() -> str:
    """The README: of a clone its file, of an installed package what was put into it."""
    path = ROOT / "README.md"
    return path.read_text(encoding="utf-8") if path.exists() else str(metadata("scalar-to-tensor").json["description"])


def write_tour(site: Path, after: Callable[[str], object]) -> None:
    """Write tour/, from the README; `after(title)` is called after each of its sections."""
    text = readme()
    text = FIRST + text.partition(FIRST)[2].partition(AFTER)[0]
    (site / "tour").mkdir(parents=True, exist_ok=True)
    text = LINK.sub(lambda found: f"]({GONE.get(found[1], found[1])})", PICTURE.sub(lambda p: picture(site, p), text))
    namespace: dict[str, Any] = {}
    pieces = ["<h1>The tour</h1>", "<p>What Python gives stands below it, computed as this page was made.</p>"]
    with tempfile.TemporaryDirectory() as folder, within(Path(folder)):
        for section in re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]:
            for part in FENCE.split(section):
                runs = part.startswith("```python") and not re.search(r"^\s*\.\.\.$", part, re.MULTILINE)
                if runs:
                    pieces.append(run_html(part.removeprefix("```python\n").removesuffix("```"), namespace))
                else:
                    pieces.append(fenced(part) if part.startswith("```") else markdown(part))
            if section.startswith("## Stepping"):
                pieces.append(step(namespace["y"])._repr_html_())
            after(section.partition("\n")[0].removeprefix("## "))
        get_reusable_executor().shutdown()  # a sweep's processes stand in this folder, which is going to go
    body = linked(site, "\n".join(pieces), "../")
    write_page(site, "tour/index.html", "The tour", body, headings(body))


def picture(site: Path, found: re.Match[str]) -> str:
    """A picture of the README, copied to the page: in Markdown, with its own address."""
    source = ROOT / found[2]
    if not source.exists():
        return ""
    (site / "tour" / source.name).write_bytes(source.read_bytes())
    return f"![{found[1]}]({source.name})"


def write_grow(site: Path, after: Callable[[str], object]) -> None:
    """Write grow/: how the engine grows, and a page and a stepper for each step."""
    steps = [Step(number) for number in range(1, LAST + 1)]
    rows = [
        f'<li><a href="step{s.number:02d}.html">{Markup.escape(s.title)}</a> ({s.added} new lines)</li>' for s in steps
    ]
    about = (ROOT / "walkthroughs" / "grow" / "README.md").read_text(encoding="utf-8")
    title, _, rest = about.partition("\n")
    body = f"<h1>{Markup.escape(title.removeprefix('# '))}</h1><ol>{''.join(rows)}</ol>{markdown(rest)}"
    write_page(site, "grow/index.html", "Ten steps", body)
    for each in steps:
        name, namespace = f"step{each.number:02d}", dict(vars(each.module))
        body = "\n".join(
            [
                f"<h1>Step {each.number}. {Markup.escape(each.title)}</h1>",
                markdown(each.opening.partition("\n")[2]),
                "<h2 id='new'>What is new</h2>",
                difference(each.difference()),
                "<h2 id='example'>The example</h2>",
                run_html(each.example, namespace),
                "<h2 id='graph'>Its graph</h2>",
                f'<p><a href="{name}-stepper.html">By itself</a></p>',
                f'<iframe class="stepper" src="{name}-stepper.html" title="The graph of step {each.number}"></iframe>',
            ]
        )
        step(graph_of(namespace), f"Step {each.number}: {each.title}").save(site / "grow" / f"{name}-stepper.html")
        beside = [("Before", each.number - 1), ("Next", each.number + 1)]
        way = [f'<a href="step{n:02d}.html">{words}: step {n}</a>' for words, n in beside if 1 <= n <= LAST]
        write_page(site, f"grow/{name}.html", f"Step {each.number}", f"{body}<p>{' · '.join(way)}</p>")
        after(each.title)


def difference(lines: list[tuple[str, str]]) -> str:
    """The code of a step: what is new in it stands on green."""
    rows = [Markup("<ins>{}</ins>" if mark == "+" else "{}").format(line) for mark, line in lines]
    return f'<pre tabindex="0" class="difference">{Markup(chr(10)).join(rows)}</pre>'


def write_notebook(site: Path) -> None:
    """Write notebook/: the notebook as a page, and as a file to run."""
    path = ROOT / NOTEBOOK
    body = f'<p><a href="{path.name}" download>The notebook itself</a>, to run in Jupyter</p>{notebook_html(path)}'
    write_page(site, "notebook/index.html", "The notebook", linked(site, body, "../"), headings(body))
    (site / "notebook" / path.name).write_bytes(path.read_bytes())

"""The reference of both engines, made by pdoc from their docstrings, in the site's frame."""

import inspect
import re
from pathlib import Path

import pdoc.doc
import pdoc.render
import pdoc.render_helpers

import scalar_engine
import tensor_engine
from models.keeping.files import write_whole
from scalar_engine import Operator, Symbol
from walkthroughs.site.pages import BROWSER, PARTS, write_page

ENGINES = {engine.__name__: engine for engine in (scalar_engine, tensor_engine)}
ENTRY = re.compile(r"( *)(\S.*?) {2,}(\S.*)")  # what it is about, and in a column of its own what there is to say
NAMES = re.compile(r"[A-Za-z_]\w*(,? [A-Za-z_]\w*)*")


def write_reference(site: Path) -> None:
    """Write reference/: a page for each engine, and one that leads to them."""
    modules = {name: pdoc.doc.Module(engine) for name, engine in ENGINES.items()}
    pdoc.render_helpers.formatter.linenos = ""
    pdoc.render_helpers.formatter.anchorlinenos = False
    pdoc.render_helpers.formatter.cssclass = "codehilite"
    pdoc.render_helpers.markdown_extensions["fenced-code-blocks"] = {"cssclass": "codehilite"}
    pdoc.render.configure(docformat="markdown", search=False, template_directory=BROWSER)
    pdoc.render.env.globals.update(top="../", parts=PARTS)
    pdoc.render.env.filters["about"] = about
    (site / "reference").mkdir(parents=True, exist_ok=True)
    for name, module in modules.items():
        html = without_dead_links(pdoc.render.html_module(module, modules))
        html = html.replace("<pre>", '<pre tabindex="0">')  # who has no mouse can scroll it too
        write_whole(site / "reference" / f"{name}.html", html)
    about_them = [(name, (engine.__doc__ or "").partition("\n")[0]) for name, engine in ENGINES.items()]
    rows = [f'<li><a href="{name}.html"><code>{name}</code></a>: {line}</li>' for name, line in about_them]
    write_page(site, "reference/index.html", "Reference", f"<h1>Reference</h1><ul>{''.join(rows)}</ul>")


def without_dead_links(html: str) -> str:
    """A page without pdoc's links to inherited members, which no section is about."""
    there = {*re.findall(r'id="([^"]+)"', html)}
    return re.sub(r'<a href="#([^"]+)">(.*?)</a>', lambda link: link[0] if link[1] in there else link[2], html)


def about(doc: pdoc.doc.Doc) -> str:
    """What there is to say of a module, class, function or operator, as Markdown."""
    if isinstance(doc, pdoc.doc.Variable) and isinstance(doc.default_value, Operator):
        return of_operator(doc.default_value)
    return as_markdown(doc.docstring)


def of_operator(op: Operator) -> str:
    """An operator's docstring, its derivatives, which are its own rules run on Symbols, and its class."""
    text = as_markdown(vars(type(op)).get("__doc__") or "")
    if op.partials and type(op).pull is Operator.pull:
        _, *names = map(Symbol, inspect.signature(op.partials[0]).parameters)
        slopes = op.locals(Symbol("out"), *names, needs=[True] * len(names))
        rules = "".join(f"\ndout/d{name} = {slope}" for name, slope in zip(names, slopes))
        text += f"\n\n```\nout = {op.formula(*map(str, names))}{rules}\n```"
    return f"{text}\n\n```python\n{inspect.getsource(type(op)).strip()}\n```"


def as_markdown(docstring: str) -> str:
    """A docstring of ours as Markdown: its columns, of what there is and what there is to say of it, become lists."""
    return "\n\n".join(map(listed, re.split(r"\n\s*\n", docstring)))


def listed(paragraph: str) -> str:
    """A paragraph, its lines as a list if they have two columns. Examples and formulas stay as they are."""
    lines = paragraph.split("\n")
    heading = [lines.pop(0)] if len(lines) > 1 and not ENTRY.fullmatch(lines[0]) and lines[1].startswith("    ") else []
    found = [ENTRY.fullmatch(line) for line in lines]
    if ">>>" in paragraph or not lines or not found[0]:
        return paragraph
    written = heading + [""] if heading else []
    for line, entry in zip(lines, found):
        if entry and len(entry[1]) == len(found[0][1]):
            names = re.sub(r"\w+", r"`\g<0>`", entry[2]) if NAMES.fullmatch(entry[2]) else f"`{entry[2]}`"
            written.append(f"- {names}: {entry[3]}")
        else:
            written[-1] += f" {line.strip()}"
    return "\n".join(written)

"""Pages in the site's frame, and what is written in them: Markdown, Python in colours, what a run has shown."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import jinja2
import markdown2
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

import scalar_engine
import tensor_engine
from models.keeping.files import write_whole
from walkthroughs.drawing.palette import palette
from walkthroughs.markup import mathml

BROWSER = Path(__file__).parent / "browser"
PARTS = [  # of the site: (words, address), the header of every page
    ("Playground", "playground/index.html"),
    ("Tour", "tour/index.html"),
    ("Ten steps", "grow/index.html"),
    ("Reports", "reports/index.html"),
    ("Steppers", "steppers/index.html"),
    ("Worksheets", "worksheets/index.html"),
    ("Notebook", "notebook/index.html"),
    ("Reference", "reference/index.html"),
]
MATH = re.compile(r"\$\$(.+?)\$\$|(?<![\\$`])\$(?!\s)([^$\n`]+?)(?<!\s)\$(?!\d)", re.DOTALL)
HEADING = re.compile(r'<(h[2-3])\b[^>]*?\bid="([^"]*)"[^>]*>(.*?)</\1>', re.DOTALL)
COLOURS = {"light": "default", "dark": "github-dark"}  # Pygments' styles, whose contrast is enough on our pages


def write_page(site: Path, address: str, title: str, body: str, contents: Sequence[tuple[str, str]] = ()) -> None:
    """Write a page of the site. `contents` are (words, id) of what it has, for a list beside it."""
    page = environment().get_template("page.html.jinja2")
    text = page.render(title=title, body=Markup(body), contents=contents, top=top_of(address), parts=PARTS)
    (site / address).parent.mkdir(parents=True, exist_ok=True)
    write_whole(site / address, text)


def top_of(address: str) -> str:
    """The way from a page to the site's first folder: "../" a folder."""
    return "../" * address.count("/")


@cache
def environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(BROWSER), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )


def write_shared(site: Path) -> None:
    """Write what all pages share: the style, with the palette and the colours of Python, and the search."""
    light, dark = (HtmlFormatter(style=style).get_style_defs(".codehilite") for style in COLOURS.values())
    themes = [
        palette(),
        light,
        f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ {dark} }} }}',
        (BROWSER / "site.css").read_text(encoding="utf-8"),
    ]
    write_whole(site / "site.css", "\n".join(themes))
    write_whole(site / "site.js", (BROWSER / "site.js").read_text(encoding="utf-8"))


def markdown(text: str) -> str:
    """Markdown as HTML, with formulas between dollars, and an id for every heading."""
    formulas: list[str] = []

    def kept(found: re.Match[str]) -> str:
        set_apart = found[1] is not None
        html = mathml(found[1] or found[2], "block" if set_apart else "inline")
        formulas.append(f'<div class="wide" tabindex="0">{html}</div>' if set_apart else html)
        return f"FORMULA{len(formulas) - 1}END"

    extras = ["code-friendly", "cuddled-lists", "tables", "header-ids"]
    fences = re.split(r"(^```.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
    texts = [part if i % 2 else MATH.sub(kept, part) for i, part in enumerate(fences)]
    pieces = [fenced(part) if i % 2 else markdown2.markdown(part, extras=extras) for i, part in enumerate(texts)]
    html = re.sub(r"(<table>.*?</table>)", r'<div class="wide" tabindex="0">\1</div>', "".join(pieces), flags=re.DOTALL)
    html = html.replace("<th></th>", "<td></td>")  # a corner heads nothing
    html = re.sub(r"<p>(FORMULA\d+END)</p>", r"\1", html)
    return re.sub(r"FORMULA(\d+)END", lambda found: formulas[int(found[1])], html)


def fenced(block: str) -> str:
    """A block between ``` and ```."""
    head, _, text = block.partition("\n")
    text = text.removesuffix("```")
    return python(text) if head == "```python" else plain(text)


def python(text: str) -> str:
    """Python in colours."""
    html = highlight(text, PythonLexer(stripnl=False), HtmlFormatter(cssclass="codehilite"))
    return html.replace("<pre>", '<pre tabindex="0">')


def plain(text: str) -> str:
    return str(Markup('<pre tabindex="0">{}</pre>\n').format(escape(text.rstrip("\n"))))


def headings(html: str) -> list[tuple[str, str]]:
    """(words, id) of the headings of a page's body, below its title."""
    return [(str(Markup(words).striptags()), name) for _, name, words in HEADING.findall(html)]


def linked(site: Path, html: str, top: str) -> str:
    """Names of the engines and commands of walkthroughs, in prose, as links to the reference and the reports."""

    def to_page(found: re.Match[str]) -> str:
        name, command = found.groups()
        address = f"reports/{command}/report.html"
        if command and not (site / address).is_file():
            return found[0]
        if name:
            engine = next((each for each in (scalar_engine, tensor_engine) if name in each.__all__), None)
            if engine is None:
                return found[0]
            address = f"reference/{engine.__name__}.html#{name}"
        return f'<a href="{top}{address}">{found[0]}</a>'

    return re.sub(r"(?<!<pre>)(?<!<td>)<code>(?:(\w+)|python -m walkthroughs (\w+)[^<]*)</code>(?!</a>)", to_page, html)

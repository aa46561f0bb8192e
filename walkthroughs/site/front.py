"""The front page: what this is, Question 3 alive, and the two commands."""

from pathlib import Path

from walkthroughs.site.pages import PARTS, python, write_page

OPENING = """
<h1>From scalar to tensor</h1>
<p class="lead">An autodiff engine to learn from: build an expression, see every step of its computation graph,
forwards and backwards; reproduce the derivatives that an exercise sheet asks for; train small networks, fast.</p>
"""
ALIVE = """
<h2 id="question3">A network of the course, alive</h2>
<p>The arrow keys step through both passes (click into it first); drag a weight, and everything follows.
<a href="steppers/question3.html">By itself</a></p>
<iframe class="stepper" src="steppers/question3.html" title="Question 3, to step through"></iframe>
"""
EXAMPLE = """
from scalar_engine import Value, sigmoid

x, w, b = Value(2.0, "x"), Value(-1.0, "w"), Value(0.5, "b")
y = sigmoid(w * x + b).named("y")
y.backward()
"""
COMMANDS = """
<h2 id="install">On your machine</h2>
<pre tabindex="0">pip install .                     # in a clone of the project; Python 3.10 or newer
scalar-to-tensor demo             # Question 3, and a network that learns handwritten digits</pre>
"""
ABOUT = {
    "Playground": "Python in this page, with nothing to install: what you type is drawn and stepped",
    "Tour": "a tutorial whose numbers were computed as the page was made",
    "Ten steps": "the engine grown from twelve lines, one idea a step",
    "Reports": "five course sheets, answered on real data",
    "Steppers": "graphs to step through",
    "Worksheets": "exercises for paper, other numbers on each, with keys",
    "Notebook": "Question 3 as a story",
    "Reference": "both engines, from their docstrings",
}


def write_front(site: Path) -> None:
    rows = [f'<li><a href="{address}">{words}</a>: {ABOUT[words]}</li>' for words, address in PARTS]
    body = [OPENING, python(EXAMPLE.strip()), f"<ul>{''.join(rows)}</ul>", ALIVE, COMMANDS]
    write_page(site, "index.html", "An autodiff engine to learn from", "\n".join(body))

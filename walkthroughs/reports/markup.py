"""Prose and formulas as HTML."""

import re

from latex2mathml.converter import convert
from markupsafe import Markup, escape

CODE = r"`[^`]+`"
FORMULA = r"\$(?!\s)[^$]+(?<!\s)\$(?!\d)"  # not from one price to the next
HYPHENATED = r"\b\d[\d.]*e-\d+|\b\d+(?:-\d+)+"

# What the converter leaves to the reader of MathML, and browsers read otherwise than LaTeX: a minus after an
# operator is a sign, the curly d belongs to what follows it, and a function's name is no operator between two others.
FORMS = [
    (r"(?<!&#x00029;)(?<!\])</mo><mo>(?=&#x02212;)", '</mo><mo form="prefix">'),
    (r"<mo>(?=&#x02202;)", '<mo lspace="0" rspace="0">'),
    (r"<mo>(\w+)</mo>", r"<mi>\1</mi>"),
]


def marked_up(text):
    """A paragraph as HTML: `code`, $LaTeX$, and numbers such as 1e-5 and 784-300-10 so that no line breaks in them."""
    html = Markup()
    for piece in re.split(f"({CODE}|{FORMULA}|{HYPHENATED})", " ".join(text.split())):
        if re.fullmatch(CODE, piece):
            html += Markup("<code>{}</code>").format(piece[1:-1])
        elif re.fullmatch(FORMULA, piece):
            html += mathml(piece[1:-1], "inline")
        elif re.fullmatch(HYPHENATED, piece):
            html += Markup('<span class="unbroken">{}</span>').format(piece)
        else:
            html += escape(piece)
    return html


def mathml(latex, display):
    """LaTeX mathematics as MathML, which browsers set themselves; `display` is "block" or "inline".

    Raises ValueError for a command that the converter does not know.
    """
    latex = latex.removeprefix(r"\[").removesuffix(r"\]")
    upright = latex.replace(r"\mathrm{d}", r"\text{d}")  # a single letter in \mathrm comes out in italics
    found = convert(upright, display=display)
    for pattern, replacement in FORMS:
        found = re.sub(pattern, replacement, found)
    if "\\" in found:
        raise ValueError(f"no MathML for {latex}")
    return Markup(found)

"""Prose and code as LaTeX: what a report says in its markup, for pdflatex with nothing but the packages it always has.

`code` stands in backquotes, formulas between dollars, links as [words](target), of which the words remain.
"""

import re
import textwrap
import unicodedata

from scalar_engine.formulas.writing import escaped, escaped_character
from walkthroughs.markup import CODE, FORMULA, LINK, link_of

# The characters that mean something to LaTeX, as those of a typewriter; these fonts have upright quotes elsewhere.
TYPED = {c: rf"{{\char{ord(c)}}}" for c in r"\{}$&#^_~%"} | {"'": r"{\straight}", "`": r"{\char18}"}
ROOM = {98: r"\footnotesize", 109: r"\scriptsize"}  # characters on a line
SUB, SUPER = r"\sb", r"\sp"  # where _ and ^ are letters
FEW = 20  # one line in so many may be too long for the larger type


def text(words: str) -> str:
    """Words as they stand: quotes in pairs, no dash made of two hyphens, nothing at a row's start that is an option."""
    words = re.sub(r'"([^"]*)"', r"``\1''", escaped(words)).replace("--", "-{}-")
    return words.replace("[", "{[}")


def prose(markup: str) -> str:
    """A paragraph in a report's markup."""
    pieces = re.split(f"({CODE}|{FORMULA}|{LINK})", " ".join(markup.split()))
    return "".join(map(piece_of_prose, pieces))


def piece_of_prose(piece: str) -> str:
    if re.fullmatch(CODE, piece):
        return rf"\texttt{{{breakable(typed(piece[1:-1]))}}}"
    if re.fullmatch(FORMULA, piece):
        return piece
    return text(link_of(piece)[0] if re.fullmatch(LINK, piece) else piece)


def typed(code: str) -> str:
    """Code for a typewriter font, in a paragraph or an alltt environment."""
    return "".join(TYPED.get(c) or typed_character(c) for c in unicodedata.normalize("NFC", code))


def typed_character(c: str) -> str:
    if c.isascii():
        return c
    found = escaped_character(c)
    if not found.startswith("$"):
        return found
    return rf"\ensuremath{{{found[1:-1].replace('_', SUB).replace('^', SUPER)}}}"


def breakable(typed_code: str) -> str:
    """Lines may break within long words, after a slash, a dot, an underscore and the like, and within a digest."""
    opened = re.sub(r"([/.,=(]|\{\\char95\})(?=[^\s}])", r"\1\\allowbreak{}", typed_code)
    return re.sub(r"\b[0-9a-f]{40,}\b", lambda match: r"\allowbreak{}".join(textwrap.wrap(match[0], 8)), opened)


def listing(code: str) -> str:
    """Code on lines of its own, in type that is small enough for most; a line that is too long goes on below."""
    lines = [line.rstrip() for line in code.expandtabs(4).splitlines()]
    room = min(ROOM) if sum(len(line) > min(ROOM) for line in lines) * FEW <= len(lines) else max(ROOM)
    lines = [part for line in lines for part in wrapped(line, room)]
    body = "\n".join(map(typed, lines))
    return f"{{{ROOM[room]}\n\\begin{{alltt}}\n{body}\n\\end{{alltt}}}}"


def wrapped(line: str, room: int) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.wrap(
        line, room, subsequent_indent=indent, drop_whitespace=False, break_on_hyphens=False, replace_whitespace=False
    ) or [""]


def displayed(formula: str) -> str:
    """A formula on lines of its own; one that says nothing of its surroundings is several lines, or one."""
    formula = re.sub(r"\n\s*\n", "\n", formula.strip())
    if re.match(r"\\\[|\\begin\{(?:align|gather|equation|multline|alignat|flalign)\*?\}", formula):
        return formula
    bare = re.sub(r"\\begin\{(\w+)\}.*?\\end\{\1\}", "", formula, flags=re.S)
    if "&" in bare or r"\\" in bare:
        return f"\\begin{{align*}}\n{formula}\n\\end{{align*}}"
    return f"\\[\n{formula}\n\\]"

"""Prose and formulas as HTML."""

import re
import unicodedata
from collections.abc import Mapping
from html import unescape
from xml.etree.ElementTree import tostring

from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape

from scalar_engine.formulas.writing import escaped_character

CODE = r"`[^`]+`"
FORMULA = r"\$(?!\s)[^$]+(?<!\s)\$(?!\d)"  # not from one price to the next
PUNCTUATED = FORMULA + r"[.,;:?!)]+"  # no line begins with what belongs to a formula
LINK = r"\[[^\]$`]+\]\([\w./-]+\)"  # [words](target)
HYPHENATED = r"\b\d[\d.]*e-\d+|\b\d+(?:-\d+)+"

# What the converter leaves to the reader of MathML, and browsers read otherwise than LaTeX: a minus after an
# operator is a sign, the curly d belongs to what follows it, and a function's name is no operator between two others.
FORMS = [
    (r"(?<![)\]])</mo><mo>(?=&#x02212;)", '</mo><mo form="prefix">'),
    (r"<mo>(?=&#x02202;)", '<mo lspace="0" rspace="0">'),
    (r"<mo>(\w+)</mo>", r"<mi>\1</mi>"),
]
LINES = {r"(begin|end)\{(?:aligned|split)\}": r"\1{align*}", r"(begin|end)\{gather(?:ed|\*)?\}": r"\1{matrix}"}

# All that may be in a page. What else a formula asks for, such as \href and \style, is refused.
ELEMENTS = """
    math mrow mi mn mo mtext mspace mfrac msqrt mroot mstyle mpadded mphantom menclose mtable mtr mtd
    msub msup msubsup munder mover munderover mmultiscripts mprescripts none
"""
PROPERTIES = """
    display displaystyle scriptlevel form fence separator stretchy symmetric largeop movablelimits accent accentunder
    lspace rspace minsize maxsize width height depth voffset linethickness linebreak mathvariant mathcolor notation
    columnalign columnlines rowlines rowspacing columnspacing frame
"""
NO_LINKS: Mapping[str, Markup] = {}
TAGS, ATTRIBUTES = set(ELEMENTS.split()), set(PROPERTIES.split())
XMLNS = "http://www.w3.org/1998/Math/MathML"

# Text that LaTeX has escaped, as one character each: the converter knows none of these, so they pass through it as
# characters of a private area.
AREAS = (0x20, 0x7F), (0xA0, 0x100), (0x370, 0x400), (0x2070, 0x20A0), (0x2190, 0x2300)
ESCAPES = {
    written: c
    for area in AREAS
    for c in map(chr, range(*area))
    if c.isprintable() and (written := escaped_character(c)) != c
}
PRIVATE = {written: chr(0xE000 + i) for i, written in enumerate(ESCAPES)}
RESTORED = str.maketrans({PRIVATE[written]: c for written, c in ESCAPES.items()})
ESCAPE = re.compile("|".join([*map(re.escape, sorted(ESCAPES, key=len, reverse=True)), r"\\texttt\{U\+[0-9A-F]+\}"]))
TEXT = re.compile(r"\\(?:text|operatorname)\{(?:[^{}\\]|\\.|\{[^{}]*\})*\}")


def marked_up(text: str, links: Mapping[str, Markup] = NO_LINKS) -> Markup:
    """A paragraph as HTML: `code`, $LaTeX$, [words](target), and numbers such as 1e-5 and 784-300-10 so that no line
    breaks in them.

    links       {target: what is shown for it, with {} for the words}; other targets are no links
    """
    html = Markup()
    for piece in re.split(f"({CODE}|{PUNCTUATED}|{FORMULA}|{LINK}|{HYPHENATED})", " ".join(text.split())):
        if re.fullmatch(CODE, piece):
            html += Markup("<code>{}</code>").format(piece[1:-1])
        elif re.fullmatch(PUNCTUATED, piece):
            end = piece.rindex("$")
            html += Markup('<span class="unbroken">{}{}</span>').format(
                mathml(piece[1:end], "inline"), piece[end + 1 :]
            )
        elif re.fullmatch(FORMULA, piece):
            html += mathml(piece[1:-1], "inline")
        elif re.fullmatch(LINK, piece) and link_of(piece)[1] in links:
            words, target = link_of(piece)
            html += links[target].format(words)
        elif re.fullmatch(HYPHENATED, piece):
            html += Markup('<span class="unbroken">{}</span>').format(piece)
        else:
            html += escape(piece)
    return html


def link_of(piece: str) -> tuple[str, str]:
    """The words and the target of a link in prose."""
    words, _, target = piece[1:-1].partition("](")
    return words, target


def plain(text: str) -> str:
    """A paragraph for a terminal: without backquotes, and of links the words."""
    return " ".join(re.sub(LINK, lambda found: link_of(found[0])[0], text).replace("`", "").split())


def mathml(latex, display):
    """LaTeX mathematics as MathML, which browsers set themselves; `display` is "block" or "inline".

    Whatever the names in it are, nothing in it runs. Raises ValueError for a command that the converter does not know.
    """
    latex = latex.removeprefix(r"\[").removesuffix(r"\]")
    source = TEXT.sub(lambda group: ESCAPE.sub(restorable, group[0]), re.sub(r"\\\\\[[\d.]+\w\w\]", r"\\\\", latex))
    source = source.replace(r"\mathrm{d}", r"\text{d}")  # a single letter in \mathrm comes out in italics
    for pattern, replacement in LINES.items():
        source = re.sub(pattern, replacement, source)
    math = element_of(source, display)
    if math is None or has_loose_lines(math):
        math = element_of(rf"\begin{{align*}}{source}\end{{align*}}", display)
    if math is None or has_loose_lines(math) or not is_plain(math):
        raise ValueError(f"no MathML for {latex}")
    for element in math.iter():
        element.text = element.text and emboldened(element).translate(RESTORED)
    math.set("xmlns", XMLNS)
    found = re.sub(r"[^\x00-\x7f]", lambda c: f"&#x{ord(c[0]):05X};", tostring(math, encoding="unicode"))
    for pattern, replacement in FORMS:
        found = re.sub(pattern, replacement, found)
    return Markup(found)


def restorable(found):
    """The character that `escaped` has written, as one that the converter lets pass."""
    return PRIVATE.get(found[0]) or chr(int(found[0][len(r"\texttt{U+") : -1], 16))


def emboldened(element):
    """The element's text, in the letters that are bold by themselves where it is to be bold: browsers know no other."""
    style = element.get("mathvariant", "").replace("-", " ").upper()
    if not style.startswith("BOLD"):
        return element.text
    del element.attrib["mathvariant"]
    return "".join(bold(c, style) for c in element.text)


def bold(c, style):
    words = unicodedata.name(c, "").replace("LETTER ", "").replace("LATIN ", "").replace("GREEK ", "")
    for name in (f"MATHEMATICAL {style} {words}", f"MATHEMATICAL BOLD {words}"):
        try:
            return unicodedata.lookup(name)
        except KeyError:
            continue  # there is none of this character
    return c


def element_of(latex, display):
    """What the converter makes of LaTeX, its references to characters resolved; None if it makes nothing of it."""
    try:
        math = convert_to_element(latex, display=display)
    except Exception:  # it has an error of its own for each mistake, and IndexError and the like for others
        return None
    math.attrib.pop("xmlns", None)
    for element in math.iter():
        element.text = element.text and unescape(element.text)
    return math


def has_loose_lines(math):
    """Whether there are marks of lines or columns that stand in no table."""
    return any(element.get("linebreak") or element.text == "&" for element in math.iter())


def is_plain(math):
    """Whether there is nothing but mathematics: no unknown command, no link, style or script."""
    elements = list(math.iter())
    has_commands = any("\\" in (element.text or "") for element in elements)
    return not has_commands and all(
        element.tag in TAGS and set(element.attrib) <= ATTRIBUTES and not element.tail for element in elements
    )

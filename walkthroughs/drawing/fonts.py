"""Which fonts of this machine have the characters of a text: in a picture, one without a font is an empty box."""

import logging
import re
import unicodedata
import warnings
from functools import cache

USUAL = "DejaVu Sans"  # comes with matplotlib; Latin, Greek, Cyrillic, Hebrew, Arabic and much of mathematics
NOTO = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "HANGUL": "CJK", "FULLWIDTH": "CJK", "IDEOGRAPHIC": "CJK", "CJK": "CJK"}


def fonts_for(text: str, by: str, graphviz: bool = False) -> tuple[list[str], str]:
    """(the families that have the characters of a text together, the characters that none has), of which it warns.

    by              who asks, for the warning
    graphviz        draws them, which has none of the fonts that come with matplotlib, and draws letters in colours too
    """
    missing = {c for c in text if c > "\x7f" and c.isprintable() and not unicodedata.category(c).startswith(("C", "M"))}
    families = [USUAL]
    if missing and not graphviz:
        missing -= characters(fonts_by_name()[USUAL])
    while missing:
        having = {name: missing & characters(path, graphviz) for name, path in fonts_by_name(graphviz).items()}
        best = max(having, key=lambda name: (len(having[name]), "Sans" in name), default="")
        if not best or not having[best]:
            break
        families.append(best)
        missing -= having[best]
    if some := sorted(missing - told):
        told.update(some)
        wanted = sorted({f"Noto {noto_of(c)}" for c in some})
        which = f"{', '.join(some[:8])}{', ...' if len(some) > 8 else ''}"
        advice = f"install a font that has them, such as {' and '.join(wanted[:3])} (https://fonts.google.com/noto)"
        warnings.warn(f"{by}: no font here has {which}: they come out as empty signs; {advice}", stacklevel=2)
    return families, "".join(sorted(missing))


told: set[str] = set()  # characters that have been warned of


def noto_of(character: str) -> str:
    """What is behind "Noto" in the name of the font that has it."""
    if unicodedata.category(character) == "So":
        return "Emoji"
    script = re.split("[ -]", unicodedata.name(character, ""))[0]
    return f"Sans {NOTO.get(script, script.title())}"


@cache
def fonts_by_name(graphviz: bool = False) -> dict[str, str]:
    """{family: the file of one of its fonts}, also of those that have come since matplotlib looked; or all files."""
    from matplotlib import font_manager  # takes a third of a second, and few labels need it

    logging.getLogger(font_manager.__name__).addFilter(lambda record: "font weight" not in record.msg)  # some have one
    system, manager = set(font_manager.findSystemFonts()), font_manager.fontManager
    if graphviz:
        return {path: path for path in system}
    for path in system - {font.fname for font in manager.ttflist}:
        try:
            manager.addfont(path)
        except (OSError, RuntimeError, ValueError):  # a kind that matplotlib does not draw
            continue
    fonts = manager.ttflist
    return {font.name: font.fname for font in fonts if "Last" not in font.name}  # Last Resort has a sign for everything


@cache
def characters(path: str, colours: bool = False) -> set[str]:
    from matplotlib import font_manager

    try:
        font = font_manager.get_font(path)
    except (OSError, RuntimeError):
        return set()
    return set(map(chr, font.get_charmap())) if font.scalable or colours else set()

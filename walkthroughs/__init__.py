"""The course sheets answered, with reports; pictures of computation graphs; and stepping through them.

sheets/         a script a question, in a room a sheet; `python -m walkthroughs` lists them
reports/        what they write: pages, tables, figures, sentences made from numbers
drawing/        pictures of graphs: `from walkthroughs.draw import draw`
markup          formulas in LaTeX as MathML, and a little markup as HTML
stepper/        both passes, step by step: `from walkthroughs.stepper import step`
"""

import sys
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path


def require_models():
    """Raise ImportError, in one line, where another `models` hides the one beside this package.

    sheets/ and reports/ need it; a user's own models.py does no harm to pictures and steps.
    """
    spec = find_spec("models")
    if not spec or not spec.origin:  # a folder without an __init__.py hides nothing
        return
    found = Path(spec.origin).resolve()
    folder = found.parent if found.name == "__init__.py" else found
    if folder != Path(__file__).resolve().parents[1] / "models":
        raise ImportError(
            f"walkthroughs needs this project's `models`, and Python finds {folder} first: rename that, or work in a "
            "folder without it"
        )


if any(flag == "-m" and name.partition(".")[0] == __name__ for flag, name in pairwise(sys.orig_argv)):
    try:
        require_models()
    except ImportError as error:  # a command says no more than the line
        sys.exit(f"python -m {__name__}: {error}")

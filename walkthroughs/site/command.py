"""The site: playground, tour, reports, steppers, worksheets, notebook and reference, as static files to host anywhere.

    python -m walkthroughs site --out DIR             with the reports that lie in runs/
    python -m walkthroughs site --out DIR --quick     and short ones, made now, of the walkthroughs that have none there
    python -m walkthroughs site --out DIR --bundle    pages that ask no other host for anything

Exit status: 0, or 2 if something cannot be made or a link leads nowhere.
"""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from tqdm.auto import tqdm

from models.command_line import Parser
from models.keeping.files import held
from walkthroughs.catalogue import ENTRIES
from walkthroughs.marking.exercises import EXERCISES

MARK = ".scalar-to-tensor-site"  # the folder is ours: what is in it may be removed
FEW = 3  # dead links: how many a message names
SECTIONS = 21  # of the tour and the ten steps: what the progress bar counts beside reports and worksheets


def main(arguments=None):
    parser = Parser("walkthroughs site", __doc__)
    parser.add_argument("--out", type=Path, default=Path("runs", "site"), metavar="DIR", help="default: runs/site")
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), metavar="DIR", help="where reports lie (default: runs)"
    )
    parser.add_argument("--quick", action="store_true", help="make short reports where there are none")
    parser.add_argument(
        "--bundle", action="store_true", help="have a copy of all that the playground needs in the site"
    )
    options = parser.parse_args(arguments)
    if find_spec("pdoc") is None:
        parser.error('the site needs the package pdoc: pip install "scalar-to-tensor[site]"')
    with parser.errors_of(options.out):
        options.out.mkdir(parents=True, exist_ok=True)
        with held(options.out):
            clear(options.out)
            n_pages = build(options)
    print(f"{n_pages} pages, and no dead link.\n\nWritten:\n  {options.out / 'index.html'}\n")
    print(f"To look at it as others will: python -m http.server --directory {options.out}, at http://localhost:8000")
    return 0


def clear(site):
    """Remove an earlier site, of which no page should be left. Raises ValueError for a folder with other things."""
    found = [path for path in site.iterdir() if path.suffix != ".lock" and path.name != MARK]
    if found and not (site / MARK).is_file():
        raise ValueError(f"{site} has other files: name a folder that is empty, or holds a site")
    for path in found:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (site / MARK).touch()


def build(options):
    """Write the site; returns the number of its pages. Raises ValueError if a link leads nowhere."""
    from walkthroughs.site import front, material, pages, playground, reference, tour  # pdoc is an extra

    site = options.out
    total = len(ENTRIES) * options.quick + len(EXERCISES) + SECTIONS
    with tqdm(total=total, desc="site", unit=" parts", disable=None, leave=False) as bar:

        def after(what):
            bar.set_postfix_str(what[:30])
            bar.update()

        pages.write_shared(site)
        material.write_steppers(site)
        material.write_reports(site, options.runs, options.quick, after)
        tour.write_tour(site, after)
        tour.write_grow(site, after)
        tour.write_notebook(site)
        material.write_worksheets(site, after)
        reference.write_reference(site)
        try:
            playground.write_playground(site / "playground", options.bundle)
        except RuntimeError as error:  # npm is missing, or fails
            raise ValueError(str(error)) from error
        front.write_front(site)
    return read_again(site, options.bundle)


def read_again(site, bundle):
    """Make the search of a site's pages, and return how many they are. Raises ValueError if a link leads nowhere."""
    from walkthroughs.site import links

    found = links.read(site)
    links.write_search(site, found)
    wrong = links.dead_links(site, found)
    if wrong:
        raise ValueError(f"{len(wrong)} dead links: {', '.join(wrong[:FEW])}{', ...' * (len(wrong) > FEW)}")
    others = links.strangers(found)
    if bundle and others:
        raise ValueError(f"pages ask other hosts: {', '.join(others[:FEW])}")
    return len(found)


if __name__ == "__main__":
    sys.exit(main())

"""The pages of a site read again: whether links lead somewhere, what pages ask for, and words to search them by."""

import json
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from models.keeping.files import write_whole

ASKED_FOR = {
    ("img", "src"),
    ("script", "src"),
    ("link", "href"),
    ("iframe", "src"),
    ("source", "src"),
    ("video", "src"),
}
PASSED_OVER = {"script", "style", "header", "nav", "footer", "svg", "math", "details"}  # by the search
BLOCKS = {"p", "li", "td", "th", "div", "pre", "section", "dt", "dd"}  # what ends a word
WORDS = 4000  # characters of a section that are searched


class Page(HTMLParser):
    """What there is on a page.

    ids         of its elements
    links       (address, whether the page asks for it by itself)
    sections    [id, title, text] from each heading to the next; the first begins with the page
    framed      whether it has the site's header; a stepper's has not, and what is on it is drawn by a script
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[tuple[str, bool]] = []
        self.sections: list[list[str]] = [["", "", ""]]
        self.title, self.passed, self.inside, self.framed = "", 0, "", False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, pairs):
        attributes = dict(pairs)
        if attributes.get("id"):
            self.ids.add(attributes["id"])
        for name in ("href", "src"):
            if attributes.get(name):
                self.links.append((attributes[name], (tag, name) in ASKED_FOR))
        self.framed |= tag == "nav" and attributes.get("class") == "site"
        self.passed += tag in PASSED_OVER
        if tag == "section" or (tag == "div" and attributes.get("class") == "classattr"):
            name = attributes.get("id", "")
            if name:
                self.sections.append([name, name, ""])  # of the reference
        if tag in ("h1", "h2", "h3", "title"):
            self.inside = tag
            if tag in ("h2", "h3") and attributes.get("id"):
                self.sections.append([attributes["id"], "", ""])

    def handle_endtag(self, tag):
        self.passed -= tag in PASSED_OVER
        if tag == self.inside:
            self.inside = ""
        if tag in BLOCKS:
            self.sections[-1][2] += " "

    def handle_data(self, data):
        if self.inside == "title":
            self.title += data
        elif self.inside in ("h2", "h3") and self.sections[-1][0] and not self.sections[-1][2]:
            self.sections[-1][1] += data
        elif not self.passed:
            self.sections[-1][2] += data


def read(site: Path) -> dict[str, Page]:
    """{address: Page} of every page of a site, in the order of their addresses."""
    paths = sorted(site.rglob("*.html"))
    return {path.relative_to(site).as_posix(): Page(path.read_text(encoding="utf-8")) for path in paths}


def dead_links(site: Path, pages: dict[str, Page]) -> list[str]:
    """ "PAGE: ADDRESS" of each link that leads nowhere within the site."""
    dead = []
    for address, page in pages.items():
        for link, _ in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (site / address).parent / unquote(parts.path) if parts.path else site / address
            found = Path(target).resolve()
            name = found.relative_to(site.resolve()).as_posix() if found.is_relative_to(site.resolve()) else ""
            if not name or not found.is_file() or (parts.fragment and unquote(parts.fragment) not in ids(pages, name)):
                dead.append(f"{address}: {link}")
    return dead


def ids(pages: dict[str, Page], name: str) -> set[str]:
    return pages[name].ids if name in pages else set()


def strangers(pages: dict[str, Page]) -> list[str]:
    """ "PAGE: ADDRESS" of what a page asks other hosts for by itself."""
    return [
        f"{address}: {link}" for address, page in pages.items() for link, asks in page.links
        if asks and urlsplit(link).netloc
    ]  # fmt: skip


def write_search(site: Path, pages: dict[str, Page]) -> None:
    """Write search-index.js: [page's title, section's title, address, text] of every section."""
    entries = []
    for address, page in pages.items():
        title = page.title.removesuffix(" - From scalar to tensor")
        for name, words, text in page.sections if page.framed else [("", "", page.title)]:
            text = " ".join(text.split())[:WORDS]
            if words or text:
                entries.append([title, " ".join(words.split()), f"{address}#{name}" if name else address, text])
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    write_whole(site / "search-index.js", f"const searchIndex = [\n{lines}\n];\n")

"""The description for a package index, where the README's own addresses lead nowhere; all else is in setup.cfg."""

import os
import re
from pathlib import Path

from setuptools import setup

LINK = re.compile(r"(!?)\[([^]]*)\]\((?![a-z]+:|#)([^)]+)\)")


def description(readme: str, address: str, commit: str) -> str:
    """The README with its pictures and links at the repository's address; if that is not known, without pictures, and
    of links the words."""

    def at_address(found: re.Match[str]) -> str:
        picture, words, path = found.groups()
        if not address:
            return "" if picture else words
        return f"{picture}[{words}]({address}/{'raw' if picture else 'blob'}/{commit}/{path})"

    return LINK.sub(at_address, readme)


def source() -> tuple[str, str]:
    """The repository's address and its commit, as GitHub Actions tells them; "" if nobody does."""
    known = [os.environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA")]
    return ("/".join(known[:2]), known[2]) if all(known) else ("", "")


if __name__ == "__main__":
    address, commit = source()
    setup(
        long_description=description(Path("README.md").read_text(encoding="utf-8"), address, commit),
        long_description_content_type="text/markdown",
        project_urls={"Source": address, "Changelog": f"{address}/blob/{commit}/CHANGELOG.md"} if address else {},
    )

"""What axe-core finds wrong with a page for those who see it otherwise, hear it, or have no mouse."""

WIDTHS, THEMES = (360, 1200), ("light", "dark")
WEIGHTY = {"moderate", "serious", "critical"}
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {
    "runOnly": STANDARDS,
    "rules": {rule: {"enabled": True} for rule in ("label-content-name-mismatch", "empty-table-header", "target-size")},
    "resultTypes": ["violations"],
    "iframes": False,  # frames are looked at one by one
}


def violations(page):
    """All that is not minor, and empty headers of tables, a line each: at both widths, in both themes, in frames."""
    from axe_playwright_python.sync_playwright import Axe

    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 740})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            for frame in page.frames:
                for violation in Axe().run(frame, options=OPTIONS).response["violations"]:
                    for node in violation["nodes"]:
                        if node["impact"] in WEIGHTY or violation["id"] == "empty-table-header":
                            line = f"{violation['id']}: {node['html'][:200]}"
                            found.setdefault(line, f"{line} at {width} px, {theme}: {node['failureSummary']}")
    return list(found.values())

"""What axe-core finds wrong with a page for those who see it otherwise, hear it, or have no mouse."""

WIDTHS = (360, 1200)
WEIGHTY = {"moderate", "serious", "critical"}
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = {"resultTypes": ["violations"], "iframes": False}  # frames are looked at one by one
OPTIONS = {
    **LOOKS,
    "runOnly": STANDARDS,
    "rules": {rule: {"enabled": True} for rule in ("label-content-name-mismatch", "empty-table-header", "target-size")},
}

THEMES = {"light": OPTIONS, "dark": {**LOOKS, "runOnly": ["color-contrast"]}}  # nothing else depends on it


def violations(page):
    """All that is not minor, and empty headers of tables, a line each: at both widths, in both themes, in frames."""
    from axe_playwright_python.sync_playwright import Axe

    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 740})
        for theme, options in THEMES.items():
            page.emulate_media(color_scheme=theme)
            for frame in page.frames:
                for violation in Axe().run(frame, options=options).response["violations"]:
                    for node in violation["nodes"]:
                        if node["impact"] in WEIGHTY or violation["id"] == "empty-table-header":
                            line = f"{violation['id']}: {node['html'][:200]}"
                            found.setdefault(line, f"{line} at {width} px, {theme}: {node['failureSummary']}")
    return list(found.values())

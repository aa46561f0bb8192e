"""The colours of all pages, reports and steppers, light and dark, as variables of CSS.

Text has a contrast of at least 4.5 to 1 on whatever it stands on, in both.
"""

COLOURS = {  # name: on a light page, on a dark one
    "page": ("#f6f6f4", "#16181b"),
    "panel": ("#ffffff", "#1f2226"),
    "text": ("#1d2024", "#e8eaed"),
    "faint": ("#5a6068", "#a9b0b8"),
    "line": ("#d5d7da", "#3a3f45"),
    "edge": ("#7d838b", "#7f878f"),
    "button": ("#eef0f2", "#2d3238"),
    "accent": ("#0b5cad", "#8ec5ff"),
    "on-accent": ("#ffffff", "#10263d"),
    "focus": ("#0b5cad", "#8ec5ff"),
    # what a step has made of a node
    "waiting": ("#f1f1ef", "#1a1d20"),
    "computed": ("#ffffff", "#2b2f35"),
    "now": ("#bfe8c8", "#1d5a30"),
    "now-line": ("#1c7c35", "#69d487"),
    "flowing": ("#ffd3a8", "#6e3c0c"),
    "flowing-line": ("#b44b00", "#ffac5e"),
    "partial": ("#fdeadb", "#33261e"),
    "done": ("#f5b7ac", "#6e2a2c"),
    # what is written
    "gradient": ("#85170f", "#ffb3a9"),
    "value": ("#155724", "#8fe0a6"),
    # what a node is
    "parameter": ("#c79a00", "#d9b33c"),
    "input": ("#2f7fd1", "#6fb0f5"),
    "constant": ("#8b9098", "#8b9098"),
    "box": ("#f4f1fa", "#2c2838"),
    "lit": ("#6a3ab2", "#c4a3ff"),
    "selected": ("#6a3ab2", "#c4a3ff"),
}


def palette():
    """CSS that sets them as the reader's system has it, or as the page says: <html data-theme="light"> or "dark"."""
    light, dark = (
        f"{{ color-scheme: {theme}; {' '.join(f'--{name}: {pair[i]};' for name, pair in COLOURS.items())} }}"
        for i, theme in enumerate(("light", "dark"))
    )
    return (
        f":root {light}\n"
        f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {dark} }}\n'
        f':root[data-theme="dark"] {dark}'
    )

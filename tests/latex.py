"""What the tests hold LaTeX to: what can be told without LaTeX, and with it where there is one."""

import re
import subprocess

BOOKTABS = (
    r"\IfFileExists{booktabs.sty}{\usepackage{booktabs}}{\let\toprule\hline\let\midrule\hline\let\bottomrule\hline}"
)
DOCUMENT = (
    r"\documentclass{article}\usepackage{amsmath}" + BOOKTABS + r"\allowdisplaybreaks\begin{document}%s\end{document}"
)


def well_formed(text):
    """Whether braces, \\left and \\right, and environments are balanced, and no script stands on a script."""
    depth = 0
    for brace in re.findall(r"(?<!\\)(?:\\\\)*([{}])", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    open_environments = []
    for command, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", text):
        if command == "begin":
            open_environments.append(name)
        elif not open_environments or open_environments.pop() != name:
            return False
    balanced = len(re.findall(r"\\left\b", text)) == len(re.findall(r"\\right\b", text))
    return depth == 0 and not open_environments and balanced and not doubled_scripts(text)


def doubled_scripts(text):
    """a^{b}^{c} and a_1_2, which LaTeX refuses."""
    group = r"(?:\{(?:[^{}]|\{[^{}]*\})*\}|\\?\w)"
    return re.findall(rf"\^{group}\^|_{group}_", re.sub(r"\\[_^{{}}]", "", text))


def compiles(body, folder):
    """Whether pdflatex takes it without an error; document.log in the folder has what it says."""
    path = folder / "document.tex"
    path.write_text(body if body.startswith("\\documentclass") else DOCUMENT % body, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", path.name]
    return subprocess.run(command, cwd=folder, capture_output=True).returncode == 0


def errors(folder):
    """What document.log complains of."""
    return re.findall(r"^!.*(?:\n.*){2}", (folder / "document.log").read_text(errors="replace"), re.MULTILINE)


def overfull(folder):
    """By how many points each line that is too wide, in document.log, is too wide."""
    return [
        float(n)
        for n in re.findall(r"Overfull \\hbox \(([\d.]+)pt", (folder / "document.log").read_text(errors="replace"))
    ]

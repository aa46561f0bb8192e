"""A report as a LaTeX document, to hand in: report.tex compiles with pdflatex as it is, beside the report's figures.

The documents of several reports, such as those of a sheet, can be joined into one.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from walkthroughs.reports.fitting import SPLIT
from walkthroughs.reports.latex import breakable, displayed, listing, prose, text, typed
from walkthroughs.reports.tables import Table

ROWS = 40  # of a table, on one page
LINE, SCALE = 470, 1.1  # the width of a line in points, and its type against 10 points
PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage[a4paper, margin=22mm]{geometry}
\usepackage{amsmath, amssymb, alltt, graphicx}
\IfFileExists{booktabs.sty}{\usepackage{booktabs}}{\newcommand{\gap}{\noalign{\vskip 2pt}}
  \newcommand{\toprule}{\hline\gap}\newcommand{\midrule}{\gap\hline\gap}\newcommand{\bottomrule}{\gap\hline}}
\allowdisplaybreaks
\setcounter{secnumdepth}{0}
\setlength{\parindent}{0pt}
\setlength{\parskip}{.6em plus .2em}
\setlength{\emergencystretch}{5em}
\providecommand{\bm}{\boldsymbol}
% A straight quote, of which the fonts of pdflatex and of its successors think differently.
\ifdefined\Umathcode\newcommand{\straight}{'}\else\newcommand{\straight}{\char13}\fi
% A figure no larger than the page, where it stands, and what is written below it.
\newsavebox{\itself}
\newcommand{\shown}[1]{\sbox{\itself}{\includegraphics{#1}}%
  \ifdim\wd\itself>\linewidth\includegraphics[width=\linewidth, height=.75\textheight, keepaspectratio]{#1}%
  \else\ifdim\ht\itself>.75\textheight\includegraphics[height=.75\textheight]{#1}\else\usebox{\itself}\fi\fi}
\makeatletter\newcommand{\captionof}[1]{\def\@captype{#1}\caption}\makeatother
\newenvironment{together}{\par\medskip\noindent\begin{minipage}{\linewidth}\centering}{\end{minipage}\par\medskip}
"""
BEGIN, END = "\\begin{document}\n", "\n\\end{document}\n"


def document(report: Any, made: Sequence[tuple[str, str]]) -> str:
    """A Report as a LaTeX document, and how it was made: pairs of what and words."""
    parts = [rf"\section{{{text(report.title)}}}", rf"\emph{{{text(report.source)}}}"]
    if report.notice:
        parts.append(rf"\textbf{{{prose(report.notice)}}}")
    parts += [PARTS[block.kind](block) for block in report.blocks]
    if made:
        lines = [rf"{text(what)}: \texttt{{{breakable(typed(words))}}}" for what, words in made]
        parts.append("\\medskip{\\footnotesize\\raggedright\n" + "\\\\\n".join(lines) + "\\par}")
    return PREAMBLE + BEGIN + "\n\n".join(parts) + END


def joined(title: str, documents: Mapping[str, str]) -> str:
    """One document of several, {the folder with its figures: a document as above}, each on pages of its own."""
    parts = [rf"\title{{{text(title)}}}\date{{}}\author{{}}\maketitle", r"\tableofcontents"]
    for folder, source in documents.items():
        body = source.partition(BEGIN)[2].rpartition(END)[0]
        parts.append(f"\\clearpage\n\\graphicspath{{{{{folder}/}}}}\n{body}")
    return PREAMBLE + BEGIN + "\n\n".join(parts) + END


def paragraphs(markup: str) -> str:
    return "\n\n".join(map(prose, markup.split("\n\n")))


def with_caption(block: Any, body: str) -> str:
    return f"{prose(block.caption)}\\nopagebreak\n\n{body}" if block.caption else body


def illustration(block: Any) -> str:
    return (
        f"\\begin{{together}}\n\\shown{{{block.name}.pdf}}\n"
        f"\\captionof{{figure}}{{{prose(block.caption)}}}\n\\end{{together}}"
    )


def tables(block: Any) -> str:
    """A table, in pieces if it is longer than a page."""
    table: Table = block.content
    starts: Iterable[int] = range(0, max(1, len(table.rows)), ROWS)
    pieces = [Table(table.name, table.caption, table.columns, table.rows[i : i + ROWS]) for i in starts]
    parts = [part for piece in pieces for part in piece.tabular(LINE, SCALE).split(SPLIT)]
    heads = [rf"\captionof{{table}}{{{prose(block.caption)}}}\smallskip", *["(continued)"] * (len(parts) - 1)]
    return "\n\n".join(f"\\begin{{together}}\n{head}\n\n{part}\n\\end{{together}}" for head, part in zip(heads, parts))


PARTS = {
    "section": lambda block: rf"\subsection{{{prose(block.content)}}}",
    "prose": lambda block: paragraphs(block.content),
    "reading": lambda block: f"\\begin{{quote}}\n{paragraphs(block.content)}\n\\end{{quote}}",
    "code": lambda block: with_caption(block, listing(block.content)),
    "math": lambda block: with_caption(block, displayed(block.content)),
    "figure": illustration,
    "picture": illustration,
    "table": tables,
}

"""Stepping through a graph, forwards and backwards: `step(root)` for a page, a terminal or a notebook.

Reading order: trace, formulas, quantities, typeset, choices, page, kept_graph, recording, training_page, stepper, pair,
listing; the rooms arrays/ (heatmaps, pulls, behind, elements), pictures/ (views, film, still) and terminal/ (moves,
predictions, lines, training_lines, steps, graph, training, app); then browser/: page.html, state.js, picture/ (drawing,
turning, looking, minimap, groups, colours, sizes), panels.js, heatmap.js, typeset.js, lecture.js, predict.js,
training.js, main.js, controls.js; live/ (numbers, program, arrays, controls); away/ (formulas, take_away, address);
beside.js, pair.html.
"""

from .pair import beside
from .recording import Recording
from .stepper import Stepper, step

__all__ = ["Recording", "Stepper", "beside", "step"]

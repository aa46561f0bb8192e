"""Stepping through a graph, forwards and backwards: `step(root)` for a page, a terminal or a notebook.

Reading order: trace, formulas, quantities, views, typeset, choices, behind, elements, recording, page, stepper,
pair, listing, moves, screen, training_screen, terminal, film; then page.html, state.js, picture/ (drawing, turning,
looking, minimap, groups, colours, sizes), panels.js, heatmap.js, typeset.js, lecture.js, formulas.js, predict.js,
take_away.js, training.js, main.js, address.js, controls.js; numbers.js, live.js, live_arrays.js, live_controls.js;
beside.js, pair.html.
"""

from .pair import beside
from .recording import Recording
from .stepper import Stepper, step

__all__ = ["Recording", "Stepper", "beside", "step"]

"""Stepping through a graph, forwards and backwards: `step(root)` for a page, a terminal or a notebook.

Reading order: trace, formulas, quantities, views, behind, recording, page, stepper, terminal; then page.html, state.js,
graph.js, panels.js, heatmap.js, predict.js, training.js, main.js.
"""

from .recording import Recording
from .stepper import Stepper, step

__all__ = ["Recording", "Stepper", "step"]

"""Stepping through a graph, forwards and backwards: `step(root)` for a page, a terminal or a notebook.

Reading order: trace, formulas, quantities, views, page, stepper; then state.js, graph.js, panels.js, main.js.
"""

from .stepper import Stepper, step

__all__ = ["Stepper", "step"]

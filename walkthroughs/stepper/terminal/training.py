"""A recording of training in a terminal: the loss, what each step did, and each step's graph."""

from dataclasses import replace

from textual.containers import Vertical
from textual.widgets import Footer, Static

from ..trace import Trace
from .graph import GraphSteps
from .lines import message
from .moves import View
from .steps import Lines, Panels, Steps, key
from .training_lines import curve_lines, loss_text, update_lines


class TrainingSteps(Steps):
    """A recording of training. A step's graph opens as a screen of its own."""

    BINDINGS = [key("o", "open", "Its graph")]

    def __init__(self, recording, title):
        super().__init__(title)
        self.recording, self.view = recording, View()

    @property
    def last(self):
        return len(self.recording.losses)

    @property
    def passing(self):
        return "" if self.view.position else ", before training"

    def compose(self):
        yield from self.top()
        with Panels(classes="training"):
            yield Lines(lambda *room: curve_lines(self.recording, self.view, *room), classes="left", id="curve")
            with Vertical(classes="right"):
                yield Static(id="did", classes="title", markup=False)
                yield Lines(lambda *room: update_lines(self.recording, self.view, *room), id="updates")
        yield Footer()

    def texts(self):
        position = self.view.position
        return {
            "step": loss_text(self.recording, self.view),
            "note": "",
            "message": message(self.view),
            "did": f"What step {self.recording.steps[position - 1]} did" if position else "What step 1 will do",
        }

    def action_open(self):
        self.show(replace(self.view, playing=False, message=""))
        if not self.recording.steps:
            return
        number = self.recording.steps[max(0, self.view.position - 1)]
        try:
            trace = Trace(self.recording.graph_of(number))
        except (ArithmeticError, ValueError) as error:
            self.show(replace(self.view, message=f"{error}".removeprefix("graph_of: ") + "."))
            return
        graph = GraphSteps(trace, f"Step {number} of training")
        graph.view = View(message=f"The graph of step {number}, before its update. u goes back.")
        self.app.push_screen(graph)

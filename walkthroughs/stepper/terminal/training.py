"""A recording of training in a terminal: the loss, what each step did, and each step's graph."""

from textual.containers import Container, Vertical
from textual.widgets import Footer, Static

from .lines import heading, message
from .moves import View
from .steps import Lines, Steps
from .training_lines import curve_lines, loss_text, update_lines


class TrainingSteps(Steps):
    """A recording of training."""

    def __init__(self, recording, title):
        super().__init__(title)
        self.recording, self.view = recording, View()

    @property
    def last(self):
        return len(self.recording.losses)

    def compose(self):
        yield from self.top()
        with Container(classes="panels training"):
            yield Lines(lambda *room: curve_lines(self.recording, self.view, *room), classes="left", id="curve")
            with Vertical(classes="right"):
                yield Static(id="did", classes="title", markup=False)
                yield Lines(lambda *room: update_lines(self.recording, self.view, *room), id="updates")
        yield Footer()

    def texts(self):
        position = self.view.position
        passing = "" if position else ", before training"
        return {
            "heading": heading(self.title, position, self.last, passing, self.size.width),
            "step": loss_text(self.recording, self.view),
            "note": "",
            "message": message(self.view),
            "did": f"What step {self.recording.steps[position - 1]} did" if position else "What step 1 will do",
        }

"""A graph in a terminal: the program so far beside the values, and the keys for both."""

import asyncio
from dataclasses import replace

from textual.containers import Vertical
from textual.widgets import Footer, Input, Static

from . import moves
from .lines import PASSES, message, note, program_lines, step_text, table_lines
from .moves import View
from .predictions import local_choices
from .steps import Lines, Panels, Steps, key

ASKED = {"/": "a part of a node's name", "?": "your prediction", "s": "a file"}


class GraphSteps(Steps):
    """A graph, and behind it those that its nodes open into: `levels` of (trace, view), the last one on the screen."""

    BINDINGS = [
        key("t", "turn", "Turn"),
        key("/", "ask('/')", "Find"),
        key("n", "to_node", "Its next step", shown=False),
        key("b", "breakpoint", "Breakpoint", shown=False),
        key("w", "watch", "Watch"),
        key("f", "fold", "Fold groups", shown=False),
        key("p", "predict", "Predict"),
        key("s", "ask('s')", "Save the score", shown=False),
        key("down", "choose(1)", "Next choice", shown=False),
        key("up", "choose(-1)", "Choice before", shown=False),
        key("o", "open", "Open into scalars", shown=False),
        key("u", "up", "Back up", shown=False),
        key("escape", "escape", "Select nothing", shown=False),
    ]

    def __init__(self, trace, title):
        super().__init__(title)
        self.levels, self.chosen = [(trace, View())], -1

    @property
    def trace(self):
        return self.levels[-1][0]

    @property
    def view(self):
        return self.levels[-1][1]

    @view.setter
    def view(self, view):
        self.levels[-1] = (self.trace, view)

    @property
    def last(self):
        return len(self.trace.frames)

    @property
    def passing(self):
        frame = self.trace.frames[self.view.position - 1] if self.view.position else None
        return f", {PASSES[frame.kind]}" if frame else ""

    def compose(self):
        yield from self.top()
        question = Input()
        question.display = False
        yield question
        with Panels():
            with Vertical(classes="left"):
                yield Static("Program so far", classes="title")
                yield Lines(lambda *room: program_lines(self.trace, self.view, *room), self.go_to, id="program")
            with Vertical(classes="right"):
                yield Static("Value, gradient", classes="title")
                yield Lines(lambda *room: table_lines(self.trace, self.view, *room), self.select, id="table")
        yield Footer()

    def texts(self):
        return {
            "step": step_text(self.trace, self.view),
            "note": note(self.trace, self.view),
            "message": message(self.view),
        }

    def select(self, node):
        self.show(replace(self.view, selected=node))

    def tick(self):
        self.show(moves.stopped(self.trace, moves.played(self.view, self.last)))

    def action_move(self, steps):
        if steps == 1 and moves.asks(self.trace, self.view):
            self.action_ask("?")
        else:
            super().action_move(steps)

    def check_action(self, action, parameters):
        if action == "choose":
            return (self.view.asking == "?" and self.view.level == "local") or None
        return super().check_action(action, parameters)

    def action_play(self):
        if not self.view.level:
            super().action_play()

    def action_turn(self):
        self.go_to(self.trace.turn)

    def action_to_node(self):
        self.show(moves.to_node(self.trace, self.view))

    def action_breakpoint(self):
        at = moves.chosen(self.trace, self.view)
        self.show(replace(self.view, breakpoints=self.view.breakpoints ^ {at}))

    def action_watch(self):
        self.show(moves.watching(self.trace, self.view))

    def action_fold(self):
        self.show(replace(self.view, folded=not self.view.folded))

    def action_predict(self):
        self.show(moves.next_level(self.view))

    def action_open(self):
        self.show(replace(self.view, playing=False, message=""))
        found = moves.opened(self.trace, self.view)
        if found:
            self.levels.append(found)
            self.show(self.view)
        else:
            name = self.trace.names[self.trace.nodes[moves.chosen(self.trace, self.view)]]
            words = f"{name} does not open into scalars: only tensors of few elements do."
            self.show(replace(self.view, message=words))

    def action_up(self):
        if len(self.levels) > 1:
            self.levels.pop()
            self.show(self.view)
        elif len(self.app.screen_stack) > 2:  # it is a step's of training
            self.dismiss()

    def action_ask(self, what):
        """Ask for what to search, "/", for what comes next, "?", or where the score sheet goes, "s"."""
        if what == "s" and not self.view.answers:
            self.show(replace(self.view, message="Nothing has been predicted yet: p begins."))
            return
        self.show(replace(self.view, asking=what, playing=False, message=""))
        line, self.chosen = self.query_one(Input), -1
        line.placeholder = f"{ASKED[what]}, then Enter"
        line.value = "score.txt" if what == "s" else ""
        line.display = True
        self.set_focus(line)  # at once: the next key is the answer's

    def action_escape(self):
        self.answered()
        self.show(replace(self.view, selected=self.view.selected if self.view.asking else None, asking=""))

    def answered(self):
        self.set_focus(None)
        self.query_one(Input).display = False

    async def action_enter(self):
        """An answer is taken here, before the keys that were typed right behind it."""
        if not self.view.asking:
            self.action_move(1)
            return
        line, is_typed = self.query_one(Input), asyncio.Event()
        line.call_later(is_typed.set)
        await is_typed.wait()
        if self.view.asking == "s":
            view = moves.saved(self.title, self.view, line.value)
        else:
            answer = moves.predicted if self.view.asking == "?" else moves.found
            view = answer(self.trace, self.view, line.value)
        if not view.asking:
            self.answered()
        self.show(view)

    def action_choose(self, step):
        """Another of the local derivatives goes into the answer."""
        choices = list(local_choices(self.trace, self.trace.frames[self.view.position]))
        self.chosen = (max(self.chosen, 0 if step < 0 else -1) + step) % len(choices)
        self.query_one(Input).value = choices[self.chosen]

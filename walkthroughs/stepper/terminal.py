"""The stepper in a terminal, on Textual: the same frames, moved through by keys or the mouse, in 30 columns and more.

What is shown is a function of a `View`, as `screen.py` writes it; a key makes the next one, as `moves.py` says.
"""

import asyncio
import select
import sys
from dataclasses import replace

from rich.text import Text
from textual.app import App
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.widget import Widget
from textual.widgets import Footer, HelpPanel, Input, Static

from . import moves
from .moves import View
from .screen import PASSES, Line, bar, heading, message, note, program_lines, step_text, table_lines
from .training_screen import curve_lines, loss_text, update_lines


def hung_up():
    """Whether nobody is at the other end of the terminal any more: Textual would read its end for ever."""
    if not hasattr(select, "poll"):  # Windows ends who is left alone
        return False
    poll = select.poll()
    poll.register(sys.stdin, 0)
    return bool(poll.poll(0))


def key(keys, action, description, shown=True, display=None):
    """A Binding that is looked at before the widgets' own, so that what is typed fast comes in its order."""
    return Binding(keys, action, description, shown, display, priority=True)


class Lines(Widget):
    """Lines made for the room that there is. A click on one hands its target to `clicked`, the wheel moves."""

    def __init__(self, make, clicked=None, **options):
        super().__init__(**options)
        self.make, self.clicked, self.shown = make, clicked, []

    def render(self):
        self.shown = self.make(*self.size)
        return Text("\n", no_wrap=True).join([Text(line.text, line.style) for line in self.shown])

    def on_click(self, event):
        line = self.shown[event.y] if event.y < len(self.shown) else Line("")
        if self.clicked and line.target is not None:
            self.clicked(line.target)

    async def on_mouse_scroll_down(self, event):
        event.stop()
        await self.app.run_action("move(1)")

    async def on_mouse_scroll_up(self, event):
        event.stop()
        await self.app.run_action("move(-1)")


class Bar(Lines):
    """Where the reader is; a click goes there."""

    def on_click(self, event):
        self.clicked((event.x + 0.5) / self.size.width)


class Terminal(App[bool]):
    """What a graph and a recording of training are moved through with. `view` is where the reader is."""

    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-wide")]
    AUTO_FOCUS = None  # the keys are the stepper's until something is asked
    CSS = """
    Lines { height: 1fr; }
    #heading, Bar { height: 1; }
    Bar, .title { color: $text-muted; }
    #step { height: auto; max-height: 6; text-style: bold; }
    #note { height: auto; max-height: 3; }
    #message { height: auto; max-height: 4; color: $text-warning; }
    Input { height: 1; border: none; padding: 0; }
    .title { height: 1; border-top: none; text-style: bold; margin-top: 1; }
    .left, .right { height: 1fr; }
    .-wide .panels { layout: horizontal; }
    .-wide .left { width: 58%; padding-right: 1; }
    .-narrow .title { margin-top: 0; }
    """
    BINDINGS = [
        key("right,l", "move(1)", "Next", display="→"),
        key("enter", "enter", "Next, or an answer", shown=False),
        key("left,h", "move(-1)", "Back", display="←"),
        key("home,0", "start", "Start", shown=False),
        key("end,$", "end", "End", shown=False),
        key("space", "play", "Play"),
        key("+", "faster(2)", "Faster", shown=False),
        key("-", "faster(0.5)", "Slower", shown=False),
        key("?", "help", "Keys"),
        key("q", "quit", "Quit"),
        key("ctrl+c", "interrupt", "Quit at once", shown=False),
        key("ctrl+z", "suspend_process", "To the shell", shown=False),
    ]

    def __init__(self, title):
        super().__init__()
        self.title, self.timer = title, None

    @property
    def last(self):
        """The last position."""
        raise NotImplementedError

    def texts(self):
        """{name of a widget: its text}"""
        raise NotImplementedError

    def top(self):
        """The widgets above the panels."""
        yield Static(id="heading", markup=False)
        yield Bar(
            lambda columns, _: [Line(bar(self.view.position, self.last, columns))],
            lambda part: self.go_to(round(part * self.last)),
        )
        yield Static(id="step", markup=False)
        yield Static(id="note", markup=False)
        yield Static(id="message", markup=False)

    def check_action(self, action, parameters):
        """While something is asked, keys are what is typed."""
        return not self.view.asking or action in ("enter", "escape", "interrupt", "suspend_process")

    def on_mount(self):
        self.show(self.view)
        if sys.stdin and sys.stdin.isatty():
            self.set_interval(1, self.end_if_alone)

    def end_if_alone(self):
        if hung_up():
            self.exit()

    def on_resize(self):
        self.show(self.view)

    def show(self, view):
        """Make a view the one that is seen."""
        self.view = view
        for name, text in self.texts().items():
            self.query_one(f"#{name}", Static).update(text)
            self.query_one(f"#{name}").display = bool(text)
        for lines in self.query(Lines):
            lines.refresh()
        self.refresh_bindings()
        if self.timer:
            self.timer.stop()
        self.timer = self.set_timer(1 / view.speed, self.tick) if view.playing else None

    def tick(self):
        self.show(moves.played(self.view, self.last))

    def go_to(self, position):
        self.show(moves.moved(self.view, position, self.last))

    def action_move(self, steps):
        self.go_to(self.view.position + steps)

    async def action_enter(self):
        self.action_move(1)

    def action_start(self):
        self.go_to(0)

    def action_end(self):
        self.go_to(self.last)

    def action_play(self):
        self.show(moves.started(self.view, self.last))

    def action_faster(self, factor):
        self.show(moves.faster(self.view, factor))

    def action_help(self):
        if self.screen.query(HelpPanel):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    async def action_quit(self):
        self.exit(True)

    def action_interrupt(self):
        self.exit(False)


class GraphTerminal(Terminal):
    """A graph, and behind it those that its nodes open into: `levels` of (trace, view), the last one on the screen."""

    BINDINGS = [
        key("t", "turn", "Turn"),
        key("/", "ask('/')", "Find"),
        key("n", "to_node", "Its next step", shown=False),
        key("b", "breakpoint", "Breakpoint", shown=False),
        key("w", "watch", "Watch"),
        key("f", "fold", "Fold groups", shown=False),
        key("p", "predict", "Predict"),
        key("o", "open", "Open into scalars", shown=False),
        key("u", "up", "Up to the tensors", shown=False),
        key("escape", "escape", "Select nothing", shown=False),
    ]

    def __init__(self, trace, title):
        super().__init__(title)
        self.levels = [(trace, View())]

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

    def compose(self):
        yield from self.top()
        question = Input()
        question.display = False
        yield question
        with Container(classes="panels"):
            with Vertical(classes="left"):
                yield Static("Program so far", classes="title")
                yield Lines(lambda *room: program_lines(self.trace, self.view, *room), self.go_to, id="program")
            with Vertical(classes="right"):
                yield Static("Value, gradient", classes="title")
                yield Lines(lambda *room: table_lines(self.trace, self.view, *room), self.select, id="table")
        yield Footer()

    def texts(self):
        frame = self.trace.frames[self.view.position - 1] if self.view.position else None
        passing = f", {PASSES[frame.kind]}" if frame else ""
        return {
            "heading": heading(self.title, self.view.position, self.last, passing, self.size.width),
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

    def action_play(self):
        if not self.view.predicting:
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
        self.show(replace(self.view, predicting=not self.view.predicting, score=(0, 0), playing=False, message=""))

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

    def action_ask(self, what):
        """Ask for what to search, "/", or for the next number, "?"."""
        self.show(replace(self.view, asking=what, playing=False, message=""))
        line = self.query_one(Input)
        line.placeholder = {"/": "a part of a node's name", "?": "your prediction"}[what]
        line.value = ""
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
        self.answered()
        answer = moves.predicted if self.view.asking == "?" else moves.found
        self.show(answer(self.trace, self.view, line.value))


class TrainingTerminal(Terminal):
    """A recording of training."""

    CSS = f"""{Terminal.CSS}
    .left {{ height: 8; }}
    .-wide .panels {{ layout: vertical; }}
    .-wide .left {{ width: 100%; }}
    """

    def __init__(self, recording, title):
        super().__init__(title)
        self.recording, self.view = recording, View()

    @property
    def last(self):
        return len(self.recording.losses)

    def compose(self):
        yield from self.top()
        with Container(classes="panels"):
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


def run(terminal):
    """Step until q. Raises KeyboardInterrupt after Ctrl-C, when the terminal is as it was."""
    if not terminal.run():  # a signal ends it without a word
        raise KeyboardInterrupt

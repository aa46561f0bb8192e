"""A screen that is stepped through by keys or the mouse: its bar, its lines, and what each key does."""

from rich.text import Text
from textual.binding import Binding
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import HelpPanel, Static

from . import moves
from .lines import Line, bar, heading

WIDE = 72  # columns: in fewer, panels stand below one another


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
        await self.run_action("screen.move(1)")

    async def on_mouse_scroll_up(self, event):
        event.stop()
        await self.run_action("screen.move(-1)")


class Bar(Lines):
    """Where the reader is; a click goes there."""

    def on_click(self, event):
        self.clicked((event.x + 0.5) / self.size.width)


class Panels(Container):
    """Two panels, beside each other where there is room."""

    def on_resize(self):
        self.set_class(self.size.width >= WIDE, "-wide")


class Steps(Screen):
    """What a graph and a recording of training are moved through with. `view` is where the reader is."""

    SCOPED_CSS = False  # a screen is not within itself
    AUTO_FOCUS = ""  # the keys are the stepper's until something is asked
    CSS = """
    Lines { height: 1fr; }
    #heading, Bar { height: 1; }
    Bar, .title { color: $text-muted; }
    #step { height: auto; max-height: 6; text-style: bold; }
    #note { height: auto; max-height: 3; }
    #message { height: auto; max-height: 4; color: $text-warning; }
    Input { height: 1; border: none; padding: 0; }
    .title { height: 1; border-top: none; text-style: bold; }
    .-wide .title { margin-top: 1; }
    .left, .right { height: 1fr; }
    Panels.-wide { layout: horizontal; }
    .-wide .left { width: 58%; padding-right: 1; }
    Panels.training { layout: vertical; }
    .training .left { width: 100%; height: 8; padding: 0; }
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
        key("ctrl+c", "app.interrupt", "Quit at once", shown=False),
        key("ctrl+z", "app.suspend_process", "To the shell", shown=False),
    ]

    def __init__(self, title):
        super().__init__()
        self.title, self.timer = title, None

    @property
    def last(self):
        """The last position."""
        raise NotImplementedError

    @property
    def passing(self):
        """What there is to say behind the position."""
        raise NotImplementedError

    def texts(self):
        """{name of a widget: its text}"""
        raise NotImplementedError

    def top(self):
        """The widgets above the panels."""
        yield Lines(lambda columns, _: [Line(self.heading(columns))], id="heading")
        yield Bar(
            lambda columns, _: [Line(bar(self.view.position, self.last, columns))],
            lambda part: self.go_to(round(part * self.last)),
        )
        yield Static(id="step", markup=False)
        yield Static(id="note", markup=False)
        yield Static(id="message", markup=False)

    def check_action(self, action, parameters):
        """While something is asked, keys are what is typed."""
        return not self.view.asking or action in ("enter", "escape")

    def heading(self, columns):
        return heading(self.title, self.view.position, self.last, self.passing, columns)

    def on_mount(self):
        self.show(self.view)

    def on_resize(self):
        """Also after Ctrl-Z and fg, which leave nothing of what was on the screen."""
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
        if not self.view.asking:  # the answer belongs to the step that was asked about
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

    async def action_quit(self):
        await self.app.action_quit()

    def action_help(self):
        if self.query(HelpPanel):
            self.app.action_hide_help_panel()
        else:
            self.app.action_show_help_panel()

"""The stepper in a terminal, on Textual: a screen of steps, and those that open from it.

What is shown is a function of a `View`, as `lines.py` writes it; a key makes the next one, as `moves.py` says.
"""

import select
import sys

from textual.app import App


def hung_up():
    """Whether nobody is at the other end of the terminal any more: Textual would read its end for ever."""
    if not hasattr(select, "poll"):  # Windows ends who is left alone
        return False
    poll = select.poll()
    poll.register(sys.stdin, 0)
    return bool(poll.poll(0))


class Terminal(App[bool]):
    """The program around a first screen. It returns whether it was ended by its key."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, first):
        super().__init__()
        self.first = first

    def on_mount(self):
        self.push_screen(self.first)
        if sys.stdin and sys.stdin.isatty():
            self.set_interval(1, self.end_if_alone)

    def end_if_alone(self):
        if hung_up():
            self.exit()

    async def action_quit(self):
        self.exit(True)

    def action_interrupt(self):
        self.exit(False)


def run(screen):
    """Step until q. Raises KeyboardInterrupt after Ctrl-C, when the terminal is as it was."""
    if not Terminal(screen).run():  # a signal ends it without a word
        raise KeyboardInterrupt

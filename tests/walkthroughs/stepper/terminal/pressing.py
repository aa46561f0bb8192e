"""Keys and clicks on the stepper's screens in a terminal, and what is to be seen then."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from unittest.mock import patch

from scalar_engine import Value
from walkthroughs.stepper.recording import Recording
from walkthroughs.stepper.terminal.app import Terminal
from walkthroughs.stepper.terminal.graph import GraphSteps

TITLE = "Question 3, step by step"


def in_a_loop_of_its_own(coroutine):
    """What a coroutine returns, in another thread: in this one the tests' browser has an event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


@contextmanager
def all_messages_seen(pilot):
    """Where Textual waits until the process seems to have nothing to do, which others decide: until all is done."""

    async def wait(*_):
        for _ in range(4):  # a key goes from the program to its screen and to a widget, which is laid out anew
            await pilot._wait_for_screen()
            pilot.app.screen._on_timer_update()

    with patch("textual.app.wait_for_idle", wait), patch("textual.pilot.wait_for_idle", wait):
        yield


class Pressed:
    """A screen on which keys have been pressed, or "@WIDGET,COLUMN,ROW" clicked.

    screen      the one that is seen at the end
    positions   after each key
    lines       what is on the screen at the end
    """

    def __init__(self, screen, *keys, size=(80, 24)):
        self.terminal, self.positions = Terminal(screen), []
        screen.tick = lambda: None  # what plays stands still: how long a key takes decides nothing
        in_a_loop_of_its_own(self.press(keys, size))

    async def press(self, keys, size):
        async with self.terminal.run_test(size=size) as pilot:
            with all_messages_seen(pilot):
                for key in keys:
                    if key.startswith("@"):
                        place, *offset = key[1:].split(",")
                        await pilot.click(place, offset=tuple(map(int, offset)))
                    else:
                        await pilot.press(key)
                    self.screen = self.terminal.screen
                    self.positions.append(self.view.position)
                await pilot.pause()
            strips = self.terminal.screen._compositor.render_strips()
            self.lines = ["".join(segment.text for segment in strip) for strip in strips]

    @property
    def view(self):
        return self.screen.view

    @property
    def text(self):
        return "\n".join(self.lines)


def pressed(trace, *keys, **size):
    return Pressed(GraphSteps(trace, TITLE), *keys, **size)


def recording_of_w(n=6):
    """w <- w - 0.25 * 2 w halves w at every step."""
    w = Value(8.0, "w")
    recording = Recording([w], 0.25)
    for _ in range(n):
        loss = w * w
        loss.backward()
        with recording.step(loss):
            w.data -= 0.25 * w.grad
            w.zero_grad()
    return recording

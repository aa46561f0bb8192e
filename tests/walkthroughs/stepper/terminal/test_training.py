"""Recordings of training in a terminal: the curve, what each step did, and its graph."""

import pytest
from rich.cells import cell_len

from walkthroughs.stepper.terminal.training import TrainingSteps

from ..test_recording import trained_on_batches
from .pressing import TITLE, Pressed, recording_of_w


def test_a_recording_is_stepped_by_keys():
    recording = recording_of_w()
    keys = ["right", "l", "left", "end", "right", "home", "x", "right", "right"]
    found = Pressed(TrainingSteps(recording, TITLE), *keys)
    assert found.positions == [1, 2, 1, 6, 6, 0, 0, 1, 2]
    lines = [line.rstrip() for line in found.lines]
    assert lines[0].endswith("step 2 of 6") and lines[2] == "loss of step 2 = 16"
    assert "    w <- w - rate * dw = 4 - 0.25 * 8 = 2" in lines
    curve = [line.count("o") for line in lines if "|" in line]
    assert curve == [0, 0, 0, 0, 1, 0, 0]  # 16 is a quarter of 64
    playing = Pressed(TrainingSteps(recording, TITLE), "right", "space")
    assert playing.view.playing and "Playing, 1 steps a second" in playing.text


@pytest.mark.parametrize("n", [0, 1, 6, 500])
def test_the_screen_of_a_recording_fits(n):
    recording = recording_of_w(n)
    recording.losses[3:4] = [float("nan")] * len(recording.losses[3:4])
    recording.names = ["\x1b[31mred " * 20]
    for size in [(80, 24), (30, 20)]:
        for key in ("home", "end"):
            lines = Pressed(TrainingSteps(recording, "A title " * 30), key, size=size).lines
            assert len(lines) == size[1] and {cell_len(line) for line in lines} == {size[0]}
            assert all(c.isprintable() for line in lines for c in line)


def test_the_graph_of_a_step_opens_and_closes():
    recording, losses, texts = trained_on_batches(5, every=2)
    screen = TrainingSteps(recording, TITLE)
    found = Pressed(screen, "right", "right", "o", "end", size=(140, 30))
    assert found.positions[:3] == [1, 2, 0] and "Step 3 of training" in found.lines[0]
    formula = texts[2].splitlines()[-1].partition("  ")[2].strip().partition("  ")[2]
    assert found.lines[2].strip() == formula and f"{recording.graph_of(3).brief(losses[2])}" in found.text
    back = Pressed(TrainingSteps(recording, TITLE), "right", "right", "o", "end", "u")
    assert back.view.position == 2 and "kept are steps 1, 3, 5" in back.lines[2]
    gradient = recording.updates[1][0].gradient
    brief = recording.graph_of(3).brief
    assert f"gradient min {brief(gradient.min())} max {brief(gradient.max())} mean" in back.text
    assert "Step 3 of training" in Pressed(TrainingSteps(recording, TITLE), "right", "right", "o", "u", "o").lines[0]
    recording, *_ = trained_on_batches(1, keep=False)
    assert "loss.backward(keep=True) keeps it" in " ".join(
        Pressed(TrainingSteps(recording, TITLE), "right", "o").text.split()
    )

"""Predict mode in a terminal: what is asked at each level, which answers are right, and the score sheet."""

import math

import pytest

from models.question3 import Question3, random_case
from walkthroughs.stepper.terminal.graph import GraphSteps
from walkthroughs.stepper.terminal.moves import View
from walkthroughs.stepper.terminal.predictions import known_numbers, local_choices, question, value_of, verdict
from walkthroughs.stepper.trace import Trace

from ..graphs import tensor_loss
from .pressing import TITLE, Pressed


@pytest.fixture(scope="module")
def trace():
    return Trace(Question3(random_case(0)).l)


def position_before(trace, left):
    return next(i for i, frame in enumerate(trace.frames) if frame.left == left)


def pressed_at(trace, position, *keys, **options):
    screen = GraphSteps(trace, TITLE)
    screen.view = View(position)
    return Pressed(screen, *keys, **options)


def test_arithmetic_on_numbers_and_known_names():
    numbers = {"h1": 0.25, "h": 2.0, "dl/d(V11 * h1)": -0.5, "W[0, 1]": 3.0}
    for text, value in [
        ("1/2", 0.5), ("h1 * (1 - h1)", 0.1875), ("-h1*h", -0.5), ("2e1 + .5", 20.5), ("h ** -2", 0.25),
        ("dl/d(V11 * h1) * W[0, 1]", -1.5), ("-inf", -math.inf), ("h12", None), ("h1(2)", None), ("h1.real", None),
        ("1/0", None), ("(-h) ** .5", None), ("9 ** 9 ** 9 ** 9.0", None), ("(" * 300, None), ("", None),
        ("- " * 9999 + "1", None),
        ("__import__('os')", None), ("1 if h else 2", None), ("True", None),
    ]:  # fmt: skip
        assert value_of(text, numbers) == value, text


def test_operands_are_hidden_and_names_are_an_answer(trace):
    assert question(trace, "hidden", 3) == "h1 = sigmoid(k1) = ?"
    assert question(trace, "hidden", 4) == "V11 * h1 = ?"
    assert question(trace, "hidden", trace.turn - 1) == ""
    assert verdict(trace, "hidden", 3, "1/(1 + 2.718282 ** -k1)")[0]
    assert not verdict(trace, "hidden", 4, "V11 * h1 + 1")[0]
    assert not verdict(trace, "hidden", 3, "h1")[0]  # which is not known yet
    at = position_before(trace, "dl/dk1")
    assert verdict(trace, "hidden", at, "dl/dh1 * h1 * (1 - h1)") == (True, "dl/dk1 += -0.1179", "")
    assert "Likely slip, " in verdict(trace, "number", at, "0.1179")[2]
    assert set(known_numbers(trace, 3)) >= {"k1", "W11"} and "h1" not in known_numbers(trace, 3)
    shaped = Trace(tensor_loss())
    assert question(shaped, "hidden", 0).endswith("the shape: ?") and verdict(shaped, "hidden", 0, "3 x 2")[0]


def test_which_local_derivative(trace):
    at = position_before(trace, "dl/dk1")
    assert question(trace, "local", 3) == "" and question(trace, "local", at).startswith("Which is d h1 / d k1?")
    assert set(local_choices(trace, trace.frames[at])) == {"h1 * (1 - h1)", "k1 * (1 - k1)", "h1", "(1 - h1 ** 2)"}
    for given in ("h1*(1-h1)", "(1 - h1) * h1"):
        assert verdict(trace, "local", at, given) == (True, "d h1 / d k1 = h1 * (1 - h1)", "")
    assert verdict(trace, "local", at, "k1 * (1 - k1)")[::2] == (False, " Likely slip: input instead of output.")
    asked = pressed_at(trace, at, *"ppp", "right", "up", "down", "down")
    choices = list(local_choices(trace, trace.frames[at]))
    assert all(choice in " ".join(asked.text.split()) for choice in choices)
    answered = pressed_at(trace, at, *"ppp", "right", *["down"] * (1 + choices.index("h1 * (1 - h1)")), "enter")
    assert answered.view.score == (1, 1) and "Right: d h1 / d k1" in answered.text
    assert pressed_at(trace, 2, *"ppp", "right").positions[-1] == 3  # the forward pass has none


def test_which_node_is_next(trace):
    assert verdict(trace, "order", 3, "h1") == (True, "h1", "")
    assert verdict(trace, "order", 3, "W12 * x1") == (True, "h1", " W12 * x1 could be next too.")
    assert verdict(trace, "order", 4, "l") == (False, "V11 * h1", "") and not verdict(trace, "order", 4, "h1")[0]
    for position in range(trace.turn, len(trace.frames)):
        receiver = trace.names[trace.nodes[trace.frames[position].input]]
        assert verdict(trace, "order", position, receiver)[:2] == (True, receiver)
    assert not verdict(trace, "order", trace.turn, "W11")[0]


def test_the_score_sheet_is_kept_and_saved(trace, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "Nothing has been predicted yet" in pressed_at(trace, 0, "s").text
    keys = ["p", "right", *"-0.42", "enter", "right", "7", "enter", "p", "right", "enter", *"ppp", "s", "enter"]
    found = pressed_at(trace, 0, *keys)
    assert found.view.score == (1, 2) and not found.view.level and "The score sheet is in score.txt." in found.text
    sheet = (tmp_path / "score.txt").read_text(encoding="utf-8")
    assert sheet.startswith(f"{TITLE}\n1 of 2 right\n") and "answer 7; it is W21 * x2 = -0.4" in sheet
    again = pressed_at(trace, 0, "p", "right", "1", "enter", "s", *["backspace"] * 9, "enter")
    assert "cannot be written" in again.text

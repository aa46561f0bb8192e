"""The steps as a film and as slides: a picture a step, with the engine's numbers, in which nothing moves."""

import re

import pytest
from PIL import Image

from scalar_engine import Value, tanh
from walkthroughs.stepper import step
from walkthroughs.stepper.pictures.film import Film
from walkthroughs.stepper.trace import Trace

from ..graphs import odd_graph, random_graph, states
from ..test_recording import trained


def small():
    x = Value(2.0, "x $y$_1")
    return (tanh(x) * x).named("layer1/y")


def test_a_film_has_a_picture_a_step(tmp_path):
    stepper = step(small())
    with Image.open(stepper.animate(tmp_path / "film.gif", seconds=0.5, progress=False)) as film:
        assert film.n_frames == len(stepper.trace.frames) + 1 and film.info["duration"] == 500
        first = film.convert("RGB").tobytes()
        film.seek(film.n_frames - 1)
        assert film.convert("RGB").tobytes() != first
    slides = stepper.slides(tmp_path / "slides.pdf", progress=False).read_bytes()
    assert len(re.findall(rb"/Type /Page\b", slides)) == len(stepper.trace.frames) + 1


@pytest.mark.parametrize("root", [random_graph(1), odd_graph()], ids=["random", "odd numbers"])
def test_every_number_in_a_film_is_the_engines(root):
    trace = Trace(root)
    film = Film(trace)
    for position, (values, gradients, _) in enumerate(states(root)):
        film.show(position)
        for i, (value, gradient) in film.words.items():
            data, grad = values[trace.nodes[i]], gradients[trace.nodes[i]]
            assert value.get_text() == ("" if data is None else f"data {root.brief(data)}")
            assert gradient is None or gradient.get_text() == ("" if grad is None else f"grad {root.brief(grad)}")


def test_what_cannot_be_filmed_is_said(tmp_path, monkeypatch):
    stepper = step(small())
    monkeypatch.setenv("PATH", str(tmp_path))
    for call, error, words in [
        (lambda: stepper.animate("film.txt"), ValueError, r"must end in .gif, .mp4 or .webm"),
        (lambda: stepper.animate("film.mp4"), ValueError, "film.mp4 needs ffmpeg"),
        (lambda: stepper.slides("slides.gif"), ValueError, "must end in .pdf"),
        (lambda: step(trained(1)).animate("film.gif"), TypeError, "no graph"),
    ]:
        with pytest.raises(error, match=words):
            call()

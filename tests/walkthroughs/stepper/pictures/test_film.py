"""The steps as a film and as slides: a picture a step, with the engine's numbers, in which nothing moves."""

import re
import sys

import pytest
from matplotlib.colors import to_hex
from PIL import Image

from scalar_engine import Value, sum, tanh
from walkthroughs.drawing import fonts
from walkthroughs.stepper import step
from walkthroughs.stepper.pictures.film import LIGHT, Film
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
            node = trace.nodes[i]
            data, grad = values[node], gradients[node]
            what = "data " if node.label or node.inputs or node.requires_grad else ""  # a constant is a number alone
            assert value.get_text() == ("" if data is None else f"{what}{root.brief(data)}")
            assert gradient is None or gradient.get_text() == ("" if grad is None else f"grad {root.brief(grad)}")


def test_what_cannot_be_filmed_is_said(tmp_path, monkeypatch):
    stepper = step(small())
    monkeypatch.setenv("PATH", str(tmp_path))
    for call, error, words in [
        (lambda: stepper.animate("film.txt"), ValueError, r"must end in .gif or .mp4 or .webm"),
        (lambda: stepper.animate("film.mp4"), ValueError, "film.mp4 needs ffmpeg"),
        (lambda: stepper.slides("slides.gif"), ValueError, "must end in .pdf"),
        (lambda: stepper.slides(tmp_path / "no" / "slides.pdf"), ValueError, "there is no folder .*no"),
        (lambda: step(trained(1)).animate("film.gif"), TypeError, "no graph"),
    ]:
        with pytest.raises(error, match=words):
            call()


def test_colours_and_lines_say_what_is_at_work():
    """A gradient is in its colour with its last contribution; a step's own arrows are lit, and no others."""
    x = Value(2.0, "x")
    film = Film(Trace((x * tanh(tanh(x))).named("y")))
    operands, colours = [], []
    for position in range(9):
        film.show(position)
        lit = [key for key, arrow in film.arrows.items() if arrow[0].get_linewidth() == 2]
        operands.append(sorted(operand for *_, operand in lit if operand))
        colours.append(to_hex(film.shapes[0].get_facecolor()))
    assert operands == [[], [1], [1], [1, 2], [], [1], [2], [1], [1]]
    states = [*["computed"] * 5, "flowing", "partial", "partial", "flowing"]
    assert colours == [LIGHT[state] for state in states]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a script that runs by its name")
def test_a_video_is_what_ffmpeg_makes_of_the_pictures(tmp_path, monkeypatch):
    """A stand-in for ffmpeg says what it was given: it is large, and not everybody has it."""
    script = "import sys\nopen(sys.argv[-1], 'w').write(f'{len(sys.stdin.buffer.read())} {sys.argv}')\n"
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!{sys.executable}\n{script}", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    stepper = step(small())
    for suffix, codec in [("mp4", "libx264"), ("webm", "libvpx-vp9")]:
        text = stepper.animate(tmp_path / f"film.{suffix}", seconds=0.5, dpi=97, progress=False).read_text("utf-8")
        width, height = map(int, re.search(r"'-s', '(\d+)x(\d+)'", text).groups())
        pictures = len(stepper.trace.frames) + 1 + 2  # the last one three times
        assert int(text.partition(" ")[0]) == 4 * width * height * pictures
        assert f"'{codec}'" in text and "'-framerate', '2.0'" in text and "fps=5,pad=" in text
    program.write_text(f"#!{sys.executable}\nimport sys; sys.exit(1)\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"ffmpeg does not write .*film.mp4; has it libx264\?"):
        stepper.animate(tmp_path / "film.mp4", progress=False)


def test_words_have_fonts_or_it_is_said_that_they_have_none(monkeypatch):
    letters = {"usual": set("ab"), "one of two": {"权"}, "both": {"权", "重"}}
    monkeypatch.setattr(fonts, "fonts_by_name", lambda *_: {fonts.USUAL: "usual", "A": "one of two", "B": "both"})
    monkeypatch.setattr(fonts, "characters", lambda path, *_: letters[path])
    monkeypatch.setattr(fonts, "told", set())
    assert fonts.fonts_for("ab权重", "draw") == ([fonts.USUAL, "B"], "")
    trace = Trace((Value(1.0, "权") * Value(2.0, "한")).named("y"))
    with pytest.warns(UserWarning, match="^animate: no font here has 한: .* such as Noto Sans CJK ") as warned:
        films = Film(trace), Film(trace)
    assert len(warned) == 1 and {text.get_text() for text in films[1].axes.texts} >= {"权", "\ufffd", "y"}
    assert Film(trace).axes.texts[0].get_fontfamily() == [fonts.USUAL, "A"]


def test_a_picture_too_wide_to_read_has_its_groups_folded():
    wide = [Value(1.0, f"layer1/w{i}") for i in range(40)]
    film = Film(Trace((sum(wide).named("layer1/k") * 2.0).named("y")))
    assert [box["group"] for box in film.picture["boxes"]] == ["layer1"] and film.width < 1000

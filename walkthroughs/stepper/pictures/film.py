"""The steps of a graph as pictures one after another: an animation, or slides. Nothing moves but the colours.

The picture is the page's, laid out by Graphviz once; matplotlib draws it, with the step's formula above.
"""

import re
import shutil
from pathlib import Path
from subprocess import CalledProcessError
from textwrap import wrap
from typing import Any

import matplotlib
import numpy as np
from matplotlib.animation import FFMpegWriter
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path as Curve
from PIL import Image
from tqdm.auto import tqdm

from walkthroughs.drawing.fonts import fonts_for
from walkthroughs.drawing.palette import COLOURS
from walkthroughs.drawing.sketch import FOLD_FROM

from ..listing import printable
from ..quantities import brief
from ..trace import known_at
from .views import view

HEAD, LINE = 90, 13  # points: the height for the formula, from line to line
NARROWEST, WIDEST = 560, 2400  # points: a picture that is wider has its groups folded
LIGHT = {name: colours[0] for name, colours in COLOURS.items()}
LAST = 3  # how many times as long as the others the last picture is shown
SLOWEST = 5  # pictures a second that every player takes
VIDEOS = {".mp4": ("libx264", []), ".webm": ("libvpx-vp9", ["-cpu-used", "5", "-row-mt", "1"])}


class Film:
    """A figure with the picture of a trace, which `show` puts at a position."""

    def __init__(self, trace, by="animate"):
        self.trace = trace
        families, lost = fonts_for(f"{''.join(trace.names.values())}{''.join(trace.groups)}", by)
        self.style: dict[str, Any] = {"family": families, "parse_math": False}
        self.lost = dict.fromkeys(map(ord, lost), "\N{REPLACEMENT CHARACTER}")
        whole = view(trace, None) if len(trace.nodes) <= FOLD_FROM else None
        self.picture = whole if whole and (whole["width"] <= WIDEST or not any(trace.groups)) else view(trace, ())
        width, height = self.picture["width"], self.picture["height"]
        self.width, margin = max(width, NARROWEST), max(0, NARROWEST - width) / 2
        self.figure = Figure(((self.width // 2) / 36, ((height + HEAD) // 2) / 36))
        axes = self.figure.add_axes((0, 0, 1, height / (height + HEAD)))
        left, top = self.picture["left"] + margin, self.picture["top"]
        axes.set(xlim=(-left, self.width - left), ylim=(height - top, -top))
        axes.axis("off")
        self.axes, self.shapes, self.words, self.arrows = axes, {}, {}, {}
        self.head = [
            self.figure.text(0.02, 1 - line / (height + HEAD), "", size=10, weight=weight, va="top", **self.style)
            for line, weight in HEADING
        ]
        for edge in self.picture["edges"]:
            self.add_edge(edge)
        for i, node in self.picture["nodes"].items():
            self.add_node(int(i), node)
        for i, (x, y, across, high) in self.picture["ops"].items():
            axes.add_patch(Ellipse((x, y), across, high, fc=LIGHT["panel"], ec=LIGHT["edge"], lw=0.8))
            self.word(x, y, trace.nodes[int(i)].op.symbol)
        for box in self.picture["boxes"]:
            self.shapes[box["id"]] = self.add_box(box["at"], LIGHT["box"], "--")
            self.word(box["at"][0], box["at"][1], f"{box['group']}\n{box['size']} nodes")

    def add_edge(self, edge):
        points = [tuple(map(float, pair.split(","))) for pair in re.findall(r"[-\d.]+,[-\d.]+", edge["path"])]
        codes = [Curve.MOVETO, *[Curve.CURVE4] * (len(points) - 1)]
        arrow = [self.axes.add_patch(PathPatch(Curve(points, codes), fc="none"))]
        if "tip" in edge:
            tip = [tuple(map(float, pair.split(","))) for pair in edge["tip"].split()]
            arrow.append(self.axes.add_patch(Polygon(tip)))
        self.arrows[edge["tail"], edge["head"], edge.get("position")] = arrow
        if "number" in edge:
            text, x, y = edge["number"]
            self.word(x, y, text, size=8)

    def add_node(self, i, node):
        self.shapes[i] = self.add_box(node["at"], LIGHT["waiting"])
        x, y = node["at"][:2]
        takes = self.trace.nodes[i].requires_grad
        rows = len(node["title"]) + 1 + takes
        first = y - LINE * (rows - 1) / 2
        for k, line in enumerate(node["title"]):
            self.word(x, first + LINE * k, line, weight="bold")
        value = self.word(x, first + LINE * len(node["title"]), "")
        gradient = self.word(x, first + LINE * (rows - 1), "", color=LIGHT["gradient"]) if takes else None
        self.words[i] = value, gradient

    def add_box(self, at, color, line="-"):
        x, y, width, height = at
        shape = FancyBboxPatch(
            (x - width / 2, y - height / 2), width, height, boxstyle="round,pad=0,rounding_size=8",
            fc=color, ec=LIGHT["edge"], lw=0.8, ls=line,
        )  # fmt: skip
        return self.axes.add_patch(shape)

    def word(self, x, y, text, size=10, **style):
        style = {"ha": "center", "va": "center", "size": size, **self.style, **style}
        return self.axes.text(x, y, self.plain(text), **style)

    def plain(self, text):
        """Text in lines, without half characters and what else no font has."""
        return plain(text).translate(self.lost)

    def show(self, position):
        """Colours, numbers and formula after so many frames."""
        frame = self.trace.frames[position - 1] if position else None
        known = known_at(self.trace, position)
        of_group = {box["group"]: box["id"] for box in self.picture["boxes"]}
        at_work = working(frame)
        for i, (value, gradient) in self.words.items():
            data, held = known[i]
            state = at_work.get(i) or ("computed" if data is not None else "waiting")
            if held and i not in at_work:
                state = "done" if held.kind == "turn" or held.nth == held.of else "partial"
            self.shapes[i].set(fc=LIGHT[state], **line_of(frame if i in at_work else None))
            node = self.trace.nodes[i]
            what = "data " if node.op or node.label or gradient else ""  # the box of a constant holds its number alone
            value.set_text("" if data is None else f"{what}{plain(brief(data))}")
            if gradient:
                gradient.set_text(f"grad {brief(held.total)}" if held else "")
        for group, name in of_group.items():
            works = any(f"{self.trace.groups[i]}/".startswith(f"{group}/") for i in at_work)
            self.shapes[name].set(fc=LIGHT["now" if works else "box"])
        self.show_arrows(frame)
        last = len(self.trace.frames)
        formula = printable(frame.formula) if frame else "Nothing is computed yet."
        formula = wrap(formula, int(self.width / 6.2), max_lines=3, placeholder=" ...")
        note = wrap(frame.note if frame else "", int(self.width / 5.8), max_lines=1, placeholder=" ...")
        lines = [f"step {position} of {last}", "\n".join(formula), "".join(note)]
        for text, line in zip(self.head, lines):
            text.set_text(self.plain(line))

    def show_arrows(self, frame):
        for (tail, head, operand), arrow in self.arrows.items():
            line = line_of(frame if frame and is_at_work(frame, tail, head, operand) else None)
            for part in arrow:
                part.set(**line)
            for tip in arrow[1:]:
                tip.set(fc=line["ec"])


HEADING = [(8, "normal"), (24, "bold"), (67, "normal")]  # points from the top, for where, formula and note


def working(frame):
    """{node: its colour} of those at work: what is computed, or what passes its gradient on and what receives."""
    if frame is None or frame.kind == "forward":
        return {frame.node: "now"} if frame else {}
    return {i: "flowing" for i in (frame.node, frame.input) if i is not None}


def is_at_work(frame, tail, head, operand):
    """Whether a step goes along an arrow: forward all those of its operator, backward the one of its contribution."""
    if head == f"n{frame.node}_op":
        return frame.kind == "forward" or (frame.kind == "backward" and operand == frame.step.position + 1)
    return tail == f"n{frame.node}_op" and frame.kind != "turn"


def line_of(frame):
    """How what is at work in a frame is drawn, and with None all else."""
    if frame is None:
        return {"ec": LIGHT["edge"], "lw": 0.8}
    return {"ec": LIGHT["now-line" if frame.kind == "forward" else "flowing-line"], "lw": 2}


def plain(text):
    return "\n".join(map(printable, text.split("\n"))).encode("utf-8", "replace").decode("utf-8")


def animate(trace, path, seconds, dpi, progress):
    """Write a GIF, an MP4 or a WebM."""
    path = writable("animate", path, ".gif", *VIDEOS)
    if path.suffix in VIDEOS and not shutil.which(matplotlib.rcParams["animation.ffmpeg_path"]):
        raise ValueError(f"animate: {path.name} needs ffmpeg, which is not installed; a .gif needs nothing")
    film = Film(trace)
    positions = tqdm(range(len(trace.frames) + 1), "pictures", disable=None if progress else True)
    if path.suffix == ".gif":
        canvas = FigureCanvasAgg(film.figure)
        film.figure.set_dpi(dpi)
        first, *rest = (picture_of(film, canvas, position) for position in positions)
        durations = [1000 * seconds] * len(rest) + [LAST * 1000 * seconds]
        first.save(path, save_all=True, append_images=rest, duration=durations, loop=0)
    else:
        codec, arguments = VIDEOS[path.suffix]
        playable = f"fps={max(SLOWEST, 1 / seconds)},pad=ceil(iw/2)*2:ceil(ih/2)*2"
        arguments = ["-vcodec", codec, "-pix_fmt", "yuv420p", "-vf", playable, *arguments]
        writer = FFMpegWriter(1 / seconds, codec, extra_args=arguments)
        try:
            with writer.saving(film.figure, path, dpi):
                for position in positions:
                    film.show(position)
                    for _ in range(1 if position < len(trace.frames) else LAST):
                        writer.grab_frame()
        except (OSError, CalledProcessError) as error:
            raise ValueError(f"animate: ffmpeg does not write {path}; has it {codec}? {error}") from None
    return path


def writable(what, path, *suffixes):
    """A path that a file may have; a ValueError otherwise, before any picture is made."""
    path = Path(path)
    if path.suffix not in suffixes:
        raise ValueError(f"{what}: {path.name} must end in {' or '.join(suffixes)}")
    if not path.parent.is_dir():
        raise ValueError(f"{what}: there is no folder {path.parent}")
    return path


def picture_of(film, canvas, position):
    """A picture in 64 colours: a film of hundreds stays small, in memory too."""
    film.show(position)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(64, Image.Quantize.FASTOCTREE)


def slides(trace, path, progress):
    """Write a PDF with a picture a step."""
    path = writable("slides", path, ".pdf")
    film = Film(trace, "slides")
    with PdfPages(path) as pages:
        for position in tqdm(range(len(trace.frames) + 1), "slides", disable=None if progress else True):
            film.show(position)
            pages.savefig(film.figure)
    return path

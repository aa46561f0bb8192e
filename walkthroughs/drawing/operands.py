"""The numbers of operands in a picture that Graphviz has laid out: each beside its own arrow, and clear of others.

Graphviz puts all numbers at one angle to their arrows, upon one another where two arrows come in at one angle.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

NODE = re.compile(r'height=([\d.]+),\s*id="?(\w+)"?,.*?pos="([^"]+)",.*?width=([\d.]+)', re.DOTALL)
ARROW = re.compile(r'id="([\w-]+)",\s*pos="e,\S+ ([^"]+)"')
NUMBER = re.compile(r'head_lp="[^"]*"(,\s*headlabel=<?\d+>?,\s*id="([\w-]+)")')

Place = tuple[complex, float, float]  # the middle of something, and half its width and height

# In points: half a number's size, its distance from the arrow, and how far it may stand back from the arrow's head.
ACROSS, HIGH, ASIDE = 3.5, 5, 6
SIDES = 1, -1, 1.8, -1.8
BACK = 3, 7, 11, 15, 20, 26, 33, 41
NEAR = 60


def placed(laid_out: str) -> str:
    """A picture in Graphviz's language, as Graphviz writes it with a layout, with its numbers at other places."""
    text = laid_out.replace("\\\r\n", "").replace("\\\n", "")  # a long line is broken
    lines = {name: straightened(points(path)) for name, path in ARROW.findall(text)}
    parts = by_cell(lines)
    ovals: dict[str, Place] = {}
    boxes: dict[str, Place] = {}
    for height, name, at, width in NODE.findall(text):
        (ovals if name.endswith("_op") else boxes)[name] = points(at)[0], 36 * float(width), 36 * float(height)
    numbers: dict[str, Place] = {}
    for _, name in NUMBER.findall(text):
        end = lines[name][-1]
        others = [part for cell in cells_around(end) for other, *part in parts.get(cell, ()) if other != name]
        near = [[each for each in found.values() if abs(each[0] - end) < NEAR + each[1]] for found in (ovals, boxes)]
        spots = [at + side * ASIDE * 1j * way for at, way in along(lines[name]) for side in SIDES] or [end]
        faults = {spot: faults_of(spot, [[*numbers.values()], *near], others) for spot in spots}
        numbers[name] = min(spots, key=faults.__getitem__), ACROSS, HIGH
    at = {name: f"{spot.real:.1f},{spot.imag:.1f}" for name, (spot, *_) in numbers.items()}
    return NUMBER.sub(lambda match: f'head_lp="{at[match[2]]}"{match[1]}', text)


def faults_of(spot: complex, around: list[list[Place]], others: list[list[complex]]) -> float:
    """How bad a place for a number is: upon others, operators or boxes, all `around`, and near to other arrows."""
    numbers, ovals, boxes = (sum(overlaps(spot, each) for each in found) for found in around)
    return 1000 * numbers + 100 * ovals + 10 * boxes + sum(max(0, ASIDE - distance(spot, *part)) for part in others)


def by_cell(lines: dict[str, list[complex]]) -> dict[complex, list[tuple[str, complex, complex]]]:
    """{a square of the picture: (the name of a line, the ends of a straight part of it that ends there)}"""
    parts: dict[complex, list[tuple[str, complex, complex]]] = {}
    for name, line in lines.items():
        for a, b in pairwise(line):
            parts.setdefault(cell(b), []).append((name, a, b))
    return parts


def cells_around(spot: complex) -> list[complex]:
    return [cell(spot) + complex(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)]


def cell(spot: complex) -> complex:
    return complex(spot.real // NEAR, spot.imag // NEAR)


def points(text: str) -> list[complex]:
    """ "1,2 3,4" -> [1+2j, 3+4j]"""
    return [complex(*map(float, pair.split(","))) for pair in text.split()]


def straightened(curve: list[complex]) -> list[complex]:
    """Cubic curves, end to end, as points joined by straight lines."""
    line = curve[:1]
    for k in range(0, len(curve) - 3, 3):
        corners = list(zip(curve[k : k + 4], (1, 3, 3, 1), range(4)))
        for t in (i / 8 for i in range(1, 9)):
            line.append(sum((n * t**i * (1 - t) ** (3 - i) * corner for corner, n, i in corners), 0j))
    return line


def along(line: list[complex]) -> Iterator[tuple[complex, complex]]:
    """Pairs of a point on a line, back from its end, and its direction there."""
    far = 0.0
    for b, a in pairwise(reversed(line)):
        length = abs(b - a)
        for back in BACK:
            if far <= back < far + length:
                yield b + (a - b) * (back - far) / length, (b - a) / length
        far += length


def overlaps(spot: complex, place: Place) -> bool:
    at, across, high = place
    return abs(spot.real - at.real) < across + ACROSS and abs(spot.imag - at.imag) < high + HIGH


def distance(spot: complex, a: complex, b: complex) -> float:
    """Of a point from the straight line between two others."""
    way = b - a
    t = ((spot - a) * way.conjugate()).real / (abs(way) ** 2 or 1)
    return abs(spot - a - min(1, max(0, t)) * way)

"""Damaged files: what disks, editors, cut transfers and attackers make of a whole one, from a seed.

`tried(format, data, n, seed)` reads n of them; `tests/test_damaged_files.py` does so for each format in a few seconds.
"""

import io
import random
import zipfile

ODD = (
    b"\x00",
    b"\xff",
    b"\n",
    b"{",
    b"[",
    b"]",
    b'"',
    b"-",
    b"9",
    b"e",
    b"NaN",
    b"1e999",
    b"\xc3",
    b"null",
    b"\x1f\x8b",
    b"PK",
)


def flipped(data, rng):
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def cut(data, rng):
    return data[: rng.randrange(len(data))]


def beheaded(data, rng):
    return data[rng.randrange(len(data)) :]


def without_a_piece(data, rng):
    start, stop = stretch(data, rng)
    return data[:start] + data[stop:]


def with_a_piece_twice(data, rng):
    start, stop = stretch(data, rng)
    return data[:stop] + data[start:]


def with_zeros(data, rng):
    start, stop = stretch(data, rng)
    return data[:start] + bytes(stop - start) + data[stop:]


def with_noise(data, rng):
    start, stop = stretch(data, rng)
    return data[:start] + rng.randbytes(stop - start) + data[stop:]


def with_an_oddity(data, rng):
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(ODD) * rng.choice((1, 1, 1, 50)) + data[at + rng.randrange(2) :]


def with_an_extreme_byte(data, rng):
    """In the first or last hundred bytes, where headers and directories are."""
    at = rng.choice((0, max(0, len(data) - 100))) + rng.randrange(min(100, len(data)))
    return data[:at] + bytes([rng.choice((0, 1, 2, 0x7F, 0x80, 0xFF))]) + data[at + 1 :]


def shuffled_lines(data, rng):
    lines = data.splitlines(keepends=True)
    rng.shuffle(lines)
    return b"".join(lines)


def stretch(data, rng):
    start = rng.randrange(len(data))
    return start, min(len(data), start + rng.choice((1, 2, 4, 16, 300)))


DAMAGES = (flipped, cut, beheaded, without_a_piece, with_a_piece_twice, with_zeros, with_noise, with_an_oddity,
           with_an_extreme_byte, shuffled_lines)  # fmt: skip


def damaged(data, rng):
    """One damage or a few; of an archive, half of the time within a member that is then packed as if it were whole."""
    if data.startswith(b"PK") and rng.random() < 0.5:
        return damaged_within(data, rng)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data = rng.choice(DAMAGES)(data, rng) if data else data
    return data


def damaged_within(data, rng):
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(stream, "w") as file:
        names = whole.namelist()
        chosen = rng.choice(names)
        for name in names:
            content = whole.read(name)
            if name == chosen:
                content = rng.choice(DAMAGES)(content, rng)
            if name != chosen or rng.random() < 0.9:
                file.writestr(name, content)
    return stream.getvalue()


def tried(read, data, n, seed):
    """How many of n damaged files were refused. `read(bytes)` says whether it has; what else is wrong it raises."""
    rng = random.Random(seed)
    refused = 0
    for i in range(n):
        found = damaged(data, rng)
        try:
            refused += read(found)
        except Exception as error:
            raise AssertionError(f"damaged file {i} of seed {seed}, {len(found)} bytes: {found[:200]!r}") from error
    return refused

"""An array as a small picture: a heat map for notebooks, as a PNG in the page, which needs no script and no style."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode

import numpy as np

LOW, MIDDLE, HIGH = (33, 102, 172), (247, 247, 247), (178, 24, 43)  # blue below 0, red above, as in the stepper
NOT_A_NUMBER = (255, 0, 255)
CELLS, SIDE = 64, 192  # cells along an axis, and pixels of the picture, at most


def heat_map(array: np.ndarray) -> str:
    """An `<img>` of an array of at least one axis: a vector is a row, and matrices stand below one another.

    Colours go from -m to m, where m is the greatest finite magnitude; a cell of a large array is the mean of a block.
    """
    matrix = blocks(blocks(np.asarray(array).reshape(-1, np.shape(array)[-1]), 0), 1).astype(float)
    m = np.abs(matrix[np.isfinite(matrix)]).max(initial=0.0) or 1.0
    parts = np.clip(np.nan_to_num(matrix / m), -1, 1)[..., None]
    pixels = np.where(
        parts < 0, MIDDLE + (np.subtract(MIDDLE, LOW) * parts), MIDDLE + np.subtract(HIGH, MIDDLE) * parts
    )
    pixels = np.where(np.isnan(matrix)[..., None], NOT_A_NUMBER, pixels)
    size = max(1, SIDE // max(matrix.shape))
    data = b64encode(png(pixels.repeat(size, 0).repeat(size, 1).astype(np.uint8))).decode()
    shape = " x ".join(map(str, np.shape(array)))
    return f'<img alt="heat map, {shape}, from {-m:.4g} in blue to {m:.4g} in red" src="data:image/png;base64,{data}">'


def blocks(matrix: np.ndarray, axis: int) -> np.ndarray:
    """The means of at most CELLS blocks along an axis; of long ones, of some of their elements."""
    each = max(1, matrix.shape[axis] // (16 * CELLS))
    matrix = matrix[::each] if axis == 0 else matrix[:, ::each]
    n = matrix.shape[axis]
    if n <= CELLS:
        return matrix
    starts = np.linspace(0, n, CELLS, endpoint=False).astype(int)
    sizes = np.diff([*starts, n])
    return np.add.reduceat(matrix, starts, axis=axis, dtype=float) / (sizes[:, None] if axis == 0 else sizes)


def png(pixels: np.ndarray) -> bytes:
    """Pixels (height, width, 3) of bytes as a file."""
    height, width = pixels.shape[:2]
    lines = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)  # 0: no filter
    parts = [(b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(lines.tobytes()))]
    chunks = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in [*parts, (b"IEND", b"")]
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)

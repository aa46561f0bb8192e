"""Data sets by name, and the file formats that they come in.

Reading order: loading, idx_files.
"""

from .loading import (
    CLASS_NAMES,
    IMAGE_SHAPES,
    NAMES,
    NUM_VAL,
    Dataset,
    digest_of,
    load,
    load_digits,
    load_fashion_mnist,
    load_mnist,
    load_synth,
    make_moons,
    standardised,
    symmetric,
)

__all__ = [
    "CLASS_NAMES",
    "Dataset",
    "IMAGE_SHAPES",
    "NAMES",
    "NUM_VAL",
    "digest_of",
    "load",
    "load_digits",
    "load_fashion_mnist",
    "load_mnist",
    "load_synth",
    "make_moons",
    "standardised",
    "symmetric",
]

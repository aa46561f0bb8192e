"""Data sets by name, and the file formats that they come in.

Reading order: dataset, loading, idx_files; checking, tables and files, for data of one's own.
"""

from .dataset import Dataset, digest_of, standardised, symmetric
from .loading import (
    CLASS_NAMES,
    IMAGE_SHAPES,
    NAMES,
    NUM_VAL,
    load,
    load_digits,
    load_fashion_mnist,
    load_mnist,
    load_synth,
    make_moons,
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

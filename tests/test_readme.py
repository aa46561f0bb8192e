"""The README's Python runs from top to bottom, and gives the numbers that stand beside it."""

import re
import warnings
from importlib.util import find_spec

import numpy as np
import pytest

from models.layers import Linear
from tests import ROOT
from walkthroughs.grow import examples

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
NOT_RUN = "forward(x):\n        ...", "step(recording)"  # a rule left out; a loop of the reader's own


def run(block, namespace):
    """Run a block; returns how many claims were compared, all of which have to be right."""
    lines = examples.run(block, namespace)
    for line in lines:
        assert line.right, f"{line.source} gives {line.found}, and the README says {line.said}"
    return sum(len(line.said) for line in lines)


def test_the_blocks_run_and_their_numbers_are_right(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    namespace, compared = {}, 0
    for block in BLOCKS:
        if not any(words in block for words in NOT_RUN):
            compared += run(block, namespace)
    printed = capsys.readouterr().out
    assert "dy/dw = 0.2983, the sum of upstream x local over" in printed and "likely slip" in printed
    assert compared >= 12 and len(BLOCKS) >= 7


def test_what_needs_pytorch_runs_where_it_is(needed):
    needed(find_spec("torch"), "PyTorch")
    import torch

    namespace = {"torch": torch, "Linear": Linear, "rng": np.random.default_rng(0)}
    (block,) = re.findall(r"^```py\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch.export's, about itself
        run(block, namespace)
    assert namespace["out"].shape == (1, 3) and namespace["out"].requires_grad


def test_a_wrong_number_is_noticed():
    with pytest.raises(AssertionError, match="1 \\+ 1 gives"):
        run("1 + 1    # 3", {})


def test_every_path_in_the_reading_table_is_there():
    text = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = set(re.findall(r"`((?:scalar_engine|tensor_engine|models|walkthroughs|tests)/[\w./]*)`", text))
    missing = [path for path in paths if not (ROOT / path).exists() and "SHEET" not in path]
    assert len(paths) > 30 and not missing

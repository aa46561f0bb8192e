"""Beyond the sheets: what the walkthrough of convolutions says is held to what the engine computes."""

import numpy as np
import pytest

from tensor_engine import Tensor, conv2d
from tensor_engine.operators.convolution import Convolution
from tests.array_expressions import array
from walkthroughs.sheets.beyond import by_loops, convolution


def test_loops_are_the_engines_convolution():
    x, w, b = (Tensor(a, requires_grad=True) for a in (array(1, 2, 6, 5), array(3, 2, 3, 3), array(3)))
    k = conv2d(x, w, b)
    upstream = array(*k.shape)
    k.backward(upstream)
    lists = [a.tolist() for a in (x.data[0], w.data, b.data)]
    assert np.array(by_loops.convolution(*lists)) == pytest.approx(k.data[0])
    for found, expected in zip(by_loops.backward_convolution(*lists[:2], upstream[0].tolist()), (x.grad[0], w.grad)):
        assert np.array(found) == pytest.approx(expected)


@pytest.mark.parametrize("position", [0, 1])
def test_a_wrong_backward_pass_is_told(position, monkeypatch, tmp_path, capsys, plain):
    right = Convolution.pull

    def pull(self, *operands, needs):
        return [-x if i == position and x is not None else x for i, x in enumerate(right(self, *operands, needs=needs))]

    monkeypatch.setattr(Convolution, "pull", pull)
    arguments = ["--quick", "--data", "digits", "--out", str(tmp_path)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convolution, "EPOCHS", (1, 1))
        assert convolution.main(arguments) == 1
    said = capsys.readouterr()
    assert "gives NOT both" in said.out and "finite differences do NOT agree" in said.out
    assert "the backward pass of conv2d is not the convolutions of the text" in said.err

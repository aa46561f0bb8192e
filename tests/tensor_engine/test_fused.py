"""Each fused operator equals its composition, in value and in every gradient, and stays right at large numbers."""

import weakref

import numpy as np
import pytest

import tensor_engine as te
from scalar_engine import compile_graph, gradcheck
from tensor_engine import Tensor, linear, modes, mse, softmax_cross_entropy
from tensor_engine.operators.fused import CrossEntropyOfClasses, CrossEntropyOfWeights, SoftmaxLessOneHot

from ..array_expressions import CLASSES, WEIGHTS, array

RANDOM = np.random.default_rng(0)
ONE_HOT = np.eye(3)[CLASSES]

FUSED = [
    ("linear", linear, [array(4, 2), array(2, 3), array(3)]),
    ("linear of one instance", linear, [array(1, 2), array(2, 3), array(3)]),
    ("classes", CrossEntropyOfClasses(CLASSES), [array(4, 3)]),
    ("classes, one instance", CrossEntropyOfClasses(CLASSES[:1]), [array(1, 3)]),
    ("classes, logits of +-10,000", CrossEntropyOfClasses(CLASSES), [RANDOM.normal(size=(4, 3)) * 1e4]),
    ("softmax less one-hot", SoftmaxLessOneHot(CLASSES), [array(4, 3)]),
    ("softmax less one-hot, logits of +-10,000", SoftmaxLessOneHot(CLASSES), [RANDOM.normal(size=(4, 3)) * 1e4]),
    ("weights", CrossEntropyOfWeights(), [array(4, 3), WEIGHTS]),
    ("weights, one-hot", CrossEntropyOfWeights(), [array(4, 3), ONE_HOT]),
    ("weights, logits of +-10,000", CrossEntropyOfWeights(), [RANDOM.normal(size=(4, 3)) * 1e4, WEIGHTS]),
    ("mse", mse, [array(4, 3), array(4, 3) + 0.3]),
    ("mse of vectors", mse, [array(5), array(5) * 2]),
]
FUSED_CASES = [pytest.param(op, arrays, id=name) for name, op, arrays in FUSED]


def value_and_gradients(f, arrays, needs=None):
    inputs = [Tensor(x, requires_grad=needs is None or needs[i]) for i, x in enumerate(arrays)]
    out = f(*inputs)
    (out * (array(*out.shape) + 3)).sum().backward()
    return out.data, [x.grad for x in inputs]


@pytest.mark.parametrize("op, arrays", FUSED_CASES)
def test_a_fused_operator_equals_its_composition(op, arrays):
    value, gradients = value_and_gradients(op, arrays)
    composed, composed_gradients = value_and_gradients(op.composition, arrays)
    assert value == pytest.approx(composed, rel=1e-12, abs=1e-12)
    for by_op, by_composition in zip(gradients, composed_gradients):
        assert by_op == pytest.approx(by_composition, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("op, arrays", FUSED_CASES)
def test_one_gradient_alone_is_the_same(op, arrays):
    _, together = value_and_gradients(op, arrays)
    for i in range(len(arrays)):
        _, alone = value_and_gradients(op, arrays, [j == i for j in range(len(arrays))])
        assert np.array_equal(alone[i], together[i])
        assert all(gradient is None for j, gradient in enumerate(alone) if j != i)


@pytest.mark.parametrize("op, arrays", FUSED_CASES)
def test_float32(op, arrays):
    value, gradients = value_and_gradients(op, arrays)
    value32, gradients32 = value_and_gradients(op, [x.astype(np.float32) for x in arrays])
    assert value32.dtype == np.float32 and value32 == pytest.approx(value, rel=1e-5, abs=1e-5)
    for by_32, by_64 in zip(gradients32, gradients):
        assert by_32.dtype == np.float32 and by_32 == pytest.approx(by_64, rel=1e-4, abs=1e-5)


def test_the_loss_of_two_instances_by_hand():
    """Logits (0, 0) and (log 3, 0) give (1/2, 1/2) and (3/4, 1/4); classes 0 and 1: (log 2 + log 4) / 2."""
    o = Tensor([[0.0, 0.0], [np.log(3), 0.0]], requires_grad=True)
    loss = softmax_cross_entropy(o, [0, 1])
    loss.backward()
    assert loss.item() == pytest.approx(1.5 * np.log(2), rel=1e-15)
    assert o.grad == pytest.approx(np.array([[-1 / 4, 1 / 4], [3 / 8, -3 / 8]]), rel=1e-15)


def test_classes_and_one_hot_targets_agree():
    for target in (CLASSES.tolist(), CLASSES.astype(np.uint8), CLASSES.astype(np.int32)[:, None][:, 0], ONE_HOT,
                   ONE_HOT.astype(int), ONE_HOT > 0, ONE_HOT.tolist(), Tensor(ONE_HOT)):  # fmt: skip
        value, gradients = value_and_gradients(lambda o, t=target: softmax_cross_entropy(o, t), [array(4, 3)])
        expected, expected_gradients = value_and_gradients(CrossEntropyOfClasses(CLASSES), [array(4, 3)])
        assert value == pytest.approx(expected, rel=1e-14)
        assert gradients[0] == pytest.approx(expected_gradients[0], rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("target", [np.array([1, 0]), np.array([[0.0, 1.0], [1.0, 0.0]])])
def test_logits_of_10_000(target):
    """The first instance is certain and wrong: its loss is the difference of the logits, its gradient -1 and 1."""
    o = Tensor([[1e4, -1e4], [1e4, -1e4]], requires_grad=True)
    loss = softmax_cross_entropy(o, target)
    loss.backward()
    assert loss.item() == 1e4
    assert o.grad.tolist() == [[0.5, -0.5], [0, 0]]


@pytest.mark.parametrize("target", [CLASSES, ONE_HOT])
def test_an_offset_shared_by_all_logits_changes_nothing(target):
    logits = np.round(array(4, 3) * 1024) / 1024  # so that adding 2 ** 30 loses no digit
    for offset in (2.0**30, -(2.0**30)):
        value, gradients = value_and_gradients(lambda o: softmax_cross_entropy(o, target), [logits])
        shifted, shifted_gradients = value_and_gradients(lambda o: softmax_cross_entropy(o, target), [logits + offset])
        assert shifted == value and np.array_equal(shifted_gradients[0], gradients[0])


def test_a_masked_class_has_no_part_in_the_loss():
    """A logit of -inf is a class that cannot be."""
    o = Tensor([[0.0, 0.0, -np.inf]], requires_grad=True)
    loss = softmax_cross_entropy(o, [1])
    loss.backward()
    assert loss.item() == pytest.approx(np.log(2)) and o.grad.tolist() == [[0.5, -0.5, 0]]


@pytest.mark.parametrize("wrong", [-1, 3, 1000, -(2**40)])
def test_a_class_out_of_range_is_named(wrong):
    with pytest.raises(IndexError) as caught:
        softmax_cross_entropy(Tensor(array(4, 3), "layer2/o"), [0, 1, wrong, 2])
    assert str(caught.value) == (
        f'softmax_cross_entropy: (4, 3), class {wrong} of 3 classes (they count from 0) (layer 2 "o")'
    )


@pytest.mark.parametrize("instances, targets", [(4, 3), (4, 1), (1, 4), (4, 0)])
def test_targets_that_are_too_few_or_too_many(instances, targets):
    """One target beside four instances would broadcast."""
    message = rf"softmax_cross_entropy: \({instances}, 3\), .* as many instances as targets: {targets}$"
    with pytest.raises(ValueError, match=message):
        softmax_cross_entropy(Tensor(array(instances, 3)), np.zeros(targets, int))
    with pytest.raises(ValueError, match=rf"softmax_cross_entropy: \({instances}, 3\), \({targets}, 3\), needs logits"):
        softmax_cross_entropy(Tensor(array(instances, 3)), np.zeros((targets, 3)))


@pytest.mark.parametrize("logits", [array(3), array(3, 1, 2), np.array(1.0)])
def test_logits_that_are_no_matrix(logits):
    with pytest.raises(ValueError, match=r"softmax_cross_entropy: .*, needs logits \(instances, classes\)"):
        softmax_cross_entropy(Tensor(logits), [0, 1, 0])


def test_logits_in_any_order_of_memory():
    _, expected = value_and_gradients(CrossEntropyOfClasses(CLASSES), [array(4, 3)])
    logits = array(4, 3)
    for o in (np.asfortranarray(logits), np.repeat(logits, 2, axis=1)[:, ::2], logits[::-1].copy()[::-1]):
        _, gradients = value_and_gradients(CrossEntropyOfClasses(CLASSES), [o])
        assert np.array_equal(gradients[0], expected[0])


def test_classes_in_floats_are_refused():
    for target in ([0.0, 1.0, 2.0, 0.0], Tensor([0, 1, 2, 0])):
        with pytest.raises(ValueError, match=r"\(4, 3\), \(4,\), needs .* a weight for each, or else one integer"):
            softmax_cross_entropy(Tensor(array(4, 3)), target)


def test_a_forward_rule_that_runs_again_does_not_disturb_the_pass():
    """gradcheck and replays run forward rules on other arrays between the forward and the backward pass."""
    o = Tensor(array(4, 3), requires_grad=True)
    loss = softmax_cross_entropy(o, CLASSES)
    loss.op.forward(array(4, 3) + np.arange(3))
    assert gradcheck(loss).ok
    loss.backward()
    assert o.grad.sum(axis=1) == pytest.approx(np.zeros(4), abs=1e-15)
    assert o.grad == pytest.approx((te.softmax(o).data - ONE_HOT) / 4, rel=1e-13, abs=1e-16)


def test_the_caller_may_reuse_the_batch_of_targets():
    """The pass reads the targets that the loss was computed with, even if the array is filled anew before it."""
    classes, o = CLASSES.copy(), Tensor(array(4, 3), requires_grad=True)
    loss = softmax_cross_entropy(o, classes)
    expected = (te.softmax(o).data - ONE_HOT) / 4
    classes[:] = 0
    loss.backward()
    assert o.grad == pytest.approx(expected, rel=1e-13, abs=1e-16)


def test_what_the_node_keeps_is_what_the_rule_computes_without_it():
    """The operator itself keeps nothing: one of them may stand in two nodes."""
    op, one, two = CrossEntropyOfClasses(CLASSES), *(Tensor(array(4, 3) + i, requires_grad=True) for i in (0, 1))
    losses = [op(o * o) for o in (one, two)]
    assert vars(op).keys() == {"classes"}
    for o, loss in zip((one, two), losses):
        (squares,) = loss.inputs
        (alone,) = op.pull(loss.unit, loss.data, squares.data, needs=[True])
        loss.backward()
        assert np.array_equal(o.grad, 2 * o.data * alone)
    assert not np.allclose(one.grad, two.grad)


def test_what_a_node_keeps_goes_with_the_graph():
    loss = softmax_cross_entropy(Tensor(array(4, 3), requires_grad=True), CLASSES)
    kept = weakref.ref(loss.y.base)
    loss.backward()
    assert kept() is None


# ---- weights, smoothing, reduction


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weight", [None, [0.25, 1.5, 0.75]])
@pytest.mark.parametrize("target", [CLASSES, te.operand(CLASSES), WEIGHTS], ids=["classes", "operand", "weights"])
def test_cross_entropy_is_pytorchs(target, weight, label_smoothing, reduction, needed):
    try:
        import torch
    except ImportError:
        needed(False, "torch")
    o, twin = Tensor(array(4, 3), requires_grad=True), torch.tensor(array(4, 3), requires_grad=True)
    loss = te.cross_entropy(o, target, weight, reduction, label_smoothing)
    loss.sum().backward()
    expected = torch.nn.functional.cross_entropy(
        twin, torch.tensor(np.asarray(target)), None if weight is None else torch.tensor(weight).double(),
        reduction=reduction, label_smoothing=label_smoothing,
    )  # fmt: skip
    expected.sum().backward()
    assert loss.data == pytest.approx(expected.detach().numpy(), rel=1e-12)
    assert o.grad == pytest.approx(twin.grad.numpy(), rel=1e-12, abs=1e-14)
    if target is not WEIGHTS:
        half = te.cross_entropy(Tensor(array(4, 3).astype(np.float32)), target, weight, reduction, label_smoothing)
        assert half.dtype == np.float32


def test_classes_that_vary_are_followed_into_a_program():
    """The weights of the classes too: with another batch the program weighs by its classes."""
    o, y = Tensor(array(4, 3), "o", requires_grad=True), te.operand(CLASSES, "y")

    def loss(o, y):
        return te.cross_entropy(o, y, weight=[1.0, 2.0, 4.0], label_smoothing=0.2)

    with modes.switched(modes.recording, modes.EVERYTHING):
        program = compile_graph(loss(o, y), inputs=[y], parameters=[o])
    others = np.array([1, 1, 0, 2])
    assert program([others], [o.data])[0] == pytest.approx(loss(o, others).item(), rel=1e-14)


def test_a_loss_of_one_number():
    z = Tensor(0.0, requires_grad=True)
    (te.binary_cross_entropy_with_logits(z, 1) + te.hinge(z, 1)).backward()
    assert z.grad == -1.5


def test_losses_that_would_lose_digits():
    """A certain and right answer has a loss of exp(-40), and one of 1e4 that is wrong costs 1e4."""
    loss = te.binary_cross_entropy_with_logits(np.array([40.0, -40.0]), np.array([1.0, 0.0]), reduction="none")
    assert loss == pytest.approx(np.exp(-40) * np.ones(2), rel=1e-12, abs=0)
    z = Tensor([1e4, -1e4], requires_grad=True)
    te.binary_cross_entropy_with_logits(z, np.array([0.0, 1.0]), reduction="sum").backward()
    assert z.grad.tolist() == [1, -1]


@pytest.mark.parametrize("loss, words", [
    (lambda o: te.nll(o, [0, 1, 3, 0]), r"nll: class 3 of 3 classes"),
    (lambda o: te.cross_entropy(o, [0, 1, -1, 0], reduction="sum"), r"nll: class -1 of 3 classes"),
    (lambda o: te.nll(o, [0, 1]), r"nll: \(4, 3\), \(2,\), needs log-probabilities"),
    (lambda o: te.nll(o, [0.0] * 4), r"nll: \(4, 3\), \(4,\), needs log-probabilities"),
    (lambda o: te.nll(o[:0], np.zeros(0, int)), "no instances"),
    (lambda o: te.hinge(o, np.ones(3)), r"hinge: \(4, 3\), \(3,\), which must be equal"),
    (lambda o: te.hinge(o, ONE_HOT), "hinge: the targets are 1 and -1, and these have 0"),
    (lambda o: te.nll(o, CLASSES, np.ones(4)), r"nll: \(4, 3\), weights \(4,\), needs one for each class"),
    (lambda o: te.nll(o, CLASSES, [1, -1, 1]), "needs one for each class, and none below 0"),
    (lambda o: te.nll(o, CLASSES, [1, np.nan, 1]), "needs one for each class, and none below 0"),
    (lambda o: te.binary_cross_entropy_with_logits(o, ONE_HOT * 2 - 1), r"from -1\S* to 1\S*: of -1 and 1, write \(t"),
    (lambda o: te.cross_entropy(o, CLASSES, label_smoothing=10), "label_smoothing is a share, from 0 to 1, not 10"),
    (lambda o: te.cross_entropy(o, CLASSES, reduction="avg"), 'reduction="mean", "sum" or "none", not .avg'),
])  # fmt: skip
def test_what_a_loss_cannot_take(loss, words):
    with pytest.raises((ValueError, IndexError), match=words):
        loss(Tensor(array(4, 3), "o", requires_grad=True))

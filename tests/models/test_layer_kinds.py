"""Layers by kind, against PyTorch and finite differences; and a transformer block that learns."""

from importlib.util import find_spec

import numpy as np
import pytest

from models.layers import (
    INITIALISATIONS,
    MLP,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dropout,
    Embedding,
    Flatten,
    LayerNorm,
    LeNet,
    Linear,
    MaxPool2d,
    MultiHeadAttention,
    Sequential,
    TransformerBlock,
    Unflatten,
)
from models.training import evaluate
from models.training.compiled import CompiledForward, CompiledStep
from tensor_engine import Adam, Tensor, cross_entropy, gradcheck, operand

DTYPE = np.float64


def rng(seed=0):
    return np.random.default_rng(seed)


def given(*shape):
    return Tensor(rng(1).normal(0.3, 1, shape), "x", requires_grad=True)


def with_values(layer):
    """The layer with other numbers in all of its parameters and statistics, of which none is 0."""
    for each in [*layer.parameters(), *layer.statistics()]:
        each.data = rng(2).uniform(0.5, 1.5, each.shape) * (1 - 2 * rng(3).integers(0, 2, each.shape))
    for each in layer.statistics():
        each.data = abs(each.data)
    return layer


def conv(n_inputs, n_outputs, kernel, **options):
    return Conv2d(n_inputs, n_outputs, kernel, rng(), dtype=DTYPE, **options)


LAYERS = {  # the layer, what goes into it, PyTorch's twin and its parameters' order
    "dense": (lambda: Linear(4, 3, rng(), dtype=DTYPE), (5, 4), lambda t: t.nn.Linear(4, 3)),
    "dense without bias": (
        lambda: Linear(4, 3, rng(), dtype=DTYPE, bias=False), (2, 3, 4), lambda t: t.nn.Linear(4, 3, bias=False),
    ),
    "convolution": (lambda: conv(2, 3, 3), (2, 2, 5, 6), lambda t: t.nn.Conv2d(2, 3, 3)),
    "convolution with all options": (
        lambda: conv(4, 6, (3, 2), stride=2, padding=(1, 0), dilation=(1, 2), groups=2, bias=False), (2, 4, 6, 7),
        lambda t: t.nn.Conv2d(4, 6, (3, 2), stride=2, padding=(1, 0), dilation=(1, 2), groups=2, bias=False),
    ),
    "max pooling": (lambda: MaxPool2d(2), (2, 2, 4, 5), lambda t: t.nn.MaxPool2d(2)),
    "mean pooling": (lambda: AvgPool2d(3, 2, 1), (2, 2, 5, 6), lambda t: t.nn.AvgPool2d(3, 2, 1)),
    "batch norm of features": (lambda: BatchNorm(3, DTYPE), (6, 3), lambda t: t.nn.BatchNorm1d(3)),
    "batch norm of channels": (lambda: BatchNorm(3, DTYPE), (4, 3, 2, 2), lambda t: t.nn.BatchNorm2d(3)),
    "layer norm": (lambda: LayerNorm(4, DTYPE), (2, 3, 4), lambda t: t.nn.LayerNorm(4)),
    "attention": (lambda: Attention(), (2, 5, 4), lambda t: Attended(t)),
    "causal attention": (lambda: Attention(causal=True), (2, 5, 4), lambda t: Attended(t, causal=True)),
    "transformer block": (
        lambda: TransformerBlock(4, 2, rng(), dtype=DTYPE, causal=False, hidden=7), (2, 3, 4),
        lambda t: t.nn.TransformerEncoderLayer(4, 2, 7, 0.0, "gelu", norm_first=True, batch_first=True),
    ),
}  # fmt: skip
TRANSPOSED = (Linear,)  # PyTorch has (outputs, inputs)


def Attention(causal=False):
    return MultiHeadAttention(4, 2, rng(), dtype=DTYPE, causal=causal)


def Attended(torch, causal=False):
    """PyTorch's attention of a sequence to itself."""

    class Twin(torch.nn.MultiheadAttention):
        def forward(self, x):
            mask = torch.triu(torch.ones(x.shape[1], x.shape[1], dtype=torch.bool), 1) if causal else None
            return super().forward(x, x, x, attn_mask=mask)[0]

    return Twin(4, 2, batch_first=True)


PLACES = {  # where PyTorch has our parameters: parts of names
    "inwards/W": "in_proj_weight", "inwards/b": "in_proj_bias", "outwards/W": "out_proj.weight",
    "outwards/b": "out_proj.bias", "dense1/W": "linear1.weight", "dense1/b": "linear1.bias",
    "dense2/W": "linear2.weight", "dense2/b": "linear2.bias", "norm1/gamma": "norm1.weight",
    "norm1/beta": "norm1.bias", "norm2/gamma": "norm2.weight", "norm2/beta": "norm2.bias", "gamma": "weight",
    "beta": "bias", "mean": "running_mean", "variance": "running_var", "W": "weight", "b": "bias",
}  # fmt: skip


def twin_of(layer, twin):
    """(our Tensor, PyTorch's, whether it is transposed) of all parameters and statistics, PyTorch's set to ours."""
    import torch

    theirs = {**dict(twin.named_parameters()), **dict(twin.named_buffers())}
    pairs = []
    for each in [*layer.parameters(), *layer.statistics()]:
        ending = next(ending for ending in PLACES if each.label.endswith(f"/{ending}"))
        place = PLACES[ending]
        (name,) = [name for name in theirs if name == place or name.endswith(f".{place}")]
        transposed = each.ndim == 2
        with torch.no_grad():
            theirs[name].copy_(torch.tensor(each.data.T if transposed else each.data))
        pairs.append((each, theirs[name], transposed))
    return pairs


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_values_and_gradients_are_pytorchs(name, training, needed):
    needed(find_spec("torch"), "PyTorch")
    import torch

    make, shape, twin = LAYERS[name]
    layer, x, twin = with_values(make()), given(*shape), twin(torch).double()
    layer.train(training)
    twin.train(training)
    pairs = twin_of(layer, twin)
    theirs = torch.tensor(x.data, requires_grad=True)
    out, expected = layer(x), twin(theirs)
    upstream = rng(4).normal(size=out.shape)
    np.testing.assert_allclose(out.data, expected.detach().numpy(), rtol=1e-9, atol=1e-11)
    (out * upstream).sum().backward()
    (expected * torch.tensor(upstream)).sum().backward()
    np.testing.assert_allclose(x.grad, theirs.grad.numpy(), rtol=1e-8, atol=1e-10)
    for ours, other, transposed in pairs:
        array = other.detach() if other.grad is None else other.grad  # a statistic has none
        found = ours.data if ours.grad is None else ours.grad
        np.testing.assert_allclose(found.T if transposed else found, array.numpy(), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_are_those_of_finite_differences(name):
    make, shape, _ = LAYERS[name]
    layer, x = with_values(make()), given(*shape)
    out = layer(x)
    assert gradcheck((out * rng(4).normal(size=out.shape)).sum()).ok


@pytest.mark.parametrize("name", LAYERS)
def test_a_program_does_what_the_layer_does(name):
    """Its gradients, and the running statistics that it sees; then evaluation."""
    make, shape, _ = LAYERS[name]
    layer, twin = with_values(make()), with_values(make())
    x, y = given(*shape).data, rng(5).normal(size=make()(given(*shape)).shape)
    loss = lambda out, y: ((out - y) ** 2).mean()
    if layer.parameters():
        loss(twin(x), y).backward()
        step = CompiledStep(layer, loss, Adam(layer.parameters(), 0.1))
        step(x, y, len(x))
        step.hand_over()
        for ours, other in zip(layer.parameters(), twin.parameters()):
            np.testing.assert_allclose(ours.grad, other.grad, rtol=1e-9, atol=1e-11)
        for ours, other in zip(layer.statistics(), twin.statistics()):
            np.testing.assert_allclose(ours.data, other.data, rtol=1e-12)
            assert not np.array_equal(ours.data, with_values(make()).statistics()[0].data)
    layer.train(False)
    forward = CompiledForward(layer)
    first = np.array(forward(x))
    np.testing.assert_allclose(first, layer(Tensor(x)).data, rtol=1e-9, atol=1e-11)
    for each in layer.statistics():
        each.data = each.data + 1
    assert bool(layer.statistics()) != np.allclose(forward(x), first)  # they are no constants of it


def test_an_embedding_is_rows_of_its_weights_and_of_places():
    layer = Embedding(5, 3, rng(), dtype=DTYPE, length=4)
    x = np.array([[4, 0], [0, 0]])
    out = layer(x)
    assert np.array_equal(out.data, layer.W.data[x] + layer.P.data[:2])
    out.sum().backward()
    assert layer.W.grad.sum(axis=1).tolist() == [9, 0, 0, 0, 3] and layer.P.grad.sum(axis=1).tolist() == [6, 6, 0, 0]
    for wrong, words in [(np.zeros((1, 5), int), "a sequence of 5, and the embedding has 4 places"),
                         (np.zeros((1, 2)), "an embedding takes integers from 0 to 4, not float64")]:  # fmt: skip
        with pytest.raises(ValueError, match=words):
            layer(wrong)


def ready(kind, *made_with, **options):
    return kind(*made_with, rng(), dtype=DTYPE, **options)


@pytest.mark.parametrize("f, words", [
    (lambda: BatchNorm(3)(given(1, 3)), r"norm: \(1, 3\), of 1 values of each feature, which less their own mean are"),
    (lambda: BatchNorm(3)(given(1, 3, 1, 1)), "of 1 values of each feature"),
    (lambda: BatchNorm(3)(given(0, 3)), "of 0 values of each feature"),
    (lambda: BatchNorm(1)(given(4, 3)), r"norm: \(4, 3\), axis 1 must have 1 elements"),
    (lambda: BatchNorm(3)(given(4, 1)), r"norm: \(4, 1\), axis 1 must have 3 elements"),
    (lambda: BatchNorm(3)(given(3)), r"norm: \(3,\), axis 1 must have 3 elements"),
    (lambda: BatchNorm(0), "BatchNorm: n is 0, and must be a whole number above 0"),
    (lambda: LayerNorm(1), "LayerNorm: 1 feature less its own mean is 0"),
    (lambda: LayerNorm(3)(given(4, 1)), r"norm: \(4, 1\), the last axis must have 3 elements"),
    (lambda: ready(Linear, 4, 3)(given(2, 8, 2)), r"layer: \(2, 8, 2\), the last axis must have 4 elements"),
    (lambda: ready(Linear, 0, 3), "Linear: n_inputs is 0"),
    (lambda: ready(Linear, 3, 2.5), "Linear: n_outputs is 2.5, and must be a whole number above 0"),
    (lambda: ready(Conv2d, 2, 2, 3, groups=0), "Conv2d: groups is 0"),
    (lambda: ready(Conv2d, 3, 2, 3, groups=2), "Conv2d: 3 and 2 channels do not go into 2 groups"),
    (lambda: ready(Conv2d, 2, 2, (3, 2, 1)), r"kernel=\(3, 2, 1\): needs a whole number of at least 1, or 2 of them"),
    (lambda: Unflatten((1, -1, 3)), "Unflatten: shape is -1"),
    (lambda: LeNet((28, 28), 0), "Linear: n_outputs is 0"),
    (lambda: Dropout(0.5, rng())(np.arange(3)), "dropout scales what it leaves, and takes floats, not int64"),
    (lambda: ready(Embedding, 0, 3), "Embedding: n is 0"),
    (lambda: ready(Embedding, 5, 3)([[0, -1]]), "an embedding takes integers from 0 to 4, not -1"),
    (lambda: ready(Embedding, 5, 3)(operand([5])), "an embedding takes integers from 0 to 4, not 5"),
    (lambda: ready(Embedding, 5, 3)([True]), "an embedding takes integers from 0 to 4, not bool"),
    (lambda: ready(Embedding, 5, 3, length=2)(1), "a sequence of no places, and the embedding has 2 places"),
    (lambda: ready(MultiHeadAttention, 5, 2), "a width of 5 cannot be shared out among 2 heads"),
    (lambda: ready(MultiHeadAttention, 4, 0), "MultiHeadAttention: heads is 0"),
    (lambda: Attention()(given(3, 4)), r"attention: \(3, 4\), needs sequences \(instances, length, 4\)"),
    (lambda: Attention()(given(2, 0, 4)), r"attention: \(2, 0, 4\), needs sequences"),
    (lambda: Attention()(given(2, 4, 2)), r"attention: \(2, 4, 2\), needs sequences"),
    (lambda: ready(TransformerBlock, 4, 2, hidden=0), "Linear: n_outputs is 0"),
    (lambda: ready(TransformerBlock, 4, 2)(given(2, 3, 8)), r"block/norm1: \(2, 3, 8\), the last axis must have 4"),
])  # fmt: skip
def test_shapes_of_which_nothing_right_would_come_are_refused(f, words):
    with pytest.raises(ValueError, match=words):
        f()


@pytest.mark.parametrize("layer, shape", [
    (lambda: ready(Linear, 4, 3), (0, 4)), (lambda: ready(Linear, 4, 3), (0, 2, 4)), (lambda: Flatten(), (0, 2, 3)),
    (lambda: Unflatten((2, 3)), (0, 6)), (lambda: LayerNorm(3, DTYPE), (0, 3)), (lambda: Attention(), (0, 2, 4)),
    (lambda: Attention(causal=True), (1, 1, 4)), (lambda: MaxPool2d(2), (0, 1, 4, 4)),
    (lambda: Dropout(0.5, rng()), (0, 3)), (lambda: BatchNorm(3, DTYPE), (1, 3, 1, 2)),
])  # fmt: skip
def test_hazard_no_instance_and_a_single_one(layer, shape):
    x = given(*shape)
    out = layer()(x)
    out.sum().backward()
    assert out.shape[0] == shape[0] and x.grad.shape == shape and np.isfinite(x.grad).all()
    alone = BatchNorm(3, DTYPE)
    alone.train(False)
    assert np.array_equal(alone(Tensor([[1.0, 2.0, 3.0]])).data.round(4), [[1, 2, 3]])  # to evaluate, one is enough


def test_a_causal_place_sees_none_behind_it():
    layer = Attention(causal=True)
    x = given(1, 4, 4)
    changed = Tensor(x.data + (np.arange(4) == 3)[:, None])
    before, after = layer(x).data, layer(changed).data
    assert np.array_equal(before[:, :3], after[:, :3]) and not np.allclose(before[:, 3], after[:, 3])


def test_a_transformer_block_learns_to_copy():
    """Sequences a b c | a b c: what follows the mark is known by attention to places before."""
    sequences = rng().integers(0, 6, (64, 4))
    whole = np.concatenate([sequences, np.full((64, 1), 6), sequences], axis=1)
    x, y = whole[:, :-1], whole[:, 5:]
    model = Sequential(
        Embedding(7, 16, rng(1), length=8), TransformerBlock(16, 2, rng(2)),
        TransformerBlock(16, 2, rng(3), label="block2"), LayerNorm(16), Linear(16, 6, rng(4)),
    )  # fmt: skip
    optimizer = Adam(model.parameters(), 0.01)
    for _ in range(150):
        logits = model(x)[:, 4:]
        loss = cross_entropy(logits.reshape(-1, 6), y.ravel())
        loss.backward()
        optimizer.step()
    assert (logits.data.argmax(axis=-1) == y).mean() > 0.95


def test_batches_move_the_running_statistics_as_pytorchs(needed):
    needed(find_spec("torch"), "PyTorch")
    import torch

    ours, theirs = BatchNorm(3, DTYPE), torch.nn.BatchNorm1d(3).double()
    for step in range(20):
        x = rng(step).normal(step, 2, (5, 3))
        ours(Tensor(x))
        theirs(torch.tensor(x))
    np.testing.assert_allclose(ours.mean.data, theirs.running_mean.numpy(), rtol=1e-12)
    np.testing.assert_allclose(ours.variance.data, theirs.running_var.numpy(), rtol=1e-12)


def test_attention_of_float16_sees_no_later_element():
    layer, x = MultiHeadAttention(4, 2, rng(), dtype=np.float16, causal=True), given(1, 3, 4).data.astype(np.float16)
    with np.errstate(over="raise"):
        out = layer(Tensor(x)).data
        x[:, 2] += 1
        assert np.array_equal(layer(Tensor(x)).data[:, :2], out[:, :2]) and out.dtype == np.float16


def test_a_seed_is_no_generator():
    with pytest.raises(TypeError, match=r"rng is where random numbers come from, .* say, not 7"):
        Linear(4, 3, 7)


SPREADS = {  # deviation times sqrt(inputs), for 300 inputs and 100 outputs
    "glorot": np.sqrt(2 * 300 / 400), "glorot-normal": np.sqrt(2 * 300 / 400), "he": np.sqrt(2),
    "he-uniform": np.sqrt(2), "lecun": 1, "pytorch": np.sqrt(1 / 3), "normal": 0.02 * np.sqrt(300), "zeros": 0,
}  # fmt: skip


@pytest.mark.parametrize("name", INITIALISATIONS)
def test_initialisations_have_the_spread_of_their_papers(name):
    W = Linear(300, 100, rng(), name).W.data
    assert W.std() * np.sqrt(300) == pytest.approx(SPREADS[name], rel=0.02, abs=1e-9)
    filters = Conv2d(12, 4, 5, rng(), name).W.data  # 300 inputs and 100 outputs of each
    assert filters.shape == (4, 12, 5, 5)
    assert filters.std() * np.sqrt(300) == pytest.approx(SPREADS[name], rel=0.05, abs=1e-9)
    with pytest.raises(ValueError, match="there is no initialisation 'nosuch', only glorot, .*, zeros$"):
        MLP([3, 2], initialisation="nosuch")


def test_a_lenet_takes_pictures_of_any_size_that_leaves_something():
    for shape, sizes in [
        ((28, 28), ["1x28x28", "16x12x12", "32x4x4", 128, 10]),
        ((8, 8), ["1x8x8", "16x4x4", "32x2x2", 128, 10]),
    ]:
        model = LeNet(shape, 10)
        assert model.sizes == sizes and model(np.zeros((2, shape[0] * shape[1]), np.float32)).shape == (2, 10)
    assert (
        repr(LeNet((8, 8), 3, normalise=True).layers[1:3]) == "[Conv2d(1, 16, 5, padding=2, bias=False), BatchNorm(16)]"
    )
    with pytest.raises(ValueError, match="pictures of 1x3x3 are too small: a LeNet needs 4 rows and columns or more"):
        LeNet((3, 3), 10)


def test_flatten_undoes_unflatten():
    x = given(2, 12)
    assert np.array_equal(Flatten()(Unflatten((3, 2, 2))(x)).data, x.data)


def test_symbols_out_of_range_are_refused():
    model = Sequential(Embedding(5, 3, rng()), Flatten(), Linear(6, 2, rng()))
    assert evaluate(model, np.array([[0, 4], [1, 2]]), [0, 1]).losses.shape == (2,)
    with pytest.raises(ValueError, match=r"x is int64 from -1 to 4, and the model takes integers from 0 to 4"):
        evaluate(model, np.array([[0, 4], [-1, 2]]), [0, 1])

"""Somebody's PyTorch networks as graphs of Tensors: outputs and all gradients are PyTorch's; and ours as PyTorch's."""

import warnings

import numpy as np
import pytest

from models import layers
from scalar_engine.graph import topological_order
from tensor_engine import SGD, Tensor, cross_entropy, explain, scalarize
from walkthroughs.stepper import step

RNG = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def torch(torch):
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch.export's, about itself
        yield torch


def lmu(torch):
    """LMU's task 3: five layers on MNIST's vectors, 100 hidden units each, ReLU."""
    from torch import nn

    class MLP(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = nn.ModuleList([nn.Linear(784 if i == 0 else 100, 100) for i in range(4)])
            self.out = nn.Linear(100, 10)

        def forward(self, x):
            for layer in self.hidden:
                x = nn.functional.relu(layer(x))
            return self.out(x)

    return MLP(), (2, 784)


def cnn(torch):
    from torch import nn

    convolutions = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, 2)
    rest = nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.BatchNorm1d(6), nn.Linear(6, 3), nn.LogSoftmax(1)
    return nn.Sequential(*convolutions, *rest), (3, 1, 10, 10)


def transformer(torch):
    return torch.nn.TransformerEncoderLayer(8, 2, 16, 0.0, "gelu", batch_first=True, norm_first=True), (2, 5, 8)


def after_norm(torch):
    return torch.nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True), (2, 5, 8)


def recurrent(torch):
    from torch import nn

    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.cells = nn.GRUCell(3, 4)

        def forward(self, x):
            h = torch.zeros(x.shape[0], 4, dtype=x.dtype)
            for t in range(x.shape[1]):
                h = self.cells(x[:, t], h)
            return h

    return Last(), (2, 3, 3)


def by_hand(torch):
    from torch import nn

    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.norm, self.p = nn.Linear(3, 4), nn.GroupNorm(2, 4), nn.Parameter(torch.randn(4))

        def forward(self, x):
            h = self.norm(torch.tanh(self.a(x)) * self.p + x.mean(dim=1, keepdim=True).expand(-1, 4))
            a, b = h.chunk(2, dim=1)
            c = torch.where(a > 0, a, torch.exp(b)) @ torch.tril(torch.ones(2, 2, dtype=x.dtype))
            kinks = nn.functional.leaky_relu(b) - nn.functional.elu(a) + nn.functional.silu(c).clamp(-0.3, 0.4)
            return torch.cat([c, b.abs().pow(1.5), torch.rsqrt(1 + kinks**2)], 1).amax(dim=1) + h[:, -1]

    return Own(), (4, 3)


def with_its_loss(torch):
    """A network whose output is its loss, with PyTorch's casts, norms and movements on the way."""
    from torch import nn

    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.y = nn.Linear(4, 3), torch.tensor([0, 2])

        def forward(self, x):
            x = nn.functional.pad(x, (1, 0, 0, 1), value=0.5)[:2] * (x.sum() > -100).to(x.dtype)
            x = x + (2.7 * x).int() - x.cumsum(1).flip(0) + nn.functional.normalize(x) * x.norm(p=1)
            x = x.max(dim=1, keepdim=True).values.repeat(1, 4) * x.var(dim=1, keepdim=True) + x[:, :1].prod()
            picked = self.a(x).gather(1, torch.tensor([[1, 1]]))
            return nn.functional.cross_entropy(self.a(x), self.y, label_smoothing=0.1) + picked.sum()

    return Own(), (2, 3)


NETWORKS = (lmu, cnn, transformer, after_norm, recurrent, by_hand, with_its_loss)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("make", NETWORKS, ids=lambda make: make.__name__)
def test_outputs_and_all_gradients_are_pytorchs(torch, make, training):
    from models.pytorch import from_torch

    net, shape = make(torch)
    net = net.double().train(training)
    x = torch.tensor(RNG.normal(size=shape), requires_grad=True)
    out, theirs = from_torch(net, x), net(x)
    assert out.shape == tuple(theirs.shape) and np.allclose(out.data, theirs.detach(), rtol=1e-10, atol=1e-12)
    weights = RNG.normal(size=out.shape)
    loss = (out * weights).sum()
    leaves = {node.label: node for node in topological_order(loss) if node.requires_grad and not node.inputs}
    loss.backward()
    (theirs * torch.tensor(weights)).sum().backward()
    own = {name.replace(".", "/"): parameter for name, parameter in net.named_parameters()}
    assert set(leaves) >= set(own) and len(leaves) == len(own) + 1
    for label, leaf in leaves.items():
        assert np.allclose(leaf.grad, own.get(label, x).grad, rtol=1e-8, atol=1e-10), label


def test_float32_stays_and_integers_choose(torch):
    from models.pytorch import from_torch

    net = torch.nn.Sequential(
        torch.nn.Embedding(7, 4), torch.nn.LayerNorm(4), torch.nn.Flatten(), torch.nn.Linear(12, 2)
    )
    words = torch.tensor([[1, 5, 1]])
    out = from_torch(net, words)
    assert out.dtype == np.float32 and np.allclose(out.data, net(words).detach(), atol=1e-6)
    assert from_torch(net, np.array([[1, 5, 1]])).data.tolist() == out.data.tolist()


def test_it_is_stepped_explained_and_opened_into_scalars(torch):
    """A convolution before batch normalisation: the ledger of its weights, its steps, and the scalars behind it."""
    from models.pytorch import from_torch

    net, shape = cnn(torch)
    net = net.double().eval()
    x = torch.tensor(RNG.normal(size=(1, *shape[1:])))
    loss = cross_entropy(from_torch(net, x), np.array([1]))
    torch.nn.functional.nll_loss(net(x), torch.tensor([1])).backward()
    loss.backward(keep=True)
    weight = next(node for node in topological_order(loss) if node.label == "0/weight")
    assert np.allclose(weight.grad, net[0].weight.grad) and np.allclose(explain(weight, loss).gradient, weight.grad)
    scalars = scalarize(loss)
    scalars.root.backward()
    assert np.isclose(scalars[weight][1, 0, 2, 0].grad, weight.grad[1, 0, 2, 0])
    assert "convolution = conv2d(input, 0.weight, 0.bias, padding=1)" in step(loss).text()


@pytest.mark.parametrize(
    "make, message",
    {
        "unknown": (lambda nn: (nn.Sequential(nn.Flatten(), nn.SELU()), (2, 3)), "aten.elu.*scaled elu"),
        "random": (lambda nn: (nn.Sequential(nn.Linear(3, 3), nn.Dropout()), (2, 3)), "native_dropout.* in 1, .*eval"),
        "transposed": (
            lambda nn: (nn.ConvTranspose2d(1, 1, 2), (1, 1, 3, 3)),
            "convolution.*in the module itself.*transposed",
        ),
        "sorted": (
            lambda nn: (nn.Sequential(nn.Flatten(), Sorted(nn)), (2, 3)),
            r"aten.sort.default in 1, at .*x.sort",
        ),
    }.values(),
)
def test_what_is_not_covered_is_refused_by_name_and_place(torch, make, message):
    from models.pytorch import from_torch

    net, shape = make(torch.nn)
    with pytest.raises(NotImplementedError, match=f"from_torch: .*{message}"):
        from_torch(net, torch.ones(shape))


def Sorted(nn):
    class Sorted(nn.Module):
        def forward(self, x):
            return x.sort()[0]

    return Sorted()


def test_trained_here_and_carried_back(torch):
    from models.pytorch import from_torch, to_torch

    net, _ = lmu(torch)
    x, y = RNG.normal(size=(8, 784)).astype("float32"), np.arange(8)
    out = from_torch(net, x)
    before = net.out.bias.detach().clone()
    loss = cross_entropy(out, y)
    optimizer = SGD([node for node in topological_order(loss) if node.requires_grad and not node.inputs], 0.1)
    loss.backward(keep=True)
    optimizer.step()
    assert torch.equal(net.out.bias, before)
    to_torch(out, net)
    assert not torch.equal(net.out.bias, before) and np.allclose(
        from_torch(net, x).data, net(torch.tensor(x)).detach(), atol=1e-6
    )
    with pytest.raises(ValueError, match=r"to_torch: 0.weight \(2, 2\) is no leaf of the graph"):
        to_torch(out, torch.nn.Sequential(torch.nn.Linear(2, 2)))


OURS = {
    "MLP": (layers.MLP([5, 4, 3], "tanh", dropout=0.5), (2, 5)),
    "LeNet": (layers.LeNet((12, 12), 4, normalise=True), (2, 144)),
    "block": (layers.TransformerBlock(8, 2, RNG, dtype="float64"), (2, 5, 8)),
    "sequence": (layers.Sequential(layers.MultiHeadAttention(8, 2, RNG), layers.LayerNorm(8)), (2, 5, 8)),
    "activations": (
        layers.Sequential(layers.ELU(), layers.LeakyReLU(), layers.Linear(4, 3, RNG), layers.GELU(), layers.SiLU()),
        (5, 4),
    ),
    "rows": (layers.Sequential(layers.Linear(4, 3, RNG, bias=False), layers.BatchNorm(3), layers.Sigmoid()), (5, 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_our_layers_have_twins(torch, name):
    from models.pytorch import to_torch

    net, shape = OURS[name]
    for each in net.statistics():
        each.data = each.data + each.dtype.type(0.25)
    net.train(False)
    x = RNG.normal(size=shape).astype(net.parameters()[0].dtype)
    assert np.allclose(net(Tensor(x)).data, to_torch(net)(torch.tensor(x)).detach(), rtol=1e-4, atol=1e-5)


def test_embedded_words(torch):
    from models.pytorch import to_torch

    for length in (None, 6):
        words, layer = np.array([[1, 4, 2]]), layers.Embedding(7, 4, RNG, length=length)
        assert np.allclose(layer(words).data, to_torch(layer)(torch.tensor(words)).detach())
    with pytest.raises(NotImplementedError, match="Module has no twin"):
        to_torch(layers.Module())

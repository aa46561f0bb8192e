"""check_layer: the five sheets' layers and public styles are right as they are, and a changed line is named."""

import inspect
import warnings

import numpy as np
import pytest

from models.by_hand import augsburg, ftp, lmu, tsm, vu
from tensor_engine import Tensor, check_layer, check_steps, relu

SHEETS = [
    (lmu.Linear, "linear"), (lmu.ReLU, "relu"), (lmu.Softmax, "softmax"), (lmu.CrossEntropy, "cross_entropy"),
    (lmu.MLP, "network_relu"), (ftp.DenseLayer, "linear_sigmoid"), (ftp.SoftmaxLayer, "linear_softmax"),
    (ftp.MLP, "network"), (tsm.MLP, "network_relu"), (augsburg.NeuralNetwork, "network"),
    (vu.BatchedNetwork, "network"),
]  # fmt: skip


@pytest.mark.parametrize("cls, layer", SHEETS, ids=lambda x: getattr(x, "__name__", x))
def test_the_layers_of_the_sheets_are_right_in_their_own_layouts(cls, layer):
    found = check_layer(cls, layer)
    assert found and all(mark.ok for mark in found.marks), found
    assert found.marks[0].name == "forward" and (cls.__name__ == "NeuralNetwork") == ("columns" in str(found))


# ---- styles of public code


def affine(x, w, b):
    return x @ w + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def softmax_of(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_loss(x, y):
    p, n = softmax_of(x), len(x)
    loss = -np.log(p[np.arange(n), y]).mean()
    p[np.arange(n), y] -= 1
    return loss, p / n


def mse_loss(prediction, target):
    return ((prediction - target) ** 2).mean(), 2 * (prediction - target) / prediction.size


class UpdatesInside:
    def __init__(self, input_size, output_size):
        self.weights, self.bias = np.zeros((output_size, input_size)), np.zeros((output_size, 1))

    def forward(self, input):
        self.input = input
        return self.weights @ input + self.bias

    def backward(self, output_gradient, learning_rate):
        input_gradient = self.weights.T @ output_gradient
        self.weights -= learning_rate * output_gradient @ self.input.T
        self.bias -= learning_rate * output_gradient.sum(axis=1, keepdims=True)
        return input_gradient


class TakesArrays:
    def __init__(self, W, b):
        self.params, self.grads = [W, b], [np.zeros_like(W), np.zeros_like(b)]

    def forward(self, x):
        self.x = x
        return x @ self.params[0] + self.params[1]

    def backward(self, dout):
        self.grads[0][...], self.grads[1][...] = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.params[0].T


class KeepsEverything:
    def __init__(self, n_inputs, n_neurons):
        self.weights, self.biases = np.zeros((n_inputs, n_neurons), np.float32), np.zeros((1, n_neurons), np.float32)

    def forward(self, inputs):
        self.inputs, self.output = inputs, inputs @ self.weights + self.biases

    def backward(self, dvalues):
        self.dweights, self.dbiases = self.inputs.T @ dvalues, dvalues.sum(axis=0, keepdims=True)
        self.dinputs = dvalues @ self.weights.T


class Dicts:
    def __init__(self, d, m, seed=0):
        self.params, self.grads = {"W": np.zeros((d, m)), "b": np.zeros(m)}, {}

    def __call__(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backprop(self, dy):
        self.grads = {"b": dy.sum(axis=0), "W": self.x.T @ dy}
        return dy @ self.params["W"].T


class InPlace:
    def forward(self, x):
        self.mask = x <= 0
        return np.where(self.mask, 0, x)

    def backward(self, dout):
        dout[self.mask] = 0
        return dout


class WithContext:
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w)
        return x @ w + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w = ctx.saved_tensors
        return grad_output @ w.T, x.T @ grad_output, grad_output.sum(axis=0)


class LossOfTwo:
    def forward(self, y_pred, y_true):
        return -np.sum(y_true * np.log(y_pred)) / len(y_pred)

    def backward(self, y_pred, y_true):
        return -y_true / y_pred / len(y_pred)


class LossWithoutUpstream:
    def forward(self, x, t):
        self.y, self.t = softmax_of(x), t
        return -np.log(self.y[np.arange(len(x)), t]).mean()

    def backward(self, dout=1):
        dx = self.y.copy()
        dx[np.arange(len(dx)), self.t] -= 1
        return dx * dout / len(dx)


class Names:
    def __init__(self, n_in, n_out):
        self.w, self.b = np.zeros((n_in, n_out)), np.zeros((1, n_out))

    def forward(self, x):
        self._x = x
        return x @ self.w + self.b

    def backward(self, dEdY):
        self.dEdW, self.b_grad = self._x.T @ dEdY, dEdY.sum(axis=0, keepdims=True)
        return dEdY @ self.w.T

    def step(self, eta):
        self.w -= eta * self.dEdW
        self.b -= eta * self.b_grad


def two_layers(params, X, y):
    h = 1 / (1 + np.exp(-(X @ params["W1"] + params["b1"])))
    loss, do = softmax_loss(h @ params["W2"] + params["b2"], y)
    dk = do @ params["W2"].T * h * (1 - h)
    return loss, {"W2": h.T @ do, "b2": do.sum(axis=0), "W1": X.T @ dk, "b1": dk.sum(axis=0)}


STYLES = [
    ((affine, affine_backward), "linear"), (softmax_loss, "softmax_cross_entropy"), (mse_loss, "mse"),
    (UpdatesInside, "linear"), (TakesArrays, "linear"), (KeepsEverything, "linear"), (Dicts, "linear"),
    (InPlace, "relu"), (WithContext, "linear"), (LossOfTwo, "cross_entropy"), (Names, "linear"),
    (LossWithoutUpstream, "softmax_cross_entropy"), (two_layers, "network"),
]  # fmt: skip


@pytest.mark.parametrize("student, layer", STYLES, ids=lambda x: getattr(x, "__name__", str(x)[:20]))
def test_public_styles_need_no_adapter(student, layer):
    assert check_layer(student, layer).ok, check_layer(student, layer)


def test_any_function_of_the_engine_is_a_layer():
    class MatMul:
        def __init__(self, W):
            self.W = W

        def forward(self, x):
            self.x = x
            return x @ self.W

        def backward(self, dout):
            self.dW = self.x.T @ dout
            return dout @ self.W.T

    assert check_layer(MatMul, lambda x, W: x @ W, {"x": "Nn", "W": "nm"})
    with pytest.raises(ValueError, match="'matmul' is none of linear, relu"):
        check_layer(MatMul, "matmul")
    with pytest.raises(ValueError, match="say which axes the arguments have, .* of the letters N, n, h, m"):
        check_layer(MatMul, lambda x, W: x @ W, {"x": "Nc", "W": "cf"})


# ---- a changed line


CHANGED = [
    (lmu.Linear, "x @ self.w.T + self.b", "x @ self.w.T", "forward", "operand forgotten"),
    (lmu.Linear, "upstream.T @ self.x", "upstream.T @ self.x / len(self.x)", "dW", "factor of the batch size"),
    (lmu.Linear, "upstream.T @ self.x", "np.zeros_like(self.w)", "dW", "never assigned"),
    (lmu.Linear, "upstream.T @ self.x", "upstream[-1:].T @ self.x[-1:]", "dW", "one instance only"),
    (lmu.Linear, "upstream.sum(axis=0)", "upstream.copy()", "db", "broadcast not summed"),
    (lmu.Linear, "return upstream @ self.w", "self.w -= 0.1 * self.dw; return upstream @ self.w", "dx",
     "updated too early"),
    (lmu.Linear, "self.w -= learning_rate * self.dw", "self.w += learning_rate * self.dw", "update", "missing minus"),
    (lmu.ReLU, "return upstream * self.positive", "return upstream * (upstream > 0)", "dx", "another quantity"),
    (lmu.Softmax, "self.p * (upstream - ", "upstream + 0 * (", "dx", "local derivative forgotten"),
    (lmu.Softmax, "e.sum(axis=1, keepdims=True)", "e.sum()", "forward", "wrong axis"),
    (lmu.CrossEntropy, "np.zeros_like(self.p)) / len(self.p)", "np.zeros_like(self.p))", "dp",
     "factor of the batch size"),
    (ftp.DenseLayer, "grad_y * self.y * (1 - self.y)", "grad_y * (1 - self.y ** 2)", "db", "another function"),
    (ftp.SoftmaxLayer, "(grad_y * self.y).sum(", "grad_y.sum(", "db", "softmax's Jacobian"),
    (tsm.MLP, "dz[np.arange(len(y)), y] -= 1", "dz[:, y] -= 1", "db2", "one-hot"),
    (tsm.MLP, " * self.df(self.z[l], self.a[l])", "", "db1", "local derivative forgotten"),
    (augsburg.NeuralNetwork, "delta /= H.shape[1]", "delta /= H.shape[0]", "db2", "factor of the batch size"),
    (augsburg.NeuralNetwork, "return h * (1 - h)", "return h", "db1", "local derivative forgotten"),
    (vu.BatchedNetwork, "self.dV += self.h.T @ do", "self.dV += self.k.T @ do", "dW2", "another quantity"),
    (vu.BatchedNetwork, "gradient\n        self.zero_gradients()", "gradient\n        self.n_instances = 0",
     "second step", None),
]  # fmt: skip


@pytest.mark.parametrize("cls, right, wrong, step, kind", CHANGED, ids=lambda x: str(x)[:30])
def test_a_changed_line_of_a_sheets_layer_is_named(cls, right, wrong, step, kind):
    source = inspect.getsource(inspect.getmodule(cls)).replace("from .functions", "from models.by_hand.functions")
    assert right in source
    student = {"__name__": "student"}
    exec(source.replace(right, wrong), student)
    found = check_layer(student[cls.__name__], dict(SHEETS)[cls])
    wrong_marks = [mark for mark in found.marks if mark.mark == "wrong"]
    assert step in [mark.name for mark in wrong_marks] and all(mark.remark for mark in wrong_marks), found
    assert (found.slip and found.slip.kind) == kind, found
    assert "<td>wrong</td>" in found._repr_html_()


def test_an_exception_is_a_verdict_in_one_line_and_what_went_well_is_marked():
    class Student(Names):
        def backward(self, dEdY):
            return self.x.T @ dEdY

    found = check_layer(Student, "linear")
    assert str(found).startswith("Student.backward raised AttributeError in line ") and "\n" not in str(found)
    assert [(mark.name, mark.mark) for mark in found.marks] == [("forward", "right"), ("backward", "wrong")]


def test_a_naive_softmax_is_right_and_its_overflow_is_remarked():
    class Naive:
        def forward(self, x):
            self.p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
            return self.p

        def backward(self, g):
            return self.p * (g - (g * self.p).sum(axis=1, keepdims=True))

    found = check_layer(Naive, "softmax")
    assert found and "gives nan for logits of 1000" in str(found)


# ---- arrays as claims and in backward functions


def dense(dtype=np.float64, name="loss"):
    rng = np.random.default_rng(0)
    x, W, b = (rng.normal(size=shape).astype(dtype) for shape in ((6, 3), (3, 4), 4))
    x, W, b = Tensor(x, "x"), Tensor(W, "W", requires_grad=True), Tensor(b, "b", requires_grad=True)
    k = (x @ W + b).named("k")
    return W, b, k, (relu(k) * relu(k)).mean().named(name)


def test_the_coarser_type_of_claim_and_node_decides():
    W, b, k, loss = dense()
    loss.backward(keep=True)
    for dtype in (np.float32, np.float16):
        claimed = {"k": k.data.astype(dtype), "dW": W.grad.astype(dtype), "db": b.grad.astype(dtype)}
        assert check_steps(loss, claimed) and not check_steps(loss, claimed | {"dW": 1.5 * W.grad.astype(dtype)})
    single = lambda upstream, k: upstream.astype(np.float32) * (k > 0)
    assert check_steps(relu(k).named("g"), single)


def test_other_layouts_are_right_with_a_remark_and_the_check_goes_on():
    W, b, k, loss = dense()
    loss.backward(keep=True)
    found = check_steps(loss, {"db": b.grad[:, None], "dW": 2 * W.grad})
    assert not found and found.node is W and "given in shape (4, 1)" in found.marks[0].remark and found.marks[0].ok
    assert check_steps(loss, {"k": k.data.T, "dW": W.grad.T}) and not check_steps(loss, {"dW": W.grad.T})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy would have nobody use matrices
        assert check_steps(loss, {"db": np.matrix(b.grad), "dW": np.matrix(W.grad)})
    assert not check_steps(loss, {"db": 2 * b.grad[:, None]})


def test_small_gradients_of_pytorch_count_with_their_type():
    torch = pytest.importorskip("torch")
    W, b, _, loss = dense()
    small = (loss * 1e-6).named("small")
    small.backward(keep=True)
    gradient = torch.tensor(W.grad, dtype=torch.float32)
    assert check_steps(small, {"dW": gradient, "b.grad": torch.tensor(b.grad, requires_grad=True)})
    assert not check_steps(small, {"dW": 2 * gradient}) and not check_steps(small, {"dW": torch.zeros(3, 4)})
    assert check_steps(small, {"dW": np.zeros((3, 4))}).slip.kind == "never assigned"

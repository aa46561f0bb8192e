# Question 3, as on the sheet: 2 inputs, 3 hidden units, 2 classes
from scalar_engine import Value, log, sigmoid, softmax, sum

x = [Value(1.0, "x1", requires_grad=False), Value(-1.0, "x2", requires_grad=False)]
t = [Value(1.0, "t1", requires_grad=False), Value(0.0, "t2", requires_grad=False)]
W = [
    [Value(w, f"layer1/W{i}{j}") for j, w in enumerate(row, 1)]
    for i, row in enumerate([[1.0, 1.0, 1.0], [-1.0, -1.0, -1.0]], 1)
]
b = [Value(0.0, f"layer1/b{j}") for j in (1, 2, 3)]
V = [
    [Value(v, f"layer2/V{i}{j}") for j, v in enumerate(row, 1)]
    for i, row in enumerate([[1.0, 1.0], [-1.0, -1.0], [-1.0, -1.0]], 1)
]
c = [Value(0.0, f"layer2/c{j}") for j in (1, 2)]


def linear(x, W, b):
    return [sum([W[i][j] * x[i] for i in range(len(x))] + [b[j]]) for j in range(len(b))]


k = [value.named(f"layer1/k{j}") for j, value in enumerate(linear(x, W, b), 1)]
h = [sigmoid(value).named(f"layer1/h{j}") for j, value in enumerate(k, 1)]
o = [value.named(f"layer2/o{j}") for j, value in enumerate(linear(h, V, c), 1)]
y = [value.named(f"softmax/y{j}") for j, value in enumerate(softmax(o), 1)]
l = (-sum([target * log(p) for target, p in zip(t, y)])).named("l")

l.backward()
print("dl/dV =", [[round(v.grad, 4) for v in row] for row in V])
print("dl/dc =", [round(v.grad, 4) for v in c])

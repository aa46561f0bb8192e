# Two layers learn XOR
import random

from models.mlp import MLP
from scalar_engine import Value, tanh

model = MLP(2, [3, 1], activation=tanh, rng=random.Random(3))
points = [([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)]

for epoch in range(301):
    loss = sum((model(x) - t) ** 2 for x, t in points) / 4
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= 0.3 * p.grad
    if epoch % 50 == 0:
        print(f"epoch {epoch:3}: loss {loss.data:.4f}")

for x, t in points:
    print(x, "->", round(model(x).data, 2), "should be", t)

# one instance, to step through
error = ((model([Value(0.0, "x1"), Value(1.0, "x2")]) - 1) ** 2).named("error")

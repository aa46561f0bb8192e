# Gradient descent, recorded step by step
from scalar_engine import Value
from walkthroughs.stepper import Recording

w, b = Value(0.0, "w"), Value(0.0, "b")
points = [(1.0, 3.0), (2.0, 5.0), (3.0, 7.0)]  # on the line 2 x + 1
rate = 0.1

training = Recording([w, b], rate)
for _ in range(30):
    loss = sum((w * x + b - y) ** 2 for x, y in points) / len(points)
    loss.backward()
    with training.step(loss):
        for p in (w, b):
            p.data -= rate * p.grad
    w.grad = b.grad = None

print(f"{w.data:.3f} x + {b.data:.3f}, loss {training.losses[-1]:.5f}")
training

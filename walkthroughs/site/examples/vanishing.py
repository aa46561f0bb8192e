# Gradients vanish in a chain of sigmoids; put relu there instead
from scalar_engine import Value, sigmoid

h = Value(1.0, "x")
weights = []
for layer in range(1, 7):
    w = Value(1.0, f"w{layer}")
    h = sigmoid(w * h).named(f"h{layer}")
    weights.append(w)

h.backward()
for w in weights:
    print(f"dh6/d{w.label} = {w.grad:.6f}  {'*' * round(400 * w.grad)}")

# A neuron, and what its weight should change
from scalar_engine import Value, derive, explain, sigmoid

x = Value(2.0, "x", requires_grad=False)
w, b = Value(-1.0, "w"), Value(0.5, "b")

k = (w * x + b).named("k")
y = sigmoid(k).named("y")
y.backward()

print(explain(w, y))
derive(y, w)

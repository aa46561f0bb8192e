# x * x: one input, used twice
from scalar_engine import Value

x = Value(3.0, "x")
y = (x * x).named("y")

y.backward()
print("dy/dx =", x.grad)  # 6, for each x brings 3

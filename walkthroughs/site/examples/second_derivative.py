# A gradient is a graph too: the second derivative
from scalar_engine import Value, grad, sin

x = Value(1.0, "x")
y = (x * sin(x)).named("y")

slope = grad(y, x, create_graph=True).named("slope")
print("dy/dx     =", slope.data)
print("d2y/dx2   =", grad(slope, x))  # 2 cos(x) - x sin(x)

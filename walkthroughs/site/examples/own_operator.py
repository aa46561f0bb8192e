# An operator of your own: a symbol, a forward rule, a slope
from scalar_engine import Operator, Value, derive, gradcheck


class Cube(Operator):
    symbol = "cube"
    forward = lambda x: x * x * x
    partials = (lambda out, x: 3 * x * x,)  # change it, and gradcheck will tell


cube = Cube()
x = Value(2.0, "x")
y = (cube(x) + x).named("y")

print(gradcheck(y))
derive(y, x)

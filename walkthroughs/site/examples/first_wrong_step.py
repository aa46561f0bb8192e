# The first wrong step in a calculation by hand
from scalar_engine import Value, check_steps, sigmoid

x, w, b = Value(2.0, "x", requires_grad=False), Value(-1.0, "w"), Value(0.5, "b")
k = (w * x + b).named("k")
y = sigmoid(k).named("y")
l = ((y - 1) ** 2).named("l")

# what somebody has computed; change a number, and run it again
mine = {"k": -1.5, "y": 0.1824, "dl/dy": -1.635, "dl/dk": 6.13, "dl/dw": 12.26}
check_steps(l, mine)

# A graph as the program that a person would have typed
from scalar_engine import Value, compile_graph, gradcheck, sigmoid

x, w, b = Value(2.0, "x"), Value(-1.0, "w"), Value(0.5, "b")
y = sigmoid((w * x + b).named("k")).named("y")

program = compile_graph(y, inputs=[x], parameters=[w, b])
print(program.source)
print(program([2.0], [-1.0, 0.5]))  # the loss, and the gradients of w and b

gradcheck(y)

# Two graphs beside each other: x * x and x ** 2
from scalar_engine import Value
from walkthroughs.stepper import beside

x = Value(3.0, "x")
beside((x * x).named("y"), (x**2).named("y"), "x * x and x ** 2", ("x * x", "x ** 2"))

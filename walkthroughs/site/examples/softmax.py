# Softmax and cross-entropy: the gradient is y - t
from scalar_engine import Value, log, softmax

o = [Value(number, f"o{i}") for i, number in enumerate([2.0, 1.0, -1.0], 1)]
y = [p.named(f"y{i}") for i, p in enumerate(softmax(o), 1)]
l = (-log(y[1])).named("l")  # the second class is the right one

l.backward()
for logit, p, target in zip(o, y, [0, 1, 0]):
    print(f"{p.label} - t = {p.data - target:7.4f}    dl/d{logit.label} = {logit.grad:7.4f}")

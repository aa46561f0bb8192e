"""JavaScript programs as tests run them: in Chromium, many at once."""

import json
import math

from scalar_engine import Value, steps
from scalar_engine.passes import forward_pass
from scalar_engine.programs.javascript import written

# Runs each program on its numbers, and writes down what it found as the page does.
RUN = """([programs, runs]) => {
  const listed = programs.map((text) => new Function(`return ${text}`)());
  const number = (x) => ({ nan: NaN, inf: Infinity, "-inf": -Infinity })[x] ?? x;
  const written = (x) => [brief(x), exact(x)];
  return runs.map(([which, values]) => {
    const { values: found, steps, error } = listed[which][0](values.map((x) => (x === null ? undefined : number(x))));
    const parts = ({ upstream, local, contribution, total }) =>
      [upstream, local, contribution, total].map((x) => (x === null ? null : written(x)));
    return { values: Array.from(found, written), steps: steps.map(parts), error };
  });
}"""


def run(page, programs, runs):
    """What programs find on values: runs are pairs (index of a program, values, None for what it computes)."""
    from walkthroughs.stepper.page import text_of

    page.evaluate(f"() => {{ {text_of('live/numbers.js')}; Object.assign(window, {{ brief, exact, parsed }}); }}")
    return page.evaluate(RUN, [programs, json.loads(json.dumps([[k, list(map(plain, xs))] for k, xs in runs]))])


def plain(x):
    return x if x is None or math.isfinite(x) else str(x)


def program_of(root, order):
    """The text of a list of one program, and why it is none."""
    text, (reason,) = written([(order, steps(root))])
    return text, reason


def at(order, numbers):
    """The nodes of a graph, made again with {leaf: number}: same operators, same labels."""
    made = forward_pass(order, leaf=lambda x: Value(numbers.get(x, x.data), x.label, x.requires_grad))
    for node, copy in made.items():
        copy.label = node.label
    return [made[node] for node in order]


def digits(x):
    """A number as the page has it once a leaf has been changed: brief, and to twelve digits."""
    return [Value.brief(x), repr(float(f"{x:.12g}"))]

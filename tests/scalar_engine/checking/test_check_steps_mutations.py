"""Slips injected at random nodes of random graphs of both engines: does check_steps name the node, and the slip?

A student makes both passes by hand, with one slip, and rounds to four decimals. The check was developed with seeds
below 1000; the tests use those from 10,000 on. A larger table is printed by
`python -m tests.scalar_engine.checking.test_check_steps_mutations`.
"""

import argparse
import itertools
import random
from collections import Counter

import numpy as np
import pytest

from scalar_engine import check_steps
from scalar_engine.graph import topological_order

from ...slipping_student import passes, possible_slips, scalar_graph, tensor_graph

FIRST_SEED = 10_000
MUTANTS = 150  # for each engine
GRAPHS = 90  # for each engine, whose right answers must raise no alarm
VISIBLE = 1e-3  # a slip counts if it changes some claimed number by that much: by ten units of the last decimal
ENGINES = {"scalar": scalar_graph, "tensor": tensor_graph}


def claims_of(root, values, gradients, extent, decimals=4):
    """What the student hands in: all numbers, all gradients, or the gradients of the leaves only."""

    def rounded(number):
        return np.round(number, decimals) if np.shape(number) else round(float(number), decimals)

    order = [node for node in topological_order(root) if node.label and node.requires_grad]
    claimed = {node: rounded(values[node]) for node in order if extent == "all numbers" and node.inputs}
    for node in order:
        if extent != "leaves" or not node.inputs:
            claimed[root, node] = rounded(gradients[node])
    return claimed


# ---- the experiment

EXTENTS = ["all numbers", "all gradients", "leaves"]


def far_apart(a, b):
    return np.shape(a) != np.shape(b) or bool(np.max(np.abs(np.asarray(a) - b)) > VISIBLE)


def well_scaled(root, values, gradients):
    numbers = [np.max(np.abs(x)) for x in (*values.values(), *gradients.values())]
    return all(np.isfinite(numbers)) and max(numbers) < 200


def mutants(make, first_seed, n):
    """(root, slip, extent, claimed, the node that is to be named) for n random slips, each kind as often as it can."""
    made: Counter = Counter()
    for seed in itertools.count(first_seed):
        if made.total() == n:
            return
        rng = random.Random(seed)
        root = make(rng)
        values, gradients, _ = passes(root)
        with np.errstate(all="ignore"):
            slips = possible_slips(root)
        if not slips or not well_scaled(root, values, gradients):
            continue
        kind = min(slips, key=lambda kind: (made[kind], kind))  # that of which there are fewest so far
        slip, extent = rng.choice(slips[kind]), EXTENTS[made[kind] % len(EXTENTS)]
        if slip.value:
            extent = "all numbers"
        with np.errstate(all="ignore"):
            try:
                values_made, gradients_made, _ = passes(root, slip)
            except (ArithmeticError, ValueError):
                continue
        if not well_scaled(root, values_made, gradients_made):
            continue
        claimed = claims_of(root, values_made, gradients_made, extent)
        wrong = first_difference(root, claimed, values, gradients)
        if wrong is not None:
            made[kind] += 1
            yield root, slip, extent, claimed, wrong


def first_difference(root, claimed, values, gradients):
    """The first claimed node whose number the slip has visibly changed."""
    order = topological_order(root)
    for node in order:
        if node in claimed and far_apart(claimed[node], values[node]):
            return node
    distance, backwards = {root: 0}, order[::-1]
    for node in backwards:
        for x in node.inputs:
            distance[x] = max(distance.get(x, 0), distance[node] + 1)
    for node in sorted(backwards, key=distance.get):  # the nearest to the root first
        if (root, node) in claimed and far_apart(claimed[root, node], gradients[node]):
            return node
    return None


OUTCOMES = ["node and slip", "node, other slip", "node, no slip", "wrong node", "missed"]


def outcome(root, slip, claimed, wrong):
    found = check_steps(root, claimed)
    if found.ok:
        return "missed"
    if found.node is not wrong:
        return "wrong node"
    if found.slip is None:
        return "node, no slip"
    return "node and slip" if found.slip.kind == slip.kind else "node, other slip"


def experiment(first_seed, n):
    """{(engine, kind of slip, extent): Counter of outcomes}"""
    table: dict = {}
    for engine, make in ENGINES.items():
        for root, slip, extent, claimed, wrong in mutants(make, first_seed, n):
            table.setdefault((engine, slip.kind, extent), Counter())[outcome(root, slip, claimed, wrong)] += 1
    return table


def summed(table, *places):
    """The table with only the given places of its keys."""
    out: dict = {}
    for key, counts in table.items():
        out.setdefault(tuple(key[i] for i in places), Counter()).update(counts)
    return out


def printed(table, *places):
    lines = [f"{'':44}" + "".join(f"{name:>18}" for name in ["injected", *OUTCOMES])]
    for key, counts in sorted(summed(table, *places).items()):
        row = [counts.total(), *[counts[name] for name in OUTCOMES]]
        lines.append(f"{', '.join(key):44}" + "".join(f"{number:18}" for number in row))
    return "\n".join(lines)


def summary(table):
    return "\n\n".join(printed(table, *places) for places in [(0, 1), (0, 2), (0,)])


@pytest.fixture(scope="module")
def table():
    found = experiment(FIRST_SEED, MUTANTS)
    print("\n" + summary(found))
    return found


def test_the_earliest_wrong_node_is_named(table):
    for (engine,), counts in summed(table, 0).items():
        named = counts["node and slip"] + counts["node, other slip"] + counts["node, no slip"]
        assert counts.total() == MUTANTS and named >= 0.98 * MUTANTS, (engine, counts)


def test_the_slip_is_named(table):
    for (engine,), counts in summed(table, 0).items():
        assert counts["node and slip"] >= 0.93 * MUTANTS, (engine, counts)
    for (engine, kind), counts in summed(table, 0, 1).items():
        assert counts.total() >= 15 and counts["node and slip"] >= 0.8 * counts.total(), (engine, kind, counts)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("decimals", [4, 3, 6])
def test_right_answers_that_are_rounded_raise_no_alarm(engine, decimals):
    for seed in range(FIRST_SEED, FIRST_SEED + (GRAPHS if decimals == 4 else GRAPHS // 5)):
        root = ENGINES[engine](random.Random(seed))
        values, gradients, _ = passes(root)
        claimed = claims_of(root, values, gradients, EXTENTS[seed % len(EXTENTS)], decimals)
        found = check_steps(root, claimed)
        assert found.ok, f"seed {seed}: {found}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Which slips does check_steps name rightly?")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="the first seed (default: %(default)s)")
    parser.add_argument("--mutants", type=int, default=500, help="how many for each engine (default: %(default)s)")
    arguments = parser.parse_args()
    print(summary(experiment(arguments.seed, arguments.mutants)))

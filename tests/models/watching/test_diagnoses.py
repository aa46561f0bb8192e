"""What is said of runs made sick on purpose, and that nothing is said of healthy ones."""

import pytest

from models.watching.watch import change

from .sick import HEALTHY, RELU, SICK, watched


@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_ever_said_of_a_healthy_run(name):
    watch, history = watched(HEALTHY[name])
    assert history.epochs[-1].validation_accuracy > 0.7
    assert watch.said == {}


@pytest.mark.parametrize("name", SICK)
def test_a_sick_run_is_told_what_is_wrong_and_nothing_else(name):
    setup, data, weights, kind, also = SICK[name]
    watch, _ = watched(setup, data, weights)
    assert kind in {finding.kind for finding in watch.findings}
    assert {found for found, _ in watch.said} <= {kind, *also}


def test_sentences_have_the_runs_numbers():
    watch, _ = watched(*SICK["rate too large, relu"][:3])
    share = watch.record.looks[-1]["activations"]["layer1"]["dead"]
    (text,) = (finding.text for finding in watch.findings if finding.kind == "dead")
    assert (
        f"layer1: {100 * share:.3g} % of the ReLUs are dead since epoch" in text and "rate is likely too large" in text
    )


def test_a_short_or_empty_run_is_not_judged():
    watch, _ = watched(RELU.but(epochs=0))
    assert watch.findings == [] and watch.record.looks == []
    assert watched(RELU.but(epochs=1, batch_size="full"))[0].findings == []


def test_the_ratio_is_of_norms(rng=None):
    import numpy as np

    assert change(np.array([3.0, 4.0]), np.array([3.0, 4.5])) == pytest.approx(0.1)
    assert np.isnan(change(np.zeros(2), np.ones(2)))

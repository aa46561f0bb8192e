"""Exercises for paper: the same seed the same sheet, numbers that a person can compute with, right keys."""

import pytest

from scalar_engine import check_steps, gradcheck
from walkthroughs.marking.exercises import EXERCISES, drawn, effort, faults

OPTIONS = {
    "network": [
        {},
        {"sizes": [2, 3, 2], "activation": "relu"},
        {"sizes": [2, 2, 2, 2], "activation": "tanh", "loss": "squared"},
        {"sizes": [3, 2], "batch": 2},
        {"sizes": [2, 2, 1], "loss": "squared", "activation": "relu", "batch": 2},
    ],
    **{name: [{}] for name in EXERCISES if name != "network"},
}
EACH = pytest.mark.parametrize(
    ("name", "options"), [(name, options) for name in EXERCISES for options in OPTIONS[name]], ids=str
)


@EACH
def test_the_key_is_right(name, options):
    """By finite differences; and as answers, to four decimals, all of it is right."""
    for seed in range(3):
        exercise = drawn(name, seed, **options)
        assert gradcheck(exercise.root).ok
        answers = exercise.answers()
        check = check_steps(exercise.root, {key: round(number, 4) for key, number in answers.items()})
        assert check.ok and {mark.mark for mark in check.marks} == {"right"} and len(check.marks) == len(answers)
        assert all(points == 1 for points in exercise.asked.values()) and list(exercise.asked) == list(answers)


@EACH
def test_the_same_seed_is_the_same_sheet_and_another_is_another(name, options):
    sheets = [drawn(name, seed, **options) for seed in (5, 5, 6, 7, 8)]
    given = [sheet.given for sheet in sheets]
    assert given[0] == given[1] and sheets[0].answers() == sheets[1].answers() and sheets[0].task == sheets[1].task
    assert any(given[0] != other for other in given[2:])


@EACH
def test_working_is_short(name, options):
    """Of a hundred draws the best is taken: no kink, few zeros, and numbers with few decimals."""
    seeds = [drawn(name, seed, **options) for seed in range(4)]
    assert all(faults(exercise) <= 1 for exercise in seeds)
    if options.get("activation") == "relu" and options.get("loss") == "squared" or name in ("chain", "matrix"):
        assert max(effort(exercise) / len(exercise.asked) for exercise in seeds) <= 2.5  # decimals an answer


def test_what_an_exercise_does_not_have_is_refused_by_name():
    for name, options, words in [
        ("chain", {"batch": 2}, "chain takes no batch"),
        ("network", {"sizes": [2, 900]}, "sizes: "),
        ("network", {"sizes": [2]}, "sizes: "),
        ("network", {"batch": 10**9}, "batch: "),
        ("network", {"activation": ["relu"]}, "activation: "),
        ("network", {"loss": "hinge"}, "loss: "),
    ]:
        with pytest.raises(ValueError, match=words):
            drawn(name, 0, **options)

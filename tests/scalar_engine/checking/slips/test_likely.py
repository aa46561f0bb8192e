"""The likely wrong answers of each step are what `check_steps` says of them."""

import pytest

from models.question3 import Question3, random_case
from scalar_engine import check_steps, steps
from scalar_engine.checking.slips.likely import MOST, likely_answers


@pytest.mark.parametrize("seed", range(3))
def test_each_wrong_value_is_diagnosed_alike_by_check_steps(seed):
    root = Question3(random_case(seed)).l
    records = steps(root)
    answers = likely_answers(root, records)
    assert len(answers) == len(records) and all(len(found) <= MOST for found in answers)
    compared = total = 0
    for step, found in zip(records, answers):
        if step.position is None and step.node.label:
            for number, text in found:
                check = check_steps(root, {step.node: number})
                if not check.ok:  # a number near 0, given alone, may pass
                    compared, total = compared + text.startswith(check.slip.kind), total + 1
    assert compared >= 0.8 * total > 10


def test_no_likely_answer_is_the_right_one():
    root = Question3(random_case(5)).l
    records = steps(root)
    for step, found in zip(records, likely_answers(root, records)):
        right = step.node.data if step.position is None else step.contribution
        assert all(number != pytest.approx(right, rel=1e-9) for number, _ in found)


def test_numbers_that_are_made_of_arrays_have_likely_answers_too():
    """The sum of a matrix is one number; a matrix has none."""
    from tensor_engine import Tensor

    A = Tensor([[1.0, 2.0], [3.0, 4.0]], "A", requires_grad=True)
    root = (A @ A).mean().named("m")
    records = steps(root)
    answers = likely_answers(root, records)
    assert all(type(number) is float for found in answers for number, _ in found)
    assert any(answers) and all(not found for step, found in zip(records, answers) if step.node is not root)

"""Linear systems, inverses and determinants: shapes as NumPy has them, and what is said of matrices that have none."""

import numpy as np
import pytest

import tensor_engine as te
from tensor_engine import Tensor

A = np.array([[0.5, 1.5, 0.2], [2.0, -0.3, 1.0], [0.0, 0.7, 1.1]])
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])


def named(x):
    return Tensor(x, "A", requires_grad=True)


@pytest.mark.parametrize("batch_a, b", [((), (3,)), ((2,), (3,)), ((2,), (3, 4)), ((), (5, 3, 1)), ((4, 1), (2, 3, 2))])
def test_a_right_side_of_one_axis_is_a_vector_as_in_numpy(batch_a, b):
    a, b = A + np.arange(np.prod(batch_a)).reshape(*batch_a, 1, 1) * np.eye(3), np.arange(np.prod(b)).reshape(b) + 0.5
    out = te.solve(named(a), b)
    assert out.data == pytest.approx(np.linalg.solve(a, b), rel=1e-12) and np.array_equal(te.solve(a, b), out.data)
    assert te.solve(a.tolist(), b.tolist()).shape == out.shape


@pytest.mark.parametrize("f, error", [
    (lambda: te.solve(named(A), np.ones(2)), r"solve: \(3, 3\), \(2, 1\), 3 equations need b of \(3,\) or"),
    (lambda: te.solve(named(A), np.ones((2, 3))), r"of a batch of vectors, write b\[..., None\] \(\"A\"\)"),
    (lambda: te.solve(named([A, A]), np.ones((4, 3, 1))), r"batch axes \(2,\) and \(4,\) do not broadcast"),
    (lambda: te.solve(named(A[0]), A), r"solve: \(3,\), \(3, 3\), needs square matrices \(..., n, n\): \(3,\) is none"),
    (lambda: te.det(named(A[:2])), r"det: \(2, 3\), needs square matrices"),
    (lambda: te.det(named(3.0)), r"det: \(\), needs square matrices"),
    (lambda: te.solve(named(SINGULAR), np.ones(2)), r"a matrix is singular: its determinant is 0"),
    (lambda: np.linalg.inv(named(SINGULAR)), r"inv: \(2, 2\), a matrix is singular: .* no inverse \(\"A\"\)"),
])  # fmt: skip
def test_what_has_no_solution_is_said(f, error):
    with pytest.raises(ValueError, match=error):
        f()


def test_the_gradient_of_a_determinant_that_is_0():
    """It is the cofactors, of which the rule knows nothing; elimination divides by no pivot that is the last."""
    a = named(SINGULAR)
    with pytest.raises(RuntimeError, match=r"det: \(2, 2\), a matrix is singular, .* det\(a \+ 1e-9 \* np.eye"):
        te.det(a).backward()
    assert a.grad is None and te.det(a).item() == 0
    te.det(a + 1e-9 * np.eye(2)).backward()
    assert a.grad == pytest.approx(np.array([[4, -2], [-2, 1]]), abs=1e-6)
    graph = te.scalarize(te.det(a))
    graph.root.backward()
    assert graph.grad(a).tolist() == [[4, -2], [-2, 1]]


def test_elimination_takes_the_largest_pivots():
    """A first pivot of 0 would divide by 0, and one of 1e-20 would lose all digits."""
    for a in ([[0.0, 2.0], [3.0, 1.0]], [[1e-20, 1.0], [1.0, 1.0]]):
        for f in (te.det, te.inv, lambda a: te.solve(a, [1.0, 2.0])):
            values = te.scalarize(f(named(a)).sum()).root
            assert values.data == pytest.approx(np.sum(f(np.array(a))), rel=1e-14)


def test_float16_is_solved_in_float32():
    x = Tensor(A.astype(np.float16), requires_grad=True)
    (te.solve(x, np.ones(3, np.float16)).sum() + te.det(x) + te.inv(x).sum()).backward()
    assert x.grad.dtype == np.float16

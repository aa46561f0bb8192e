"""Principal components and how classes separate, on points whose answer is known."""

import numpy as np
import pytest

from walkthroughs.sheets.lmu.components import (
    between_classes,
    between_in_all,
    contrast,
    ink_and_slant,
    nearest_means,
    neighbour_accuracy,
    principal_components,
    projected,
    roughness,
)


def test_components_of_points_on_a_line():
    """Points along (3, 4), of length 5: the first component is (0.6, 0.8) and has all the variance."""
    t = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    components, variances = principal_components(np.c_[3 * t, 4 * t] + 7)
    assert components[0] == pytest.approx([0.6, 0.8]) and variances == pytest.approx([50.0, 0.0])


def test_components_are_orthonormal_and_their_variances_are_those_of_the_projection():
    x = np.random.default_rng(0).normal(size=(200, 5)) * [5, 1, 3, 0.5, 2]
    components, variances = principal_components(x)
    np.testing.assert_allclose(components @ components.T, np.eye(5), atol=1e-12)
    coordinates = projected(x, components)
    np.testing.assert_allclose(coordinates.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(coordinates.var(axis=0), variances, rtol=1e-10)
    assert list(variances) == sorted(variances, reverse=True)
    assert (components[np.arange(5), np.abs(components).argmax(axis=1)] > 0).all()


def test_whose_mean_is_nearest():
    """Means 1 and 9; the point at 6 is of class 0 and nearer to class 1's mean."""
    x, y = np.array([[-2.0], [-1.0], [6.0], [9.0], [9.0]]), np.array([0, 0, 0, 1, 1])
    np.testing.assert_allclose(nearest_means(x, y, 2), [[2 / 3, 1 / 3], [0, 1]])


def test_variance_between_classes():
    """Means 1 and 5 about 3: 4 of the variance of 5 along the first axis; all alike along the last, no variance."""
    x, y = np.array([[0.0, 1, 7], [2, -1, 7], [4, 1, 7], [6, -1, 7]]), np.array([0, 0, 1, 1])
    assert between_classes(x, y, 2).tolist() == [0.8, 0.0, 0.0]
    assert between_in_all(x, y, 2) == pytest.approx(4 / 6)
    uneven = between_classes(np.array([[0.0], [3], [4], [5]]), np.array([0, 1, 1, 1]), 2)
    assert uneven == pytest.approx([3 / 3.5])


def test_a_component_as_the_difference_of_two_classes():
    """Means (0, 0), (3, 4) and (1, 0): along (0, 1) classes 1 and 0 are farthest apart, at a cosine of 4/5."""
    x, y = np.array([[0.0, 0], [3, 4], [1, 0]]), np.array([0, 1, 2])
    assert contrast(x, y, np.array([0.0, 1.0]), 3) == (1, 0, pytest.approx(0.8))


def test_ink_slant_and_roughness():
    """A stroke that leans right by a column a row, one upright, and one that leans left."""
    images = np.stack([np.eye(3)[::-1], np.eye(3)[[1, 1, 1]], 2 * np.eye(3)])
    ink, slant = ink_and_slant(images)
    assert ink.tolist() == [3, 3, 6] and slant == pytest.approx([1, 0, -1])
    assert roughness(np.array([[0.0, 2], [0, 5]])) == 4 + 25 + 9


def test_neighbourhoods():
    """Two far groups of four: with three neighbours all agree, but for one point labelled against its group."""
    x = np.array([[0.0], [1], [2], [3], [100], [101], [102], [103]])
    y = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    assert neighbour_accuracy(x, y, k=3) == 1.0
    assert neighbour_accuracy(x, np.array([1, 0, 0, 0, 1, 1, 1, 1]), k=3) == pytest.approx(7 / 8)
    assert neighbour_accuracy(x, y, k=3, n_reference=4) == 0.5  # all neighbours are of class 0


def test_a_point_is_not_its_own_neighbour():
    """The nearest other point of 0 is 3, of another class; 3 and 4 are each other's."""
    assert neighbour_accuracy(np.array([[0.0], [3], [4]]), np.array([1, 0, 0]), k=1) == pytest.approx(2 / 3)

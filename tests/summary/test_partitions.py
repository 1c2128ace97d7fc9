"""Partitions of the parameters: exact covers, and what is none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import partitions
from refimpl.errors import DtypeError, PartitionError, RangeError, ShapeError
from refimpl.taylor import line

pytestmark = [pytest.mark.numerics, pytest.mark.once]

SHAPES = {"W1": (3, 2), "b1": (2,), "gain": (), "W2": (2, 1), "b2": (1,)}
SHAPE_LISTS = st.lists(st.lists(st.integers(0, 3), max_size=3).map(tuple), min_size=1, max_size=6)
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60)


def lists(groups):
    return [list(map(int, group)) for group in groups]


def test_by_hand():
    assert lists(partitions.by_tensor(SHAPES)) == [[0, 1, 2, 3, 4, 5], [6, 7], [8], [9, 10], [11]]
    assert lists(partitions.whole(SHAPES)) == [list(range(12))]
    assert lists(partitions.weights_and_biases(SHAPES)) == [
        [0, 1, 2, 3, 4, 5, 9, 10],
        [6, 7, 8, 11],
    ]
    assert lists(partitions.blocks(SHAPES, 2)) == [list(range(9)), [9, 10, 11]]
    assert lists(partitions.blocks(SHAPES, 5)) == lists(partitions.by_tensor(SHAPES))
    assert lists(partitions.weights_and_biases({"b": (2,)})) == [[0, 1]]


@EXAMPLES
@given(SHAPE_LISTS)
def test_exact_covers(shape_list):
    """Whatever the shapes, each partition holds each index once; blocks differ by one tensor."""
    shapes = {f"t{k}": shape for k, shape in enumerate(shape_list)}
    sizes = [int(np.prod(shape)) for shape in shape_list]
    D = sum(sizes)
    if D == 0:
        with pytest.raises(ShapeError, match="no parameter"):
            partitions.by_tensor(shapes)
        return
    canonical = partitions.by_tensor(shapes)
    assert [len(group) for group in canonical] == [n for n in sizes if n]
    made = [canonical, partitions.whole(shapes), partitions.weights_and_biases(shapes)]
    for count in range(1, len(canonical) + 1):
        blocks = partitions.blocks(shapes, count)
        made.append(blocks)
        assert len(blocks) == count
        ends = np.cumsum([len(group) for group in canonical])
        tensors = [sum(group[0] < end <= group[-1] + 1 for end in ends) for group in blocks]
        assert max(tensors) - min(tensors) <= 1
    for groups in made:
        np.testing.assert_array_equal(np.sort(np.concatenate(groups)), np.arange(D))
        for group, checked in zip(groups, partitions.check(groups, D), strict=True):
            np.testing.assert_array_equal(group, checked)


def test_tensors_of_arrays_and_polynomials():
    theta = np.arange(12.0)
    found = partitions.tensors(theta, SHAPES)
    assert {name: part.shape for name, part in found.items()} == SHAPES
    np.testing.assert_array_equal(np.concatenate([p.ravel() for p in found.values()]), theta)
    found["b1"][0] = -1.0
    assert theta[6] == -1.0
    x = line(theta, 1.0, 2)
    np.testing.assert_array_equal(
        partitions.tensors(x, SHAPES)["W1"].coefficients[0], theta[:6].reshape(3, 2)
    )
    for wrong in (np.zeros(11), np.zeros((12, 1))):
        with pytest.raises(ShapeError, match="shape \\(12,\\)"):
            partitions.tensors(wrong, SHAPES)


@pytest.mark.parametrize("count", [0, -1, 6])
def test_wrong_count(count):
    with pytest.raises(RangeError, match="1 to 5 blocks"):
        partitions.blocks(SHAPES, count)


@pytest.mark.parametrize("shape", [3, (2.0,), (-1,), "ab"])
def test_wrong_shape(shape):
    with pytest.raises(ShapeError, match="'W'"):
        partitions.by_tensor({"W": shape})


WRONG = {
    "group 1 is empty": [[0, 1, 2], []],
    "index 3 in group 1 is outside 0 to 2": [[0, 1], [2, 3]],
    "index -1 in group 0 is outside": [[-1, 0, 1]],
    "index 1 is in group 0 and in group 1": [[0, 1], [1, 2]],
    "index 0 is more than once in group 1": [[1, 2], [0, 0]],
    "2 of 3 indices are in no group, the first being 0": [[1]],
    "3 of 3 indices are in no group": [],
}


@pytest.mark.parametrize("message", WRONG)
def test_no_partition(message):
    with pytest.raises(PartitionError, match=message):
        partitions.check(WRONG[message], 3)


def test_no_indices():
    for group in ([0.0, 1.0, 2.0], np.ones(3, dtype=bool), [1j, 0, 2]):
        with pytest.raises(DtypeError, match="group 0"):
            partitions.check([group], 3)
    for group in ([[0, 1, 2]], 0):
        with pytest.raises(ShapeError, match="flat"):
            partitions.check([group], 3)
    unsigned = partitions.check([np.arange(3, dtype=np.uint8)], 3)
    assert unsigned[0].dtype == np.intp

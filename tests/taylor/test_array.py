"""Arrays of Taylor polynomials as NumPy takes them, and what is refused."""

import copy
import math
import pickle

import numpy as np
import pytest
from numpy.polynomial import polynomial

from refimpl import taylor
from refimpl.errors import DtypeError, NotFiniteError, RangeError, ShapeError
from refimpl.errors import UnsupportedOperationError as Unsupported
from refimpl.taylor import Taylor, expand, line, logsumexp
from tests.taylor.polynomials import EPS, close

# ----------------------------------------------------------------------------------------- arrays

pytestmark = [pytest.mark.numerics, pytest.mark.once]

RNG = np.random.default_rng(7)
M = RNG.standard_normal((4, 3))
STACK = RNG.standard_normal((2, 3, 4))
V3, V4 = RNG.standard_normal(3), RNG.standard_normal(4)
MASK = np.array([True, False, True, True])
# Of a polynomial of shape (3, 4) and degree 2, each result of degree 4 at most.
ARRAY_FUNCTIONS = {
    "right matrix": lambda x: x @ M,
    "left matrix": lambda x: M @ x,
    "right vector": lambda x: x @ V4,
    "left vector": lambda x: V3 @ x,
    "both": lambda x: x @ x.T,
    "vectors": lambda x: x[0] @ x[1],
    "vector and matrix": lambda x: x[:, 0] @ x,
    "matrix and vector": lambda x: x @ x[1],
    "constant stack": lambda x: STACK @ x.T,
    "stack": lambda x: np.stack([x, 2.0 * x]) @ x.T,
    "broadcast": lambda x: x * x[0] + x[:, :1] - V4,
    "less axes": lambda x: x[0] * STACK,
    "square": lambda x: x**2,
    "sum": lambda x: np.sum(x * x),
    "sums": lambda x: x.sum(axis=0) * np.sum(x, axis=1, keepdims=True),
    "mean": lambda x: np.mean(x * x, axis=(0, 1)),
    "variance": lambda x: np.var(x, axis=1),
    "all variance": lambda x: x.var(ddof=1),
    "add.reduce": lambda x: np.add.reduce(x, axis=1),
    "trace": np.trace,
    "cumsum": lambda x: np.cumsum(x, axis=1),
    "diff": np.diff,
    "reshape": lambda x: x.reshape(2, 6) @ x.reshape((6, 2)),
    "reshape -1": lambda x: np.reshape(x, (-1,)),
    "ravel": lambda x: x.ravel()[::2] * x.flatten()[1::2],
    "transpose": lambda x: np.transpose(x) + x.T + x.transpose() + x.transpose(1, 0),
    "swapaxes": lambda x: x.swapaxes(0, 1)[:, None].squeeze(),
    "moveaxis": lambda x: np.moveaxis(x[None], 0, 2),
    "expand": lambda x: np.expand_dims(x, 1) * x,
    "broadcast_to": lambda x: np.broadcast_to(x[0], (5, 4)),
    "integers": lambda x: x[1, 2] * x[-1],
    "slices": lambda x: x[:, ::-2][1:],
    "ellipsis": lambda x: x[..., 0, None],
    "index array": lambda x: x[:, [2, 0, 0]],
    "two index arrays": lambda x: x[np.arange(3), [3, 1, 0]],
    "mask": lambda x: x[:, MASK],
    "split indices": lambda x: np.stack([x, x])[0, :, [1, 2]],
    "iteration": lambda x: sum(row * row for row in x),
    "concatenate": lambda x: np.concatenate([x, np.ones((1, 4)), x * x], axis=0),
    "stack rows": lambda x: np.stack([x[0], V4], axis=1),
    "hstack": lambda x: np.hstack([x, x * x]),
    "vstack": lambda x: np.vstack([x[0], x]),
    "split": lambda x: np.split(x, 2, axis=1)[0] * np.array_split(x, 2, axis=1)[1],
    "take": lambda x: np.take(x, [1, 1], axis=0) + x.take([0, 2], axis=0),
    "repeat": lambda x: np.repeat(x, 2, axis=0),
    "roll": lambda x: np.roll(x, 1) * np.flip(x, axis=0),
    "tile": lambda x: np.tile(x, (2, 1)),
    "triangle": lambda x: np.tril(x) + np.triu(x) + np.diag(np.diag(x[:, :3])) @ x,
    "dot": lambda x: np.dot(x, M) @ x.dot(V4),
    "inner": lambda x: np.inner(x, x),
    "outer": lambda x: np.outer(x[0], x[1]),
    "tensordot": lambda x: np.tensordot(x, x, axes=([1], [1])),
    "kron": lambda x: np.kron(x, V3),
    "convolve": lambda x: np.convolve(x[0], x[1]),
    "einsum": lambda x: np.einsum("ij,kj,j->ik", x, x, V4),
    "einsum of one": lambda x: np.einsum("ij,jk->ki", x, M),
    "where": lambda x: np.where(MASK, x, x * x),
    "where constant": lambda x: np.where(x > 0.0, x, 0.5),
    "maximum": lambda x: np.maximum(x, 0.3) + np.minimum(0.1, x),
    "clip": lambda x: np.clip(x, -0.5, 0.5) + x.clip(0.0, None),
    "max": lambda x: np.max(x, axis=1) * x.min(axis=1),
    "max of all": lambda x: np.max(x) - np.min(x, keepdims=True),
    "max kept": lambda x: x - np.max(x, axis=0, keepdims=True),
    "sign": lambda x: np.sign(x) * np.fabs(x) - abs(x) + x * (x < 0.0),
    "zeros": lambda x: np.zeros_like(x) + np.ones_like(x) * x + np.full_like(x, 2.0),
    "by a number": lambda x: 2 * x / 4 - x * np.float64(3.0) + (-x) + (+x) + np.int64(2) * x,
    "by float32": lambda x: x * np.ones(4, dtype=np.float32),
    "by a bool": lambda x: x * MASK,
    "in place": lambda x: in_place(x),
    "shape": lambda x: np.ones(np.shape(x)) * len(x) * x.size * x.ndim + np.size(x) * x,
}


def in_place(x):
    y = x.copy()
    y += 1.0
    y *= x
    return y - x


@pytest.mark.parametrize("name", ARRAY_FUNCTIONS)
def test_array_functions(name):
    """The polynomial of the result, evaluated, is the function of the polynomial, evaluated."""
    function = ARRAY_FUNCTIONS[name]
    rows = np.random.default_rng(3).standard_normal((3, 3, 4))
    x = Taylor(np.concatenate([rows, np.zeros((2, 3, 4))]))
    found = function(x)
    # Small enough that the choices made at t = 0 hold.
    for t in (-0.01, 0.005, 0.02):
        expected = function(polynomial.polyval(t, rows))
        value = polynomial.polyval(t, found.coefficients)
        # Sums of at most 20 products of numbers of size 3.
        close(value, expected, 200.0)
        assert found.shape == expected.shape
    np.testing.assert_array_equal(x.coefficients[:3], rows)


def test_choices_at_a_tie():
    """The constant, as in relu; of two polynomials the first; of several entries the first."""
    a, b = line(1.0, 2.0, 1), line(1.0, 3.0, 1)
    for extremum in (np.maximum, np.minimum):
        np.testing.assert_array_equal(extremum(a, 1.0).coefficients, [1, 0])
        np.testing.assert_array_equal(extremum(1.0, a).coefficients, [1, 0])
        np.testing.assert_array_equal(extremum(a, b).coefficients, [1, 2])
        np.testing.assert_array_equal(extremum(b, a).coefficients, [1, 3])
    np.testing.assert_array_equal(np.max(np.stack([b, a])).coefficients, [1, 3])


def test_logsumexp():
    """Of large scores, over any axes, and in the forms in which it is written out."""
    rng = np.random.default_rng(4)
    z = Taylor(
        np.concatenate([1000.0 + rng.standard_normal((1, 5, 3)), rng.standard_normal((3, 5, 3))])
    )
    found = logsumexp(z, axis=1)
    m = np.max(z, axis=1, keepdims=True)
    written = (m + np.log(np.sum(np.exp(z - m), axis=1, keepdims=True)))[:, 0]
    # Values of 1000 round to 1000 eps; the other rows are of size 10.
    close(found, written, 1000.0)
    close(found.coefficients[1:], written.coefficients[1:], 10.0)
    close(np.logaddexp.reduce(z, axis=1).coefficients[1:], found.coefficients[1:], 10.0)
    pair = np.logaddexp(np.logaddexp(z[:, 0], z[:, 1]), z[:, 2])
    close(pair.coefficients[1:], found.coefficients[1:], 10.0)
    assert logsumexp(z).shape == ()
    assert logsumexp(z, keepdims=True).shape == (1, 1)
    assert logsumexp(z, axis=(0, 1)).shape == ()
    assert logsumexp(z, axis=0, keepdims=True).shape == (1, 3)
    close(logsumexp(z, axis=(0, 1)).coefficients[1:], logsumexp(z.ravel()).coefficients[1:], 10.0)
    # The plain one is SciPy's.
    close(logsumexp(z.coefficients[0], axis=1), found.coefficients[0], 1000.0)


def test_softmax_cumulants():
    """Along u the coefficients of log-sum-exp are the cumulants of u under softmax, over k!."""
    rng = np.random.default_rng(8)
    z, u = rng.standard_normal((2, 6))
    p = np.exp(z) / np.exp(z).sum()
    mean = p @ u
    second, third = p @ (u - mean) ** 2, p @ (u - mean) ** 3
    close(expand(logsumexp, z, u, 3), [np.log(np.exp(z).sum()), mean, second / 2, third / 6], 10.0)


def test_constants_cost_nothing():
    """Rows that are zero by construction are not there; slices drop those that happen to be."""
    x = line(np.ones(4), [0.0, 0.0, 1.0, 1.0], 5)
    assert len(x[:2]._rows) == len(np.tanh(x[:2] @ np.ones((2, 2)))._rows) == 1
    assert len(x._rows) == 2
    assert len((x * x)._rows) == 3
    assert (x * x).coefficients.shape == (6, 4)


# ------------------------------------------------------------------------------- what is refused

X = line(np.array([1.0, 2.0]), 1.0, 2)
UNSUPPORTED = {
    "numpy.prod": lambda: np.prod(X),
    "numpy.round": lambda: np.round(X),
    "numpy.linalg.*norm": lambda: np.linalg.norm(X),
    "arctan2": lambda: np.arctan2(X, 1.0),
    "remainder": lambda: X % 2,
    "floor_divide": lambda: X // 2,
    "add.accumulate": lambda: np.add.accumulate(X),
    "sum takes no initial": lambda: np.sum(X, initial=1.0),
    "sum takes no dtype": lambda: X.sum(dtype=np.float32),
    "add takes no where": lambda: np.add(X, X, where=[True, False]),
    "add cannot write": lambda: np.add(np.ones(2), X, out=np.ones(2)),
    "max takes one axis": lambda: np.max(X[None], axis=(0, 1)),
    "einsum takes at most two": lambda: np.einsum("i,i,i->", X, X, X),
    "einsum takes its subscripts": lambda: np.einsum(X, [0], X, [0]),
    "where takes a plain condition": lambda: np.where(X, 1.0, 0.0),
    "take takes a polynomial": lambda: np.take(X, X),
    "'prod'": lambda: X.prod(),
    "==": lambda: X == 1.0,
    "!=": lambda: X != 1.0,
    "bool": lambda: bool(X[0]),
    "float": lambda: math.exp(X[0]),
    "int": lambda: int(X[0]),
    "plain array": lambda: np.asarray(X),
    "entries cannot": lambda: X.__setitem__(0, 1.0),
    "an index": lambda: X[X],
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_unsupported(name):
    """The message names the operation."""
    with pytest.raises(Unsupported, match=f"Taylor: .*{name}"):
        UNSUPPORTED[name]()


def test_unsupported_inside_numpy():
    """NumPy itself speaks first when an entry of its array is assigned; the cause is ours."""
    with pytest.raises(ValueError, match="sequence") as caught:
        np.zeros(2)[0] = X[0]
    assert isinstance(caught.value.__cause__, Unsupported)
    with pytest.raises(Unsupported, match="plain array"):
        np.zeros(2)[:] = X
    plain = np.ones(2)
    with pytest.raises(Unsupported, match="x = x \\+ y"):
        plain += X
    assert not hasattr(X, "prod")


NOT_FINITE = {
    "log": lambda: np.log(X - 1.0),
    "sqrt.*t.1": lambda: np.sqrt(X - 1.0),
    "divide": lambda: 1.0 / (X - 1.0),
    "power": lambda: (X - 2.0) ** 0.3,
    "power.*value": lambda: (X - 2.0) ** -1,
    "exp": lambda: np.exp(1000.0 * X),
    "multiply": lambda: X * np.array([1.0, np.nan]),
    "where": lambda: np.where(X > 1.5, X, -np.inf),
    "Taylor": lambda: Taylor([1.0, np.nan]),
    "taylor": lambda: line([1.0, np.inf], 1.0, 1),
    "taylor: the value": lambda: expand(lambda x: np.nan, 1.0, 1.0, 1),
}


@pytest.mark.parametrize("name", NOT_FINITE)
def test_not_finite(name):
    """No warning, no NaN: an error that names the operation."""
    with pytest.raises(NotFiniteError, match=name):
        NOT_FINITE[name]()


@pytest.mark.parametrize("bad", [1j, np.array([None, 1.0]), "a", np.array(["2020"], "datetime64")])
def test_not_real(bad):
    for attempt in (lambda: X * bad, lambda: Taylor(bad), lambda: line(bad, 1.0, 1)):
        with pytest.raises(DtypeError, match="real numbers"):
            attempt()


def test_wrong_input():
    with pytest.raises(ShapeError, match="order \\+ 1"):
        Taylor(3.0)
    with pytest.raises(ShapeError, match="order \\+ 1"):
        Taylor(np.ones((0, 2)))
    with pytest.raises(ShapeError, match="scalar"):
        _ = X @ 2.0
    for order in (-1, 1.5, True, None):
        with pytest.raises(RangeError, match="whole order"):
            line(1.0, 1.0, order)
    with pytest.raises(TypeError, match="no length"):
        len(X[0])


def test_kinds_of_numbers():
    """Whole numbers, booleans and short floats are real numbers; results are float64."""
    for kind in (np.int8, np.uint64, np.bool_, np.float16, np.float32, np.longdouble):
        x = line(np.ones(2, dtype=kind), np.ones(2, dtype=kind), 2)
        assert x.dtype == np.float64
        np.testing.assert_array_equal((x * x).coefficients[:, 0], [1, 2, 1])


def test_a_value_like_others():
    """Printed, copied, pickled; of order 0; and a plain result is a constant."""
    x = line([1.0, 2.0], 1.0, 1)
    assert repr(x[0]) == "Taylor([1., 1.])"
    for other in (copy.deepcopy(x), pickle.loads(pickle.dumps(x)), np.copy(x), x.copy()):
        np.testing.assert_array_equal(other.coefficients, x.coefficients)
    np.testing.assert_array_equal(expand(np.sin, 0.5, 1.0, 0), [np.sin(0.5)])
    np.testing.assert_array_equal(expand(lambda x: 3, 0.5, 1.0, 2), [3, 0, 0])
    assert set(taylor.__all__) <= set(dir(taylor))
    y = x.coefficients
    y[:] = 9.0
    np.testing.assert_array_equal(x.coefficients, [[1, 2], [1, 1]])


def test_perturbed_rounding():
    """With a generator inside, each operation errs by some eps, repeatably; zeros stay."""
    x = line(np.linspace(0.5, 1.5, 5), [1.0, 0.0, 1.0, 0.0, 1.0], 3)

    def run(seed):
        from refimpl.taylor.array import make

        rng = np.random.default_rng(seed) if seed is not None else None
        return np.tanh(make(x._rows, 3, rng) ** 2).coefficients

    plain = run(None)
    np.testing.assert_array_equal(plain, np.tanh(x**2).coefficients)
    assert (run(0) == run(0)).all()
    off = run(0) - plain
    assert (off[plain != 0.0] != 0.0).mean() > 0.5
    assert not off[plain == 0.0].any()
    # Two perturbed operations, each off by at most eps of its result, and the second amplifies
    # what the first did to its rows by their products, some tens in size.
    assert np.abs(off).max() <= 100 * EPS

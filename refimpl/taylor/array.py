"""The Taylor polynomial as an array: NumPy's operations find their rules through it."""

import functools
from typing import NamedTuple

import numpy as np

from .._numbers import as_real
from ..errors import NotFiniteError, ShapeError, UnsupportedOperationError

EPS = np.finfo(np.float64).eps
# NumPy's function -> its rule for polynomials; `ufuncs` and `array_functions` fill them.
UFUNCS = {}
REDUCTIONS = {}
FUNCTIONS = {}


def _operator(ufunc):
    def forward(self, other):
        return ufunc(self, other)

    return forward


def _reflected(ufunc):
    def backward(self, other):
        return ufunc(other, self)

    return backward


def _method(function):
    """A method of arrays that is also a function of NumPy."""

    @functools.wraps(function)
    def method(self, *args, **kwargs):
        return function(self, *args, **kwargs)

    return method


class Taylor:
    """A polynomial in one variable `t`, cut after `order`, for each entry of an array.

    NumPy's functions and operators take it in place of an array, so an ordinary function of arrays
    runs on it unchanged and gives the Taylor coefficients of its result. Comparisons, and what is
    chosen by them (``np.where``, ``np.maximum``, ``np.max``), look at ``t = 0``. ``x += y`` binds
    `x` to a new object; entries cannot be assigned.

    Parameters
    ----------
    coefficients : array_like of shape ``(order + 1, *shape)``
        Row `k` belongs to ``t^k``; real numbers, made float64.

    Attributes
    ----------
    coefficients : ndarray of shape ``(order + 1, *shape)``
        A copy.
    order : int
        Operations on polynomials of different orders cut at the lower one.
    shape, ndim, size, dtype, T
        Of the array at ``t = 0``.

    Raises
    ------
    DtypeError, ShapeError, NotFiniteError
        For coefficients that are not real, without rows, or not finite; and by any operation whose
        result is not finite in some coefficient, as ``np.sqrt`` at 0 or ``np.log`` below.
    UnsupportedOperationError
        By operations without a rule, naming them.

    Notes
    -----
    Book: {eq}`eq-taylor-product`, {eq}`eq-taylor-recursion`. Rows that are zero by construction are
    not stored, and cost nothing. A product of two polynomials of order `K` takes
    ``(K + 1)(K + 2) / 2`` products of arrays, a function of one about as many; from 256 rows on
    (1024 for a single number) the product of two uses Fourier transforms where that costs no
    digits.

    Examples
    --------
    >>> x = Taylor([[1.0, 2.0], [1.0, 0.0]])  # 1 + t and 2
    >>> np.exp(x[0] - 1.0) * x[1]
    Taylor([2., 2.])
    >>> np.sum(x**2).coefficients
    array([5., 2.])
    """

    __slots__ = ("_order", "_rng", "_rows")
    __hash__ = None

    def __init__(self, coefficients):
        rows = real_array(coefficients, "Taylor")
        if rows.ndim == 0 or len(rows) == 0:
            raise ShapeError(
                f"Taylor: expected coefficients of shape (order + 1, ...), got {rows.shape}"
            )
        check_finite("Taylor", rows)
        self._order, self._rng, self._rows = len(rows) - 1, None, trim(rows.copy())

    @property
    def coefficients(self):
        full = np.zeros((self._order + 1, *self.shape))
        full[: len(self._rows)] = self._rows
        return full

    @property
    def order(self):
        return self._order

    @property
    def shape(self):
        return self._rows.shape[1:]

    @property
    def ndim(self):
        return self._rows.ndim - 1

    @property
    def size(self):
        return self._rows[0].size

    @property
    def dtype(self):
        return self._rows.dtype

    @property
    def T(self):
        return np.transpose(self)

    def __repr__(self):
        return f"Taylor({self.coefficients!r}"[:-1].replace("(array(", "(", 1) + ")"

    def __len__(self):
        if self.ndim == 0:
            raise TypeError("Taylor: a polynomial of shape () has no length")
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key):
        parts = key if isinstance(key, tuple) else (key,)
        if any(isinstance(part, Taylor) for part in parts):
            raise UnsupportedOperationError("Taylor: a polynomial cannot be an index")
        if all(part is None or part is Ellipsis or _plain(part) for part in parts):
            rows = self._rows[(slice(None), *parts)]
        else:
            # Among index arrays an axis more in front would change the order of the axes.
            rows = np.stack([row[key] for row in self._rows])
        return make(trim(rows), self._order, self._rng)

    def __setitem__(self, key, value):
        raise UnsupportedOperationError(
            "Taylor: entries cannot be assigned; build the array by np.where or np.concatenate"
        )

    def __array__(self, dtype=None, copy=None):
        raise UnsupportedOperationError(
            "Taylor: a polynomial cannot be made a plain array, as np.asarray and assignment to "
            "entries of an array ask for"
        )

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        kwargs = {key: value for key, value in kwargs.items() if value is not None}
        name = ufunc.__name__
        if method == "reduce" and ufunc in REDUCTIONS:
            return REDUCTIONS[ufunc](*inputs, **({"axis": 0} | kwargs))
        if method != "__call__" or ufunc not in UFUNCS:
            name = name if method == "__call__" else f"{name}.{method}"
            raise UnsupportedOperationError(f"Taylor: there is no rule for {name}")
        if "out" in kwargs:
            raise UnsupportedOperationError(
                f"Taylor: {name} cannot write into an array; write x = x + y in place of x += y"
            )
        if kwargs:
            raise UnsupportedOperationError(f"Taylor: {name} takes no {' and no '.join(kwargs)}")
        return UFUNCS[ufunc](*inputs)

    def __array_function__(self, function, types, args, kwargs):
        if function not in FUNCTIONS:
            module = function.__module__ or "numpy"
            raise UnsupportedOperationError(
                f"Taylor: there is no rule for {module}.{function.__name__}"
            )
        return FUNCTIONS[function](*args, **kwargs)

    def __getattr__(self, name):
        raise UnsupportedOperationError(f"Taylor: there is no attribute {name!r}")

    def _refuse(name):
        def refuse(self, *args):
            raise UnsupportedOperationError(
                f"Taylor: {name} of a polynomial is not defined; compare with < or >, and use "
                "NumPy's functions"
            )

        return refuse

    __bool__, __float__, __int__ = _refuse("bool"), _refuse("float"), _refuse("int")
    __eq__, __ne__ = _refuse("=="), _refuse("!=")
    del _refuse

    __add__, __radd__ = _operator(np.add), _reflected(np.add)
    __sub__, __rsub__ = _operator(np.subtract), _reflected(np.subtract)
    __mul__, __rmul__ = _operator(np.multiply), _reflected(np.multiply)
    __truediv__, __rtruediv__ = _operator(np.divide), _reflected(np.divide)
    __pow__, __rpow__ = _operator(np.power), _reflected(np.power)
    __mod__, __rmod__ = _operator(np.remainder), _reflected(np.remainder)
    __floordiv__, __rfloordiv__ = _operator(np.floor_divide), _reflected(np.floor_divide)
    __matmul__, __rmatmul__ = _operator(np.matmul), _reflected(np.matmul)
    __lt__, __le__ = _operator(np.less), _operator(np.less_equal)
    __gt__, __ge__ = _operator(np.greater), _operator(np.greater_equal)
    __neg__, __pos__, __abs__ = _method(np.negative), _method(np.positive), _method(np.absolute)

    sum, mean, var, std = _method(np.sum), _method(np.mean), _method(np.var), _method(np.std)
    max, min, clip = _method(np.max), _method(np.min), _method(np.clip)
    argmax, argmin = _method(np.argmax), _method(np.argmin)
    ravel = flatten = _method(np.ravel)
    squeeze, swapaxes, dot = _method(np.squeeze), _method(np.swapaxes), _method(np.dot)
    take, repeat, cumsum = _method(np.take), _method(np.repeat), _method(np.cumsum)
    copy = _method(np.copy)

    def reshape(self, *shape, **options):
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, **options)

    def transpose(self, *axes):
        axes = axes[0] if len(axes) == 1 else axes
        return np.transpose(self, axes or None)


class Operands(NamedTuple):
    """What the rules need to know of the operands of one operation."""

    rows: list  # of arrays of shape ``(n, *shape)``
    order: int
    rng: np.random.Generator | None

    @property
    def terms(self):
        return self.order + 1


def operands(name, *values):
    """Rows of polynomials and of constants alike."""
    order = min(value.order for value in values if isinstance(value, Taylor))
    rng = next((value._rng for value in values if isinstance(value, Taylor) and value._rng), None)
    rows = [
        value._rows[: order + 1] if isinstance(value, Taylor) else real_array(value, name)[None]
        for value in values
    ]
    return Operands(rows, order, rng)


def make(rows, order, rng):
    """A polynomial from rows that are its own, without any check."""
    new = object.__new__(Taylor)
    new._rows, new._order, new._rng = rows, order, rng
    return new


def finish(name, rows, order, rng):
    """The result of an operation that rounds: checked, and perturbed if that was asked for."""
    check_finite(name, rows)
    if rng is not None:
        rows = perturbed(rows, rng)
    return make(rows, order, rng)


def perturbed(rows, rng):
    """Each number off by a random share of itself, at most `EPS`; zeros stay zero."""
    return rows * (1.0 + EPS * rng.uniform(-1.0, 1.0, rows.shape))


def real_array(values, name):
    """A float64 array; booleans and whole numbers are real numbers, objects and complex are not."""
    return as_real(values, f"{name}: expected real numbers")


def check_finite(name, rows):
    finite = np.isfinite(rows)
    if not finite.all():
        k = int(np.argmin(finite.reshape(len(rows), -1).all(axis=1)))
        what = "the value at t = 0" if k == 0 else f"the coefficient of t^{k}"
        raise NotFiniteError(
            f"{name}: {what} is not finite ({rows[k][~finite[k]].flat[0]}); the function is not "
            "smooth there, or overflows"
        )


def trim(rows):
    """Without the last rows that are zero."""
    n = len(rows)
    while n > 1 and not rows[n - 1].any():
        n -= 1
    return rows[:n]


def _plain(part):
    return isinstance(part, slice | int | np.integer) and not isinstance(part, bool)

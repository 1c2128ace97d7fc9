"""What a test function of the laboratory is: compiled derivatives and known stationary points."""

import functools
from dataclasses import dataclass, field

import numpy as np

from .. import _compile
from .._numbers import as_real, real
from ..errors import NotFiniteError, ShapeError

VALUE = "float64(float64[::1], float64[::1])"
GRADIENT = "float64[::1](float64[::1], float64[::1])"
HESSIAN = "float64[:, ::1](float64[::1], float64[::1])"
NO_DATA = np.empty(0)


class Derivative:
    """One of value, gradient, Hessian: a function of ``(x, data)``, called from Python as ``f(x)``.

    Attributes
    ----------
    text : callable
        The plain Python function of ``(x, data)``.
    kernel : callable
        The same, compiled with an explicit signature at its first use, so that one compiled driver
        serves every function.
    """

    def __init__(self, text, signature, dimension=None, data=NO_DATA):
        self.text = text
        self.signature = signature
        self.dimension = dimension
        self.data = data
        functools.update_wrapper(self, text)

    @functools.cached_property
    def kernel(self):
        return _compile.with_signature(self.text, self.signature)

    def __getstate__(self):
        # Another process finds the compiled function in its own cache.
        return {name: part for name, part in vars(self).items() if name != "kernel"}

    def __call__(self, x):
        x = as_real(x, "expected x of real numbers")
        if x.shape != (self.dimension,):
            raise ShapeError(f"expected x of shape ({self.dimension},), got {x.shape}")
        if not np.isfinite(x).all():
            raise NotFiniteError(f"expected finite x, got {x}")
        # Far away a value overflows, compiled or not, without a warning.
        with np.errstate(over="ignore", invalid="ignore"):
            found = self.kernel(x, self.data)
        # Uncompiled arithmetic leaves NumPy's scalars where compiled code returns floats.
        return float(found) if self.signature == VALUE else found


@dataclass(frozen=True, eq=False)
class Function:
    """A test function with its derivatives and what is known about it.

    Parameters
    ----------
    name : str
    dimension : int
    value, gradient, hessian : callable
        Of ``(x, data)`` with float64 arrays `x` of shape (D,) and `data` of the function's own
        parameters; they return a float, an array (D,) and an array (D, D), and are compiled at
        their first use. As attributes they are called ``value(x)``.
    minima, saddles : array_like of shape (n, D)
        Global minima and known saddles.
    minimum_value : float
        Value at the global minima; ``-inf`` where the function is unbounded below.
    domain : (float, float)
        The box, the same for every coordinate, in which it is usually drawn and started.
    source : str
    data : array_like, optional
        Parameters handed to the three as a flat float64 array.
    record : int, optional
        For a function that is a mean over records: numbers a record in `data`, so that a minibatch
        is the same function of fewer records.
    note : str, optional
        What a reader should know besides, in one sentence.
    """

    name: str
    dimension: int
    value: Derivative
    gradient: Derivative
    hessian: Derivative
    minima: np.ndarray
    saddles: np.ndarray
    minimum_value: float
    domain: tuple
    source: str
    data: np.ndarray = field(default_factory=lambda: NO_DATA)
    record: int = 0
    note: str = ""

    def __post_init__(self):
        put = functools.partial(object.__setattr__, self)
        put("data", as_real(self.data, f"{self.name}: expected data of real numbers").ravel())
        for name, signature in (("value", VALUE), ("gradient", GRADIENT), ("hessian", HESSIAN)):
            put(name, Derivative(getattr(self, name), signature, self.dimension, self.data))
        for name in ("minima", "saddles"):
            points = real(getattr(self, name), f"{name} of {self.name}")
            put(name, points.reshape(-1, self.dimension))

    @property
    def records(self):
        """The records as an array (n, record); of shape (0, 1) where the function is no mean."""
        return self.data.reshape(-1, self.record) if self.record else np.empty((0, 1))

    def __call__(self, x):
        return self.value(x)

    def __repr__(self):
        return f"<function {self.name}, dimension {self.dimension}>"

"""Random polynomials, and functions with what mpmath says of them; no tests."""

import mpmath as mp
import numpy as np
import scipy.special
from hypothesis import settings
from hypothesis import strategies as st

from refimpl.taylor import Taylor, logistic, softplus

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=40)
SEEDS = st.integers(0, 2**32)
ORDERS = st.integers(0, 9)


def random(seed, order, shape=(), centre=0.0, size=1.0):
    """A polynomial whose value at t = 0 is near `centre`."""
    rows = size * np.random.default_rng(seed).uniform(-1.0, 1.0, (order + 1, *shape))
    rows[0] += centre
    return Taylor(rows)


def close(a, b, scale=1.0, ulps=64):
    """Equal up to roundings of sums of terms of size `scale`."""
    a, b = (x.coefficients if isinstance(x, Taylor) else x for x in (a, b))
    np.testing.assert_allclose(a, b, rtol=0, atol=ulps * EPS * scale)


FUNCTIONS = {
    "exp": (np.exp, mp.exp),
    "exp2": (np.exp2, lambda x: mp.mpf(2) ** x),
    "expm1": (np.expm1, mp.expm1),
    "log": (np.log, mp.log),
    "log2": (np.log2, lambda x: mp.log(x, 2)),
    "log10": (np.log10, mp.log10),
    "log1p": (np.log1p, lambda x: mp.log(1 + x)),
    "sqrt": (np.sqrt, mp.sqrt),
    "half": (lambda x: x**0.5, mp.sqrt),
    "reciprocal": (np.reciprocal, lambda x: 1 / x),
    "quotient": (lambda x: (1.0 - x) / (2.0 + x * x), lambda x: (1 - x) / (2 + x * x)),
    "square": (np.square, lambda x: x * x),
    "seventh": (lambda x: x**7, lambda x: x**7),
    "inverse cube": (lambda x: x**-3, lambda x: x**-3),
    "real power": (lambda x: x**1.7, lambda x: x ** mp.mpf(1.7)),
    "of a base": (lambda x: 2.5**x, lambda x: mp.mpf(2.5) ** x),
    "x to the x": (lambda x: x**x, lambda x: x**x),
    "sin": (np.sin, mp.sin),
    "cos": (np.cos, mp.cos),
    "tan": (np.tan, mp.tan),
    "sinh": (np.sinh, mp.sinh),
    "cosh": (np.cosh, mp.cosh),
    "tanh": (np.tanh, mp.tanh),
    "arctan": (np.arctan, mp.atan),
    "erf": (scipy.special.erf, mp.erf),
    "logistic": (logistic, lambda x: 1 / (1 + mp.exp(-x))),
    "softplus": (softplus, lambda x: mp.log1p(mp.exp(x))),
    "logaddexp": (lambda x: np.logaddexp(x, x * x), lambda x: mp.log(mp.exp(x) + mp.exp(x * x))),
}

"""Derivatives of high order: one Taylor polynomial, or differentiation nested in itself."""

import math
import statistics
import time
from typing import NamedTuple

import numpy as np

from refimpl.taylor import line, series

from .. import style

WIDTH = 32
BATCH = 64


class Nested:
    """A value and its slope, either of which may be such a pair: forward mode inside itself."""

    __array_ufunc__ = None  # so that an array leaves products with it to this class

    def __init__(self, value, slope):
        self.value, self.slope = value, slope

    def __add__(self, other):
        if isinstance(other, Nested):
            return Nested(self.value + other.value, self.slope + other.slope)
        return Nested(self.value + other, self.slope)

    def __mul__(self, other):
        if isinstance(other, Nested):
            slope = self.slope * other.value + self.value * other.slope
            return Nested(self.value * other.value, slope)
        return Nested(self.value * other, self.slope * other)

    def __matmul__(self, matrix):
        return Nested(self.value @ matrix, self.slope @ matrix)

    def __rmatmul__(self, matrix):
        return Nested(matrix @ self.value, matrix @ self.slope)

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    __radd__, __rmul__ = __add__, __mul__


def tanh(x):
    """Of arrays, polynomials and nested pairs."""
    if not isinstance(x, Nested):
        return np.tanh(x)
    z = tanh(x.value)
    return Nested(z, (1.0 - z * z) * x.slope)


def mean(x):
    """Of arrays, polynomials and nested pairs."""
    return Nested(mean(x.value), mean(x.slope)) if isinstance(x, Nested) else np.mean(x)


def network(seed):
    """The loss of a small network along a line in its first layer, as a function of `t`."""
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((2, BATCH, WIDTH))
    W, U, V = rng.standard_normal((3, WIDTH, WIDTH)) / math.sqrt(WIDTH)

    def loss(t):
        off = tanh(tanh(X @ W - t * (X @ U)) @ V) - Y
        return mean(off * off)

    return loss


def nested(function, order, t=0.0):
    """The derivative of one order, as the derivative of the one below."""
    if order == 0:
        return function(t)

    def slope(s):
        # What does not depend on s any more comes back as a plain number.
        return getattr(function(Nested(s, 1.0)), "slope", 0.0)

    return nested(slope, order - 1, t)


class Cost(NamedTuple):
    """Times in units of one evaluation of the loss, and errors of products."""

    order: np.ndarray  # (n,), of the polynomials
    taylor: np.ndarray  # (n,)
    nested_order: np.ndarray  # (m,)
    nested: np.ndarray  # (m,)
    agreement: float  # largest relative difference of the derivatives that both gave
    row: np.ndarray  # (r,)
    sums: np.ndarray  # (r,), relative error of each coefficient of e^t e^t by sums
    transform: np.ndarray  # (r,), by Fourier transforms

    @property
    def ratio(self):
        """Nested over Taylor at each order that both reached."""
        both = np.isin(self.order, self.nested_order)
        return self.nested[np.isin(self.nested_order, self.order)] / self.taylor[both]

    @property
    def shared(self):
        return np.intersect1d(self.order, self.nested_order)


def seconds(function, repeats):
    """Median time of one call, after a first one that is not counted."""
    function()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


ORDERS = (1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64)


def compute(seed=0, orders=ORDERS, nested_orders=range(1, 9), repeats=5, rows=40):
    """Time both ways side by side, and square a series by sums and by transforms.

    Parameters
    ----------
    seed : int
        Of the network.
    orders, nested_orders : sequence of int
    repeats : int
        The times are medians of so many; 20 times as many for the loss alone.
    rows : int
        Coefficients of the product.

    Returns
    -------
    Cost
    """
    loss = network(seed)
    order, nested_order = np.array(tuple(orders)), np.array(tuple(nested_orders))
    unit = seconds(lambda: loss(0.0), 20 * repeats)

    def taylor(k):
        return loss(line(0.0, 1.0, k)).coefficients

    found = taylor(int(max(order.max(), nested_order.max())))
    off = [abs(nested(loss, int(k)) / (math.factorial(k) * found[k]) - 1.0) for k in nested_order]
    e = np.array([1.0 / math.factorial(k) for k in range(rows)])
    exact = np.array([2**k / math.factorial(k) for k in range(rows)])
    spectrum = np.fft.rfft(e, 2 * rows)
    return Cost(
        order=order,
        taylor=np.array([seconds(lambda k=k: taylor(int(k)), repeats) for k in order]) / unit,
        nested_order=nested_order,
        nested=np.array([seconds(lambda k=k: nested(loss, int(k)), repeats) for k in nested_order])
        / unit,
        agreement=max(off),
        row=np.arange(rows),
        sums=np.abs(series.product(e, e, rows) / exact - 1.0),
        transform=np.abs(np.fft.irfft(spectrum * spectrum, 2 * rows)[:rows] / exact - 1.0),
    )


@style.use()
def draw(data):
    """Left the cost over the order, right the errors of a product."""
    figure, axes = style.subplots(1, 2, height=3.6)
    left, right = axes
    left.plot(data.order, data.taylor, color=style.BLUE, marker="o", label="Taylor polynomial")
    left.plot(
        data.nested_order,
        data.nested,
        color=style.RED,
        marker="s",
        linestyle="--",
        label="nested differentiation",
    )
    left.set(
        xscale="log",
        yscale="log",
        xlabel="order",
        ylabel="cost / one evaluation",
        title="derivatives of a network's loss",
    )
    left.set_xticks([1, 2, 4, 8, 16, 32, 64], ["1", "2", "4", "8", "16", "32", "64"])
    left.minorticks_off()
    left.legend()
    # An error of exactly 0 is drawn at a tenth of a rounding.
    floor = 0.1 * np.finfo(np.float64).eps
    ways = (
        ("by sums", data.sums, style.BLUE, "o"),
        ("by transforms", data.transform, style.RED, "s"),
    )
    for name, error, color, marker in ways:
        right.plot(
            data.row,
            np.maximum(error, floor),
            color=color,
            marker=marker,
            linestyle="none",
            markersize=3.5,
            label=name,
        )
    right.set(
        yscale="log",
        xlabel="coefficient $k$",
        ylabel="relative error",
        title=r"$e^t \cdot e^t$, coefficient by coefficient",
    )
    right.legend()
    return figure


def alt(data):
    """What the picture shows, in words."""
    lost = data.row[data.transform > 0.1]
    after = f"from coefficient {lost[0]} on no digit is right" if lost.size else "all have digits"
    return (
        "Two panels. Left, the cost of the derivatives of a small network's loss along a line, in "
        "evaluations of the loss, over the order on logarithmic axes: one Taylor polynomial costs "
        f"{data.taylor[0]:.0f} at order {data.order[0]} and {data.taylor[-1]:.0f} at order "
        f"{data.order[-1]}; nested differentiation {data.nested[0]:.0f} at order "
        f"{data.nested_order[0]} and {data.nested[-1]:.0f} at order {data.nested_order[-1]}, "
        f"{data.ratio[-1]:.0f} times the polynomial's cost there. Their derivatives agree within "
        f"{data.agreement:.1g}. Right, relative errors of the coefficients of e^t times e^t: by "
        f"sums at most {data.sums.max():.1g}, by Fourier transforms the error grows with every "
        f"coefficient, and {after}."
    )

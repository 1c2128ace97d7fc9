"""A loss over two learning rates, beside the model of second and third order that the rates see."""

from typing import NamedTuple

import numpy as np
import scipy.optimize

from refimpl.cubic import minimize_cubic
from refimpl.summary import summarize

from .. import style
from ..summary.examples import gradient, loss

LOOKS = {
    "Newton": (style.GREY, "X"),
    "best single rate": (style.BLUE, "s"),
    "cubic": (style.AMBER, "o"),
}
SPAN = ((-1.5, 6.5), (-0.4, 2.2))


class Slice(NamedTuple):
    """The slice and its model in the plane of two learning rates."""

    x: np.ndarray  # (m,), rate of the first layer
    y: np.ndarray  # (n,), of the second
    value: np.ndarray  # (n, m), the loss there
    model: np.ndarray  # (n, m)
    rates: dict  # name -> (2,)
    ends: dict  # name -> the loss there
    start: float  # the loss at rates 0


def compute(theta=(1.0, 0.5), strength=1.0, m=161):
    """The slice along the gradient, one group for each layer.

    Parameters
    ----------
    theta : sequence of float
    strength : float
        Of the cubic term.
    m : int
        Points in each direction.

    Returns
    -------
    Slice
    """
    theta = np.array(theta)
    u = gradient(loss, theta)
    found = summarize(loss, theta, u, [[0], [1]])
    d = np.cbrt(np.abs(found.third))
    x, y = (np.linspace(*span, m) for span in SPAN)
    eta = np.stack(np.meshgrid(x, y))

    def along(eta):
        return loss(theta - eta * u)

    cubic = strength / 6.0 * np.linalg.norm((eta.T * d).T, axis=0) ** 3
    bent = 0.5 * np.einsum("s...,st,t...->...", eta, found.hessian, eta)
    one = scipy.optimize.minimize_scalar(lambda rate: along(np.full(2, rate)), (0.0, 1.0)).x
    rates = {
        "Newton": np.linalg.solve(found.hessian, found.gradient),
        "best single rate": np.full(2, one),
        "cubic": minimize_cubic(found.hessian, found.gradient, d, strength).rates,
    }
    return Slice(
        x=x,
        y=y,
        value=np.apply_along_axis(along, 0, eta),
        model=found.value - np.einsum("s,s...->...", found.gradient, eta) + bent + cubic,
        rates=rates,
        ends={name: float(along(point)) for name, point in rates.items()},
        start=found.value,
    )


@style.use()
def draw(data):
    """Contours of both, with the rates that three rules choose."""
    figure, axes = style.subplots(1, 2, width=7.2, height=3.4, sharey=True)
    for ax, values in zip(axes, (data.value, data.model), strict=True):
        levels = data.value.min() + data.start * np.geomspace(0.03, 20.0, 14)
        ax.contour(data.x, data.y, values, levels=levels, colors=style.GREY, linewidths=0.7)
        ax.plot(0.0, 0.0, color=style.GREY, marker="+", markersize=10, linestyle="none")
        for name, (color, marker) in LOOKS.items():
            ax.plot(
                *data.rates[name],
                color=color,
                marker=marker,
                markersize=7,
                linestyle="none",
                label=f"{name}: {data.ends[name]:.3f}",
            )
        ax.set(xlim=(data.x[0], data.x[-1]), ylim=(data.y[0], data.y[-1]))
        ax.set_xlabel(r"$\eta_1$, rate of the first layer")
        ax.grid(False)
    axes[0].set(title="the loss", ylabel=r"$\eta_2$, of the second")
    axes[1].set(title="its model")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    return figure


def alt(data):
    """What the picture shows, in words."""
    places = "; ".join(
        f"{name} chooses ({rates[0]:.2f}, {rates[1]:.2f}) and reaches {data.ends[name]:.3f}"
        for name, rates in data.rates.items()
    )
    return (
        "Two panels with contours over the learning rates of two layers. Left, the loss: a curved, "
        f"open valley; at the cross, with both rates 0, it is {data.start:.3f}. Right, the cubic "
        "model: near the cross it is nearly the same, farther off its contours are closed ovals "
        f"around the rates called cubic. {places}."
    )

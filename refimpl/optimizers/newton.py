"""Newton: a jump to where the gradient of the local quadratic is zero, be it a saddle.

Provenance: the classical method, which [dauphin2014]_ show to be drawn to saddles. No program is
followed; what a singular Hessian gives is said by `refimpl.repulsion.newton`.
"""

from typing import NamedTuple

from .. import repulsion
from .._compile.border import public
from .method import Method


class NewtonParameters(NamedTuple):
    """`alpha`: share of the full step, dimensionless."""

    alpha: float = 1.0


class NewtonState(NamedTuple):
    """Nothing is remembered but the number of steps."""

    count: int


@public
def start(theta, directions, parameters):
    """The state before the first step."""
    return NewtonState(count=0)


@public
def step(state, theta, gradient, curvature, parameters):
    """``theta -= alpha H^{-1} g`` with `curvature` the exact Hessian (D, D) at `theta`."""
    update = parameters.alpha * repulsion.newton(curvature, gradient)
    return theta + update, NewtonState(count=state.count + 1)


newton = Method(
    "newton",
    NewtonParameters,
    start,
    step,
    "Newton, as in [SFN]",
    "exact Hessian; saddles attract",
    curvature="hessian",
)

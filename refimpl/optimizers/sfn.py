"""Saddle-free Newton: the exact Hessian with its eigenvalues by modulus.

Provenance: [dauphin2014]_, the saddle-free method with the exact Hessian. No program is followed.
It departs in `div` and `cut`, which are those of [D] [duda2019]_; 1 and 0 give the plain method.
"""

from typing import NamedTuple

from .._compile.border import public
from ..repulsion import saddle_free
from .method import Method


class SFNParameters(NamedTuple):
    """`div`: trust in the model; `cut`: smallest curvature to divide by; of `saddle_free`."""

    div: float = 1.0
    cut: float = 0.0


class SFNState(NamedTuple):
    """Nothing is remembered but the number of steps."""

    count: int


@public
def start(theta, directions, parameters):
    """The state before the first step."""
    return SFNState(count=0)


@public
def step(state, theta, gradient, curvature, parameters):
    """``theta -= |H|^{-1} g`` with `curvature` the exact Hessian (D, D) at `theta`."""
    div, cut = parameters
    return theta + saddle_free(curvature, gradient, div, cut), SFNState(count=state.count + 1)


sfn = Method(
    "sfn",
    SFNParameters,
    start,
    step,
    "[SFN]",
    "exact Hessian; saddles repel",
    curvature="hessian",
)

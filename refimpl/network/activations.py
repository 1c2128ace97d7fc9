"""Activations: the value on arrays and polynomials alike, and derivatives by hand on arrays."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.special

from ..taylor import relu, softplus


class Activation(NamedTuple):
    """An activation applied to each entry, with three derivatives."""

    value: Callable  # z -> a, on arrays and Taylor polynomials
    slope: Callable  # a -> derivative, from the value alone: what backpropagation keeps
    derivatives: Callable  # (z, a) -> the first three, accurate also where they are tiny
    gain: float  # a layer keeps the size of its input if its weights have variance gain / n
    bends: bool = True  # whether the second derivative is ever different from 0


def _tanh_slope(a):
    slope = a * a
    return np.subtract(1.0, slope, out=slope)


def _tanh_derivatives(z, a):
    # Not 1 - a^2: far out, where a rounds to 1, this still has all its digits.
    e = np.exp(-2.0 * np.abs(z))
    first = 4.0 * e / np.square(1.0 + e)
    second = -2.0 * a * first
    third = first * (4.0 * a * a - 2.0 * first)
    return first, second, third


def _softplus_slope(a):
    # The logistic function of z, without z.
    return -np.expm1(-a)


def _softplus_derivatives(z, a):
    first, rest = scipy.special.expit(z), scipy.special.expit(-z)
    second = first * rest
    return first, second, second * (rest - first)


def _relu_slope(a):
    return np.sign(a)


def _relu_derivatives(z, a):
    zeros = np.zeros_like(z)
    return _relu_slope(a), zeros, zeros


# Glorot and Bengio 2010; He and others 2015. Softplus is a smooth ReLU.
ACTIVATIONS = {
    "tanh": Activation(np.tanh, _tanh_slope, _tanh_derivatives, gain=1.0),
    "relu": Activation(relu, _relu_slope, _relu_derivatives, gain=2.0, bends=False),
    "softplus": Activation(softplus, _softplus_slope, _softplus_derivatives, gain=2.0),
}

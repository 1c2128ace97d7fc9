"""Averages of the summaries that grouped Newton has seen.

A summary is made of one minibatch, and rates that minimise its model fit its noise. The mean of
summaries with weights `w` is the summary of the *mean slice*, ``sum_t w_t L_t(theta_t - sum_s eta_s
u_s,t)``: rates that minimise a model of it fit all these steps together. It has less noise, and it
is of places and directions that are past.

The weights are those of piece one of [D]; [W]'s program averages too, in its own ways (`movavg`,
`mom_order3_`, `uniform_avg`).
"""

from typing import NamedTuple

import numpy as np

from ..regression import weighted_mean

# Of a group that has had no direction yet.
NO_UNIT = np.iinfo(np.int64).min


class Averages(NamedTuple):
    """Means of summaries along directions in one unit: that of each group's first direction.

    `rows` are the last summaries, the newest first; with fading weights there is one, their mean. A
    row holds gradient, Hessian and third derivatives one after the other.
    """

    seen: int  # summaries so far
    weight: float  # sum of the fading weights
    rows: np.ndarray  # (window, S + S^2 + S)
    d_weight: float
    d: np.ndarray  # (S,), mean of the cube roots of third derivatives
    exponents: np.ndarray  # (S,), of the powers of two that are the units


class Model(NamedTuple):
    """What rates are chosen by, along the parts of a direction in the units of the averages."""

    gradient: np.ndarray  # (S,)
    hessian: np.ndarray  # (S, S)
    d: np.ndarray  # (S,)


def remembers(parameters):
    """Whether summaries are averaged at all."""
    return parameters.beta < 1.0 or parameters.beta_d > 0.0 or parameters.window > 1


def start(S, parameters):
    """Nothing seen; None where nothing is averaged."""
    if not remembers(parameters):
        return None
    rows, exponents = np.zeros((parameters.window, S + S * S + S)), np.full(S, NO_UNIT)
    return Averages(0, 0.0, rows, 0.0, np.zeros(S), exponents)


def units(averages, size):
    """Exponents of two by which the parts of a direction are scaled: once found, they stay.

    A fresh one makes the largest entry of its part lie near 1. Kept ones make sums of summaries
    sums of like numbers, and leave no unit of the loss in them.
    """
    fresh = np.frexp(size)[1]
    if averages is None:
        return fresh
    return np.where(averages.exponents == NO_UNIT, fresh, averages.exponents)


def take_in(averages, found, size, parameters):
    """The averages with one more summary, and the model that they make.

    Book: {eq}`eq-mean-slice`, {eq}`eq-summary-averages`. Every entry of the Hessian and its mirror
    image go through the same operations, so that the mean is symmetric to the last bit.
    """
    roots = np.cbrt(np.abs(found.third))
    if averages is None:
        return None, Model(found.gradient, found.hessian, roots)
    S = roots.size
    seen = averages.seen + 1
    weight, rows, d_weight, d = averages.weight, averages.rows, averages.d_weight, averages.d
    new = np.concatenate([found.gradient, found.hessian.ravel(), found.third])
    if parameters.beta < 1.0:
        fading = weighted_mean(weight, rows[0], new, parameters.beta)  # eq-summary-averages
        weight, mean = fading.weight, fading.mean
        rows = mean[None]
    else:
        rows = np.vstack([new, rows[:-1]])
        count = min(seen, parameters.window)
        mean = rows[:count].sum(axis=0) / count  # eq-summary-averages
    if parameters.beta_d > 0.0:
        fading = weighted_mean(d_weight, d, roots, parameters.beta_d)
        d_weight, d = fading.weight, fading.mean
        roots = d
    else:
        roots = np.cbrt(np.abs(mean[-S:]))
    exponents = np.where(size > 0.0, units(averages, size), averages.exponents)
    averages = Averages(seen, weight, rows, d_weight, d, exponents)
    return averages, Model(mean[:S], mean[S:-S].reshape(S, S), roots)

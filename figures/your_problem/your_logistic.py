"""Minibatch logistic regression: value, explained energy and curvature along a run."""

import numpy as np

from refimpl.functions import logistic_regression

from .. import style
from . import followed

RIDGE = 0.01


def problem():
    """Benign or malignant from thirty standardised measurements and an intercept."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    features = (data.data - data.data.mean(axis=0)) / data.data.std(axis=0)
    return logistic_regression(
        np.column_stack([features, np.ones(len(features))]), data.target, RIDGE
    )


def compute(method=followed.METHOD, **settings):
    """The problem, watched: as `figures.your_problem.followed.watch`, which takes the settings."""
    return followed.watch(problem(), method, **settings)


@style.use()
def draw(data):
    """Value on the left, explained energy, and curvature fitted from minibatches."""
    figure, (middle, right) = followed.panels(data)
    followed.draw_energy(middle, data)
    followed.draw_curvature(right, data.part, f"curvature, {data.batch} records a step")
    return figure


def alt(data):
    """What the picture shows, in words."""
    d, D = data.part.curvature.shape[1], data.part.path.shape[1]
    energy = [run.energy.mean() for run in (data.whole, data.part)]
    seen = (
        f"{energy[0]:.0%} of the exact gradient on average with all records and {energy[1]:.0%} "
        f"with minibatches, where random directions would explain {d / D:.0%}"
        if np.isfinite(energy).all()
        else "nothing, since this method keeps no subspace"
    )
    return (
        f"Three panels on logistic regression with {D} coefficients. Left: "
        f"{followed.words(data)}. Middle: the {d} directions of the model explain {seen}. Right: "
        "curvatures fitted along the three stiffest axes with standard errors, and lines for the "
        "true ones along the same axes; in the second half of the steps the largest fitted one is, "
        f"in the median, {followed.height(data.part):.2g} times the largest true one."
    )

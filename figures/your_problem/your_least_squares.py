"""Noisy least squares on data as shipped: value and fitted curvature along a run."""

import numpy as np

from refimpl.functions import least_squares

from .. import style
from . import followed


def problem():
    """Disease progression from ten measurements of 442 patients and an intercept."""
    from sklearn.datasets import load_diabetes

    data = load_diabetes()
    return least_squares(np.column_stack([data.data, np.ones(len(data.data))]), data.target)


def compute(method=followed.METHOD, **settings):
    """The problem, watched: as `figures.your_problem.followed.watch`, which takes the settings."""
    return followed.watch(problem(), method, **settings)


@style.use()
def draw(data):
    """Value on the left, fitted curvature from whole gradients and from minibatches."""
    figure, (middle, right) = followed.panels(data)
    followed.draw_curvature(middle, data.whole, "curvature, all records")
    followed.draw_curvature(right, data.part, f"curvature, {data.batch} records a step")
    ends = np.array([middle.get_ylim(), right.get_ylim()])
    for ax in (middle, right):
        ax.set_ylim(ends[:, 0].min(), ends[:, 1].max())
    return figure


def alt(data):
    """What the picture shows, in words."""
    hits = np.nanmean(followed.within(data.part))
    return (
        f"Three panels on least squares with {data.part.path.shape[1]} coefficients. Left: "
        f"{followed.words(data)}. Middle and right: curvatures fitted along the three stiffest "
        "axes with standard errors, and lines for the true ones along the same axes. With "
        f"minibatches {hits:.0%} of all axes and steps are within two standard errors of it. "
        "In the second half of the steps the largest fitted curvature is, in the median, "
        f"{followed.height(data.whole):.2g} times the largest true one with all records, and "
        f"{followed.height(data.part):.2g} times with minibatches."
    )

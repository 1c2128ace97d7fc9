"""Runs of grouped Newton, plain and safeguarded, over steps and over what the steps cost."""

from typing import NamedTuple

import numpy as np

from refimpl import functions, minimize

from .. import style

LABELS = {
    "grouped_newton": "grouped Newton",
    "grouped_newton_safeguarded": "safeguarded",
    "sfn": "saddle-free Newton",
    "fogr": "fOGR",
}
# Multiplications of a product of two polynomials, for one of two numbers.
SECOND, THIRD = 6, 10
# Evaluations for the price of a gradient: one forward, one backward of twice the work.
GRADIENT = 3
FLOOR = 1e-16


class Problem(NamedTuple):
    """A function, where the runs start, and how many groups of coordinates there are."""

    name: str
    function: functions.Function
    start: np.ndarray
    groups: int


class Run(NamedTuple):
    """One method on one problem."""

    excess: np.ndarray  # (steps + 1,), value above the minimum
    cost: np.ndarray  # (steps + 1,), gradients' worth so far


class Runs(NamedTuple):
    """All methods on all problems, in their order."""

    problems: list  # of Problem
    runs: list  # of dictionaries: method -> Run


def problems(seed):
    """Rosenbrock's valley in two and ten dimensions, and a rotated saddle from near its top."""
    rng = np.random.default_rng(seed)
    spectrum = np.repeat([-1.0, 1.0, 30.0], [2, 6, 2])
    saddle = functions.bounded_saddle(spectrum, rotation=functions.random_rotation(rng, 10))
    return [
        Problem("Rosenbrock", functions.rosenbrock(), np.array([-1.2, 1.0]), 2),
        Problem("Rosenbrock", functions.rosenbrock(10), np.zeros(10), 10),
        Problem("rotated saddle", saddle, 1e-3 * rng.standard_normal(10), 4),
    ]


def price(method, D, groups):
    """Gradients' worth of one step, apart from the safeguard's values.

    A summary takes a push of order 3 for each group and one of order 2 for each pair; what rounding
    does to third derivatives is not counted, nor the solution of the small systems. A Hessian is
    counted as `D` gradients.
    """
    if "grouped" in method:
        pairs = groups * (groups - 1) / 2
        return 1.0 + (THIRD * groups + SECOND * pairs) / GRADIENT
    return 1.0 + D if method == "sfn" else 1.0


def run(problem, method, steps):
    """One run, the evaluations of its safeguard counted."""
    function, start, groups = problem.function, problem.start, problem.groups
    evaluations = []

    def look(intermediate_result):
        evaluations.append(getattr(intermediate_result.state, "evaluations", 0))

    given = {"groups": groups} if "grouped" in method else {}
    found = minimize(function, start, method=method, steps=steps, callback=look, **given)
    each = price(method, function.dimension, groups) + np.array(evaluations) / GRADIENT
    excess = found.values - function.minimum_value
    return Run(excess, np.concatenate(([0.0], np.cumsum(each))))


def compute(seed=0, steps=80):
    """Run every method on every problem, without noise.

    Parameters
    ----------
    seed : int
        Of the saddle's rotation and start.
    steps : int

    Returns
    -------
    Runs
    """
    found = problems(seed)
    return Runs(found, [{method: run(p, method, steps) for method in LABELS} for p in found])


@style.use()
def draw(data):
    """Above over the steps, below the same runs over their cost."""
    figure, axes = style.subplots(2, len(data.problems), height=5.2, sharey="col")
    for k, (problem, runs) in enumerate(zip(data.problems, data.runs, strict=True)):
        for method, found in runs.items():
            look = style.look(method)
            for ax, x in ((axes[0, k], np.arange(found.excess.size)), (axes[1, k], found.cost)):
                ax.plot(
                    x,
                    np.maximum(found.excess, FLOOR),
                    color=look.color,
                    linestyle=look.dashes,
                    marker=look.marker,
                    markevery=0.15,
                    label=LABELS[method],
                )
        groups, D = problem.groups, problem.function.dimension
        axes[0, k].set(
            title=f"{problem.name}, {D}-D\n{groups} groups", xlabel="steps", yscale="log"
        )
        axes[1, k].set(xlabel="gradients' worth", xscale="log", yscale="log")
    for ax in axes[:, 0]:
        ax.set_ylabel("value above the minimum")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def alt(data):
    """What the picture shows, in words."""
    sentences = [
        "Six panels of the value above the minimum, on logarithmic axes: above over the steps, "
        "below over the cost in gradients."
    ]
    for problem, runs in zip(data.problems, data.runs, strict=True):
        ends = "; ".join(
            f"{LABELS[method]} ends at {found.excess[-1]:.1g}, was never above "
            f"{found.excess.max():.1g}, and cost {found.cost[-1]:.0f} gradients"
            for method, found in runs.items()
        )
        D = problem.function.dimension
        sentences.append(f"{problem.name} in {D} dimensions, {problem.groups} groups: {ends}.")
    return " ".join(sentences)

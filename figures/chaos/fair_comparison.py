"""A comparison in which every rival sees the same noise, as often, and is tuned as much."""

from typing import NamedTuple

import numpy as np

import refimpl
from refimpl import functions

from .. import style

STEPS, NOISE, RADIUS = 50, 0.1, 2
FUNCTIONS = "beale", "rosenbrock", "himmelblau", "styblinski_tang"
# One hyperparameter of each method, and the five values among which it may choose.
TRIALS = {
    "momentum": ("alpha", (0.0003, 0.001, 0.003, 0.01, 0.03)),
    "adam": ("alpha", (0.05, 0.1, 0.2, 0.4, 0.8)),
    "fogr": ("cut", (0.3, 1.0, 3.0, 10.0, 30.0)),
    "newton": ("alpha", (0.2, 0.4, 0.6, 0.8, 1.0)),
    "sfn": ("cut", (0.3, 1.0, 3.0, 10.0, 30.0)),
    "bfgs": None,
}
LABELS = {
    "momentum": "momentum",
    "adam": "Adam",
    "fogr": "fOGR",
    "newton": "Newton",
    "sfn": "saddle-free Newton",
    "bfgs": "BFGS",
}
# A diverged run, and one at a minimum up to rounding, count as these where logarithms are averaged.
WORST, FLOOR = 1e6, 1e-12
FACTOR = np.geomspace(1.0, 1e6, 121)
ENDING = "newton", "sfn", "bfgs"
KINDS = "minimum", "saddle", "maximum", "elsewhere"
MAXIMUM = -0.2708445906673476, -0.9230385564799813  # of Himmelblau's function
NEAR = 0.05


class Comparison(NamedTuple):
    """Excess over the minimum of each method, and what is made of it."""

    methods: tuple
    chosen: dict  # function -> method -> value of its hyperparameter, None where it has none
    excess: np.ndarray  # (methods, functions, seeds, starts), inf where a run diverged
    profile: np.ndarray  # (methods, len(FACTOR)), share of runs within a factor of the best
    ends: np.ndarray  # (len(ENDING), len(KINDS)), number of noiseless runs that end there


def run(name, method, seeds, **hyperparameters):
    """Excess of the final values over the minimum, shape (seeds, starts)."""
    function = functions.get(name)
    final = refimpl.lattice(
        function,
        method,
        radius=RADIUS,
        steps=STEPS,
        noise=NOISE,
        seeds=seeds,
        progress=False,
        **hyperparameters,
    )
    # Rounding can put a value below the minimum by the last digit of that.
    return np.maximum(final - function.minimum_value, 0.0)


def score(excess):
    """Mean decimal logarithm, by which settings are chosen."""
    return float(np.log10(np.clip(excess, FLOOR, WORST)).mean())


def tune(name, method, seeds):
    """The hyperparameters of best `score` among the method's trials, as a dictionary."""
    if TRIALS[method] is None:
        return {}
    key, values = TRIALS[method]
    scores = [score(run(name, method, seeds, **{key: value})) for value in values]
    return {key: values[int(np.argmin(scores))]}


def performance_profile(excess, factor):
    """Share of runs whose excess is within a factor of the best method's in the same run.

    Parameters
    ----------
    excess : array_like of shape (methods, runs)
        Not negative; `inf` where a run diverged, which is never within any factor.
    factor : array_like of shape (n,)

    Returns
    -------
    ndarray of shape (methods, n)
    """
    excess = np.maximum(np.asarray(excess, dtype=np.float64), FLOOR)
    best = excess.min(axis=0)
    ratio = np.where(np.isinf(excess), np.inf, excess / np.where(np.isinf(best), 1.0, best))
    return np.mean(ratio[:, None] <= np.asarray(factor)[None, :, None], axis=2)


def endings(method, side=11, steps=50):
    """Where noiseless runs on Himmelblau's function end: how many at each of `KINDS`."""
    function = functions.himmelblau
    # A little off the integers, so that no start has a symmetry of its own.
    line = np.linspace(-3.95, 4.05, side)
    starts = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    ends = np.array([refimpl.minimize(function, x, method=method, steps=steps).x for x in starts])
    counts = [
        int(np.sum(np.linalg.norm(ends[:, None] - points, axis=2).min(axis=1) < NEAR))
        for points in (function.minima, function.saddles, np.array([MAXIMUM]))
    ]
    return [*counts, len(starts) - sum(counts)]


def compute(seeds=range(4), tuning=range(1000, 1001), names=FUNCTIONS, side=11):
    """Every method on every function, tuned on other seeds than it is judged on.

    Parameters
    ----------
    seeds, tuning : iterable of int
    names : sequence of str
        Functions.
    side : int
        Starts along a side of the lattice on Himmelblau's function.

    Returns
    -------
    Comparison
    """
    chosen = {name: {method: tune(name, method, tuning) for method in TRIALS} for name in names}
    excess = np.array(
        [[run(name, method, seeds, **chosen[name][method]) for name in names] for method in TRIALS]
    )
    return Comparison(
        methods=tuple(TRIALS),
        chosen={
            name: {m: next(iter(given.values()), None) for m, given in of.items()}
            for name, of in chosen.items()
        },
        excess=excess,
        profile=performance_profile(excess.reshape(len(TRIALS), -1), FACTOR),
        ends=np.array([endings(method, side) for method in ENDING]),
    )


@style.use()
def draw(data):
    """Sorted values on the first function, the profile over all, and where runs end."""
    figure, (left, middle, right) = style.subplots(
        1, 3, width=9.0, height=4.0, gridspec_kw={"width_ratios": (1.0, 1.0, 0.8)}
    )
    for method, excess, share in zip(data.methods, data.excess, data.profile, strict=True):
        color, dashes, marker = style.look(method)
        values = np.sort(np.clip(excess[0].ravel(), 1e-7, 1e5))
        place = (np.arange(values.size) + 0.5) / values.size
        left.plot(
            place,
            values,
            color=color,
            ls=dashes,
            marker=marker,
            markevery=max(values.size // 9, 1),
            label=LABELS[method],
        )
        middle.plot(
            FACTOR, share, color=color, ls=dashes, marker=marker, markevery=FACTOR.size // 6
        )
    left.set(yscale="log", xlim=(0, 1), xlabel="share of runs", ylabel="excess over the minimum")
    left.set_title("Beale: sorted final values")
    middle.set(xscale="log", xlim=(1, FACTOR[-1]), ylim=(0, 1.02), xlabel="factor")
    middle.set_title("within a factor of the best")
    looks = (style.AMBER, ""), (style.BLUE, "////"), (style.RED, "...."), (style.GREY, "xxxx")
    bottom = np.zeros(len(ENDING))
    for kind, count, (color, hatch) in zip(KINDS, data.ends.T, looks, strict=True):
        right.bar(
            range(len(ENDING)),
            count,
            0.6,
            bottom,
            facecolor=color if not hatch else "none",
            edgecolor=color,
            hatch=hatch,
            alpha=0.85,
            label=kind,
        )
        bottom += count
    right.set_xticks(range(len(ENDING)), ["Newton", "saddle-\nfree", "BFGS"])
    right.set(ylabel="runs", title="Himmelblau: where\nruns without noise end")
    right.grid(False, axis="x")
    right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, fontsize=7.5)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=3)
    return figure


def alt(data):
    """What the picture shows, in words."""
    on_first = ", ".join(
        f"{np.quantile(e[0], 0.5, method='inverted_cdf'):.2g} by {LABELS[m]}"
        for m, e in zip(data.methods, data.excess, strict=True)
    )
    within = int(np.searchsorted(FACTOR, 10.0))
    shares = ", ".join(
        f"{share[within]:.0%} by {LABELS[m]}"
        for m, share in zip(data.methods, data.profile, strict=True)
    )
    ends = "; ".join(
        f"{LABELS[m]} " + ", ".join(f"{n} {kind}" for n, kind in zip(row, KINDS, strict=True))
        for m, row in zip(ENDING, data.ends, strict=True)
    )
    runs = data.excess[0].size
    return (
        f"Three panels. Left: sorted final values on Beale's function; their medians: {on_first}. "
        f"Middle: performance profiles over {runs} runs on {data.excess.shape[1]} functions; "
        f"within a factor of ten of the best are {shares}. Right: where "
        f"{data.ends[0].sum()} runs on Himmelblau's function without noise end: {ends}."
    )

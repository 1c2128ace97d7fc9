"""A trap of the recursion: new means in the products are harmless at constant gain only."""

from typing import NamedTuple

import numpy as np

from refimpl import regression

from .. import style


class TwoMeans(NamedTuple):
    """Slopes by the exact recursion and by the form with new means, shape (steps, runs).

    They start with the third observation: through two points there is one line, whatever weights.
    """

    step: np.ndarray  # (steps,)
    beta: float
    curvature: float  # the true one
    exact: np.ndarray  # constant gain
    new_mean: np.ndarray
    exact_zero_bias: np.ndarray  # gain of the zero-bias start, which falls from 1 to beta
    mistaken_zero_bias: np.ndarray
    ratio: np.ndarray  # C_thetatheta of new_mean / of exact
    mistaken_ratio: np.ndarray  # the same with the falling gain
    run: int  # a run with a large difference: one in ten is worse


def mistaken_update(state, theta, gradient, beta):
    """The mistake: new means in the products together with the gain of the zero-bias start.

    A pair that comes in with gain `k` enters the covariances ``1 - k`` times too small. As `k`
    falls from 1 to `beta`, early pairs lose most of their weight and late ones hardly any.
    """
    weight = state.weight + beta * (1.0 - state.weight)
    gain = beta / weight
    mean_theta = state.mean_theta + gain * (theta - state.mean_theta)
    mean_g = state.mean_gradient + gain * (gradient - state.mean_gradient)
    x, g = theta - mean_theta, gradient - mean_g
    return state._replace(
        weight=weight,
        beta=beta,
        mean_theta=mean_theta,
        mean_gradient=mean_g,
        C_thetatheta=state.C_thetatheta + gain * (x * x - state.C_thetatheta),
        C_gtheta=state.C_gtheta + gain * (g * x - state.C_gtheta),
        C_gg=state.C_gg + gain * (g * g - state.C_gg),
    )


def compute(seed=1, steps=30, runs=2000, beta=0.1, curvature=1.0, noise=1.0):
    """Four recursions over the same pairs, each run being one coordinate of a diagonal state.

    Parameters
    ----------
    seed : int
        Of positions (standard normal) and noise.
    steps, runs : int
    beta, curvature, noise : float

    Returns
    -------
    TwoMeans
    """
    rng = np.random.default_rng(seed)
    prior = 0.1
    # The new-mean form shrinks its prior too: the exact one starts from prior / (1 - beta).
    states = {
        "exact": (regression.start_diagonal(runs, (prior / (1.0 - beta), 0.0)), regression.update),
        "new_mean": (regression.start_diagonal(runs, (prior, 0.0)), regression.update_new_mean),
        "exact_zero_bias": (regression.start_diagonal(runs), regression.update),
        "mistaken_zero_bias": (regression.start_diagonal(runs), mistaken_update),
    }
    slopes = {name: np.empty((steps, runs)) for name in states}
    spreads = {name: np.empty((steps, runs)) for name in states}
    for t in range(steps):
        theta = rng.standard_normal(runs)
        gradient = curvature * theta + noise * rng.standard_normal(runs)
        for name, (state, update) in states.items():
            state = update(state, theta, gradient, beta)
            states[name] = state, update
            slopes[name][t] = regression.slope(state).curvature
            spreads[name][t] = state.C_thetatheta
    slopes = {name: values[2:] for name, values in slopes.items()}
    spreads = {name: values[2:] for name, values in spreads.items()}
    apart = relative_difference(slopes["mistaken_zero_bias"], slopes["exact_zero_bias"])[0]
    return TwoMeans(
        step=np.arange(3, steps + 1),
        beta=beta,
        curvature=curvature,
        **slopes,
        ratio=spreads["new_mean"] / spreads["exact"],
        mistaken_ratio=spreads["mistaken_zero_bias"] / spreads["exact_zero_bias"],
        run=int(np.argsort(apart)[int(0.9 * (runs - 1))]),
    )


def relative_difference(a, b):
    """``|a / b - 1|``, 0 where both are 0."""
    return np.abs(a - b) / np.where(b == 0.0, 1.0, np.abs(b))


@style.use()
def draw(data):
    """The cause, one run, and all runs: ratio of variances, slopes, difference of slopes."""
    figure, (cause, one, all_runs) = style.subplots(1, 3, height=3.1)
    good, bad = (style.BLUE, style.BROKEN), (style.RED, "-")

    def band(ax, values, look, label, floor=0.0):
        color, dashes = look
        low, middle, high = np.maximum(np.quantile(values, (0.1, 0.5, 0.9), axis=1), floor)
        ax.fill_between(data.step, low, high, color=color, alpha=0.22, linewidth=0)
        ax.plot(data.step, middle, color=color, linestyle=dashes, label=label)

    band(cause, data.ratio, good, "constant gain")
    band(cause, data.mistaken_ratio, bad, "falling gain: the mistake")
    cause.axhline(1.0 - data.beta, color=style.GREY, linewidth=0.9)
    cause.annotate(
        r"$1 - \beta$",
        (data.step[-1], 1.0 - data.beta),
        (0, 4),
        textcoords="offset points",
        ha="right",
    )
    cause.set(xlabel="step", title="variance, new / exact", ylim=(0.0, 1.1))

    one.axhline(data.curvature, color=style.GREY, linestyle=":", label="true curvature")
    first = data.step <= 12
    for slopes, color, marker, label in (
        (data.exact_zero_bias, style.GREY, "s", "exact recursion"),
        (data.mistaken_zero_bias, style.RED, "o", None),
    ):
        one.plot(data.step[first], slopes[first, data.run], color=color, marker=marker, label=label)
    one.set(xlabel="step", title="slope, one run", xticks=(3, 6, 9, 12))

    # Equal to the last bit would be 0, which a logarithmic axis cannot show.
    smallest = np.finfo(float).eps / 8
    for new, exact, look in (
        (data.mistaken_zero_bias, data.exact_zero_bias, bad),
        (data.new_mean, data.exact, good),
    ):
        band(all_runs, relative_difference(new, exact), look, None, smallest)
    all_runs.set(
        xlabel="step", title="difference of slopes", yscale="log", ylim=(smallest / 3, 20.0)
    )
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def alt(data):
    """What the picture shows, in words."""
    wrong = relative_difference(data.mistaken_zero_bias, data.exact_zero_bias)
    middle, high = np.quantile(wrong, (0.5, 0.9), axis=1)
    worst = int(np.argmax(high))
    largest = float(np.max(np.median(relative_difference(data.new_mean, data.exact), axis=1)))
    return (
        f"Three panels over the first {data.step[-1]} steps, beta {data.beta:g}. Left: the "
        "variance of the positions with new means in the product, divided by the exact one; at "
        f"constant gain the ratio is always {1 - data.beta:g}, with the falling gain of the "
        f"zero-bias start it rises from {np.median(data.mistaken_ratio[0]):.2f}. Middle: the slope "
        "of one run, in which the mistaken recursion leaves the exact one in the first steps and "
        "joins it later. Right, on a logarithmic axis: the relative difference of the slopes, with "
        f"deciles. At constant gain it is rounding, its median at most {largest:.1e}; with the "
        f"falling gain the median is {100 * middle[worst]:.0f} per cent at step "
        f"{data.step[worst]}, and one run in ten is wrong by more than "
        f"{100 * high[worst]:.0f} per cent."
    )

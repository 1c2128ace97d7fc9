"""One run of the online saddle-free Newton method from inside: what its model knows, and when."""

from typing import NamedTuple

import numpy as np

import refimpl
from refimpl import functions, online_pca, regression
from refimpl.functions import random_rotation

from .. import style

D, DOWNHILL = 20, (-0.5, -0.35, -0.25)
SETTING = {"dimension": 4, "cut": 0.3, "alpha": 0.03}
STEPS, NOISE = 80, 0.01
LEAST = 1e-3  # smallest curvature that is drawn to scale


class Inside(NamedTuple):
    """What is known after each step, beside what is true at the place of that step."""

    excess: np.ndarray  # (steps + 1,)
    energy: np.ndarray  # (steps,), share of the next gradient, without noise, in the subspace
    model: np.ndarray  # (steps, d), eigenvalues of the fitted Hessian, ascending
    true: np.ndarray  # (steps, d), of the true Hessian in the same subspace
    stiffest: np.ndarray  # (steps,), largest eigenvalue of the true Hessian
    angles: np.ndarray  # (steps, downhill), of subspace and downhill space, ascending, in degrees
    dimension: int
    noise: float


def saddle(seed=0):
    """The function, the start beside its saddle, and the saddle's downhill directions as rows."""
    rng = np.random.default_rng(seed)
    rotation = random_rotation(rng, D)
    spectrum = np.concatenate([DOWNHILL, np.geomspace(0.5, 10.0, D - len(DOWNHILL))])
    function = functions.bounded_saddle(spectrum, rotation=rotation)
    return function, 1e-3 * rng.standard_normal(D), rotation[: len(DOWNHILL)]


def compute(seed=0, steps=STEPS, noise=NOISE):
    """Follow one run from the saddle, with the state after each step.

    Parameters
    ----------
    seed : int
        Of the run; the function is always the same.
    steps : int
    noise : float

    Returns
    -------
    Inside
    """
    function, start, downhill = saddle()
    states = []

    def keep(intermediate_result):
        states.append(intermediate_result.state)

    run = refimpl.minimize(
        function,
        start,
        method="online_sfn",
        steps=steps,
        noise=noise,
        seed=seed,
        callback=keep,
        progress=False,
        **SETTING,
    )
    bases = [state.model.V for state in states]
    hessians = [function.hessian(x) for x in run.path[:-1]]
    return Inside(
        excess=run.values - function.minimum_value,
        energy=np.array(
            [
                online_pca.explained_energy(V, function.gradient(x))
                for V, x in zip(bases, run.path[1:], strict=True)
            ]
        ),
        model=np.array(
            [np.linalg.eigvalsh(regression.symmetric_hessian(s.model.line)) for s in states]
        ),
        true=np.array(
            [np.linalg.eigvalsh(V @ H @ V.T) for V, H in zip(bases, hessians, strict=True)]
        ),
        stiffest=np.array([np.linalg.eigvalsh(H)[-1] for H in hessians]),
        angles=np.degrees([np.sort(online_pca.principal_angles(V, downhill)) for V in bases]),
        dimension=SETTING["dimension"],
        noise=noise,
    )


@style.use()
def draw(data):
    """Value, explained energy, curvatures and angles over the steps, a panel each."""
    figure, axes = style.subplots(2, 2, height=5.4, sharex=True)
    (value, energy), (curvature, angle) = axes
    ours, plain = style.look("online_sfn").color, style.look("fogr").color
    step = np.arange(1, len(data.energy) + 1)
    value.semilogy(np.arange(len(data.excess)), data.excess, color=ours)
    value.set(ylabel="excess over the minimum", title="the value")
    energy.plot(step, data.energy, color=ours)
    energy.axhline(data.dimension / D, color=style.GREY, linestyle="--", linewidth=1.1)
    energy.text(step[-1], data.dimension / D - 0.02, "random subspace", ha="right", va="top")
    energy.set(ylim=(0, 1.02), ylabel="share", title="explained energy of the next gradient")
    for k in range(data.dimension):
        curvature.plot(
            step,
            np.maximum(np.abs(data.true[:, k]), LEAST),
            color=style.GREY,
            linewidth=1.2,
            label="true, in the subspace" if k == 0 else None,
        )
    curvature.plot(
        step, data.stiffest, color=style.GREY, linestyle="--", linewidth=1.2, label="true, stiffest"
    )
    shown = np.maximum(np.abs(data.model), LEAST)
    for sign, marker, name in ((1, "o", "model, positive"), (-1, "v", "model, negative")):
        t, k = np.nonzero(np.sign(data.model) == sign)
        curvature.plot(
            step[t],
            shown[t, k],
            color=plain if sign > 0 else style.look("adam").color,
            marker=marker,
            markersize=3.2,
            linestyle="none",
            label=name,
        )
    curvature.set(
        yscale="log", ylim=(0.5 * LEAST, 3e4), xlabel="step", title="curvatures, by modulus"
    )
    curvature.set_ylabel(r"$|\lambda_i|$")
    curvature.legend(loc="upper left", fontsize=7.5)
    for k, dashes in enumerate(("-", "--", ":")[: data.angles.shape[1]]):
        angle.plot(step, data.angles[:, k], color=ours, linestyle=dashes, label=f"angle {k + 1}")
    angle.set(
        ylim=(0, 92),
        xlabel="step",
        ylabel="degrees",
        title="angles to the downhill space",
    )
    angle.legend(loc="lower right")
    return figure


def phases(data):
    """Largest modulus of the model over the largest true one in the subspace, at each step."""
    return np.abs(data.model).max(axis=1) / np.abs(data.true).max(axis=1)


def alt(data):
    """What the picture shows, in words."""
    ratio, last = phases(data), len(data.energy)
    first, late = slice(0, max(last // 8, 1)), slice(last // 2, last)
    return (
        f"Four panels over {last} steps of one run in {D} dimensions with {data.dimension} "
        f"modelled directions and noise {data.noise:g}. The excess over the minimum begins at "
        f"{data.excess[0]:.2g}, is {data.excess.max():.2g} at most, in step {data.excess.argmax()},"
        f" and ends at {data.excess[-1]:.2g}. The share of the next gradient that the subspace "
        f"explains has the median {np.median(data.energy[first]):.2f} in the first "
        f"{first.stop} steps, {np.median(data.energy[late]):.2f} in the second half and "
        f"{data.energy.max():.2f} at most; a random subspace would explain "
        f"{data.dimension / D:.2f}. The largest modulus of the model's curvatures is, in the "
        f"median, {np.median(ratio[first]):.1g} times the true one in the first {first.stop} steps "
        f"and {np.median(ratio[late]):.2g} times in the second half, at most {ratio.max():.3g} "
        f"times. The smallest angle between the subspace and the space of the downhill directions "
        f"begins at {data.angles[0, 0]:.0f} degrees, falls to {data.angles[:, 0].min():.0f} and "
        f"ends at {data.angles[-1, 0]:.0f}; the second falls to {data.angles[:, 1].min():.0f}; the "
        f"largest stays above {np.floor(data.angles[:, -1].min()):.0f}."
    )

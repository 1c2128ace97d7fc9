"""Statistics kept in a basis that turns: when they must be carried to the new axes."""

from typing import NamedTuple

import numpy as np

from refimpl import online_pca, regression

from .. import style

SCENES = ("within its plane", "out of its plane")


class Transport(NamedTuple):
    """Errors of the fitted Hessian, with and without transport, over the speed of turning."""

    speed: np.ndarray  # (n,), radians a step
    carried: np.ndarray  # (scenes, n), median relative error of the fitted 2 x 2 Hessian
    left: np.ndarray  # (scenes, n), the same without transport
    anew: np.ndarray  # (scenes, n), all past pairs projected anew on the present axes
    beta: float
    noise: float
    runs: int


def basis(scene, angle):
    """Two rows in four dimensions, turned by `angle`."""
    c, s = np.cos(angle), np.sin(angle)
    if scene == SCENES[0]:
        return np.array([[c, s, 0.0, 0.0], [-s, c, 0.0, 0.0]])
    return np.array([[c, 0.0, s, 0.0], [0.0, c, 0.0, s]])


def carry(state, V_old, V_new):
    """The state of a regression in the coordinates of another basis."""
    P = V_new @ V_old.T
    return state._replace(
        mean_theta=P @ state.mean_theta,
        mean_gradient=P @ state.mean_gradient,
        C_thetatheta=online_pca.transport(V_old, V_new, state.C_thetatheta),
        C_gtheta=online_pca.transport(V_old, V_new, state.C_gtheta),
        C_gg=online_pca.transport(V_old, V_new, state.C_gg),
    )


def errors(scene, speed, H, beta, noise, steps, rng):
    """Relative errors at the end of a run: carried, left as they are, projected anew."""
    theta = rng.standard_normal((steps, 4))
    gradient = theta @ H + noise * rng.standard_normal((steps, 4))
    # The mean position is not 0: a basis that turns must turn the means too.
    theta += 1.0
    carried = left = regression.start(2)
    angle = 2.0 * np.pi * rng.random() + speed * np.arange(steps)
    for t in range(steps):
        V = basis(scene, angle[t])
        if t > 0:
            carried = carry(carried, basis(scene, angle[t - 1]), V)
        carried = regression.update(carried, V @ theta[t], V @ gradient[t], beta)
        left = regression.update(left, V @ theta[t], V @ gradient[t], beta)
    anew = regression.start(2)
    for t in range(steps):
        anew = regression.update(anew, V @ theta[t], V @ gradient[t], beta)
    truth = V @ H @ V.T
    return [
        np.linalg.norm(regression.symmetric_hessian(state) - truth) / np.linalg.norm(truth)
        for state in (carried, left, anew)
    ]


SPEEDS = tuple(np.geomspace(1e-3, 1.0, 10))


def compute(seed=0, beta=0.1, noise=0.1, runs=40, steps=80, speeds=SPEEDS):
    """Fit a Hessian in two coordinates while the axes turn at constant speed, from a random angle.

    Independent positions in four dimensions, gradients of a Hessian with eigenvalues 4, 1, -1, -2
    in axes that mix all coordinates.

    Parameters
    ----------
    seed : int
    beta : float
        Of the regression, with a zero-bias start.
    noise : float
        Standard deviation on the gradients, whose own spread is about 2.
    runs, steps : int
    speeds : sequence of float
        Radians a step.

    Returns
    -------
    Transport
    """
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    H = (Q * np.array([4.0, 1.0, -1.0, -2.0])) @ Q.T
    median = np.array(
        [
            [
                np.median(
                    [errors(scene, speed, H, beta, noise, steps, rng) for _ in range(runs)], axis=0
                )
                for speed in speeds
            ]
            for scene in SCENES
        ]
    )
    return Transport(
        speed=np.array(speeds),
        carried=median[:, :, 0],
        left=median[:, :, 1],
        anew=median[:, :, 2],
        beta=beta,
        noise=noise,
        runs=runs,
    )


@style.use()
def draw(data):
    """A panel for each way of turning."""
    figure, axes = style.subplots(1, 2, height=3.3, sharey=True)
    for s, ax in enumerate(axes):
        for values, name, look in (
            (data.left[s], "left as they are", style.look("momentum")),
            (data.carried[s], "transported", style.look("fogr")),
            (data.anew[s], "all pairs projected anew", style.Look(style.GREY, "--", "")),
        ):
            ax.plot(
                data.speed,
                values,
                color=look.color,
                linestyle=look.dashes,
                marker=look.marker,
                label=name,
            )
        ax.axvline(data.beta, color=style.GREY, linewidth=0.9, linestyle=(0, (2, 3)))
        ax.set(
            xscale="log",
            yscale="log",
            xlabel="turning of the axes [radians a step]",
            title=f"the basis turns {SCENES[s]}",
        )
    axes[0].text(
        data.beta * 1.1, 0.95, r"$\beta$", transform=axes[0].get_xaxis_transform(), va="top"
    )
    axes[0].set_ylabel("relative error of the Hessian")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def alt(data):
    """What the picture shows, in words."""

    def at(values, s):
        k = int(np.argmin(np.abs(data.speed - data.beta)))
        return f"{values[s, k]:.2g}"

    return (
        "Two panels: the relative error of a Hessian fitted in two coordinates against the speed "
        "at which their axes turn, both logarithmic, from "
        f"{data.speed[0]:g} to {data.speed[-1]:g} radians a step; beta is {data.beta:g}. Left, the "
        "basis turns within its plane: transported statistics are as good as all pairs projected "
        f"anew at every speed ({data.carried[0].max():.2g} at most), statistics left as they are "
        f"lose from a tenth of beta on and reach {data.left[0].max():.2g}. Right, it turns out of "
        f"its plane: near speed beta the error is {at(data.carried, 1)} with transport, "
        f"{at(data.left, 1)} without, {at(data.anew, 1)} for pairs projected anew; at the highest "
        f"speed it is {data.carried[1, -1]:.2g}, {data.left[1, -1]:.2g} and {data.anew[1, -1]:.2g}."
    )

"""The secular function of the cubic model: its pole and root, and the case without a root."""

from typing import NamedTuple

import numpy as np

from refimpl.cubic import minimize_cubic

from .. import style

TITLES = ("regular", "nearly hard", "hard")
CURVATURES = (-1.0, 2.0)
REACH = 3.0  # half width of the window around the origin


class Secular(NamedTuple):
    """The secular function for three gradients, and the model of the last in two dimensions."""

    strength: float
    pole: float
    gradients: np.ndarray  # (3, 2), along the axes of curvature
    r: np.ndarray  # (2, n), before and behind the pole
    f: np.ndarray  # (3, 2, n), |D M(r)^{-1} g| - r
    roots: np.ndarray  # (3,), radius of the minimum
    outcomes: tuple
    axes: np.ndarray  # (2, 2), axes of curvature in rows
    x: np.ndarray  # (m,), coordinates of the contours, the same in both directions
    value: np.ndarray  # (m, m), row by second coordinate
    minima: np.ndarray  # (2, 2), the two of the hard case
    saddle: np.ndarray  # (2,), the stationary point before the pole
    least: float  # value at the minima


def compute(visible=(0.8, 0.02, 0.0), other=1.5, strength=1.0, angle=0.5, n=400, m=161):
    """Secular functions, and the contours of the hard case.

    Parameters
    ----------
    visible : sequence of float
        Three components of the gradient along the negative curvature; the last one is 0.
    other : float
        Its component along the positive curvature.
    strength : float
        Of the cubic term; all `d` are 1.
    angle : float
        By which the axes of curvature are turned in the contours, in radians.
    n, m : int
        Points of a branch of the secular function, and of the grid in each direction.

    Returns
    -------
    Secular
    """
    curvatures = np.array(CURVATURES)
    pole = 2.0 / strength * -curvatures.min()
    # Closer to the pole, where the function is steep.
    near = pole * np.geomspace(1e-4, 1.0, n)
    r = np.array([(pole - near)[::-1], pole + near])
    gradients = np.array([(c, other) for c in visible])
    f = np.array(
        [
            [
                np.linalg.norm(g / (curvatures + 0.5 * strength * side[:, None]), axis=1) - side
                for side in r
            ]
            for g in gradients
        ]
    )
    c, s = np.cos(angle), np.sin(angle)
    axes = np.array([[c, s], [-s, c]])
    H = axes.T @ np.diag(curvatures) @ axes
    found = [minimize_cubic(np.diag(curvatures), g, np.ones(2), strength) for g in gradients]
    first = found[-1].rates
    minima = np.array([first, first * (-1.0, 1.0)]) @ axes
    # Along the positive curvature alone: (2 + strength r / 2) r = other.
    alone = minimize_cubic(np.diag(curvatures[1:]), np.array([other]), np.ones(1), strength)
    saddle = alone.rates[0] * axes[1]

    def model(eta):
        turned = eta @ H
        cubic = strength / 6.0 * np.linalg.norm(eta, axis=-1) ** 3
        return -eta @ (gradients[-1] @ axes) + 0.5 * np.sum(turned * eta, axis=-1) + cubic

    x = np.linspace(-REACH, REACH, m)
    grid = np.stack(np.meshgrid(x, x), axis=-1)
    return Secular(
        strength=strength,
        pole=pole,
        gradients=gradients,
        r=r,
        f=f,
        roots=np.array([one.radius for one in found]),
        outcomes=tuple(one.outcome for one in found),
        axes=axes,
        x=x,
        value=model(grid),
        minima=minima,
        saddle=saddle,
        least=float(model(minima[0])),
    )


@style.use()
def draw(data):
    """Three secular functions, and the contours of the model in the hard case."""
    figure, axes = style.subplots(2, 2, width=7.2, height=6.6)
    for k, (title, ax) in enumerate(zip(TITLES, axes.flat[:3], strict=True)):
        ax.axhline(0.0, color=style.GREY, linewidth=0.8)
        ax.axvline(data.pole, color=style.GREY, linewidth=1.0, linestyle=style.SPARSE)
        ax.plot(data.r[0], data.f[k, 0], color=style.GREY, linestyle=style.LONG, linewidth=1.3)
        ax.plot(data.r[1], data.f[k, 1], color=style.BLUE)
        if data.outcomes[k] == "hard":
            # What the bottom eigenvector adds at the pole.
            below = data.f[k, 1, 0]
            ax.plot([data.pole] * 2, [below, 0.0], color=style.AMBER, linewidth=2.2)
        ax.plot(data.roots[k], 0.0, color=style.AMBER, marker="o", markersize=7)
        ax.set(xlim=(0.0, 2.0 * data.pole), ylim=(-3.0, 3.0), xlabel="$r$", ylabel="$f(r)$")
        ax.annotate(
            "pole $r_0$", (data.pole, -2.7), (-6, 0), textcoords="offset points", ha="right"
        )
        ax.set_title(f"{title}: component {data.gradients[k, 0]:g}")
    ax = axes.flat[3]
    span = data.value[np.abs(data.x) < 1.0].max() - data.least
    levels = data.least + span * np.linspace(0.01, 1.0, 16) ** 1.6
    ax.contour(
        data.x,
        data.x,
        data.value,
        levels=levels,
        colors=style.GREY,
        linewidths=0.7,
        linestyles="solid",
        alpha=0.6,
    )
    for direction, color in zip(data.axes, (style.BLUE, style.GREY), strict=True):
        ends = REACH * np.array([-direction, direction])
        ax.plot(*ends.T, color=color, linewidth=1.0, linestyle=style.SPARSE)
    ax.plot(*data.minima.T, color=style.AMBER, linestyle="none", marker="o", markersize=7)
    ax.plot(*data.saddle, color=style.GREY, marker="x", markersize=9, markeredgewidth=2.2)
    ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
    ax.set(xlabel=r"$\eta_1$", ylabel=r"$\eta_2$", title="hard: two global minima")
    ax.grid(False)
    return figure


def alt(data):
    """What the picture shows, in words."""
    roots = ", ".join(
        f"{root - data.pole:.2g} behind it for a component of {g[0]:g}"
        for root, g in zip(data.roots[:2], data.gradients[:2], strict=True)
    )
    gap = -data.f[2, 1, 0]
    return (
        f"Four panels. In three, the secular function over the radius, with its pole at "
        f"{data.pole:g}: behind the pole it falls from infinity through zero, and the root, the "
        f"radius of the minimum, lies {roots} along the negative curvature. Without such a "
        f"component there is no pole any more: the function is {gap:.2f} below zero there, a gap "
        "that the bottom eigenvector fills. The last panel shows the contours of that model: two "
        "global minima mirror each other across the axis of positive curvature, with a saddle "
        "between them; both axes of curvature are dotted."
    )

"""After one QR step the diagonal is not the spectrum: as curvature it overshoots."""

from typing import NamedTuple

import numpy as np

from refimpl import qr_step, repulsion

from .. import style

RULES = ("diagonal", "row-sum bound", "saddle-free")


class Overshoot(NamedTuple):
    """Steps on one quadratic model, and how often steps raise random ones."""

    H: np.ndarray  # (2, 2), after one QR step
    g: np.ndarray  # (2,)
    step: np.ndarray  # (rules, 2)
    change: np.ndarray  # (rules,), of the model
    count: np.ndarray  # (n,), QR steps taken before
    dimensions: tuple
    raised: np.ndarray  # (rules, dimensions, n), share of models that the step raises
    trials: int


def steps(H, g):
    """The three steps: by the diagonal alone, by row sums, by eigenvalues."""
    return np.array(
        [
            -g / np.abs(np.diag(H)),
            repulsion.row_sum_bound(H, g),
            repulsion.saddle_free(H, g),
        ]
    )


def change(H, g, s):
    """Change of the quadratic model along a step."""
    return g @ s + 0.5 * s @ H @ s


def random_hessian(d, rng):
    """Eigenvalues with moduli from 1 down to 0.01, a third of them negative, in random axes."""
    Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
    values = 10.0 ** -rng.uniform(0.0, 2.0, d) * np.where(rng.random(d) < 1 / 3, -1.0, 1.0)
    H = (Q * values) @ Q.T
    return 0.5 * (H + H.T)


def compute(seed=0, trials=300, dimensions=(2, 5, 20), counts=(0, 1, 2, 3, 5, 8, 13, 21)):
    """Steps on one model of two dimensions, and shares of random models that steps raise.

    Parameters
    ----------
    seed : int
    trials : int
        Random Hessians for each dimension, with gradients in random directions.
    dimensions : sequence of int
    counts : sequence of int
        Shifted QR steps taken before the step, ascending.

    Returns
    -------
    Overshoot
    """
    # Eigenvalues 3 and -1, in axes far from those of the coordinates.
    c, s = np.cos(1.25), np.sin(1.25)
    Q = np.array([[c, -s], [s, c]])
    H = (Q * np.array([3.0, -1.0])) @ Q.T
    H = qr_step.shifted_qr_step(0.5 * (H + H.T)).rotated
    g = np.array([-0.44, -0.9])
    step = steps(H, g)
    rng = np.random.default_rng(seed)
    raised = np.zeros((len(RULES), len(dimensions), len(counts)))
    for k, d in enumerate(dimensions):
        for _ in range(trials):
            B, b = random_hessian(d, rng), rng.standard_normal(d)
            done = 0
            for n, count in enumerate(counts):
                while done < count:
                    Q, B = qr_step.shifted_qr_step(B)
                    b = Q.T @ b
                    done += 1
                raised[:, k, n] += [change(B, b, s) > 0.0 for s in steps(B, b)]
    return Overshoot(
        H=H,
        g=g,
        step=step,
        change=np.array([change(H, g, s) for s in step]),
        count=np.array(counts),
        dimensions=tuple(dimensions),
        raised=raised / trials,
        trials=trials,
    )


@style.use()
def draw(data):
    """Left the steps over the contours of one model, right the shares of models raised."""
    figure, (left, right) = style.subplots(1, 2, height=3.6)
    names = ("momentum", "fogr", "sfn")
    ends = np.vstack([data.step, np.zeros(2)])
    low, high = ends.min(axis=0) - 1.0, ends.max(axis=0) + 1.0
    x, y = np.linspace(low[0], high[0], 161), np.linspace(low[1], high[1], 161)
    points = np.stack(np.meshgrid(x, y), axis=-1)
    model = points @ data.g + 0.5 * np.einsum("...i,ij,...j", points, data.H, points)
    left.contour(
        x,
        y,
        model,
        levels=np.sort(np.r_[np.linspace(model.min(), -model.min(), 13), 1e-9]),
        colors=style.GREY,
        linewidths=0.7,
        linestyles="solid",
        alpha=0.6,
    )
    left.contour(x, y, model, levels=[0.0], colors=style.GREY, linewidths=1.8)
    for s, value, rule, name, marker in zip(
        data.step, data.change, RULES, names, "so^", strict=True
    ):
        color = style.look(name).color
        left.annotate(
            "", s, (0.0, 0.0), arrowprops={"arrowstyle": "->", "color": color, "linewidth": 2}
        )
        label = f"{rule}: {value:+.2f}".replace("-", "\N{MINUS SIGN}").replace(
            "row\N{MINUS SIGN}", "row-"
        )
        label = label.replace("saddle\N{MINUS SIGN}", "saddle-")
        left.plot(*s, color=color, marker=marker, linestyle="none", label=label)
    left.plot(0.0, 0.0, color=style.GREY, marker="o", markersize=6)
    left.grid(False)
    left.set(
        title="change of one model, after one QR step", xlabel="first axis", ylabel="second axis"
    )
    left.legend(loc="lower right")
    for k, d in enumerate(data.dimensions):
        right.plot(
            data.count,
            100.0 * data.raised[0, k],
            color=style.look("momentum").color,
            linestyle=("-", (0, (5, 1.5)), (0, (1, 1.3)))[k % 3],
            marker="osD"[k % 3],
            label=f"diagonal, d = {d}",
        )
    right.plot(
        data.count,
        100.0 * data.raised[1].max(axis=0),
        color=style.look("fogr").color,
        marker="o",
        label="row-sum bound, every d",
    )
    right.set(
        xlabel="QR steps taken before",
        ylabel="models raised [%]",
        title=f"{data.trials} random indefinite models",
    )
    right.legend(loc="upper right")
    return figure


def alt(data):
    """What the picture shows, in words."""
    one = int(np.flatnonzero(data.count == 1)[0])
    shares = ", ".join(
        f"{100 * data.raised[0, k, one]:.0f} per cent for d = {d}"
        for k, d in enumerate(data.dimensions)
    )
    changes = ", ".join(
        f"{rule} {value:+.2f}" for rule, value in zip(RULES, data.change, strict=True)
    )
    return (
        "Two panels. Left: three steps over the contours of a quadratic model of two dimensions "
        "after one shifted QR step. The step that takes the diagonal for the curvature lands "
        "beyond the contour of its start, the others inside; changes of the model: "
        f"{changes}. Right: the share of {data.trials} random indefinite models that a step "
        "raises, over the number of QR steps taken before. With the diagonal, after one: "
        f"{shares}; "
        f"after {data.count[-1]} steps {100 * data.raised[0, :, -1].max():.0f} at most. With the "
        f"row-sum bound it is {100 * data.raised[1].max():g} throughout."
    )

"""Off-diagonal entries under repeated QR steps, against the predicted ratios of eigenvalues."""

from typing import NamedTuple

import numpy as np

from refimpl import qr_step

from .. import style

STEPS = {"plain": qr_step.qr_step, "shifted": qr_step.shifted_qr_step}
COLORS = ("#c75d48", "#2e71ce", "#0a8f6c", "#bb7102", "#7466d6", "#0b8ea3")


class Decay(NamedTuple):
    """Moduli of the off-diagonal entries over the steps, and their predicted decay."""

    spectrum: np.ndarray  # (d,)
    order: np.ndarray  # (2, d), the spectrum in the order of the limit: plain, shifted
    pairs: tuple  # (i, j), i < j
    entry: np.ndarray  # (2, pairs, steps + 1), |H_ij|
    ratio: np.ndarray  # (2, pairs), predicted factor a step
    seen: np.ndarray  # (2, pairs), geometric mean of the factors over the last third
    mu: float  # the shift in the limit


def start(spectrum, seed):
    """A matrix of this spectrum in random axes."""
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(spectrum), len(spectrum))))[0]
    H = (Q * np.asarray(spectrum)) @ Q.T
    return 0.5 * (H + H.T)


def compute(seed=2, spectrum=(4.0, -3.0, 1.5, 0.5), steps=40):
    """Take QR steps, plain and shifted, from the same matrix.

    Parameters
    ----------
    seed : int
        Of the axes.
    spectrum : sequence of float
    steps : int

    Returns
    -------
    Decay
    """
    values = np.array(spectrum, dtype=float)
    d = values.size
    pairs = tuple((i, j) for i in range(d) for j in range(i + 1, d))
    mu = np.abs(values).max()
    order = np.array([values[np.argsort(-np.abs(values))], np.sort(values)[::-1]])
    entry = np.empty((2, len(pairs), steps + 1))
    for k, step in enumerate(STEPS.values()):
        H = start(spectrum, seed)
        for t in range(steps + 1):
            entry[k, :, t] = [abs(H[i, j]) for i, j in pairs]
            H = step(H).rotated
    shifted = order + np.array([[0.0], [mu]])
    ratio = np.array([[abs(row[j] / row[i]) for i, j in pairs] for row in shifted])
    # Below this, entries are rounding and no longer shrink.
    floor = 1e-13 * mu
    seen = np.full(ratio.shape, np.nan)
    for k in range(2):
        for p in range(len(pairs)):
            last = np.flatnonzero(entry[k, p] > floor)[-1]
            first = 2 * last // 3
            seen[k, p] = (entry[k, p, last] / entry[k, p, first]) ** (1.0 / (last - first))
    return Decay(values, order, pairs, entry, ratio, seen, mu)


@style.use()
def draw(data):
    """Left the plain step, right the shifted one; measured points and predicted lines."""
    figure, axes = style.subplots(1, 2, height=4.2, sharey=True)
    steps = np.arange(data.entry.shape[2])
    for k, (ax, name) in enumerate(zip(axes, STEPS, strict=True)):
        for p, (i, j) in enumerate(data.pairs):
            color = COLORS[p % len(COLORS)]
            shown = data.entry[k, p] > 1e-14
            ax.plot(steps[shown], data.entry[k, p][shown], ".", color=color, markersize=4)
            # The line goes through the middle of what was used to measure the ratio.
            middle = np.flatnonzero(data.entry[k, p] > 1e-13 * data.mu)[-1] * 3 // 4
            line = data.entry[k, p, middle] * data.ratio[k, p] ** (steps - middle)
            label = f"{i + 1}, {j + 1}: {data.ratio[k, p]:.3f} | {data.seen[k, p]:.3f}"
            ax.plot(steps, line, color=color, linewidth=1.1, label=label)
        limit = ", ".join(f"{v:g}" for v in data.order[k]).replace("-", "\N{MINUS SIGN}")
        ax.set(yscale="log", ylim=(1e-15, 10.0), xlabel="step", title=f"{name}: limit {limit}")
        legend = ax.legend(
            loc="upper center",
            bbox_to_anchor=(0.5, -0.18),
            ncols=2,
            handlelength=1.0,
            columnspacing=1.0,
            title="entry: factor predicted | seen",
        )
        legend.get_title().set_fontsize("small")
    axes[0].set_ylabel(r"$|H_{ij}|$")
    return figure


def alt(data):
    """What the picture shows, in words."""
    slow = data.ratio > 0.25
    off = np.max(np.abs(data.seen / data.ratio - 1.0)[slow])
    return (
        "Two panels, the moduli of the off-diagonal entries of a matrix with eigenvalues "
        f"{', '.join(f'{v:g}' for v in data.spectrum)} over {data.entry.shape[2] - 1} QR steps, on "
        "a logarithmic axis; left plain, right shifted. After a few steps the points of each entry "
        "fall along a straight line of the predicted slope, the ratio of the two eigenvalues; "
        f"measured and predicted factors above 0.25 agree within {100 * off:.1g} per cent. The "
        "slowest factor "
        f"is {data.ratio[0].max():.3g} in the plain steps and {data.ratio[1].max():.3g} in the "
        "shifted ones, which end in the order of the signed eigenvalues."
    )

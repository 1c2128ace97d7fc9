"""Tracking a subspace that rests, drifts and jumps: Oja, injection, exact PCA, IncrementalPCA."""

from typing import NamedTuple

import numpy as np

from refimpl import online_pca

from .. import style

SCENES = ("at rest", "drifting", "switched")
# A look of their own: these are no optimizers.
LOOKS = {
    "Oja": style.Look("#c75d48", "-", "o"),
    "injection, raw": style.Look("#2e71ce", (0, (5, 1.2, 1, 1.2)), "^"),
    "injection, normalised": style.Look("#0b8ea3", (0, (5, 1.5)), "s"),
    "exact, fading": style.Look(style.GREY, "-", "D"),
    "IncrementalPCA": style.Look("#bb7102", (0, (1, 1.6)), "v"),
}
RULES = tuple(LOOKS)
BATCH = 10  # gradients that IncrementalPCA takes in at a time


class Tracking(NamedTuple):
    """How much of the noiseless gradients the estimates of a moving subspace hold."""

    step: np.ndarray  # (n,), at which it is measured
    share: np.ndarray  # (scenes, rules, n), of the energy of the noiseless gradients, at `shown`
    noise: np.ndarray  # (m,), of each coordinate, the strongest direction having spread 1
    mean: np.ndarray  # (scenes, rules, m), mean share over the second half of the steps
    angle: np.ndarray  # (scenes, rules, m), the same of the largest principal angle, in degrees
    shown: float
    D: int
    d: int
    steps: int


def subspaces(scene, steps, D, d, rng):
    """The true subspace at every step, shape (steps, d, D)."""
    frame = np.linalg.qr(rng.standard_normal((D, D)))[0]
    first, second = frame[:d], frame[d : 2 * d]
    if scene == "at rest":
        turn = np.zeros(steps)
    elif scene == "drifting":
        turn = 0.5 * np.pi * np.arange(steps) / steps
    else:
        turn = 0.5 * np.pi * (np.arange(steps) >= steps // 2)
    return np.cos(turn)[:, None, None] * first + np.sin(turn)[:, None, None] * second


def _incremental(D, d):
    from sklearn.decomposition import IncrementalPCA

    pca, waiting = IncrementalPCA(d), []

    def take_in(g):
        waiting.append(g)
        if len(waiting) == BATCH:
            pca.partial_fit(np.array(waiting))
            waiting.clear()
        return pca.components_ if hasattr(pca, "components_") else np.eye(d, D)

    return take_in


def estimators(D, d, gamma, turn, beta):
    """For each rule a function that takes in a gradient and returns the basis."""
    V = {rule: np.eye(d, D) for rule in RULES}
    moment = [np.zeros((D, D))]

    def oja(g):
        V["Oja"] = online_pca.oja(V["Oja"], g, gamma)
        return V["Oja"]

    def raw(g):
        V["injection, raw"] = online_pca.inject(V["injection, raw"], g, turn)
        return V["injection, raw"]

    def normalised(g):
        name = "injection, normalised"
        V[name] = online_pca.inject(V[name], g / np.linalg.norm(g), turn)
        return V[name]

    def exact(g):
        moment[0] = online_pca.second_moment(moment[0], g, beta)
        return online_pca.leading_directions(moment[0], d)

    return dict(zip(RULES, (oja, raw, normalised, exact, _incremental(D, d)), strict=True))


def track(scene, noise, steps, D, d, gamma, turn, beta, every, rng):
    """Share and largest principal angle of each rule at every `every`-th step."""
    truth = subspaces(scene, steps, D, d, rng)
    spread = np.linspace(1.0, 0.6, d)
    rules = estimators(D, d, gamma, turn, beta)
    shares, angles = [], []
    for t in range(steps):
        g = (spread * rng.standard_normal(d)) @ truth[t] + noise * rng.standard_normal(D)
        for take_in in rules.values():
            V = take_in(g)
            if t % every == every - 1:
                inside = V @ (truth[t].T * spread)
                shares.append(np.sum(inside**2) / np.sum(spread**2))
                angles.append(np.degrees(online_pca.principal_angles(V, truth[t])[0]))
    return [np.reshape(values, (-1, len(RULES))).T for values in (shares, angles)]


def compute(
    seed=0,
    D=20,
    d=3,
    steps=400,
    noises=(0.0, 0.1, 0.2, 0.3, 0.5),
    shown=0.1,
    gamma=0.1,
    turn=1.0,
    beta=0.05,
    every=5,
):
    """Follow a subspace in three scenes, under noise that grows.

    The gradients are normal in a subspace of `d` dimensions, with spreads from 1 to 0.6 along its
    axes, plus isotropic noise. It rests, or turns into an orthogonal subspace at constant speed, or
    is replaced by it at half time.

    Parameters
    ----------
    seed : int
    D, d, steps : int
    noises : sequence of float
        Standard deviations of each coordinate.
    shown : float
        The one of them whose shares are kept for each step.
    gamma, turn, beta : float
        Of `oja`, `inject` and `second_moment`.
    every : int
        Steps from one measurement to the next.

    Returns
    -------
    Tracking
    """
    kept = []
    mean, angle = np.empty((2, len(SCENES), len(RULES), len(noises)))
    for s, scene in enumerate(SCENES):
        for m, noise in enumerate(noises):
            rng = np.random.default_rng([seed, s, m])
            shares, angles = track(scene, noise, steps, D, d, gamma, turn, beta, every, rng)
            late = slice(shares.shape[1] // 2, None)
            mean[s, :, m] = shares[:, late].mean(axis=1)
            angle[s, :, m] = angles[:, late].mean(axis=1)
            if noise == shown:
                kept.append(shares)
    return Tracking(
        step=np.arange(every, steps + 1, every),
        share=np.array(kept),
        noise=np.array(noises, dtype=float),
        mean=mean,
        angle=angle,
        shown=shown,
        D=D,
        d=d,
        steps=steps,
    )


@style.use()
def draw(data):
    """Above the shares over the steps, below their means over the noise; a column each scene."""
    figure, axes = style.subplots(2, len(SCENES), height=4.9, sharey=True)
    for s, scene in enumerate(SCENES):
        top, low = axes[:, s]
        for k, (rule, look) in enumerate(LOOKS.items()):
            top.plot(
                data.step,
                data.share[s, k],
                color=look.color,
                linestyle=look.dashes,
                linewidth=1.3,
            )
            low.plot(
                data.noise,
                data.mean[s, k],
                color=look.color,
                linestyle=look.dashes,
                marker=look.marker,
                label=rule,
            )
        for ax in (top, low):
            ax.axhline(data.d / data.D, color=style.GREY, linewidth=0.9, linestyle=(0, (2, 3)))
        top.set(title=scene, xlabel="step")
        low.set(xlabel="noise on each coordinate")
    axes[0, 0].set(ylim=(-0.03, 1.03), ylabel=f"share held (noise {data.shown:g})")
    axes[1, 0].set_ylabel("mean of the second half")
    figure.legend(*axes[1, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def alt(data):
    """What the picture shows, in words."""
    at = int(np.flatnonzero(data.noise == data.shown)[0])

    def listed(scene):
        row = data.mean[SCENES.index(scene), :, at]
        return ", ".join(f"{rule} {share:.2f}" for rule, share in zip(RULES, row, strict=True))

    return (
        "Two rows of three panels: the share of the energy of the noiseless gradients that lies in "
        f"the estimate of their subspace ({data.d} dimensions in {data.D}), above over "
        f"{data.steps} steps at noise {data.shown:g}, below its mean over the second half as noise "
        "grows. Columns: the subspace rests, drifts, is switched at half time. Means at noise "
        f"{data.shown:g}, at rest: {listed('at rest')}; drifting: {listed('drifting')}; switched: "
        f"{listed('switched')}. A random subspace holds {data.d / data.D:.2f}, drawn dotted. Oja "
        "and exact PCA with fading weights hold nearly all, the two injections about half, with "
        "large swings; after the switch injection is back at once, Oja slowly, IncrementalPCA, "
        "which never forgets, not at all."
    )

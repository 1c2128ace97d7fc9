"""Small problems beside the library that would solve them: the cubic model, online PCA."""

import numpy as np
import scipy.linalg
import scipy.optimize
import threadpoolctl

from refimpl import cubic
from refimpl.optimizers import streamed

from .row import in_turns


def by_lapack(H, g, d, strength):
    """The regular case of the cubic model: eigenvalues, and Brent's method for the radius."""
    values, E = np.linalg.eigh(d[:, None] ** -1.0 * H * d**-1.0 if d.min() > 0 else H)
    c = E.T @ (g / d)
    low = max(0.0, -values[0]) + 1e-12

    def beyond(t):
        return np.linalg.norm(c / (values + t)) - 2.0 * t / strength

    high = low + 1.0
    while beyond(high) > 0.0:
        high *= 2.0
    t = scipy.optimize.brentq(beyond, low, high)
    return E @ (c / (values + t)) / d


def rows(quick):
    """What is not installed is left out by name."""
    turns, rng = 3 if quick else 9, np.random.default_rng(0)
    for S in (20, 100) if quick else (20, 100, 200):
        A = rng.standard_normal((S, S))
        H, g, d = A @ A.T / S, rng.standard_normal(S), rng.uniform(0.5, 2.0, S)
        yield in_turns(
            f"cubic.minimize_cubic / eigh and Brent, S = {S}",
            lambda H=H, g=g, d=d: [cubic.minimize_cubic(H, g, d, 1.0) for _ in range(5)],
            lambda H=H, g=g, d=d: [by_lapack(H, g, d, 1.0) for _ in range(5)],
            turns,
            "<= 1.2",
        )
    D, d = (20_000, 10) if quick else (200_000, 10)
    from sklearn.decomposition import IncrementalPCA

    block = rng.standard_normal((d, D))
    stepper, fitted = streamed.start(np.ones(D), "online_sfn", dimension=d), IncrementalPCA(d)
    with threadpoolctl.threadpool_limits(1):
        yield in_turns(
            f"scikit-learn's IncrementalPCA / a streamed step, a gradient, D = {D}",
            lambda: fitted.partial_fit(block),
            lambda: [stepper.step(row) for row in block],
            turns,
            ">= 8",
        )

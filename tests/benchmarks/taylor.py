"""Taylor polynomials beside JAX's, compiled: the same function along the same line, in float64."""

import math

import numpy as np

from refimpl import taylor

from .row import Missing, in_turns

NAME = "Taylor polynomials / jitted jax.experimental.jet, n = 100, K = {}"


def valley(x, np=np):
    """Rosenbrock's valley with exponentials and sines in it, of every coordinate."""
    return np.sum(100.0 * (x[1:] - x[:-1] * x[:-1]) ** 2 + np.exp(-x[:-1]) + np.sin(x[1:]))


def rows(quick):
    """What is not installed is left out by name."""
    try:
        import jax
        from jax.experimental import jet
    except ModuleNotFoundError:
        yield Missing(NAME.format("2, 6, 12"), "jax is not installed")
        return
    jax.config.update("jax_enable_x64", True)
    turns, times = (3, 50) if quick else (15, 500)
    rng = np.random.default_rng(0)
    x, v = rng.uniform(-1.0, 1.0, (2, 100))
    for K in (2, 6, 12):
        series = [v, *np.zeros((K - 1, x.size))]

        @jax.jit
        def theirs(x, series):
            return jet.jet(lambda x: valley(x, jax.numpy), (x,), (series,))

        def ours(K=K):
            return taylor.expand(valley, x, v, K)

        value, derivatives = theirs(x, series)
        found = np.array([value, *derivatives]) / [math.factorial(k) for k in range(K + 1)]
        np.testing.assert_allclose(ours(), found, rtol=1e-9)

        def many(call):
            for _ in range(times):
                call()

        yield in_turns(
            NAME.format(K),
            lambda ours=ours: many(ours),
            lambda theirs=theirs, series=series: many(
                lambda: jax.block_until_ready(theirs(x, series))
            ),
            turns,
            "<= 1.5",
        )

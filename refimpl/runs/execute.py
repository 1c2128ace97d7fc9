"""One call of the driver: what it needs is drawn before, what it found wrong is raised after."""

from typing import NamedTuple

import numpy as np

from ..errors import GradientError, RunError
from .sweep import BAD_GRADIENT, BAD_SHAPE, NOT_BEGUN, kernel, sweep

# [D]'s programs draw the first directions uniformly in [0, 0.001).
DIRECTIONS = 1e-3


class Runs(NamedTuple):
    """What a sweep over seeds and starts leaves behind."""

    final: np.ndarray  # (seeds, starts), inf for a diverged run
    done: np.ndarray  # (seeds, starts), steps completed
    outcome: np.ndarray  # (seeds, starts)
    path: np.ndarray  # (steps + 1, D) of the last run
    values: np.ndarray  # (steps + 1,) of the last run


def draw(parameters, noise, seeds, n, steps, D, restart_noise=False):
    """Everything random, before any step.

    For each seed one generator runs through all starts: first the directions of the start, if the
    method has any, then the noise of its steps. `restart_noise` starts it anew for each start.

    Returns
    -------
    directions : ndarray of shape (seeds, n, d, D)
    perturbations : ndarray of shape (seeds, n, steps, D)
    """
    d = getattr(parameters, "dimension", 0)
    directions = np.empty((len(seeds), n, d, D))
    perturbations = np.empty((len(seeds), n, steps, D))
    for s, seed in enumerate(seeds):
        generator = np.random.default_rng(seed)
        for i in range(n):
            if restart_noise:
                generator = np.random.default_rng(seed)
            if d:
                directions[s, i] = generator.uniform(0.0, DIRECTIONS, (d, D))
            perturbations[s, i] = noise.draw(generator, steps, D)
    return directions, perturbations


def execute(problem, method, parameters, starts, directions, noise, carry=False):
    """Run the driver, compiled where the problem is. `StopIteration` ends it, nothing lost.

    Raises
    ------
    GradientError, EvaluationError
        With the step and the path so far.
    """
    seeds, n, steps, D = noise.shape
    runs = Runs(
        final=np.full((seeds, n), np.inf),
        done=np.full((seeds, n), NOT_BEGUN),
        outcome=np.zeros((seeds, n), dtype=np.int64),
        path=np.full((steps + 1, D), np.nan),
        values=np.full(steps + 1, np.inf),
    )
    run = kernel(method) if problem.compiled else sweep
    try:
        # A diverging run overflows on its way out: that is its result, not a warning.
        with np.errstate(all="ignore"):
            run(
                problem.value,
                problem.gradient,
                method.start,
                method.step,
                starts,
                directions,
                noise,
                parameters,
                problem.data,
                carry,
                runs.path,
                runs.values,
                runs.final,
                runs.done,
                runs.outcome,
            )
    except StopIteration:
        pass
    except RunError as error:
        error.step, error.path = reached(runs)
        error.args = (f"step {error.step}: {error.args[0]}",)
        raise
    worst = runs.outcome.max(initial=0)
    if worst >= BAD_SHAPE:
        step, path = reached(runs)
        if worst == BAD_GRADIENT:
            found = problem.gradient(path[-1], problem.data)
            what = f"a finite gradient, got {found}"
        else:
            what = f"a gradient of shape ({D},), got another one"
        raise GradientError(f"step {step}: expected {what} at x = {path[-1]}", step, path)
    return runs


def reached(runs):
    """Steps completed and path of the run that was in work."""
    step = int(runs.done[runs.done != NOT_BEGUN][-1])
    return step, runs.path[: step + 1].copy()

"""SciPy's own minimizers, given as many noisy gradients as the other methods have steps."""

import warnings

import numpy as np
from scipy.optimize import minimize

from .sweep import DIVERGED, DONE

# Tolerances that end a run early are switched off: the budget is what is compared.
NEVER = {
    "BFGS": {"gtol": 0.0},
    "L-BFGS-B": {"gtol": 0.0, "ftol": 0.0, "maxls": 20},
    "trust-exact": {"gtol": 0.0},
}


class Spent(Exception):
    """The budget of gradients is used up."""


class Budget:
    """Counts gradients of one run and writes down where it stood after each of them."""

    def __init__(self, problem, perturb, noise, picks, runs, s, i):
        self.problem = problem
        self.perturb = perturb
        self.noise = noise
        self.picks = picks
        self.runs = runs
        self.index = s, i
        self.iterate = None

    def begin(self, x0):
        """The start is where the run stands before the first gradient."""
        self.iterate = x0
        self.runs.path[0] = x0
        self.runs.done[self.index] = 0
        self.runs.values[0] = self.problem.value(x0, self.problem.data)

    def spent(self):
        return self.runs.done[self.index]

    def stand(self, x):
        """SciPy accepted `x`; it is the position from the last gradient on."""
        self.iterate = np.array(x)
        self.write()

    def write(self):
        k = self.spent()
        self.runs.path[k] = self.iterate
        self.runs.values[k] = self.problem.value(self.iterate, self.problem.data)

    def gradient(self, x):
        """The next noisy gradient, or `Spent`."""
        k = self.spent()
        if k == len(self.noise):
            raise Spent
        records, data = self.problem.records, self.problem.data
        seen = data if self.picks.shape[1] == 0 else records[self.picks[k]].ravel()
        g = self.perturb(self.problem.gradient(x, seen), self.noise[k])
        self.runs.done[self.index] = k + 1
        self.write()
        return g


def spend(budget, problem, method):
    """Run SciPy's solver, again and again under noise, until the budget is spent.

    Its line search and its model trust the gradient, and give up when noise contradicts them. A
    user would start again from where it stood; without noise it gives up for a reason.
    """
    noisy = np.any(budget.noise != 0.0) or budget.picks.shape[1] > 0
    curvature = {"hess": problem.hessian} if method.curvature else {}
    while True:
        with warnings.catch_warnings():
            # What it warns of it says in its result too; we go by the path.
            warnings.simplefilter("ignore")
            minimize(
                lambda x: problem.value(x, problem.data),
                budget.iterate,
                jac=budget.gradient,
                method=method.solver,
                callback=budget.stand,
                options=NEVER[method.solver] | {"maxiter": 10 * len(budget.noise)},
                **curvature,
            )
        if not noisy:
            return


def execute_scipy(problem, method, starts, drawn, runs):
    """Fill `runs` as the driver does, with SciPy's solver in place of the steps."""
    for s in range(drawn.noise.shape[0]):
        for i, x0 in enumerate(starts):
            noise, picks = drawn.noise[s, i], drawn.picks[s, i]
            budget = Budget(problem, drawn.perturb.text, noise, picks, runs, s, i)
            budget.begin(x0)
            try:
                spend(budget, problem, method)
            except Spent:
                pass
            runs.outcome[s, i] = DONE if np.isfinite(runs.values[budget.spent()]) else DIVERGED
            runs.final[s, i] = runs.values[budget.spent()]
            if runs.outcome[s, i] == DIVERGED:
                runs.final[s, i] = np.inf

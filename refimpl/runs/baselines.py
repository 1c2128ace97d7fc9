"""SciPy's own minimizers, given as many noisy gradients as the other methods have steps."""

import warnings

import numpy as np
from scipy.optimize import minimize

from ..errors import GradientError, RunError
from ..outcomes import DIVERGED, LONGEST, farthest, length

# Tolerances that end a run early are switched off: the budget is what is compared.
NEVER = {
    "BFGS": {"gtol": 0.0},
    "L-BFGS-B": {"gtol": 0.0, "ftol": 0.0, "maxls": 20},
    "trust-exact": {"gtol": 0.0},
}
# A trust region is quartered so often before it is below any rounding; line searches ask for less.
PATIENCE = 100


class Spent(Exception):
    """The budget of gradients is used up, or the run has diverged."""


class Stuck(Exception):
    """The solver asks for value after value and no gradient, or for a gradient at no position."""


# The others are raised where a solver's own arithmetic fails, as at a gradient of 0 or of 1e-320.
GIVES_UP = (Stuck, ArithmeticError, ValueError, UnboundLocalError)


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
        self.limit = None
        self.raised = None
        self.values = 0

    def begin(self, x0):
        """The start is where the run stands before the first gradient."""
        self.iterate = x0
        self.limit = farthest(x0)
        self.runs.done[self.index] = 0
        self.write()

    def spent(self):
        return self.runs.done[self.index]

    def stand(self, x):
        """SciPy accepted `x`; it is the position from the last gradient on."""
        self.iterate = np.array(x)
        self.write()

    def write(self):
        """Write down where it stands, by the same rule of divergence as the driver's."""
        k = self.spent()
        self.runs.path[min(k, len(self.runs.path) - 1)] = self.iterate
        self.runs.values[k] = np.inf
        if length(self.iterate) <= self.limit:
            self.runs.values[k] = self.ask(self.problem.value, self.iterate, self.problem.data)
        if not np.isfinite(self.runs.values[k]):
            self.diverge()

    def diverge(self):
        self.runs.outcome[self.index] = DIVERGED
        raise Spent

    def ask(self, function, x, data):
        """What the user's function, or a callback in it, raises is told from SciPy's own errors."""
        try:
            return function(x, data)
        except Exception as error:
            self.raised = error
            raise

    def value(self, x):
        self.values += 1
        if self.values > PATIENCE:
            raise Stuck
        return self.ask(self.problem.value, x, self.problem.data)

    def gradient(self, x):
        """The next noisy gradient, or `Spent`."""
        k = self.spent()
        if k == len(self.noise) or self.runs.stop[0]:
            raise Spent
        records, data = self.problem.records, self.problem.data
        seen = data if self.picks.shape[1] == 0 else records[self.picks[k]].ravel()
        if not np.isfinite(x).all():
            raise Stuck
        try:
            g = self.ask(self.problem.gradient, x, seen)
            if not np.isfinite(g).all():
                raise GradientError(f"expected a finite gradient, got {g} at x = {x}")
        except RunError:
            # A line search may look where no run of the driver goes.
            if length(x) <= self.limit:
                raise
            self.diverge()
        if self.noise.shape[1] > 0:
            g = self.perturb(g, self.noise[k])
        if not length(g) <= LONGEST:
            self.diverge()
        self.runs.done[self.index] = k + 1
        self.values = 0
        self.write()
        return g


def spend(budget, problem, method):
    """Run SciPy's solver, again and again under noise, until the budget is spent.

    Its line search and its model trust the gradient, and give up when noise contradicts them. A
    user would start again from where it stood; without noise it gives up for a reason.
    """
    noisy = budget.noise.any() or budget.picks.shape[1] > 0
    curvature = {"hess": problem.hessian} if method.curvature else {}
    while True:
        before, budget.values = budget.spent(), 0
        with warnings.catch_warnings():
            # What it warns of it says in its result too; we go by the path.
            warnings.simplefilter("ignore")
            try:
                minimize(
                    budget.value,
                    budget.iterate,
                    jac=budget.gradient,
                    method=method.solver,
                    callback=budget.stand,
                    options=NEVER[method.solver] | {"maxiter": 10 * len(budget.noise)},
                    **curvature,
                )
            except RunError:
                raise
            except GIVES_UP as error:
                if error is budget.raised:
                    raise
        if not noisy or budget.spent() == before:
            return


def execute_scipy(problem, method, starts, drawn, runs):
    """Fill `runs` as the driver does, with SciPy's solver in place of the steps."""
    for s in range(drawn.noise.shape[0]):
        for i, x0 in enumerate(starts):
            noise, picks = drawn.noise[s, i], drawn.picks[s, i]
            budget = Budget(problem, drawn.perturb.text, noise, picks, runs, s, i)
            try:
                budget.begin(x0)
                spend(budget, problem, method)
            except Spent:
                pass
            if runs.stop[0]:
                return
            diverged = runs.outcome[s, i] == DIVERGED
            runs.final[s, i] = np.inf if diverged else runs.values[budget.spent()]

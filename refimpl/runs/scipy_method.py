"""Our methods as a `method` of `scipy.optimize.minimize`."""

import functools
import numbers

import numpy as np

from .. import optimizers
from ..errors import RangeError
from ..noise import as_noise
from .lattice import positive
from .minimize import Watch, solve
from .problem import as_position, as_problem

# As SciPy's own methods: so many steps for each variable if `maxiter` is not given.
STEPS_A_VARIABLE = 200


def scipy_method(name, **hyperparameters):
    """One of our methods, ready to be handed to `scipy.optimize.minimize`.

    Parameters
    ----------
    name : str
        A name of `refimpl.methods`.
    **hyperparameters
        Of the method, by name.

    Returns
    -------
    callable
        For ``scipy.optimize.minimize(fun, x0, jac=..., method=scipy_method(name))``. It honours
        `args`, `jac` (callable or True), `hess`, `hessp`, `callback`, `tol`, and the options
        `maxiter` (default: 200 for each variable), `gtol` (stop when no coordinate of the noisy
        gradient exceeds it; `tol` stands for it; default 0, which never stops), `noise` and `seed`.
        The result has the fields of `refimpl.minimize`, and an interrupted run its path. It can be
        pickled, so that processes can share it.

    Raises
    ------
    UnknownNameError, RangeError
        At once for a wrong name or hyperparameter; when the method runs, `RangeError` for an
        unknown option and for bounds or constraints, which it does not know.

    Examples
    --------
    >>> from scipy.optimize import minimize
    >>> result = minimize(lambda x: x @ x, [3.0, 4.0], jac=lambda x: 2 * x,
    ...                   method=scipy_method("momentum", alpha=0.2), options={"maxiter": 100})
    >>> result.success, bool(result.fun < 1e-6)
    (True, True)
    """
    method = optimizers.get(name)
    # Of a function of this module, so that processes can hand it on.
    return functools.partial(run, method, optimizers.bind(method, hyperparameters))


def run(
    method,
    parameters,
    fun,
    x0,
    args=(),
    *,
    jac=None,
    hess=None,
    hessp=None,
    bounds=None,
    constraints=(),
    callback=None,
    tol=None,
    maxiter=None,
    gtol=0.0,
    noise=0.0,
    seed=None,
    disp=False,
    **unknown,
):
    """The run that `scipy.optimize.minimize` asks for."""
    if unknown:
        raise RangeError(
            f"{method.name}: unknown options {', '.join(sorted(unknown))}; "
            "known: maxiter, gtol, noise, seed, disp"
        )
    if bounds is not None:
        raise RangeError(f"{method.name} knows no bounds; leave them out or transform x")
    # Any of them: of arrays, which SciPy's are not, Python does not know whether they are none.
    if not isinstance(constraints, tuple | list | dict) or len(constraints):
        raise RangeError(f"{method.name} knows no constraints; leave them out or add a penalty")
    x0 = as_position(x0)
    problem = as_problem(fun, jac, args, hess, hessp)
    problem.check_curvature(method)
    gtol = gtol if tol is None else tol
    if not (isinstance(gtol, numbers.Real) and 0.0 <= gtol < np.inf):
        raise RangeError(f"{method.name}: expected gtol >= 0, got {gtol!r}")
    steps = STEPS_A_VARIABLE * x0.size if maxiter is None else positive("maxiter", maxiter)
    watch = Watch(callback, gtol)
    result = solve(problem, method, parameters, x0, steps, as_noise(noise), seed, watch)
    if disp:
        print(f"{result.message}\n  value {result.fun:.6g} after {result.nit} steps")
    return result

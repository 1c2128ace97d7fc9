"""Methods as their own packages compute them, behind one door: hand in gradients, get positions.

The packages are the extra `rivals`, which only the regeneration needs: PyTorch's Rprop and Adam,
`prodigyopt`, `dadaptation`, `dog-optimizer` with its averager, `parameterfree`. DoWG is written
from its paper [khaled2023]_, since the package of that name holds another variant.
"""

from typing import NamedTuple

import numpy as np
import scipy.optimize

import refimpl
from refimpl.errors import GradientError, NotFiniteError


class Rival(NamedTuple):
    """A method and what is tried of it.

    Attributes
    ----------
    name : str
    make : callable
        ``make(x0, **setting)``; the object has ``step(gradient) -> x``.
        With `line_search`, ``make(value, gradient, x0, looks) -> values``.
    settings : tuple of dict
        One for an untuned method; of several the best is taken in every cell, afterwards.
    line_search : bool
        Whether it needs values as well, and so has rows without noise only.
    """

    name: str
    make: type
    settings: tuple = ({},)
    line_search: bool = False

    @property
    def tuned(self):
        """Whether the best of several settings is taken."""
        return len(self.settings) > 1


class OurOwn:
    """A method of this package in a loop of one's own."""

    def __init__(self, x0, method="ogr", **hyperparameters):
        self.stepper = refimpl.stepper(method, x0, seed=0, **hyperparameters)

    def step(self, gradient):
        try:
            return self.stepper.step(gradient)
        except (GradientError, NotFiniteError):
            return np.full(gradient.size, np.inf)


class DoWG:
    """Distance over weighted gradients: ``r^2 / sqrt(sum r^2 |g|^2)``, `r` the longest way."""

    def __init__(self, x0, first=1e-4):
        self.x0, self.x = x0, x0.copy()
        self.longest, self.sum = first, 0.0

    def step(self, gradient):
        self.longest = max(self.longest, float(np.linalg.norm(self.x - self.x0)))
        self.sum += self.longest**2 * float(gradient @ gradient)
        if self.sum > 0.0:
            self.x = self.x - self.longest**2 / np.sqrt(self.sum) * gradient
        return self.x


class OfTorch:
    """An optimizer of PyTorch's form, in double precision."""

    def __init__(self, x0, **setting):
        import torch

        self.module = torch.nn.Module()
        self.module.x = torch.nn.Parameter(torch.from_numpy(x0.copy()))
        self.from_numpy = torch.from_numpy
        self.optimizer = self.made([self.module.x], **setting)

    def step(self, gradient):
        self.module.x.grad = self.from_numpy(gradient.copy())
        self.optimizer.step()
        return self.module.x.detach().numpy().copy()


class Adam(OfTorch):
    def made(self, parameters, lr):
        import torch

        return torch.optim.Adam(parameters, lr=lr)


class Rprop(OfTorch):
    def made(self, parameters):
        import torch

        return torch.optim.Rprop(parameters)


class COCOB(OfTorch):
    def made(self, parameters):
        import parameterfree

        return parameterfree.COCOB(parameters)


class Prodigy(OfTorch):
    def made(self, parameters):
        import prodigyopt

        return prodigyopt.Prodigy(parameters)


class DAdaptation(OfTorch):
    def made(self, parameters):
        import dadaptation

        return dadaptation.DAdaptAdam(parameters)


class DoG(OfTorch):
    """With its average, which its authors report."""

    def made(self, parameters):
        import dog

        self.average = dog.PolynomialDecayAverager(self.module)
        return dog.DoG(parameters)

    def step(self, gradient):
        self.at = super().step(gradient)
        self.average.step()
        return self.at

    @property
    def told(self):
        """The position that counts."""
        return self.average.averaged_model.x.detach().numpy().copy()


class _Over(Exception):
    """The budget of evaluations is spent."""


def bfgs(value, gradient, x0, looks):
    """SciPy's BFGS: the lowest value after so many evaluations of value *and* gradient."""
    seen = []

    def both(x):
        if len(seen) == looks[-1]:
            raise _Over
        found = value(x)
        seen.append(np.inf if np.isnan(found) else found)
        return found, gradient(x)

    try:
        scipy.optimize.minimize(both, x0, jac=True, method="BFGS", options={"gtol": 0.0})
    except (_Over, ArithmeticError, ValueError):
        pass
    # Where not even the start can be computed.
    lowest = np.minimum.accumulate(seen or [np.inf])
    return [float(lowest[min(look, len(lowest)) - 1]) for look in looks]


RATES = (1e-4, 1e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
RIVALS = (
    Rival("ogr", OurOwn),
    Rival("Rprop", Rprop),
    Rival("DoWG", DoWG),
    Rival("COCOB", COCOB),
    Rival("Prodigy", Prodigy),
    Rival("D-Adaptation", DAdaptation),
    Rival("DoG, averaged", DoG),
    Rival("BFGS", bfgs, line_search=True),
    Rival("Adam", Adam, tuple({"lr": rate} for rate in RATES)),
)
# Those without any choice, each as its package has it by default.
PLAIN = tuple(one.name for one in RIVALS if not (one.tuned or one.line_search))
# What is told of them: a name, the rival, and which setting; None for the best in each cell.
SHOWN = (
    *((name, name, None) for name in PLAIN),
    ("Adam, 1e-3", "Adam", RATES.index(1e-3)),
    ("Adam, 1e-2", "Adam", RATES.index(1e-2)),
    ("Adam, best of 7", "Adam", None),
    ("BFGS", "BFGS", None),
)
# The rivals of a method that nobody tunes: Adam at the two rates that are usual.
UNTUNED = (*PLAIN[1:], "Adam, 1e-3", "Adam, 1e-2")
# Of these the best is taken on each problem, afterwards, for a goal that no single method meets.
CHOSEN = ("Rprop", "COCOB", "DoWG", "Prodigy")

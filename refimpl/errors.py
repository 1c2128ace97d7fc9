"""What can go wrong, by name. Every message says what was expected, what came, and what to do."""

import difflib


class ShapeError(ValueError):
    """An array does not have the shape that the call needs."""


class NotFiniteError(ValueError):
    """A NaN or an infinite number where a finite one is needed."""


class NotSymmetricError(ValueError):
    """A Hessian that is not symmetric, so it is the Hessian of nothing."""


class NotOrthogonalError(ValueError):
    """A rotation whose rows are not orthonormal."""


class RangeError(ValueError):
    """A hyperparameter or setting outside its range."""


class NoMinimumError(ValueError):
    """Data whose loss has no minimum, since it falls for ever along some direction."""


class StateError(ValueError):
    """A state that does not belong to the function it was given to."""


class CheckpointError(ValueError):
    """A file that is no checkpoint of this stepper: damaged, or of another method or version."""


class UnknownNameError(ValueError):
    """No method, function, hyperparameter or figure has this name."""


class VectorError(ValueError):
    """A file of reference outputs that cannot be trusted; the message names the file and line."""


class VerificationError(ValueError):
    """An implementation that cannot be verified at all: it does not start, or says nonsense."""


class MissingDerivativeError(TypeError):
    """The method needs a derivative that was not given."""


class RunError(ValueError):
    """A run that cannot go on; it keeps what was reached.

    Attributes
    ----------
    step : int
        Number of steps completed before the error, which is the index of `path` at which it
        happened; step 0 is the start.
    path : ndarray of shape (step + 1, D)
        Positions so far, the last one being where the error happened.
    """

    def __init__(self, message, step=None, path=None):
        super().__init__(message)
        self.step = step
        self.path = path

    def __reduce__(self):
        return type(self), (self.args[0], self.step, self.path)


class GradientError(RunError):
    """A gradient that is NaN, infinite or of the wrong shape at a position that is none of it."""


class EvaluationError(RunError):
    """The user's own function raised; the original exception is the cause."""


class UnsupportedOperationError(TypeError, AttributeError):
    """An operation that has no rule for Taylor polynomials; the message names it.

    An AttributeError too, so that `hasattr` says no to a method that is missing.
    """


class DtypeError(TypeError):
    """An array whose entries are not real numbers, or not whole ones where indices are needed."""


class PartitionError(ValueError):
    """Groups that do not hold every parameter exactly once."""


def unknown(kind, name, known):
    """The error for a name that does not exist, with the nearest ones that do."""
    known = sorted(known)
    near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known: {', '.join(known)}"
    return UnknownNameError(f"unknown {kind} {name!r}; {hint}")

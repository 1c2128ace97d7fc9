"""Fully connected networks with a linear last layer, and their gradient by backpropagation."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .._numbers import as_real
from ..errors import RangeError, ShapeError, unknown
from ..summary import partitions
from ..taylor import Taylor
from .activations import ACTIVATIONS
from .data import as_array, as_batch
from .losses import LOSSES


class Evaluation(NamedTuple):
    """A loss and its derivatives at one place."""

    value: float
    gradient: np.ndarray  # (D,)


@dataclass(frozen=True)
class Network:
    """A fully connected network and the loss it is trained by.

    Layer `l` is ``z = a W_l + b_l``; an activation follows each but the last.

    Parameters
    ----------
    widths : sequence of int
        Of the input, of each hidden layer, of the output.
    activation : str, optional
        ``"tanh"``, ``"relu"`` or ``"softplus"``.
    loss : str, optional
        ``"cross_entropy"`` (targets are labels, shape (n,)) or ``"mse"`` (targets of shape (n, m),
        mean over records and outputs).

    Attributes
    ----------
    shapes : dict of str to tuple of int
        Of the tensors ``W1, b1, W2, ...`` that the flat parameters hold one after the other.
    size : int
        Number of parameters, `D`.

    Raises
    ------
    RangeError
        For less than two widths, or widths below 1.
    UnknownNameError
        For another activation or loss.

    Examples
    --------
    >>> network = Network((2, 3, 2))
    >>> network.size, network.shapes["W2"]
    (17, (3, 2))
    >>> theta = network.initial(np.random.default_rng(0))
    >>> network.outputs(theta, np.zeros((5, 2))).shape
    (5, 2)
    """

    widths: tuple
    activation: str = "tanh"
    loss: str = "cross_entropy"

    def __post_init__(self):
        try:
            widths = tuple(self.widths)
        except TypeError:
            widths = (self.widths,)
        if len(widths) < 2 or not all(isinstance(n, int | np.integer) and n > 0 for n in widths):
            raise RangeError(f"network: expected two widths or more, at least 1, got {widths}")
        if not isinstance(self.activation, str) or self.activation not in ACTIVATIONS:
            raise unknown("activation", self.activation, ACTIVATIONS)
        if not isinstance(self.loss, str) or self.loss not in LOSSES:
            raise unknown("loss", self.loss, LOSSES)
        object.__setattr__(self, "widths", tuple(map(int, widths)))

    @property
    def layers(self):
        return range(1, len(self.widths))

    @property
    def shapes(self):
        found = {}
        for layer in self.layers:
            n, m = self.widths[layer - 1 : layer + 1]
            found |= {f"W{layer}": (n, m), f"b{layer}": (m,)}
        return found

    @property
    def size(self):
        return sum((self.widths[layer - 1] + 1) * self.widths[layer] for layer in self.layers)

    def initial(self, rng, dtype=np.float64):
        """Random parameters: no bias, normal weights that keep the size of what passes.

        Their variance is ``2 / (n + m)`` for tanh (Glorot), ``2 / n`` for ReLU and softplus (He).

        Parameters
        ----------
        rng : numpy.random.Generator
        dtype : optional
            float64 or float32; all later arithmetic is in it.

        Returns
        -------
        ndarray of shape (D,)
        """
        gain = ACTIVATIONS[self.activation].gain
        theta = np.zeros(self.size, dtype)
        for name, part in partitions.tensors(theta, self.shapes).items():
            if name.startswith("W"):
                n, m = part.shape
                variance = 2.0 / (n + m) if gain == 1.0 else gain / n
                part[...] = np.sqrt(variance) * rng.standard_normal(part.shape)
        return theta

    def outputs(self, theta, inputs):
        """Outputs of the last layer, on parameters that are an array or a Taylor polynomial.

        Parameters
        ----------
        theta : array of shape (D,)
        inputs : array of shape (n, widths[0])

        Returns
        -------
        array of shape (n, widths[-1])
        """
        theta = _parameters(theta)
        parts = partitions.tensors(theta, self.shapes)
        a = self.checked_inputs(inputs).astype(theta.dtype, copy=False)
        for layer in self.layers:
            z = a @ parts[f"W{layer}"] + parts[f"b{layer}"]
            if layer < self.layers[-1]:
                a = ACTIVATIONS[self.activation].value(z)
        return z

    def value(self, theta, batch):
        """The loss, on parameters that are an array or a Taylor polynomial.

        Parameters
        ----------
        theta : array of shape (D,)
        batch : Batch
            Inputs (n, widths[0]) and targets.

        Returns
        -------
        float
            Or a polynomial. Infinite or NaN, without a warning, where arrays overflow.
        """
        theta, batch = _parameters(theta), as_batch(batch)
        targets = self.checked_targets(batch, theta.dtype)
        with np.errstate(all="ignore"):
            return LOSSES[self.loss].value(self.outputs(theta, batch.inputs), targets)

    def gradient(self, theta, batch):
        """The gradient of the loss, shape (D,); see `evaluate`."""
        return self.evaluate(theta, batch).gradient

    def evaluate(self, theta, batch):
        """Value and gradient together, by backpropagation.

        Parameters
        ----------
        theta : ndarray of shape (D,)
        batch : Batch

        Returns
        -------
        Evaluation

        Raises
        ------
        ShapeError, DtypeError, RangeError
            If parameters, inputs or targets do not fit.

        Notes
        -----
        Book: {eq}`eq-network-backpropagation`.
        """
        activation, loss = ACTIVATIONS[self.activation], LOSSES[self.loss]
        theta, batch = _parameters(theta), as_batch(batch)
        parts = partitions.tensors(theta, self.shapes)
        targets = self.checked_targets(batch, theta.dtype)
        gradient = np.empty_like(theta)
        into = partitions.tensors(gradient, self.shapes)
        with np.errstate(all="ignore"):
            a = [self.checked_inputs(batch.inputs).astype(theta.dtype, copy=False)]
            for layer in self.layers:
                z = a[-1] @ parts[f"W{layer}"]
                z += parts[f"b{layer}"]
                if layer < self.layers[-1]:
                    a.append(activation.value(z))
            value = loss.value(z, targets)
            adjoint = loss.slope(z, targets)
            adjoint /= len(z)
            for layer in reversed(self.layers):
                np.matmul(a[layer - 1].T, adjoint, out=into[f"W{layer}"])
                np.sum(adjoint, axis=0, out=into[f"b{layer}"])
                if layer > 1:
                    adjoint = adjoint @ parts[f"W{layer}"].T
                    adjoint *= activation.slope(a[layer - 1])
        return Evaluation(float(value), gradient)

    def accuracy(self, theta, batch):
        """Share of the records whose largest output is that of the label.

        Parameters
        ----------
        theta : ndarray of shape (D,)
        batch : Batch
            Targets are labels, or rows whose largest entry marks the label.
        """
        batch = as_batch(batch)
        labels = batch.targets
        inputs = self.checked_inputs(batch.inputs)
        rows = len(inputs), self.widths[-1]
        if labels.shape not in (rows, rows[:1]):
            raise ShapeError(
                f"network: expected labels of shape {rows[:1]}, or targets of shape {rows}, got "
                f"{labels.shape}"
            )
        labels = labels.argmax(axis=1) if labels.ndim == 2 else labels
        with np.errstate(all="ignore"):
            return float(np.mean(self.outputs(theta, batch.inputs).argmax(axis=1) == labels))

    def checked_inputs(self, inputs):
        """The inputs as an array, if they fit."""
        inputs = as_array(inputs, "inputs")
        if inputs.ndim != 2 or len(inputs) == 0 or inputs.shape[1] != self.widths[0]:
            raise ShapeError(
                f"network: expected inputs of shape (n, {self.widths[0]}), got {inputs.shape}"
            )
        return inputs

    def checked_targets(self, batch, dtype):
        """The targets as an array, if they fit the inputs."""
        batch = as_batch(batch)
        n = self.checked_inputs(batch.inputs).shape[0]
        return LOSSES[self.loss].targets(batch.targets, n, self.widths[-1], dtype)


def _parameters(theta):
    """Polynomials and arrays of floats in their own type; all other real numbers as float64."""
    kind = getattr(theta, "dtype", np.dtype(object))
    if isinstance(theta, Taylor) or (kind.kind == "f" and kind.isnative and kind.itemsize > 2):
        return theta
    return as_real(theta, "network: expected parameters as an array of real numbers")

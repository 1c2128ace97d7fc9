"""A network with its data, as the methods of the book train it."""

from typing import NamedTuple

from .data import Batch, Data, minibatches
from .fully_connected import Network


class Model(NamedTuple):
    """A network and the data that it is trained on.

    Parameters
    ----------
    network : Network
    data : Data

    Examples
    --------
    >>> import numpy as np
    >>> import refimpl
    >>> from refimpl.network import two_moons
    >>> rng = np.random.default_rng(0)
    >>> model = Model(Network((2, 8, 2)), two_moons(rng))
    >>> start = model.network.initial(rng)
    >>> jac = model.noisy_gradient(32, rng)
    >>> result = refimpl.minimize(model.value, start, jac=jac, method="adam", alpha=0.02, steps=200)
    >>> model.accuracy(result.x) > 0.9
    True
    """

    network: Network
    data: Data

    def value(self, theta):
        """Loss over all training records."""
        return self.network.value(theta, self.data.train)

    def gradient(self, theta, batch=None):
        """Gradient of the loss, shape (D,).

        Parameters
        ----------
        theta : ndarray of shape (D,)
        batch : Batch or array of int, optional
            Records, or indices of training records; by default all of them.
        """
        if batch is None:
            batch = self.data.train
        elif not isinstance(batch, Batch):
            batch = self.data.train.take(batch)
        return self.network.gradient(theta, batch)

    def noisy_gradient(self, size, rng):
        """A function ``theta -> gradient`` that takes the next minibatch at each call.

        Given to `refimpl.minimize`, each step sees the next one, and the `jac` of the result is
        that of one more.

        Parameters
        ----------
        size : int
            Records a minibatch.
        rng : numpy.random.Generator

        Raises
        ------
        RangeError
            For a size that is not from 1 to the number of training records.
        """
        batches = minibatches(len(self.data.train.inputs), size, rng)

        def gradient(theta):
            return self.gradient(theta, next(batches))

        return gradient

    def accuracy(self, theta, part="test"):
        """Share of the records that are classified right.

        Parameters
        ----------
        theta : ndarray of shape (D,)
        part : str, optional
            ``"test"`` or ``"train"``.
        """
        return self.network.accuracy(theta, getattr(self.data, part))

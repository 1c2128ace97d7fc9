"""A small fully connected network: its parameters, loss and gradient, and data to train it on.

The forward pass is ordinary NumPy, so it runs on arrays and on Taylor polynomials alike; the
gradient is backpropagation by hand.

Chapter "Summaries of higher-order derivatives" of the book.
"""

from .activations import ACTIVATIONS
from .data import Batch, Data, digits, minibatches, split, standardized, two_moons
from .fully_connected import Network
from .losses import LOSSES, one_hot
from .model import Model

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "Batch",
    "Data",
    "Model",
    "Network",
    "digits",
    "minibatches",
    "one_hot",
    "split",
    "standardized",
    "two_moons",
]

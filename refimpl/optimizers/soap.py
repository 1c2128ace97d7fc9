"""SOAP on a vector: Adam along the eigenvectors of the gradients' second moment.

Provenance: [vyas2025]_. It follows their program: the first gradient finds axes alone, the mean
turns with them, squares are permuted. It departs in `eps`, and keeps axes where nothing was seen.
"""

from typing import NamedTuple

import numpy as np

from .._compile.border import public
from ..linear_algebra.gram_schmidt import straighten_all
from ..online_pca import second_moment
from .adam import AdamParameters, AdamState
from .adam import step as adam_step
from .method import Method


class SOAPParameters(NamedTuple):
    """`alpha`, `beta1`, `beta2`, `eps`: Adam's; `period`: steps for which the axes stay."""

    alpha: float = 3e-3
    beta1: float = 0.95
    beta2: float = 0.95
    eps: float = 1e-8
    period: int = 10


class SOAPState(NamedTuple):
    moment: np.ndarray  # (D, D), second moment of the gradients
    V: np.ndarray  # (D, D), its eigenvectors, as rows
    adam: AdamState  # along them
    count: int  # gradients so far


@public
def start(theta, directions, parameters):
    """The state before the first gradient: the axes are those of the coordinates."""
    still = AdamState(np.zeros(theta.size), np.zeros(theta.size), 1.0, 1.0)
    return SOAPState(np.zeros((theta.size, theta.size)), np.eye(theta.size), still, 0)


@public
def step(state, theta, gradient, parameters):
    """``theta += V^T adam(V g)`` but for the first gradient, then a QR step of the axes `V`."""
    moment, V, adam, count = state
    moved, rates = np.zeros(theta.size), AdamParameters(*parameters[:4])
    if count > 0:
        moved, adam = adam_step(adam, moved, V @ gradient, rates)
    theta = theta + moved @ V  # eq-soap
    moment = second_moment(moment, gradient, 1.0 - parameters.beta2)
    if count % parameters.period == 0:
        order = np.argsort(-np.sum((V @ moment) * V, axis=1), kind="mergesort")
        W = V[order] @ moment
        straighten_all(W, V[order])  # eq-soap-axes
        V, adam = W, AdamState(W @ (adam.mean @ V), adam.square[order], adam.decay1, adam.decay2)
    return theta, SOAPState(moment, V, adam, count + 1)


soap = Method("soap", SOAPParameters, start, step, "Vyas et al. 2025", "Adam along turning axes")

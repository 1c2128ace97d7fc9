"""Solution of project `axes`, by Householder's factorization, whose signs are then set."""

import numpy as np


def signed(A):
    """Orthogonal and triangular factor, the diagonal of the second positive."""
    Q, R = np.linalg.qr(A)
    sign = np.where(np.diag(R) < 0, -1.0, 1.0)
    return Q * sign, sign[:, None] * R


def orthonormalize(W):
    return signed(W.T)[0].T


def oja(V, x, gamma):
    return orthonormalize(V + gamma * np.outer(V @ x, x))


def inject(V, x, turn):
    return orthonormalize(V + turn * x)


def qr_step(H, shift=0.0):
    rotation = signed(H + shift * np.eye(len(H)))[0]
    return {"rotation": rotation, "rotated": rotation.T @ H @ rotation}


def shifted_qr_step(H):
    return qr_step(H, np.abs(H).sum(axis=1).max())

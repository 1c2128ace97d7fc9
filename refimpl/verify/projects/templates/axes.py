"""Project `axes`: a basis that turns toward gradients, and the QR step that makes it eigenvectors.

A few hours. You need chapters "Online PCA" and "The QR step" of the book. Write the five functions
below, and look how far you are by

    refimpl check-project axes axes.py

All arrays are NumPy's float64. A basis is a matrix of shape (d, D) whose *rows* are the directions.
"""

import numpy as np


def orthonormalize(W):
    """Orthonormal rows that span what the first rows of `W` span, for each number of them.

    The k-th new row points to the same side as the k-th old one. A row that is nearly in the span
    of those before it must still come out orthogonal to them, to the last digits.
    """
    raise NotImplementedError("orthonormalize is not written yet")


def oja(V, x, gamma):
    """Oja's rule: each row leans toward the gradient `x` as much as it shares with it."""
    raise NotImplementedError("oja is not written yet")


def inject(V, x, turn):
    """Injection: all rows lean toward the gradient by the same amount."""
    raise NotImplementedError("inject is not written yet")


def qr_step(H):
    """One QR step of a symmetric matrix: a dictionary of `rotation` and `rotated`.

    `rotation` is the orthogonal factor for which the triangular one has a positive diagonal, and
    `rotated` is `H` in its frame.
    """
    raise NotImplementedError("qr_step is not written yet")


def shifted_qr_step(H):
    """The same with a shift that makes all eigenvalues positive: the largest row sum of moduli."""
    raise NotImplementedError("shifted_qr_step is not written yet")


if __name__ == "__main__":
    H = np.array([[2.0, 1.0], [1.0, -1.0]])
    for _ in range(30):
        H = shifted_qr_step(H)["rotated"]
    print(H)  # nearly diagonal, the larger eigenvalue first

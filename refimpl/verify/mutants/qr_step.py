"""Mistakes in porting the QR step, each seen in a single answer."""

from functools import partial

from .mutant import OP, Mutant

_mutant = partial(Mutant, tier=OP, family="qr_step")

MUTANTS = (
    _mutant(
        "signs-of-the-diagonal",
        "The diagonal of `R` keeps whatever signs the rotations leave.",
        "qr_step",
        "if R[k, k] < 0.0:",
        "if False:",
        part="rotation",
    ),
    _mutant(
        "rows-for-columns",
        "`Q^T` is returned as `Q`.",
        "qr_step",
        "return QT.T.copy() + 0.0",
        "return QT.copy() + 0.0",
        part="rotation",
    ),
    _mutant(
        "turned-the-other-way",
        "The matrix is turned the other way, `Q H Q^T`.",
        "qr_step",
        "        Q = orthogonal_factor(A)  # eq-qr-step\n"
        "        return QRStep(rotation=Q, rotated=unscaled(congruence(Q, A), exponent))",
        "        Q = orthogonal_factor(A)  # eq-qr-step\n"
        "        return QRStep(rotation=Q, rotated=unscaled(congruence(Q.T, A), exponent))",
        part="rotated",
    ),
    _mutant(
        "shift-not-taken-off",
        "The shift that was added stays in the result.",
        "qr_step",
        "        # Q^T A Q is R Q - mu I without the digits that adding and subtracting mu would "
        "cost.\n"
        "        return QRStep(rotation=Q, rotated=unscaled(congruence(Q, A), exponent))",
        "        return QRStep(rotation=Q, rotated=unscaled(congruence(Q, shifted), exponent))",
        flag="equal-moduli",
        part="rotated",
    ),
    _mutant(
        "shift-left-out",
        "The matrix is factored without the shift.",
        "qr_step",
        "Q = orthogonal_factor(shifted)  # eq-shifted-qr-step",
        "Q = orthogonal_factor(A)  # eq-shifted-qr-step",
        flag="equal-moduli",
        part="rotation",
    ),
    _mutant(
        "shift-of-the-last-row",
        "The shift is taken from the last row, not from the largest.",
        "qr_step",
        "mu = max(mu, row)",
        "mu = row",
        part="rotation",
    ),
    _mutant(
        "shift-without-moduli",
        "The shift is the largest row sum of the entries, not of their moduli.",
        "qr_step",
        "row += abs(A[i, j])",
        "row += A[i, j]",
        flag="negative-definite",
        part="rotation",
    ),
    _mutant(
        "single-precision-copy",
        "The working copy of the matrix is one of single precision.",
        "qr_step",
        "A[i, j] = A[j, i] = 0.5 * (a + b)",
        "A[i, j] = A[j, i] = np.float32(0.5 * (a + b))",
        flag="float32-inside",
        part="rotation",
    ),
    _mutant(
        "one-half-read",
        "The lower half alone is read, the upper one never compared with it.",
        "qr_step",
        "if abs(a - b) > ASYMMETRY:",
        "if False:",
        flag="not-symmetric",
        part="error",
    ),
)

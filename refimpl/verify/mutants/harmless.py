"""The same results by another way: each of these copies must pass completely."""

from .mutant import Mutant

VARIANTS = (
    Mutant(
        "as-it-is",
        "The package as it is, uncompiled: what the variants are compared with.",
        "regression",
        "gain = beta / weight",
        "gain = beta / weight",
    ),
    Mutant(
        "lapack",
        "Eigenvalues by LAPACK and products by BLAS, in place of Jacobi's rotations and loops.",
        "linear_algebra/symmetric_eigen",
        "JACOBI_LIMIT = 8",
        "JACOBI_LIMIT = 0",
    ),
    Mutant(
        "householder-rows",
        "Orthonormal rows by `numpy.linalg.qr`, the signs put right, in place of Gram-Schmidt, "
        "unless a row is lost.",
        "linear_algebra/gram_schmidt",
        "    for i in range(W.shape[0]):\n"
        "        if straighten(W, i) == 0.0:\n"
        "            complete(W, i, old)",
        "    size = np.max(np.abs(W), axis=1, keepdims=True)\n"
        "    Q, R = np.linalg.qr((W / np.where(size > 0.0, size, 1.0)).T)\n"
        "    if np.min(np.abs(np.diag(R))) > 1e-12:\n"
        "        W[:] = (Q * np.where(np.diag(R) < 0.0, -1.0, 1.0)).T\n"
        "        return\n"
        "    for i in range(W.shape[0]):\n"
        "        if straighten(W, i) == 0.0:\n"
        "            complete(W, i, old)",
    ),
    Mutant(
        "householder-factor",
        "The QR factor by `numpy.linalg.qr`, the signs put right, in place of plane rotations.",
        "qr_step",
        "    R = 1.0 * A\n",
        "    Q, R = np.linalg.qr(A)\n    return Q * np.where(np.diag(R) < 0.0, -1.0, 1.0)\n",
    ),
    Mutant(
        "other-signs",
        "Every eigenvector with the opposite sign.",
        "linear_algebra/symmetric_eigen",
        "    sort_columns(values, E)\n    return values, E",
        "    sort_columns(values, E)\n    return values, -E",
    ),
    Mutant(
        "sums-from-the-end",
        "The sums of the change of basis are taken from the last term.",
        "linear_algebra/symmetric_eigen",
        "total = 0.0\n            for k in range(d):",
        "total = 0.0\n            for k in range(d - 1, -1, -1):",
    ),
    Mutant(
        "means-as-averages",
        "Means as weighted averages, `(1 - gain) mean + gain theta`.",
        "regression",
        "mean_theta=state.mean_theta + gain * delta_theta",
        "mean_theta=(1.0 - gain) * state.mean_theta + gain * theta",
    ),
    Mutant(
        "covariance-by-increments",
        "The covariance by its increment, `C + gain (d d^T (1 - gain) - C)`.",
        "regression",
        "new[i, j] = keep * C[i, j] + add * (a[i] * b[j])",
        "new[i, j] = C[i, j] + (1.0 - keep) * ((add * a[i]) / (1.0 - keep) * b[j] - C[i, j])",
    ),
    Mutant(
        "inverse-by-library",
        "The inverse by `numpy.linalg.pinv`, in place of the eigenvalues at hand.",
        "regression",
        "return _scaled(B, unit) @ congruence(E.T, inverse)",
        "return B @ np.linalg.pinv(C, rcond=UNVISITED, hermitian=True)",
    ),
    Mutant(
        "one-large-system",
        "Symmetric least squares as one system for all entries, refined once, in place of the "
        "eigenbasis.",
        "regression",
        "        D = e.size\n        largest",
        "        D = e.size\n"
        "        A = np.kron(C + ridge * np.eye(D), np.eye(D))\n"
        "        A += np.kron(np.eye(D), C + ridge * np.eye(D))\n"
        "        b = (B + B.T).ravel()\n"
        "        x = np.linalg.lstsq(A, b, rcond=UNVISITED)[0]\n"
        "        x = x + np.linalg.lstsq(A, b - A @ x, rcond=UNVISITED)[0]\n"
        "        x = x.reshape(D, D)\n"
        "        return 0.5 * (x + x.T)\n"
        "        largest",
    ),
    Mutant(
        "step-as-a-matrix",
        "The saddle-free step as a product of matrices, in place of a sum over eigenvectors.",
        "repulsion",
        "            for k in range(d):\n                step[k] -= along / curvature * E[k, i]",
        "            step -= (E[:, i] / curvature) * along",
    ),
    Mutant(
        "shift-added-and-subtracted",
        "`R Q - mu I` of the shifted matrix, in place of `Q^T H Q`.",
        "qr_step",
        "        # Q^T A Q is R Q - mu I without the digits that adding and subtracting mu would "
        "cost.\n"
        "        return QRStep(rotation=Q, rotated=unscaled(congruence(Q, A), exponent))",
        "        back = congruence(Q, shifted) - mu * np.eye(d)\n"
        "        return QRStep(rotation=Q, rotated=unscaled(back, exponent))",
    ),
    Mutant(
        "momentum-as-an-average",
        "The momentum as a weighted average, and the position by one product more.",
        "optimizers/momentum",
        "state.momentum + parameters.gamma * (gradient - state.momentum)",
        "(1.0 - parameters.gamma) * state.momentum + parameters.gamma * gradient",
    ),
    Mutant(
        "both-corrections-first",
        "Adam's averages are both corrected before the quotient, as in its paper.",
        "optimizers/adam",
        "np.where(scale > 0.0, mean / np.where(scale > 0.0, scale, 1.0), 0.0)",
        "mean / (1.0 - decay1) / (eps + np.sqrt(square / (1.0 - decay2)) + (scale == 0.0))",
    ),
    Mutant(
        "sum-formed-at-once",
        "The gradient is injected by adding it to every row, as the formula says, without the "
        "detour that spares the digits of the rows.",
        "online_pca",
        "        for j in range(i + 1, d):\n"
        "            W[j] -= b[i] * b[j] / denominator * W[i]\n"
        "            b[j] /= denominator\n",
        "",
    ),
)

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
        "WeightedMean(weight, gain, off, mean + gain * off)",
        "WeightedMean(weight, gain, off, (1.0 - gain) * mean + gain * x)",
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
        "The inverse by `numpy.linalg.inv` where every direction has been visited, not by the "
        "eigenvalues at hand; elsewhere as in the book.",
        "regression",
        "return _scaled(B, unit) @ congruence(E.T, inverse)",
        "if np.count_nonzero(inverse) == D:\n"
        "            return B @ np.linalg.inv(C)\n"
        "        return _scaled(B, unit) @ congruence(E.T, inverse)",
    ),
    Mutant(
        "one-large-system",
        "Symmetric least squares as one system for all entries, refined once, in place of the "
        "eigenbasis; only where the smallest variance is above 1e-8 of the largest, no unit is "
        "changed and no variance is within rounding. Elsewhere, where a system loses the digits "
        "that the eigenbasis keeps, as in the book.",
        "regression",
        "        D = e.size\n        largest",
        "        D = e.size\n"
        "        if e[0] > 1e-8 * e[D - 1] and unit == 1.0 and not np.any(noise):\n"
        "          A = np.kron(C + ridge * np.eye(D), np.eye(D))\n"
        "          A += np.kron(np.eye(D), C + ridge * np.eye(D))\n"
        "          b = (B + B.T).ravel()\n"
        "          x = np.linalg.lstsq(A, b, rcond=UNVISITED)[0]\n"
        "          x = x + np.linalg.lstsq(A, b - A @ x, rcond=UNVISITED)[0]\n"
        "          x = x.reshape(D, D)\n"
        "          return 0.5 * (x + x.T)\n"
        "        largest",
    ),
    Mutant(
        "step-as-a-matrix",
        "The saddle-free step as a product of matrices, in place of a sum over eigenvectors.",
        "repulsion",
        "            for k in range(d):\n                step[k] -= along * E[k, i]",
        "            step -= E[:, i] * along",
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
        "sums-without-rounding",
        "The sums of the change of basis without intermediate rounding, as with fused operations.",
        "linear_algebra/symmetric_eigen",
        "            total = 0.0\n"
        "            for k in range(d):\n"
        "                total += E[k, i] * AE[k, j]\n",
        "            total = math.fsum(E[k, i] * AE[k, j] for k in range(d))\n",
    ),
    Mutant(
        "radius-by-hypot",
        "The radius of a plane rotation by `hypot`.",
        "linear_algebra/symmetric_eigen",
        "radius = np.sqrt(difference * difference + twice * twice)",
        "radius = np.hypot(difference, twice)",
    ),
    Mutant(
        "rows-in-blocks",
        "Each pass of Gram-Schmidt takes all earlier rows at once, twice as before.",
        "linear_algebra/gram_schmidt",
        "        for j in range(i):\n            row -= (W[j] @ row) * W[j]\n",
        "        row = row - (W[:i] @ row) @ W[:i]\n",
    ),
    Mutant(
        "rows-three-times",
        "Gram-Schmidt makes three passes.",
        "linear_algebra/gram_schmidt",
        "    for _ in range(2):\n",
        "    for _ in range(3):\n",
    ),
    Mutant(
        "length-by-library",
        "The length of a scaled vector by `numpy.linalg.norm`.",
        "linear_algebra/gram_schmidt",
        "length = np.sqrt(n @ n)",
        "length = np.linalg.norm(n)",
    ),
    Mutant(
        "weight-from-the-other-side",
        "The sum of the weights by what is missing from 1.",
        "regression",
        "weight = weight + beta * (1.0 - weight)",
        "weight = 1.0 - (1.0 - beta) * (1.0 - weight)",
    ),
    Mutant(
        "lever-by-another-library",
        "The lever of an extremum by `math.hypot`.",
        "regression",
        "lever = np.hypot(1.0, offset / np.sqrt(spread))",
        "lever = math.hypot(1.0, offset / np.sqrt(spread))",
    ),
    Mutant(
        "row-sums-by-library",
        "The sum of a row by NumPy, pairwise.",
        "repulsion",
        "            row = 0.0\n"
        "            for j in range(d):\n"
        "                row += abs(H[i, j])\n",
        "            row = np.abs(H[i]).sum()\n",
    ),
    Mutant(
        "outside-by-matrices",
        "What the subspace misses by two products with the basis.",
        "online_pca",
        "        rest = x.copy()\n"
        "        for i in range(V.shape[0]):\n"
        "            rest -= (V[i] @ x) * V[i]  # eq-outside\n"
        "        return rest",
        "        return x - (V @ x) @ V",
    ),
    Mutant(
        "adam-by-increments",
        "Adam's mean by its increment.",
        "optimizers/adam",
        "mean = beta1 * state.mean + (1.0 - beta1) * gradient",
        "mean = state.mean + (1.0 - beta1) * (gradient - state.mean)",
    ),
    Mutant(
        "reciprocal-first",
        "Adam multiplies with the reciprocal of its scale.",
        "optimizers/adam",
        "mean / np.where(scale > 0.0, scale, 1.0), 0.0)",
        "mean * (1.0 / np.where(scale > 0.0, scale, 1.0)), 0.0)",
    ),
    Mutant(
        "quotient-of-roots",
        "ogr's ratio of spreads as a quotient of roots.",
        "optimizers/ogr",
        "return np.sqrt(max(a, 0.0) / b) if b > 0.0 else 0.0",
        "return np.sqrt(max(a, 0.0)) / np.sqrt(b) if b > 0.0 else 0.0",
    ),
    Mutant(
        "line-fitted-anew",
        "ogr fits its line once more before it is asked what it foresees, in place of keeping it.",
        "optimizers/ogr",
        "miss = came - H @ (model.V",
        "miss = came - regression.symmetric_hessian(model.line, 0.0) @ (model.V",
    ),
    Mutant(
        "agreement-below-zero",
        "ogr's agreement may be negative: the larger of two lengths is then the other one.",
        "optimizers/ogr",
        "max(share - beta / (2.0 - beta), 0.0)",
        "share - beta / (2.0 - beta)",
    ),
    Mutant(
        "carried-without-a-change",
        "ogr's statistics are carried to new scales that are the old ones, too.",
        "optimizers/coordinate_scales",
        "    if np.all(change == 1.0):\n        return model\n",
        "",
    ),
    Mutant(
        "scales-by-a-power",
        "The scales by a power of the quotient and their geometric mean.",
        "optimizers/coordinate_scales",
        "return np.exp((1.0 - by_chance / variance) * off)",
        "return np.exp(off) ** (1.0 - by_chance / variance)",
    ),
    Mutant(
        "taylor-sums-by-loops",
        "The sums of Taylor arithmetic term by term, at any length.",
        "taylor/series",
        "    if high - low < 3:\n",
        "    if high - low < 300:\n",
    ),
    Mutant(
        "damping-with-the-direction",
        "Grouped Newton damps the direction, then multiplies by the rate.",
        "optimizers/grouped_newton",
        "theta[index] -= share * rate * direction[index]",
        "theta[index] -= rate * (share * direction[index])",
    ),
    Mutant(
        "window-by-numpy",
        "The mean over a window of summaries by NumPy's mean.",
        "optimizers/averages",
        "rows[:count].sum(axis=0) / count",
        "rows[:count].mean(axis=0)",
    ),
    Mutant(
        "plain-model-in-one-go",
        "The plain model without scaling its rows and columns.",
        "optimizers/grouped_newton",
        "unit * np.linalg.solve(scaled, unit * g)",
        "np.linalg.solve(A, g)",
    ),
)

"""Mistakes in porting the regression, each seen in a single answer."""

from functools import partial

from .mutant import OP, Mutant

_mutant = partial(Mutant, tier=OP, family="regression")

MUTANTS = (
    _mutant(
        "decay-before-adding",
        "The old covariance decays, the new product does not: `(1 - beta) C + beta d d^T`.",
        "regression",
        "keep, add = 1.0 - x.gain, (1.0 - x.gain) * x.gain",
        "keep, add = 1.0 - x.gain, x.gain",
        flag="decay-order",
        part="C_thetatheta",
    ),
    _mutant(
        "new-mean-in-the-exact-recursion",
        "The products are those of the distances from the new means, in the recursion that needs "
        "the old ones.",
        "regression",
        "keep, add = 1.0 - x.gain, (1.0 - x.gain) * x.gain",
        "keep, add = 1.0 - x.gain, (1.0 - x.gain) ** 3 * x.gain",
        flag="old-new-mean",
        part="C_thetatheta",
    ),
    _mutant(
        "old-mean-in-the-new-mean-form",
        "The products are those of the distances from the old means, in the form of the programs, "
        "which takes the new ones.",
        "regression",
        "    centred_theta = np.where(delta_theta == 0.0, 0.0, theta - mean_theta)\n"
        "    centred_g = np.where(delta_g == 0.0, 0.0, gradient - mean_g)\n",
        "    centred_theta, centred_g = delta_theta, delta_g\n",
        flag="old-new-mean",
        part="C_thetatheta",
    ),
    _mutant(
        "one-old-mean-one-new",
        "Positions are centred before their mean is moved, gradients after it.",
        "regression",
        "centred_theta = np.where(delta_theta == 0.0, 0.0, theta - mean_theta)",
        "centred_theta = delta_theta",
        flag="old-new-mean",
        part="C_thetatheta",
    ),
    _mutant(
        "transposed-covariance",
        "`C_thetag` is kept where `C_gtheta` belongs.",
        "regression",
        "_blend(keep, state.C_gtheta, add, g.off, x.off)",
        "_blend(keep, state.C_gtheta, add, x.off, g.off)",
        flag="transposed",
        part="C_gtheta",
    ),
    _mutant(
        "weight-left-out",
        "`beta` itself is the gain: it is not divided by the sum of the weights.",
        "regression",
        "gain = beta / weight",
        "gain = beta",
        flag="bias-correction",
        part="mean_theta",
    ),
    _mutant(
        "weight-of-the-next-step",
        "The gain is divided by the sum of the weights of the step after.",
        "regression",
        "gain = beta / weight",
        "gain = beta / (weight + beta * (1.0 - weight))",
        flag="off-by-one",
        part="mean_theta",
    ),
    _mutant(
        "effective-size-of-many",
        "The effective sample size is that after infinitely many steps, `(2 - beta) / beta`.",
        "regression",
        "return (2.0 - state.beta) / state.beta * state.weight / (2.0 - state.weight)",
        "return (2.0 - state.beta) / state.beta",
        flag="bias-correction",
        part="curvature_error",
    ),
    _mutant(
        "one-degree-of-freedom",
        "The residual is divided by `n_eff - 1`, as if one parameter had been fitted, not two.",
        "regression",
        "height_error = np.sqrt(residual / (n_eff - 2.0))",
        "height_error = np.sqrt(residual / (n_eff - 1.0))",
        flag="off-by-one",
        part="curvature_error",
    ),
    _mutant(
        "scale-of-the-variance-forgotten",
        "Covariances of the new-mean form are taken for exact ones: their factor `1 - beta` stays "
        "in the spread.",
        "regression",
        "spread = variance[i] / state.scale",
        "spread = variance[i]",
        part="curvature_error",
    ),
    _mutant(
        "extremum-on-the-other-side",
        "The zero crossing is `mean + g / lambda` in place of `mean - g / lambda`.",
        "regression",
        "extremum[i] = state.mean_theta[i] - offset",
        "extremum[i] = state.mean_theta[i] + offset",
        part="extremum",
    ),
    _mutant(
        "errors-added-as-such",
        "The errors of height and slope are added, not their squares.",
        "regression",
        "lever = np.hypot(1.0, offset / np.sqrt(spread))",
        "lever = 1.0 + abs(offset) / np.sqrt(spread)",
        part="extremum_error",
    ),
    _mutant(
        "division-after-the-rotation",
        "The sums of eigenvalues divide the matrix after it has been rotated back.",
        "regression",
        "                total = e[i] + e[j] + 2.0 * ridge\n"
        "                known = total > max(UNVISITED * largest, least[i] + least[j], LEAST)\n"
        "                H[i, j] = H[i, j] / total if known else 0.0  # eq-lyapunov\n"
        "        return congruence(E.T, H)",
        "                H[i, j] = H[i, j]\n"
        "        H, total = congruence(E.T, H), e.reshape(D, 1) + e + 2.0 * ridge\n"
        "        return np.where(total > UNVISITED * largest, H, 0.0) / np.maximum(total, 1e-300)",
        flag="division-order",
        part="result",
    ),
    _mutant(
        "half-of-the-matrix",
        "`C_gtheta` counts twice where it should be added to its transpose.",
        "regression",
        "H = congruence(E, right + right.T)",
        "H = congruence(E, right + right)",
        flag="transposed",
        part="result",
    ),
    _mutant(
        "ridge-once",
        "The ridge is added to the sum of two eigenvalues once, not for each of them.",
        "regression",
        "total = e[i] + e[j] + 2.0 * ridge",
        "total = e[i] + e[j] + ridge",
        flag="eps-placement",
        part="result",
    ),
    _mutant(
        "ridge-on-the-wrong-side",
        "The ridge is added to `C_gtheta`, where it should be added to `C_thetatheta`.",
        "regression",
        "H = congruence(E, right + right.T)",
        "H, ridge = congruence(E, right + right.T + 2.0 * ridge * np.eye(e.size)), 0.0",
        flag="eps-placement",
        part="result",
    ),
    _mutant(
        "prior-in-the-wrong-statistic",
        "The second prior variance goes into `C_gtheta`, and `C_gg` starts at 0.",
        "regression",
        "C_gtheta=np.zeros((D, D)),\n        C_gg=c_g * eye,",
        "C_gtheta=c_g * eye,\n        C_gg=np.zeros((D, D)),",
        part="C_gtheta",
    ),
    _mutant(
        "prior-variances-exchanged",
        "The prior variances of positions and gradients are exchanged in the diagonal start.",
        "regression",
        "C_thetatheta=np.full(D, c_theta),",
        "C_thetatheta=np.full(D, c_g),",
        part="C_thetatheta",
    ),
    _mutant(
        "inverse-on-the-wrong-side",
        "`C_thetatheta^{-1} C_gtheta` in place of `C_gtheta C_thetatheta^{-1}`.",
        "regression",
        "return _scaled(B, unit) @ congruence(E.T, inverse)",
        "return congruence(E.T, inverse) @ _scaled(B, unit)",
        flag="transposed",
        part="result",
    ),
    _mutant(
        "inverse-of-what-is-singular",
        "Every eigenvalue that is not exactly 0 is inverted, those that are rounding too.",
        "regression",
        "if e[i] > max(UNVISITED * e[D - 1], least[i], LEAST):",
        "if e[i] != 0.0:",
        flag="rank-deficient",
        part="result",
    ),
    _mutant(
        "threshold-of-single-precision",
        "Directions count as never visited from a millionth of the largest variance on.",
        "regression",
        "UNVISITED = 1e-12",
        "UNVISITED = 1e-6",
        flag="collinear",
        part="result",
    ),
    _mutant(
        "root-of-the-product",
        "The root of the product of the covariances in place of the product of their roots.",
        "regression",
        "return _square_root(C_thetatheta) @ _square_root(C_gg)",
        "return _square_root(C_thetatheta @ C_gg)",
        part="result",
    ),
    _mutant(
        "single-precision-distance",
        "The distance from the mean passes through one variable of single precision.",
        "regression",
        "off = apart(x, mean, gain)",
        "off = (x - mean).astype(np.float32).astype(np.float64)",
        flag="float32-inside",
        part="mean_theta",
    ),
    _mutant(
        "mean-of-the-products",
        "The variance as the mean of the squares minus the square of the mean: equal on paper, "
        "but far from the origin all digits cancel.",
        "regression",
        "C_thetatheta=_blend(keep, state.C_thetatheta, add, x.off, x.off),",
        "C_thetatheta=_blend(\n"
        "            1.0,\n"
        "            _blend(keep, _blend(1.0, state.C_thetatheta, 1.0, state.mean_theta,\n"
        "                                state.mean_theta), x.gain, theta, theta),\n"
        "            -1.0,\n"
        "            x.mean,\n"
        "            x.mean,\n"
        "        ),",
        flag="far-mean",
        part="C_thetatheta",
    ),
    _mutant(
        "comparison-that-nan-passes",
        "A weight outside its range is refused by two comparisons, both of which are false for "
        "NaN.",
        "regression",
        "if not (0.0 < beta <= 1.0):",
        "if beta <= 0.0 or beta > 1.0:",
        flag="nan-input",
        part="error",
    ),
    _mutant(
        "constant-coordinate-divided",
        "A variance of 0 divides too.",
        "regression",
        "if variance[i] <= max(least[i] * least[i], LEAST):",
        "if variance[i] < 0.0:",
        flag="constant-theta",
        part="curvature",
    ),
    _mutant(
        "new-mean-state-goes-on",
        "A state of the new-mean form goes on in the exact recursion without a word.",
        "regression",
        "if state.scale != 1.0:",
        "if False:",
        flag="wrong-state",
        part="error",
    ),
    _mutant(
        "zero-bias-start-goes-on",
        "A zero-bias start goes on in the new-mean form without a word.",
        "regression",
        "if state.weight != 1.0:",
        "if False:",
        flag="wrong-state",
        part="error",
    ),
    _mutant(
        "exact-state-goes-on",
        "A state of the exact recursion, or of another `beta`, goes on in the new-mean form "
        "without a word.",
        "regression",
        "if state.beta != 0.0 and (state.beta != beta or state.scale != 1.0 - beta):",
        "if False:",
        flag="wrong-state",
        part="error",
    ),
)

"""Both sides of every threshold of the pieces, within a factor of ten, and scales far from 1.

Next to a threshold all is exact: matrices are diagonal, or outer products of small integers, so
that rounding decides nothing.
"""

import numpy as np

from .cases import Case, dyadic, empty

COLLINEAR, DEPENDENT = ("collinear",), ("rank-deficient",)
FAINT, LARGE = ("subnormal-scale",), ("huge-scale",)
FITS = ("hessian", "symmetric_hessian", "correlated_hessian")
STEPS = ("repulsion.newton", "repulsion.saddle_free", "repulsion.row_sum_bound")


def spread(variances, slopes, mean=0.0, beta=0.25, **others):
    """A state with these variances, independent of each other, and these slopes along the axes."""
    D = len(variances)
    C, H = np.diag(variances), np.full((D, D), 0.25) + np.diag(slopes)
    found = empty(D, (1.0, 0.0)) | {"beta": beta, "C_thetatheta": C}
    found |= {"C_gtheta": H @ C, "C_gg": H @ C @ H.T}
    means = np.zeros(D)
    means[0] = mean
    return found | {"mean_theta": means, "mean_gradient": dyadic_means(D)} | others


def dyadic_means(D):
    """Gradients at the means, of a few digits."""
    return np.array([0.5, -0.75, 1.25, -2.0])[:D]


def fits(flags, state, names=FITS):
    """The matrix fits of a state."""
    for name in names:
        given = {"state": state} | ({"ridge": 0.0} if name == "symmetric_hessian" else {})
        yield Case(f"regression.{name}", flags, given, binary32=False)


def lines(flags, state):
    """The line along each coordinate, whole and diagonal."""
    diagonal = {name: np.diag(state[name]).copy() for name in state if name.startswith("C_")}
    for given in (state, state | diagonal):
        yield Case("regression.slope", flags, {"state": given}, binary32=False)


def regression():
    """Variances that are small, and variances that are small beside others."""
    # Far below 1, but all there is: no cut-off of a size of its own may meet them.
    for power in (-46, -46 - 200):
        for ratios in ([1.0, 1.0], [1.0, 0.5, 4.0]):
            state = spread(np.array(ratios) * 2.0**power, [1.0, -2.0, 0.5][: len(ratios)])
            yield from fits(FAINT, state)
            yield from lines(FAINT, state)
    # Beside the largest: what counts as visited ends at 1e-12, 2^-39.9, of the largest, and for a
    # symmetric fit with the sum of two variances.
    for flags, power, names in (
        (COLLINEAR, -33, FITS),
        (COLLINEAR, -39, FITS),
        (COLLINEAR, -40, FITS[1:]),
        (DEPENDENT, -42, FITS),
        (DEPENDENT, -43, FITS),
    ):
        for scale in (1.0, 2.0**-40, 2.0**30):
            if power in (-33, -43) or scale == 1.0:
                state = spread(np.array([1.0, 2.0**power]) * scale, [1.0, -2.0])
                yield from fits(flags, state, names)
    # The smallest that is above rounding at all, and what is below it.
    for flags, power in ((FAINT, -1054), (("constant-theta",), -1058)):
        state = spread([2.0**power, 0.25], [1.0, 2.0])
        state["C_gtheta"] = np.diag([2.0**power, 0.5])
        yield from lines(flags, state)
    # About a mean far out rounding leaves 2^-29 of a deviation, 2^-58 of a variance.
    for flags, power in ((("far-mean",), -56), (("far-mean", "constant-theta"), -60)):
        state = spread([2.0**power, 1.0 if power == -60 else 2.0**-50], [1.0, -2.0], 2.0**20)
        yield from lines(flags, state)
        yield from fits(flags, state, FITS[:2])
    # With the new means and a weight of 1 nothing of a spread is left.
    state = spread([1.0, 0.5], [1.0, -2.0], beta=1.0, scale=0.0)
    yield from lines(("constant-theta", "off-by-one"), state)
    for prior in (-1.0, (1.0, -0.5), (-0.25, 1.0), (np.inf, 0.0)):
        for name in ("regression.start", "regression.start_diagonal"):
            flags = ("inf-input" if np.isinf(np.ravel(prior)[0]) else "out-of-range",)
            yield Case(name, flags, {"D": 2, "prior": prior}, error="RangeError")
    # A number whose square overflows is refused, half of it is taken.
    for op, before in (
        ("regression.update", empty(2)),
        ("regression.update_new_mean", empty(2, 1.0)),
    ):
        for size, error in ((2e153, "NotFiniteError"), (0.5e153, "")):
            given = {"state": before, "theta": np.array([1.0, size]), "beta": 0.25}
            given["gradient"] = np.array([-size, 2.0])
            yield Case(op, LARGE, given, error=error, binary32=False)

    # So small that their sums have no digits unless they are scaled.
    yield from fits(FAINT, spread([2.0**-900, 2.0**-901], [1.0, -2.0]), FITS[:2])
    yield from _refused()
    # About a mean far out, where the share of the largest variance would not leave it out.
    for flags, power in ((("far-mean",), -56), (("far-mean", "constant-theta"), -60)):
        yield from fits(flags, spread([2.0**power, 2.0**-30], [1.0, -2.0], 2.0**20))


def _refused():
    """States that no start and no update makes."""
    good = spread([1.0, 0.5], [1.0, -2.0])
    diagonal = {name: np.diag(good[name]).copy() for name in good if name.startswith("C_")}
    shape, other = ("wrong-shape",), ("wrong-state",)
    for name in ("regression.start", "regression.start_diagonal"):
        yield Case(name, shape, {"D": 0, "prior": None}, error="ShapeError")
    for flags, changed, error in (
        (shape, {"C_thetatheta": np.eye(3)}, "ShapeError"),
        (shape, {"C_gg": np.eye(3)}, "ShapeError"),
        (shape, {"mean_gradient": np.ones(3)}, "ShapeError"),
        (other, {"weight": 1.5}, "StateError"),
        (other, {"scale": -0.5}, "StateError"),
    ):
        yield Case("regression.slope", flags, {"state": good | changed}, error=error)
    broken = np.array([[1.0, np.nan], [np.nan, 1.0]])
    for name in FITS:
        for flags, changed, error in (
            (other, diagonal, "StateError"),
            (("nan-input",), {"C_thetatheta": broken}, "NotFiniteError"),
        ):
            given = {"state": good | changed}
            given |= {"ridge": 0.0} if name == FITS[1] else {}
            yield Case(f"regression.{name}", flags, given, error=error)
    for name in ("regression.update", "regression.update_new_mean"):
        given = {"state": empty(2, 1.0), "theta": np.eye(2), "gradient": np.ones(2), "beta": 0.25}
        yield Case(name, shape, given, error="ShapeError")


def repulsion():
    """Eigenvalues that are 0 but for rounding, and eigenvalues that only look so."""
    g2, g3 = np.array([1.0, -0.75]), np.array([1.0, -0.75, 0.625])

    def along(flags, H, g, ops=STEPS[:2], div=1.0, cut=0.0, **options):
        for op in ops:
            bounds = {} if op == STEPS[0] else {"div": div, "cut": cut}
            yield Case(op, flags, {"H": H, "g": g} | bounds, **options)

    # Rounding is d eps times the largest modulus: 2^-51 here.
    for flags, small in (
        (COLLINEAR, 2.0**-30),
        (COLLINEAR, -(2.0**-24)),
        (COLLINEAR, -(2.0**-50)),
        (COLLINEAR, 2.0**-49),
        (DEPENDENT, -(2.0**-52)),
        (DEPENDENT, 2.0**-53),
    ):
        for sign in (1.0, -1.0):
            yield from along(flags, np.diag([sign, small]), g2, binary32=False)
    # What is largest is the modulus, not the eigenvalue.
    for v in ([1.0, 2.0], [1.0, -2.0, 2.0], [2.0, 1.0, -1.0, 3.0]):
        H = -np.outer(v, v)
        g = np.array([1.0, -0.75, 0.625, -0.5])[: len(v)]
        for scale in (1.0, 2.0**-900, 2.0**600):
            yield from along(("rank-deficient", "negative-definite"), H * scale, g * scale)
        yield from along(("rank-deficient", "negative-definite"), H, g, STEPS[1:], 1.5, 0.75)
    for scale in (2.0**-400, 2.0**400):
        H = np.diag([1.0, -(2.0**-30), 2.0**-20]) * scale
        yield from along(COLLINEAR, H, g3 * scale, binary32=False)
    # Noise between the halves of the matrix is borne up to one part in a million of its size; where
    # there is no gradient it shows nowhere else.
    for scale in (1.0, 2.0**30, 2.0**-30):
        for off, error in ((2.0**-20, ""), (2.0**-22, ""), (2.0**-19, "NotSymmetricError")):
            H = np.array([[1.0, 0.5], [0.5 + off, -0.75]]) * scale
            flags = ("not-symmetric", "zero-gradient")
            yield from along(flags, H, np.zeros(2), STEPS, error=error)
    # What `div` makes of an eigenvalue may be as large as half the largest number.
    yield from along(LARGE, np.diag([2.0**1000, 1.0]), g2 * 2.0**1000, STEPS[1:], 2.0**22)
    # A vector is no matrix.
    yield from along(("wrong-shape",), g2, g2, STEPS, error="ShapeError")
    # The number of rows counts: what is still rounding, beside 1, with three of them and with four.
    for sign in (1.0, -1.0):
        for diagonal in ([0.5, sign, -sign * 2.0**-51], [sign, -0.5, 0.25, sign * 0.75 * 2.0**-50]):
            g = np.array([1.0, -0.75, 0.625, -0.5])[: len(diagonal)]
            yield from along(DEPENDENT, np.diag(diagonal), g, binary32=False)


def qr_step():
    """Noise between the halves of a matrix, on both sides of what is borne."""
    for scale in (1.0, 2.0**30, 2.0**-30):
        for off, error in ((2.0**-21, ""), (2.0**-19, "NotSymmetricError")):
            # In units of the power of two next to the largest entry.
            H = np.array([[0.75, 0.5, 0.25], [0.5 + off, -0.625, 0.5], [0.25, 0.5, 0.5]]) * scale
            for op in ("qr_step.qr_step", "qr_step.shifted_qr_step"):
                yield Case(op, ("not-symmetric",), {"H": H}, error=error)
    for op in ("qr_step.qr_step", "qr_step.shifted_qr_step"):
        yield Case(op, ("wrong-shape",), {"H": np.ones(2)}, error="ShapeError")
        H = np.full((2, 2), 1.5e308)
        yield Case(op, ("huge-scale",), {"H": H}, error="NotFiniteError", binary32=False)


def online_pca(rng):
    """Rows that all but depend on each other, and injections as long as a million rows."""

    def rows(flags, *W):
        given = {"W": np.array(W)}
        return Case("online_pca.orthonormalize", flags, given, binary32=False, exact=True)

    # Rounding is 4 d eps of a row, 2^-49 for two rows and 2^-48.4 for three.
    for power, flags in ((-34, COLLINEAR), (-48, COLLINEAR), (-50, DEPENDENT), (-52, DEPENDENT)):
        for scale in (1.0, 2.0**-300, 2.0**300):
            if scale == 1.0 or power in (-34, -50):
                yield rows(flags, [scale, 0.0, 0.0], [scale, 2.0**power * scale, 0.0])
        tail = 2.0 ** (power + (1 if power == -48 else 0))
        yield rows(flags, [1.0, 0, 0, 0], [0.0, 1, 0, 0], [1.0, 1.0, 0.0, tail * np.sqrt(4.0)])
    # A row that a gradient cancels, but for this much.
    for power, flags in ((-34, COLLINEAR), (-46, COLLINEAR), (-51, DEPENDENT)):
        V = np.array([[-1.0, 2.0**power, 0.0], [0.0, 0.0, 1.0]])
        given = {"V": V, "x": np.array([1.0, 0.0, 0.0]), "turn": 1.0}
        yield Case("online_pca.inject", flags, given, binary32=False, exact=True)
    # So long that a sum of row and gradient has lost the digits of the row.
    for d, D in ((2, 3), (2, 5), (3, 6)):
        for length in (2.0**11, 2.0**14, 2.0**20):
            V = np.eye(D)[:d] + dyadic(rng, (d, D), 6, 2.0**-4)
            given = {"V": V, "x": dyadic(rng, D, 6, length), "turn": 1.0}
            yield Case("online_pca.inject", (*COLLINEAR, *LARGE), given, binary32=False)
    for d, D in ((2, 3), (3, 6)):
        V = np.eye(D)[:d] + dyadic(rng, (d, D), 6, 2.0**-4)
        given = {"V": V, "x": dyadic(rng, D, 6, 2.0**8), "gamma": 0.5}
        yield Case("online_pca.oja", (*COLLINEAR, *LARGE), given, binary32=False)
    # Directions of no length: what is added is all there is, and an axis takes the second place.
    given = {"V": np.zeros((2, 3)), "x": np.array([2.0, 0.0, 0.0]), "turn": 0.5}
    yield Case("online_pca.inject", ("rank-deficient", "first-step"), given, exact=True)
    square, vector = np.eye(2), np.ones(2)
    for op, given in (
        ("oja", {"V": square, "x": square, "gamma": 0.5}),
        ("inject", {"V": vector, "x": vector, "turn": 0.5}),
        ("transport", {"V_old": square, "V_new": square, "C": vector}),
        ("orthonormalize", {"W": vector}),
    ):
        yield Case(f"online_pca.{op}", ("wrong-shape",), given, error="ShapeError")
    # The number of rows counts: what two rows, and three, still call rounding.
    for d, left in ((2, 1.25 * 2.0**-49), (3, 1.75 * 2.0**-49)):
        V = np.eye(d, d + 1, 1)
        V[0] = [-1.0, left, *np.zeros(d - 1)]
        for sign in (1.0, -1.0):
            given = {"V": sign * V, "x": sign * np.eye(d + 1)[0], "turn": 1.0}
            yield Case("online_pca.inject", DEPENDENT, given, binary32=False, exact=True)

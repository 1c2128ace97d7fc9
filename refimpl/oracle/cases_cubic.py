"""Cases of the cubic model: every outcome, and what lies close to its border."""

import numpy as np

from .cases import Case, dyadic, symmetric

OP = "cubic.minimize_cubic"
SIZES = (1, 2, 3, 4, 5, 6, 8)
# As strings of words; every number else is compared in its digits.
COMPARE = {"outcome": "exact"}


def cases(draw=np.random.default_rng):
    """All of them, in the order of their numbers; others with another `draw` of generators."""
    rng = draw(20250117)
    for family in (
        _definite,
        _indefinite,
        _wide,
        _one_group,
        _small_gradient,
        _hard,
        _nearly_hard,
        _without_gradient,
        _singular,
        _free,
        _quadratic,
        _unbounded,
        _tiny,
        _scaled,
    ):
        yield from family(rng)
    yield from wrong()
    yield from _against_each_other(draw(20250306))


def _against_each_other(rng):
    """Two groups without a cubic term that fall together for ever, though neither does alone."""
    for coupling in (3.0, -5.0):
        H = np.array([[1.0, coupling, 0.25], [coupling, 1.0, 0.0], [0.25, 0.0, 2.0]])
        yield case(("unbounded",), H, dyadic(rng, 3), np.array([0.0, 0.0, 1.0]))


def case(flags, H, g, d, strength=1.0, **options):
    """One case; the strength is a hyperparameter."""
    given = {"hessian": H, "gradient": g, "d": d, "strength": strength}
    return Case(OP, flags, given, compare=COMPARE, **options)


def strengths(rng):
    """Mostly 1, sometimes 1/4, 3 or 8."""
    return float(rng.choice([1.0, 1.0, 0.25, 3.0, 8.0]))


def positive(rng, S, size=1.0):
    """``B B^T`` plus a diagonal, of few digits."""
    B = dyadic(rng, (S, S), 4, 2.0)
    return size * (B @ B.T + np.diag(abs(dyadic(rng, S, 4))))


def moduli(rng, S, decades=0.0):
    """Positive numbers of few digits, over about so many powers of ten."""
    powers = np.rint(rng.uniform(-decades, decades, S) * 0.5 / np.log10(2.0))
    return rng.integers(4, 8, S) / 4.0 * 2.0**powers


def reflection(rng, S):
    """An orthogonal matrix times a number, in small integers: its columns are exact axes."""
    u = rng.integers(1, 3, S, endpoint=True) * (2.0 * rng.integers(0, 2, S) - 1.0)
    return (u @ u) * np.eye(S) - 2.0 * np.outer(u, u)


def turned(rng, spectrum, d):
    """A Hessian of which ``D^{-1} H D^{-1}`` has this spectrum, times a number; and its axes."""
    Q = reflection(rng, len(spectrum))
    scale = 2.0 ** -int(np.log2(Q[0] @ Q[0]))
    reduced = Q @ np.diag(np.array(spectrum, dtype=float)) @ Q * scale
    return reduced * np.outer(d, d), Q


def _definite(rng):
    for S in (*SIZES, 12, 16):
        for _ in range(3 if S > 8 else 6):
            yield case(
                ("normal",), positive(rng, S), dyadic(rng, S), moduli(rng, S), strengths(rng)
            )


def _indefinite(rng):
    for S in (*SIZES[1:], 12, 16):
        for _ in range(3 if S > 8 else 7):
            H = symmetric(rng, S, size=2.0)
            yield case(
                ("normal", "exact-saddle"), H, dyadic(rng, S), moduli(rng, S), strengths(rng)
            )
    for S in (2, 3, 5):
        H = -positive(rng, S)
        yield case(("negative-definite",), H, dyadic(rng, S), moduli(rng, S))


def _wide(rng):
    for S in (2, 3, 4, 5, 8, 12, 16):
        for k in range(4 if S > 8 else 10):
            H = positive(rng, S) if k % 2 else symmetric(rng, S, size=2.0)
            yield case(("wide-units",), H, dyadic(rng, S), moduli(rng, S, 6.0), strengths(rng))
    for S in (3, 4, 6):
        for _ in range(5):
            # Curvature, gradient and third derivative of each group in a unit of its own.
            units = moduli(rng, S, 6.0)
            H = symmetric(rng, S, size=2.0) * np.outer(units, units)
            yield case(("wide-units",), H, dyadic(rng, S) * units, moduli(rng, S) * units)


def _one_group(rng):
    for curvature in (2.0, 0.0, -2.0):
        for g in (1.5, -1.5, 2.0**-30, -(2.0**-30)):
            H = np.array([[curvature]])
            yield case(("one-dimension",), H, np.array([g]), np.array([0.75]), strengths(rng))


def _small_gradient(rng):
    for S in (2, 3, 4, 8):
        for power in (-20, -60, -200):
            for H in (symmetric(rng, S, size=2.0), positive(rng, S)):
                g = dyadic(rng, S) * 2.0**power
                yield case(("small-gradient",), H, g, moduli(rng, S, 2.0), binary32=power > -60)


def _short(rng, spectrum, Q, bottom):
    """Components along the axes, none along the first `bottom`, of less than the radius."""
    c = dyadic(rng, len(spectrum), 6)
    c[:bottom] = 0.0
    # At the pole the solution is the gradient over the gaps; the axes are as long as a row of `Q`.
    gaps = np.array(spectrum) - spectrum[0]
    reach = np.linalg.norm(Q[0]) * np.linalg.norm(c[bottom:] / gaps[bottom:])
    return c * 2.0 ** np.floor(np.log2(abs(spectrum[0]) / reach) - 1.0)


SADDLES = (
    [-1.0, 2.0],
    [-2.0, 1.0],
    [-2.0, -1.0, 3.0],
    [-1.0, 0.5, 1.0],
    [-3.0, 0.0, 1.0, 2.0],
    [-1.0, -0.5, 2.0, 4.0],
    [-1.0, 1.0, 2.0, 3.0, 5.0],
    [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0],
)


def _hard(rng):
    for decades in (0.0, 2.0, 6.0):
        for spectrum in SADDLES:
            d = 2.0 ** np.rint(rng.uniform(-decades, decades, len(spectrum)) * 1.6)
            H, Q = turned(rng, spectrum, d)
            g = d * (Q @ _short(rng, spectrum, Q, 1))
            flags = ("hard-case",) if decades == 0.0 else ("hard-case", "wide-units")
            yield case(flags, H, g, d, float(rng.choice([1.0, 0.5])))
            yield case(flags, H, 2.0**-40 * g, d, binary32=False)
    for spectrum in ([-1.0, -1.0, 2.0], [-2.0, -2.0, -2.0, 1.0], [-1.0, -1.0, -0.5, 2.0]):
        d = np.ones(len(spectrum))
        H, Q = turned(rng, spectrum, d)
        bottom = spectrum.count(spectrum[0])
        yield case(("hard-case", "repeated-eigenvalue"), H, Q @ _short(rng, spectrum, Q, bottom), d)
    for diagonal in ([-1.0, 1.0], [2.0, -1.0, 3.0], [1.0, 4.0, -2.0, 0.5]):
        g = dyadic(rng, len(diagonal), 4, 0.25)
        g[np.argmin(diagonal)] = 0.0
        yield case(("hard-case",), np.diag(diagonal), g, np.ones(len(diagonal)))


def _nearly_hard(rng):
    for spectrum in SADDLES:
        for power in (-8, -16, -22):
            for decades in (0.0, 2.0):
                d = 2.0 ** np.rint(rng.uniform(-decades, decades, len(spectrum)) * 1.6)
                H, Q = turned(rng, spectrum, d)
                c = _short(rng, spectrum, Q, 1)
                sign = float(rng.choice([-1.0, 1.0]))
                c[0] = sign * 2.0**power * abs(c[1:]).max()
                yield case(("nearly-hard",), H, d * (Q @ c), d, binary32=power > -16)
    for power in (-30, -100, -300):
        for sign in (-1.0, 1.0):
            # The groups do not interact: the smallest entry decides with all its digits.
            g = np.array([sign * 2.0**power, 0.25, -0.125])
            yield case(
                ("nearly-hard",), np.diag([-1.0, 1.0, 2.0]), g, np.ones(3), binary32=power > -60
            )
    # A gradient so large that the root is beyond the pole, though it does not see the bottom.
    for spectrum in SADDLES[2:6]:
        H, Q = turned(rng, spectrum, np.ones(len(spectrum)))
        c = 2.0**8 * _short(rng, spectrum, Q, 1)
        yield case(("nearly-hard",), H, Q @ c, np.ones(len(spectrum)))


def _without_gradient(rng):
    for S in (1, 2, 4, 6):
        yield case(("zero-gradient",), positive(rng, S), np.zeros(S), moduli(rng, S))
        yield case(("zero-gradient",), np.zeros((S, S)), np.zeros(S), moduli(rng, S))
        H, _ = turned(rng, [0.0, *range(1, S)], np.ones(S))
        yield case(("zero-gradient", "rank-deficient"), H, np.zeros(S), np.ones(S))
        yield case(("zero-gradient",), positive(rng, S), np.zeros(S), np.zeros(S))
        d = moduli(rng, S)
        H, _ = turned(rng, [-2.0, *range(1, S)], d)
        yield case(("zero-gradient", "hard-case"), H, np.zeros(S), d)
    for spectrum in ([-1.0, -1.0], [-1.0, -1.0, 2.0], [-1.0, -1.0, -1.0]):
        H, _ = turned(rng, spectrum, np.ones(len(spectrum)))
        flags = ("zero-gradient", "hard-case", "repeated-eigenvalue")
        yield case(flags, H, np.zeros(len(spectrum)), np.ones(len(spectrum)))


def _with_zeros(rng, S, zeros):
    """Moduli of which the last ones are 0."""
    d = moduli(rng, S, 2.0)
    d[S - zeros :] = 0.0
    return d


def _shuffled(rng, H, g, d):
    order = rng.permutation(d.size)
    return H[np.ix_(order, order)], g[order], d[order]


def _singular(rng):
    for S in (2, 3, 4, 6, 8, 12, 16):
        for k in range(4 if S > 8 else 8):
            zeros = int(rng.integers(1, S))
            H = positive(rng, S) if k % 2 else symmetric(rng, S, size=2.0)
            H[S - zeros :, S - zeros :] = positive(rng, zeros, 0.25)
            given = _shuffled(rng, H, dyadic(rng, S), _with_zeros(rng, S, zeros))
            yield case(("singular-cubic",), *given, strengths(rng))
    for S, zeros in ((2, 1), (3, 1), (4, 2), (6, 3)):
        # No force on the groups with a cubic term, at the minimum of the others.
        H = positive(rng, S)
        x = np.r_[np.zeros(S - zeros), dyadic(rng, zeros, 4)]
        given = _shuffled(rng, H, H @ x, _with_zeros(rng, S, zeros))
        yield case(("singular-cubic", "no-cubic-force"), *given)


def _semidefinite(rng, m, rank):
    """Positive semidefinite of this rank, in small integers, all diagonal entries positive."""
    while True:
        B = rng.integers(-3, 4, (m, rank)).astype(float)
        if np.all(np.diag(B @ B.T) > 0.0) and np.linalg.matrix_rank(B) == rank:
            return B @ B.T


def _free_problem(rng, S, zeros, rank):
    """Groups of which `zeros` have no cubic term and leave ``zeros - rank`` directions free."""
    inside = _semidefinite(rng, zeros, rank)
    others = S - zeros
    across = inside @ rng.integers(-1, 2, (zeros, others)).astype(float)
    H = np.zeros((S, S))
    H[:others, :others] = symmetric(rng, others, size=2.0) if others else 0.0
    H[others:, others:] = inside
    H[others:, :others], H[:others, others:] = across, across.T
    g = np.r_[dyadic(rng, others), inside @ rng.integers(-2, 3, zeros)]
    return H, g, _with_zeros(rng, S, zeros)


def _free(rng):
    for S, zeros, rank in (
        (3, 2, 1),
        (4, 2, 1),
        (4, 3, 1),
        (4, 3, 2),
        (5, 3, 2),
        (6, 4, 2),
        (8, 4, 3),
        (8, 6, 2),
    ):
        for _ in range(4):
            given = _shuffled(rng, *_free_problem(rng, S, zeros, rank))
            yield case(("singular-cubic", "free-direction"), *given)
    for S in (2, 3, 5):
        for H in (positive(rng, S), symmetric(rng, S, size=2.0)):
            # A dead group: nothing depends on its rate.
            d, g = moduli(rng, S), dyadic(rng, S)
            H[0], H[:, 0], g[0], d[0] = 0.0, 0.0, 0.0, 0.0
            yield case(("singular-cubic", "free-direction"), *_shuffled(rng, H, g, d))


def _quadratic(rng):
    for S in (1, 2, 3, 4, 6, 8, 16):
        for _ in range(2):
            H, g = positive(rng, S), dyadic(rng, S)
            yield case(("no-cubic-term",), H, g, np.zeros(S), strengths(rng))
    for S, rank in ((2, 1), (3, 2), (4, 2), (6, 4)):
        H = _semidefinite(rng, S, rank)
        g = H @ rng.integers(-2, 3, S)
        yield case(("no-cubic-term", "free-direction"), H, g, np.zeros(S))


def _unbounded(rng):
    flags = ("unbounded",)
    for S in (1, 2, 3, 4, 6, 8):
        yield case(flags, -positive(rng, S), dyadic(rng, S), np.zeros(S))
        yield case(flags, np.zeros((S, S)), dyadic(rng, S), np.zeros(S))
    for S, zeros in ((2, 1), (3, 2), (4, 2), (5, 2), (6, 3), (8, 5)):
        d = _with_zeros(rng, S, zeros)
        H = positive(rng, S)
        H[S - zeros :, S - zeros :] *= -1.0
        yield case(flags, *_shuffled(rng, H, dyadic(rng, S), d))
        # Curvature of neither sign in one group: its gradient, or another's reply, is enough.
        H = positive(rng, S)
        H[S - 1], H[:, S - 1] = 0.0, 0.0
        g = dyadic(rng, S)
        yield case(flags, *_shuffled(rng, H, g, d))
        H[0, S - 1] = H[S - 1, 0] = 2.0**-20
        g[S - 1] = 0.0
        yield case(flags, *_shuffled(rng, H, g, d))
    for S, zeros, rank in ((3, 2, 1), (4, 3, 2), (6, 4, 2), (8, 4, 3)):
        for power in (0, -12):
            H, g, d = _free_problem(rng, S, zeros, rank)
            pushed = g.copy()
            pushed[S - 1] += 2.0**power
            yield case(flags, *_shuffled(rng, H, pushed, d))
            H[0, S - 1] += 2.0**power
            H[S - 1, 0] += 2.0**power
            yield case(flags, *_shuffled(rng, H, g, d))
    # Each group by itself curves upward.
    yield case(flags, np.array([[1.0, 2.0], [2.0, 1.0]]), dyadic(rng, 2), np.zeros(2))
    H = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, -1.0], [1.0, -1.0, 1.0]])
    yield case(flags, H, dyadic(rng, 3), np.zeros(3))


def _tiny(rng):
    for power in (-20, -60, -200, -330):
        for S in (2, 3, 4, 6):
            d = moduli(rng, S)
            d[int(rng.integers(S))] *= 2.0**power
            for H in (positive(rng, S), symmetric(rng, S, size=2.0)):
                # Below, rates of a falling group would be beyond all floats.
                if power > -200 or np.linalg.eigvalsh(H).min() > 0.0:
                    yield case(("tiny-cubic",), H, dyadic(rng, S), d, binary32=power > -60)


def _scaled(rng):
    H, g, d = symmetric(rng, 3, size=2.0), dyadic(rng, 3), moduli(rng, 3)
    for power in (-330, -100, 100, 330):
        # The loss in another unit, its third derivatives as well; or the strength instead of them.
        flag, loss = "huge-scale" if power > 0 else "subnormal-scale", 2.0 ** (3 * power)
        yield case((flag,), H * loss, g * loss, d * 2.0**power)
        yield case((flag,), H * loss, g * loss, d, loss)
    for powers in ([-300, 0, 300], [400, -400, 100], [-200, -200, -200]):
        units = 2.0 ** np.array(powers, dtype=float)
        flag = "huge-scale" if max(powers) > 0 else "subnormal-scale"
        yield case((flag, "wide-units"), H * np.outer(units, units), g * units, d * units)


def wrong():
    """Inputs that have no answer."""
    H, g, d = np.eye(2), np.array([1.0, 2.0]), np.array([1.0, 0.5])
    for flag, bad in (("nan-input", np.nan), ("inf-input", np.inf)):
        spoilt = H.copy()
        spoilt[0, 1] = spoilt[1, 0] = bad
        yield case((flag,), spoilt, g, d, error="NotFiniteError")
        yield case((flag,), H, np.array([1.0, bad]), d, error="NotFiniteError")
        yield case((flag,), H, g, np.array([bad, 1.0]), error="NotFiniteError")
        yield case((flag,), H, g, d, bad, error="RangeError")
    crooked = np.array([[1.0, 0.5], [0.25, 1.0]])
    yield case(("not-symmetric",), crooked, g, d, error="NotSymmetricError")
    yield case(("out-of-range",), H, g, np.array([1.0, -1.0]), error="RangeError")
    for strength in (0.0, -1.0):
        yield case(("out-of-range",), H, g, d, strength, error="RangeError")
    yield case(("wrong-shape",), np.eye(3), g, d, error="ShapeError")
    yield case(("wrong-shape",), H, g, np.ones(3), error="ShapeError")

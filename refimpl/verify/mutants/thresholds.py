"""Ports whose thresholds are of another size, absolute, or of another quantity."""

from .mutant import OP, Mutant

_R, _P, _O, _G = "regression", "repulsion", "online_pca", "linear_algebra/gram_schmidt"
_LINE = "if variance[i] <= max(least[i] * least[i], LEAST):"
_PAIR = "known = total > max(UNVISITED * largest, least[i] + least[j], LEAST)"
_PLAIN = "if e[i] > max(UNVISITED * e[D - 1], least[i], LEAST):"
_ROUNDING = "rounding = d * EPS * max(abs(values[0]), abs(values[d - 1]))"
_SHARE = "if share <= 4.0 * W.shape[0] * EPS:"
_CANCELLED = "if np.sqrt(W[i] @ W[i]) <= 4.0 * d * EPS * length:"
_NOISE = "if excess > 0.0 and excess > ASYMMETRY * np.abs(H).max():"
# Name, mistake, source, text, put, quantity, and the family if it is not that of the source.
_ROWS = (
    (
        "line-cut-off-at-1e-12",
        "A line needs a variance above 1e-12.",
        _R,
        _LINE,
        "if variance[i] <= 1e-12:",
        "curvature",
    ),
    (
        "line-cut-off-at-1e-16",
        "A line needs a variance above 1e-16.",
        _R,
        _LINE,
        "if variance[i] <= 1e-16:",
        "curvature",
    ),
    (
        "line-through-rounding",
        "What rounding leaves about a far mean is a variance.",
        _R,
        _LINE,
        "if variance[i] <= LEAST:",
        "curvature",
    ),
    (
        "line-through-subnormals",
        "The smallest subnormal variance has a line.",
        _R,
        _LINE,
        "if variance[i] <= least[i] * least[i]:",
        "curvature",
    ),
    (
        "fit-cut-off-at-1e-12",
        "A symmetric fit needs sums of variances above 1e-12.",
        _R,
        _PAIR,
        "known = total > 1e-12",
        "result",
    ),
    (
        "fit-cut-off-at-1e-9-of-all",
        "A symmetric fit needs 1e-9 of the largest.",
        _R,
        _PAIR,
        "known = total > max(1e-9 * largest, least[i] + least[j], LEAST)",
        "result",
    ),
    (
        "fit-cut-off-at-1e-15-of-all",
        "A symmetric fit needs 1e-15 of the largest.",
        _R,
        _PAIR,
        "known = total > max(1e-15 * largest, least[i] + least[j], LEAST)",
        "result",
    ),
    (
        "fit-where-both-are-visited",
        "A symmetric fit needs both variances, not the sum.",
        _R,
        _PAIR,
        "known = min(e[i], e[j]) > max(UNVISITED * largest, LEAST)",
        "result",
    ),
    (
        "fit-through-rounding",
        "A symmetric fit takes the rounding about a far mean.",
        _R,
        _PAIR,
        "known = total > max(UNVISITED * largest, LEAST)",
        "result",
    ),
    (
        "inverse-cut-off-at-1e-12",
        "A plain fit needs variances above 1e-12.",
        _R,
        _PLAIN,
        "if e[i] > 1e-12:",
        "result",
    ),
    (
        "inverse-cut-off-at-1e-9-of-all",
        "A plain fit needs 1e-9 of the largest.",
        _R,
        _PLAIN,
        "if e[i] > max(1e-9 * e[D - 1], least[i], LEAST):",
        "result",
    ),
    (
        "inverse-cut-off-at-1e-15-of-all",
        "A plain fit needs 1e-15 of the largest.",
        _R,
        _PLAIN,
        "if e[i] > max(1e-15 * e[D - 1], least[i], LEAST):",
        "result",
    ),
    (
        "inverse-through-rounding",
        "A plain fit takes the rounding about a far mean.",
        _R,
        _PLAIN,
        "if e[i] > max(UNVISITED * e[D - 1], LEAST):",
        "result",
    ),
    (
        "squares-refused-too-early",
        "Observations above 1e100 are refused.",
        _R,
        "BEYOND = 1e153",
        "BEYOND = 1e100",
        "error",
    ),
    (
        "squares-overflow",
        "Observations whose squares overflow are taken.",
        _R,
        "BEYOND = 1e153",
        "BEYOND = np.inf",
        "error",
    ),
    (
        "negative-prior-taken",
        "A prior variance may be negative.",
        _R,
        "if not (0.0 <= c_theta < np.inf and 0.0 <= c_g < np.inf):",
        "if not (c_theta < np.inf and c_g < np.inf):",
        "error",
    ),
    (
        "zero-by-single-precision",
        "A curvature is zero by float32's eps.",
        _P,
        _ROUNDING,
        "rounding = d * 1.2e-7 * max(abs(values[0]), abs(values[d - 1]))",
        "result",
    ),
    (
        "zero-by-the-largest-eigenvalue",
        "Zero is a share of the largest eigenvalue.",
        _P,
        _ROUNDING,
        "rounding = d * EPS * values[d - 1]",
        "result",
    ),
    (
        "zero-by-a-thousand-eps",
        "A curvature is zero below 1000 d eps.",
        _P,
        _ROUNDING,
        "rounding = 1000.0 * d * EPS * max(abs(values[0]), abs(values[d - 1]))",
        "result",
    ),
    (
        "zero-by-eps-alone",
        "A curvature is zero below eps, however many rows there are.",
        _P,
        _ROUNDING,
        "rounding = EPS * max(abs(values[0]), abs(values[d - 1]))",
        "result",
    ),
    (
        "zero-below-1e-300",
        "A curvature is zero below 1e-300 alone.",
        _P,
        _ROUNDING,
        "rounding = 1e-300",
        "result",
    ),
    (
        "noise-refused-at-1e-12",
        "A matrix may differ from its transpose by 1e-12.",
        _P,
        "ASYMMETRY = 1e-6",
        "ASYMMETRY = 1e-12",
        "error",
    ),
    (
        "noise-borne-to-a-hundredth",
        "A matrix may differ from its transpose by 1e-2.",
        _P,
        "ASYMMETRY = 1e-6",
        "ASYMMETRY = 1e-2",
        "error",
    ),
    (
        "noise-absolute",
        "The noise that is borne is 1e-6, whatever the matrix.",
        _P,
        _NOISE,
        "if excess > ASYMMETRY:",
        "error",
    ),
    (
        "dependent-at-1e-10",
        "A row depends on others with 1e-10 of it left.",
        _G,
        _SHARE,
        "if share <= 1e-10:",
        "result",
        _O,
    ),
    (
        "dependent-at-four-eps",
        "A row depends on others with 4 eps of it left, however many there are.",
        _G,
        _SHARE,
        "if share <= 4.0 * EPS:",
        "result",
        _O,
    ),
    (
        "dependent-if-nothing-is-left",
        "A row depends on others if exactly 0 is left.",
        _G,
        _SHARE,
        "if share == 0.0:",
        "result",
        _O,
    ),
    (
        "cancelled-at-1e-10",
        "A row has cancelled with 1e-10 of it left.",
        _O,
        _CANCELLED,
        "if np.sqrt(W[i] @ W[i]) <= 1e-10 * length:",
        "result",
    ),
    (
        "cancelled-at-four-eps",
        "What is left of a row is rounding below 4 eps, however many rows there are.",
        _O,
        _CANCELLED,
        "if np.sqrt(W[i] @ W[i]) <= 4.0 * EPS * length:",
        "result",
    ),
    (
        "cancelled-if-nothing-is-left",
        "A row has cancelled if exactly 0 is left.",
        _O,
        _CANCELLED,
        "if np.sqrt(W[i] @ W[i]) == 0.0:",
        "result",
    ),
    (
        "plain-sum-of-a-long-gradient",
        "A long gradient is added to every row as it is.",
        _O,
        "        for j in range(i + 1, d):\n"
        "            W[j] -= b[i] * b[j] / denominator * W[i]\n"
        "            b[j] /= denominator\n",
        "",
        "result",
    ),
)


def _mutant(name, mistake, file, text, put, part, family=None):
    return Mutant(name, mistake, file, text, put, OP, family or file, part=part)


MUTANTS = tuple(_mutant(*row) for row in _ROWS)

"""Mistakes in porting Taylor arithmetic, each seen in a row of coefficients."""

from .mutant import OP, Mutant

_S, _U = "taylor/series", "taylor/ufuncs"
# Name, mistake, source, text, put.
_ROWS = (
    (
        "quotient-from-the-row-before",
        "The quotient's sum leaves out its first term.",
        _S,
        "q[k] = (row - _sum(b, q, k, 1)) / b[0]",
        "q[k] = (row - _sum(b, q, k, 2)) / b[0]",
    ),
    (
        "quotient-not-divided",
        "Only the first row of a quotient is divided.",
        _S,
        "q[k] = (row - _sum(b, q, k, 1)) / b[0]",
        "q[k] = row / b[0] - _sum(b, q, k, 1)",
    ),
    (
        "exponential-without-its-k",
        "The exponential's rows are not divided by their number.",
        _S,
        "e[k] = _sum(weighted, e, k, 1) / k",
        "e[k] = _sum(weighted, e, k, 1)",
    ),
    (
        "exponential-not-weighted",
        "The exponential takes rows of x for rows of t x'.",
        _S,
        "    e = _start(x, terms, np.exp(x[0]))\n    weighted = _weighted(x)",
        "    e = _start(x, terms, np.exp(x[0]))\n    weighted = 1.0 * x",
    ),
    (
        "tanh-as-a-difference",
        "The slope of tanh far out is 1 - z^2, which cancels.",
        _S,
        "w[0] = 4.0 * e / (1.0 + e) ** 2",
        "w[0] = 1.0 - z[0] * z[0]",
    ),
    (
        "tanh-with-its-square-added",
        "The slope of tanh is 1 + z^2.",
        _S,
        "w[k] = -_sum(z[: k + 1], z[: k + 1], k, 0)",
        "w[k] = _sum(z[: k + 1], z[: k + 1], k, 0)",
    ),
    (
        "tanh-squares-the-first-row",
        "The square in tanh's slope leaves out products with row 0.",
        _S,
        "w[k] = -_sum(z[: k + 1], z[: k + 1], k, 0)",
        "w[k] = -_sum(z[: k + 1], z[:k], k, 0)",
    ),
    ("root-without-its-two", "The rows of a root are not halved.", _S, "/ (2.0 * s[0])", "/ s[0]"),
    (
        "root-counts-both-ends",
        "The root's sum has the product with row 0.",
        _S,
        "(row - _sum(s[:k], s[:k], k, 1)) / (2.0",
        "(row - _sum(s[:k], s[:k], k - 1, 1)) / (2.0",
    ),
    (
        "logarithm-not-divided",
        "The logarithm's sum is not divided by the number of the row.",
        _S,
        "y[k] = (row - _sum(x, weighted, k, 1) / k) / x[0]",
        "y[k] = (row - _sum(x, weighted, k, 1)) / x[0]",
    ),
    (
        "cosine-like-sine",
        "The cosine's rows have the sine's sign.",
        _S,
        "c[k] = sign * _sum(weighted, s, k, 1) / k",
        "c[k] = _sum(weighted, s, k, 1) / k",
    ),
    (
        "hyperbolic-like-circular",
        "The hyperbolic functions have the circular ones' sign.",
        _U,
        "np.cosh: lambda x, terms: series.sin_cos(x, terms, 1.0)[1]",
        "np.cosh: lambda x, terms: series.sin_cos(x, terms)[1]",
    ),
    (
        "square-for-cube",
        "A power stops a squaring too early.",
        _S,
        "        exponent >>= 1\n",
        "        exponent >>= 2\n",
    ),
    (
        "product-without-its-last-row",
        "A product of polynomials lacks its last row.",
        _S,
        "    for shift, term in terms:\n",
        "    for shift, term in list(terms)[:-1] or terms:\n",
    ),
    (
        "power-with-k-and-j-exchanged",
        "The recursion of a power has its indices exchanged.",
        _S,
        "_sum(((exponent + 1.0) * j - k) * x, p, k, 1)",
        "_sum(((exponent + 1.0) * (k - j) - k) * x, p, k, 1)",
    ),
    (
        "arctangent-of-a-difference",
        "The slope of the arctangent is 1 / (1 - x^2).",
        _S,
        "    slope[0] += 1.0\n",
        "    slope, slope[0] = -slope, 1.0 - slope[0]\n",
    ),
    (
        "error-function-without-its-factor",
        "The error function lacks 2 / sqrt(pi).",
        _S,
        "slope = 2.0 / math.sqrt(math.pi) * exp(",
        "slope = 2.0 / math.pi * exp(",
    ),
    (
        "logistic-of-the-whole",
        "The logistic function takes tanh of x, not of x / 2.",
        _S,
        "z = 0.5 * tanh(0.5 * x, terms)",
        "z = 0.5 * tanh(x, terms)",
    ),
    (
        "integral-without-its-k",
        "An integral's rows are not divided by their number.",
        _S,
        "y[k] = _sum(weighted, slope, k, 1) / k",
        "y[k] = _sum(weighted, slope, k, 1)",
    ),
    (
        "base-two-without-its-logarithm",
        "A power of two has the exponential's rows.",
        _U,
        "series.exp(np.log(2.0) * x, terms), np.exp2(x[0])",
        "series.exp(x, terms), np.exp2(x[0])",
    ),
    (
        "modulus-of-every-row",
        "The modulus takes that of each row.",
        _U,
        "np.absolute: lambda x, terms: np.sign(x[0]) * x",
        "np.absolute: lambda x, terms: np.abs(x)",
    ),
    (
        "subtraction-cut-short",
        "A difference has the rows of the minuend with the sign lost.",
        _U,
        "        c[: len(b)] -= b\n",
        "        c[:1] -= b[:1]\n",
    ),
    (
        "smaller-one-forgotten",
        "The logarithm of a sum of exponentials is the larger exponent.",
        _U,
        "return _add(high, series.softplus(low - high, terms), terms)",
        "return high",
    ),
)
# The first that is wrong, where it is not the one array of `taylor.expand`.
_PART = {"product-without-its-last-row": "error", "subtraction-cut-short": "gradient"}
MUTANTS = tuple(
    Mutant(
        name, mistake, file, text, put, OP, "summary", "taylor-factor", _PART.get(name, "result")
    )
    for name, mistake, file, text, put in _ROWS
)

"""Mistakes in porting online PCA, each seen in a single answer."""

from functools import partial

from .mutant import OP, Mutant

_mutant = partial(Mutant, tier=OP, family="online_pca", part="result")

MUTANTS = (
    _mutant(
        "rows-from-the-last",
        "Gram-Schmidt begins with the last row.",
        "linear_algebra/gram_schmidt",
        "    for i in range(W.shape[0]):\n"
        "        if straighten(W, i) == 0.0:\n"
        "            complete(W, i, old)",
        "    W[:] = W[::-1].copy()\n"
        "    for i in range(W.shape[0]):\n"
        "        if straighten(W, i) == 0.0:\n"
        "            complete(W, i, old)\n"
        "    W[:] = W[::-1].copy()",
    ),
    _mutant(
        "gram-schmidt-once",
        "Classical Gram-Schmidt: all components are those of the row as given, taken away once.",
        "linear_algebra/gram_schmidt",
        "    for _ in range(2):\n"
        "        for j in range(i):\n"
        "            row -= (W[j] @ row) * W[j]",
        "    row = row - (W[:i] @ row) @ W[:i]",
        flag="collinear",
    ),
    _mutant(
        "signs-made-positive",
        "Each row is given the sign that makes its first entry positive.",
        "linear_algebra/gram_schmidt",
        "W[i] = row / share\n",
        "W[i] = np.copysign(1.0, row[0]) * row / share\n",
    ),
    _mutant(
        "dependent-rows-left",
        "A row that depends on those before it stays as it is.",
        "linear_algebra/gram_schmidt",
        "if straighten(W, i) == 0.0:\n            complete(W, i, old)",
        "straighten(W, i)",
        flag="rank-deficient",
    ),
    _mutant(
        "length-without-a-scale",
        "The length is the root of the sum of the squares, at whatever scale they are.",
        "linear_algebra/gram_schmidt",
        "    n = x / size\n"
        "    length = np.sqrt(n @ n)\n"
        "    return n / length, min(size, HUGE) * length",
        "    length = np.sqrt(x @ x)\n    return x / length, length",
        flag="huge-scale",
    ),
    _mutant(
        "rate-squared",
        "Oja's rate enters with its square.",
        "online_pca",
        "_times(np.sqrt(gamma), length) ** 2",
        "_times(gamma, length) ** 2",
    ),
    _mutant(
        "every-row-alike",
        "All rows lean toward the gradient alike, where Oja's lean by what they share with it.",
        "online_pca",
        "** 2 * (U @ n), n)",
        "** 2 * np.ones(V.shape[0]), n)",
    ),
    _mutant(
        "gradient-normalised",
        "The gradient is normalised before it is injected, where the raw one belongs.",
        "online_pca",
        "_times(turn, _over(length, size))",
        "_times(turn, _over(1.0, size))",
    ),
    _mutant(
        "old-and-new-exchanged",
        "The statistics are carried from the new basis to the old one.",
        "online_pca",
        "carried(np.ascontiguousarray(V_new) @ np.ascontiguousarray(V_old).T, C)",
        "carried(np.ascontiguousarray(V_old) @ np.ascontiguousarray(V_new).T, C)",
    ),
    _mutant(
        "symmetrised-on-the-way",
        "What is carried over is symmetrised, `C_gtheta` as well.",
        "online_pca",
        "return symmetric + (0.5 * skew - 0.5 * skew.T)",
        "return symmetric",
        flag="transposed",
    ),
    _mutant(
        "zero-gradient-divided",
        "The gradient is divided by its length, be it 0.",
        "linear_algebra/gram_schmidt",
        "if size == 0.0:\n        return np.zeros(x.size), 0.0",
        "if size == 0.0:\n        return np.full(x.size, np.nan), 0.0",
        flag="zero-gradient",
        part="error",
    ),
    _mutant(
        "last-of-equal-axes",
        "Of equally covered axes the last one takes a lost row's place, not the first.",
        "linear_algebra/gram_schmidt",
        "np.argmin(np.sum(W[:i] ** 2, axis=0))",
        "W.shape[1] - 1 - np.argmin(np.sum(W[:i] ** 2, axis=0)[::-1])",
        flag="rank-deficient",
        part="result",
    ),
    _mutant(
        "an-axis-for-an-old-direction",
        "A row that comes to depend on the others is replaced by a coordinate axis, where an old "
        "direction sticks out of them.",
        "online_pca",
        "straighten_all(W, V)\n    return W",
        "straighten_all(W, V[:0].copy())\n    return W",
        flag="rank-deficient",
    ),
    _mutant(
        "lean-cut-too-early",
        "A lean is taken for complete when it is 1e5 times longer than the basis.",
        "online_pca",
        "LIMIT = 1e50",
        "LIMIT = 1e5",
        flag="huge-scale",
    ),
)

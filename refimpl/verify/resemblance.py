"""What relation a wrong number has to the certified one, where it has a simple one.

Each sentence states a relation that holds to all digits but a few; where none does, none is named.
A number by itself is some multiple of any other, so of single numbers only such factors count as a
mistake makes: small integers and their inverses, and what is made of the case's hyperparameters.

Long: one relation after the other.
"""

import itertools
import math

import numpy as np

from ..vectors import OF_STEPS, REPLAY, TRAJECTORY
from . import compare

# Share of the largest entry by which two arrays may differ and be the same: of the digits that an
# arithmetic has, the last third or so is left to rounding.
NEAR = {"binary64": 1e-9, "binary32": 1e-5}
# How often the unit roundoff of an arithmetic the entries of a difference may be off.
LOST = 8.0
# Whole numbers, or rows in some order, of which fewer agree by accident.
FEW = 6
# Factors that a single number may be off by, and be told so.
SMALL = (2.0, 3.0, 4.0, 6.0, 0.5, 1.0 / 3.0, 0.25, 1.0 / 6.0, math.sqrt(2.0), math.sqrt(0.5))
# Errors of the size of the rounding of single precision, in units of the largest entry.
ROUGH = (2.0**-29, 2.0**-22)
SINGLE = (
    "it has as many digits as single precision; is a part of it computed in float32, a constant "
    "given with too few digits, or a small number as the difference of two large ones?"
)


def looks_like(case, judged, answer, arithmetic):
    """Sentences on the relation of a wrong field to what is certified; none is a list of none."""
    if not answer or case.compare.get(judged.field) not in ("relative", "exact"):
        return []
    steps = case.op in OF_STEPS
    given = answer["steps"][judged.step - 1] if steps else answer
    right = case.out["steps"][judged.step - 1] if steps else case.out
    try:
        a, b = _array(given.get(judged.field), compare.number), _array(right[judged.field])
    except (compare.Unfit, ArithmeticError):
        return []
    if a.shape != b.shape:
        exchanged = a.ndim == b.ndim == 2 and a.shape == b.shape[::-1]
        return ["rows and columns are exchanged"] if exchanged else []
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return []
    names = hyperparameters(case) | _gain(right, judged.field)
    found = []
    if steps:
        found = _of_step(case, judged, a, b, names, arithmetic)
    elif judged.field in case.inputs.get("state", {}):
        before = _array(case.inputs["state"][judged.field], compare.number)
        found = _of_change(a, b, before, "its change", names, arithmetic)
    if not found and judged.field in right:
        found = [
            f"it is the certified {name}"
            for name in right
            if name != judged.field and _is_other(a, b, right[name], arithmetic)
        ][:1]
    found = found or _plain(a, b, names, arithmetic)
    if not found and case.op == REPLAY and judged.field == "theta":
        found = _difference(case, judged.step, a, b, names, arithmetic)
    where = entries(a, b, arithmetic)
    return [*found, *([where] if where else [])]


def _array(value, read=compare.certified):
    shape, entries = compare.flat(value, read)
    return np.array([float(x) for x in entries]).reshape(shape)


def _is_other(a, b, other, arithmetic):
    """Whether the answer is another field of the same step or case, of one shape."""
    try:
        other = _array(other)
    except (compare.Unfit, ArithmeticError):
        return False
    if other.shape != b.shape or not np.isfinite(other).all() or not np.any(other):
        return False
    # A few whole numbers agree by accident.
    if by_accident(a):
        return False
    near = NEAR[arithmetic]
    return close(a, other, near) and not close(other, b, near)


def by_accident(numbers):
    """Whether these are a few whole numbers, which many a mistake makes."""
    return bool(np.all(numbers == np.round(numbers))) and numbers.size < FEW


def number(value, other=None):
    """A number that a case holds, exactly; `other` for what is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        try:
            return float.fromhex(value)
        except ValueError:
            return other
    return other


def hyperparameters(case):
    """Names and values of those that are single numbers, but for whole ones."""
    found = {name: number(given) for name, given in case.params.items() if isinstance(given, str)}
    found = {name: value for name, value in found.items() if value is not None}
    if "beta" in case.inputs.get("state", {}):
        found.setdefault("beta", float.fromhex(case.inputs["state"]["beta"]))
    return {name: value for name, value in found.items() if math.isfinite(value) and value}


def _gain(fields, name):
    """Weight of the newest observation among all, where the fields beside a covariance tell it."""
    prefix = name[: len(name) - len(name.rpartition(".")[2])]
    if name in ("variance_theta", "variance_gradient"):
        # Of all coordinates, as those of the model are of its axes.
        prefix, name = "model.line.", "model.line.C_gg"
    beta, weight = (fields.get(f"{prefix}{part}") for part in ("beta", "weight"))
    if beta is None or weight is None or not name.removeprefix(prefix).startswith(("C_", "mean_")):
        return {}
    gain = float(beta) / float(weight) if float(weight) else 0.0
    return {"gain": gain} if 0.0 < gain < 1.0 else {}


def close(a, b, near):
    """Whether two arrays agree, in units of the largest entry of the second."""
    return a.shape == b.shape and np.max(np.abs(a - b), initial=0.0) <= near * np.max(
        np.abs(b), initial=0.0
    )


def _of_step(case, judged, a, b, names, arithmetic):
    """What a step of a method may leave: the value before it, or a share of its change."""
    t, field = judged.step, judged.field
    before, what = None, ""
    if field == "theta" and case.op != TRAJECTORY and t > 1:
        along = _along(case, t, a, b, arithmetic)
        if along:
            return [along]
    if field == "theta":
        if case.op != TRAJECTORY:
            before = _array(case.inputs["stream"][t - 1]["theta"], compare.number)
        elif t > 1:
            before = _array(case.out["steps"][t - 2]["theta"])
        else:
            before = _array(case.inputs["start"], compare.number)
        what = "the step"
    elif t > 1:
        before, what = _array(case.out["steps"][t - 2][field]), "its change in this step"
    return [] if before is None else _of_change(a, b, before, what, names, arithmetic)


def _along(case, t, a, b, arithmetic):
    """A vector of the step that the wrong step is along, and the certified one is not."""
    seen, before = case.inputs["stream"][t - 1], case.inputs["stream"][t - 2]
    now, last = (case.out["steps"][k] for k in (t - 1, t - 2))
    theta = _array(seen["theta"], compare.number)
    vectors = {
        "the gradient": _array(seen["gradient"], compare.number),
        "the gradient of the step before": _array(before["gradient"], compare.number),
    }
    for name in ("momentum", "mean"):
        if name in now:
            vectors[f"the {name}"] = _array(now[name])
            vectors[f"the {name} of the step before"] = _array(last[name])
    near = 1e3 * NEAR[arithmetic]
    move, wanted = a - theta, b - theta
    found = [
        f"the step is {factor:.7g} times {name}"
        for name, v in vectors.items()
        if v.size == move.size > 1 and np.any(v)
        for factor in [np.sum(move * v) / np.sum(v * v)]
        if close(move, factor * v, near) and not _parallel(wanted, v)
    ]
    return found[0] if len(found) == 1 else ""


def _difference(case, t, a, b, names, arithmetic):
    """A vector of the step along which alone the position is off."""
    seen, now = case.inputs["stream"][t - 1], case.out["steps"][t - 1]
    g = _array(seen["gradient"], compare.number)
    vectors = {"the gradient": g}
    if "momentum" in now:
        vectors["the momentum"] = _array(now["momentum"])
    basis = _array(now["model.V"]) if "model.V" in now else np.zeros((0, g.size))
    if 0 < len(basis) < g.size:
        for name, v in list(vectors.items()):
            inside = (basis @ v) @ basis
            vectors[f"what model.V holds of {name}"] = inside
            vectors[f"what model.V misses of {name}"] = v - inside
    near, off = 1e3 * NEAR[arithmetic], a - b
    found = []
    for name, v in vectors.items():
        if v.size > 1 and np.any(v):
            factor = np.sum(off * v) / np.sum(v * v)
            if close(off, factor * v, near):
                found.append(
                    f"it is off by {factor:.7g} times {name}{in_words(abs(factor), names, near)}"
                )
    if len(found) == 1:
        return found
    if 0 < len(basis) < g.size:
        inside = (basis @ off) @ basis
        for part, where in ((off - inside, "within"), (inside, "outside of")):
            if np.max(np.abs(part)) <= near * np.max(np.abs(off)):
                return [f"it is off {where} the span of model.V alone"]
    return []


def _parallel(a, b):
    return close(a, np.sum(a * b) / np.sum(b * b) * b, 1e-3)


def _of_change(a, b, before, what, names, arithmetic):
    """What of the certified change of a quantity is in the answer."""
    near, unit = NEAR[arithmetic], compare.ARITHMETIC[arithmetic].unit
    if before.shape != b.shape or not np.isfinite(before).all():
        return []
    change, wanted = a - before, b - before
    if not np.any(wanted):
        return []
    lost = np.max(np.abs(before), initial=0.0) / np.max(np.abs(wanted)) * LOST * unit
    near = max(near, 100.0 * lost)
    if near > math.sqrt(NEAR[arithmetic]):
        return []
    if np.max(np.abs(change)) <= near * np.max(np.abs(wanted)):
        return ["no step is made" if what == "the step" else "it is the value before this step"]
    words = relation(change, wanted, names, near)
    if words:
        return [f"{what} is {words}"]
    if what == "the step" or not np.any(before) or resemblance(a, b, arithmetic, names):
        return []
    return _combination(a, b, before, names, near)


def _combination(a, b, before, names, near):
    """The answer as so much of the certified value and so much of the one before."""
    columns = np.stack([b.ravel(), before.ravel()], axis=1)
    if a.size < 3 or np.linalg.matrix_rank(columns, 1e-6) < 2:
        return []
    (x, y), *_ = np.linalg.lstsq(columns, a.ravel(), rcond=None)
    if not close(columns @ (x, y), a.ravel(), near):
        return []
    if "gain" not in names:
        return [f"it is {x:.7g} times the certified value and {y:.7g} times the one before"]
    # The certified value keeps 1 - gain of the one before.
    keep = 1.0 - names["gain"]
    kept = x + y / keep if keep else math.nan
    parts = []
    for factor, what in ((kept, "what was there before"), (x, "what comes new")):
        said = "as certified" if abs(factor - 1.0) <= 10.0 * near else ""
        words = in_words(factor, names, 10.0 * near)
        parts.append(f"{what} is {said or f'{factor:.7g}{words} times what is certified'}")
    return [" and ".join(parts)]


def _plain(a, b, names, arithmetic):
    near = NEAR[arithmetic]
    size, largest = np.max(np.abs(b), initial=0.0), np.max(np.abs(a), initial=0.0)
    if size == 0.0:
        return ["it is not zero"] if largest > 0.0 else []
    words = resemblance(a, b, arithmetic, names)
    if words:
        return [words]
    if not 1e-6 < size < 1e6 or np.min(np.abs(b)) < 1e-6 * size:
        return []
    with np.errstate(all="ignore"):
        for power, word in ((2.0, "square"), (0.5, "root"), (-1.0, "reciprocal")):
            made = np.sign(b) ** (1 if power == -1.0 else 2) * np.abs(b) ** power
            if np.isfinite(made).all() and close(np.abs(a), np.abs(made), near) and _tells(b, made):
                return [f"it is the {word} of the certified value"]
    return []


def _tells(b, made):
    """Whether a number and what was made of it differ enough for that to be seen."""
    return not close(made, b, 1e-3)


def relation(a, b, names, near):
    """``"-0.5 times the certified one"``, in the words of hyperparameters where they make it."""
    if not np.any(a):
        return "zero"
    if a.ndim == 2 and a.shape[0] == a.shape[1] and not close(a, b, near) and close(a.T, b, near):
        return "the transpose of the certified one"
    factor = np.sum(a * b) / np.sum(b * b)
    if abs(factor - 1.0) <= near or not close(a, factor * b, near):
        return ""
    if abs(factor + 1.0) <= near:
        return "the certified one with the opposite sign"
    said = in_words(factor, names, near)
    if b.size == 1 and not said and not _small(factor, near):
        return ""
    return f"{_factor(factor)} times the certified one{said}"


def _factor(factor):
    """A factor, by what it is off where that would not show in its digits.

    Examples
    --------
    >>> _factor(0.75), _factor(1.0 + 3e-8)
    ('0.75', '(1 + 3e-08)')
    """
    off = factor - 1.0
    return f"{factor:.7g}" if abs(off) > 1e-6 else f"(1 {'-' if off < 0.0 else '+'} {abs(off):.1g})"


def _small(factor, near):
    return any(abs(abs(factor) - other) <= near * other for other in SMALL)


def in_words(factor, names, near):
    """What of the hyperparameters a factor is made of, if one thing alone is it.

    Examples
    --------
    >>> in_words(0.75, {"beta": 0.25}, 1e-9)
    ': 1 - beta'
    >>> in_words(3.0, {"beta": 0.25}, 1e-9)
    ': (1 - beta) / beta, as if it weighed the other part'
    >>> in_words(0.5, {"beta": 0.5}, 1e-9)
    ''
    """
    found = []
    if "gain" in names:
        # The same number by another name, where all weights add up to 1.
        names = {k: p for k, p in names.items() if k == "gain" or p != names["gain"]}
    for name, p in names.items():
        made = {name: p, f"1 / {name}": 1.0 / p, f"{name}^2": p * p, f"{name}^(1/2)": abs(p) ** 0.5}
        if 0.0 < p < 1.0:
            other = "as if it weighed the other part"
            made |= {
                f"1 - {name}": 1.0 - p,
                f"1 / (1 - {name})": 1.0 / (1.0 - p),
                f"(1 - {name}) / {name}, {other}": (1.0 - p) / p,
                f"{name} / (1 - {name}), {other}": p / (1.0 - p),
                f"(1 - {name})^2": (1.0 - p) ** 2,
                f"1 / (1 - {name})^2": (1.0 - p) ** -2,
            }
        found += [word for word, value in made.items() if abs(factor - value) <= near * value]
    # Two hyperparameters have small factors by accident.
    pairs = [] if _small(factor, near) else itertools.permutations(names.items(), 2)
    for (one, p), (other, q) in pairs:
        if abs(factor - q / p) <= near * abs(q / p):
            found.append(f"{other} / {one}, as if {other} stood for {one}")
    return f": {found[0]}" if len(found) == 1 else ""


def resemblance(a, b, arithmetic="binary64", names=None):
    """A sentence on how the array `a` is related to `b`, or an empty one.

    Examples
    --------
    >>> import numpy as np
    >>> resemblance(np.array([-1.0, 3.0]), np.array([1.0, -3.0]))
    'it is the certified value with the opposite sign'
    >>> resemblance(np.array([0.5, 1.5]), np.array([1.0, 3.0]))
    'it is 0.5 times the certified value'
    >>> resemblance(np.array([2.0, 4.0]), np.array([1.0, 3.0]))
    'it is the certified value and 1 in every entry'
    """
    near, names = NEAR[arithmetic], names or {}
    # In units of the largest entry, whose square neither overflows nor vanishes.
    unit = np.max(np.abs(b))
    if unit == 0.0:
        return ""
    raw, a, b = a - b, a / unit, b / unit

    def alike(x, y):
        return close(x, y, near)

    error = np.max(np.abs(a - b))
    if error <= near:
        # As near to one relation as to another.
        return ""
    if arithmetic == "binary64" and ROUGH[0] < error < ROUGH[1]:
        return SINGLE
    if not np.any(a):
        return "it is zero"
    if alike(-a, b):
        return "it is the certified value with the opposite sign"
    if a.ndim == 2:
        words = _of_matrices(a, b, alike, near)
        if words:
            return words
    factor = np.sum(a * b) / np.sum(b * b)
    if abs(factor - 1.0) > near and alike(a, factor * b):
        said = in_words(factor, names, near)
        if b.size > 1 or said or _small(factor, near):
            return f"it is {_factor(factor)} times the certified value{said}"
        return ""
    if b.size > 1 and alike(a - b, np.full(b.shape, np.mean(a - b))):
        return f"it is the certified value and {np.mean(raw):.7g} in every entry"
    if alike(np.abs(a), np.abs(b)):
        return "it is the certified value but for signs"
    if alike(a, np.abs(b)):
        return "it is the modulus of the certified value"
    if a.ndim == 1 and alike(a[::-1], b):
        return "its entries are the certified ones in reverse order"
    if a.size > 1 and alike(np.sort(a.ravel()), np.sort(b.ravel())):
        return "its entries are the certified ones in another order"
    return ""


def _of_matrices(a, b, alike, near):
    square = a.shape[0] == a.shape[1] > 1
    if alike(a.T, b):
        return "it is the transpose of the certified matrix"
    if square and alike(a + a.T, b + b.T):
        return "it differs from the certified matrix in the antisymmetric part alone"
    if alike(a[::-1], b):
        return "its rows are those of the certified matrix in reverse order"
    if alike(a[:, ::-1], b):
        return "its columns are those of the certified matrix in reverse order"
    if 1 < len(a) < FEW:
        for order in itertools.permutations(range(len(a))):
            if alike(a, b[list(order)]):
                return "its rows are those of the certified matrix in another order"
    if len(a) > 1 and all(
        min(_part(r, s), _part(r, -s)) <= near for r, s in zip(a, b, strict=True)
    ):
        return "its rows are those of the certified matrix but for their signs"
    if square and alike(np.diag(a), np.diag(b)):
        return "its diagonal is right, the entries beside it are not"
    if square and alike(a.T, a) and alike(b.T, b):
        if alike(np.linalg.eigvalsh(a), np.linalg.eigvalsh(b)):
            return "it has the eigenvalues of the certified matrix, along other axes"
    elif not square and alike(a.T @ a, b.T @ b):
        return "its rows span what those of the certified matrix span, along other axes"
    return ""


def _part(r, s):
    return np.max(np.abs(r - s))


def entries(a, b, arithmetic):
    """Which entries are wrong, where not all are.

    Examples
    --------
    >>> import numpy as np
    >>> entries(np.array([1.0, 2.5, 3.0]), np.array([1.0, 2.0, 3.0]), "binary64")
    'of its 3 entries only [1] is wrong'
    """
    off = np.abs(a - b) > NEAR[arithmetic] * 1e-3 * np.max(np.abs(b), initial=0.0)
    if a.ndim == 0 or off.all() or not off.any() or a.size < 3:
        return ""
    if a.ndim == 2:
        rows, columns = off.any(axis=1), off.any(axis=0)
        diagonal = a.shape[0] == a.shape[1] and not (off & ~np.eye(len(a), dtype=bool)).any()
        if diagonal and len(a) > 1:
            return "only its diagonal is wrong"
        first = int(np.argmax(rows))
        if 0 < first < len(rows) - 1 and rows[first:].all():
            return f"its rows from {first} on are wrong"
        for wrong, word in ((rows, "row"), (columns, "column")):
            if wrong.sum() == 1 and wrong.size > 1:
                return f"only its {word} {int(np.argmax(wrong))} is wrong"
    if off.sum() <= 3:
        spots = [list(map(int, spot)) for spot in np.argwhere(off)]
        verb = "is" if len(spots) == 1 else "are"
        return f"of its {a.size} entries only {', '.join(map(str, spots))} {verb} wrong"
    return ""

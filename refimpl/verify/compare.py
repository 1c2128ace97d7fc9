"""Comparators and verdicts: how far an answer is from the certified one, and whether that may be.

Numbers are compared as decimals of 50 digits, so that neither rounding nor overflow of the judge
enters: an answer in binary64 is exact there, and a certified value has 34 digits.

Long: all comparators and what becomes of their numbers, side by side.
"""

import bisect
import decimal
import math
from decimal import Decimal
from typing import NamedTuple

from ..vectors import DISTRIBUTION, OF_STEPS

PASS, ACCEPTABLE, UNINFORMATIVE, FAIL = "pass", "acceptable", "uninformative", "fail"
# From best to worst.
VERDICTS = (PASS, ACCEPTABLE, UNINFORMATIVE, FAIL)
# Correct implementations with another order of operations stay below 9 K u; wrong ones begin far
# above this.
MARGIN = 64.0
# Where roundoff alone may spoil the second digit, agreement says nothing.
BLURRED = 1e-2
# How often a right program fails one quantity of an ensemble, if its runs are independent of the
# certified ones.
FALSE_ALARM = 1e-6
# Dimensions of an array that an answer may have.
DEEPEST = 8
# How many times what is expected, or a hundred numbers more, is read at all.
EXCESS = 10


class Arithmetic(NamedTuple):
    """What a floating-point format can hold."""

    name: str
    unit: float  # unit roundoff u
    smallest: float  # subnormal
    largest: float


BINARY64 = Arithmetic("binary64", 2.0**-53, 2.0**-1074, (2.0 - 2.0**-52) * 2.0**1023)
BINARY32 = Arithmetic("binary32", 2.0**-24, 2.0**-149, (2.0 - 2.0**-23) * 2.0**127)
ARITHMETIC = {a.name: a for a in (BINARY64, BINARY32)}

_CONTEXT = decimal.Context(
    prec=50,
    Emin=-99_999,
    Emax=99_999,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero],
)


class FieldVerdict(NamedTuple):
    """One quantity of one answer, judged."""

    field: str
    verdict: str
    error: float  # relative, as the comparator defines it; inf where numbers cannot be compared
    in_units: float  # error / (K u); of a distribution error / limit
    digits: float  # decimal digits that agree, at most `precision`
    attainable: float  # digits that the formula allows in this arithmetic
    problem: str = ""  # name of what is wrong besides the size of the error
    message: str = ""
    step: int = 0  # of a replay or trajectory, from 1; 0 otherwise


class Unfit(Exception):
    """An answer that cannot be compared: the name of the problem and a sentence."""

    def __init__(self, name, message):
        super().__init__(message)
        self.name = name


def judge(case, answer, arithmetic, without=()):
    """Judge an answer field by field.

    Parameters
    ----------
    case : vectors.Case
    answer : dict
        The program's `out`: field -> number, nested lists of numbers, or a word; for a replay or a
        trajectory ``{"steps": [...]}``.
    arithmetic : Arithmetic
    without : tuple of str
        Last names of fields that the program does not keep; where it gives one all the same, it is
        judged.

    Returns
    -------
    list of FieldVerdict
        In the order of computation, step by step where there are steps.

    Examples
    --------
    >>> from refimpl.vectors import Case
    >>> case = Case("f", "f-1", "op", (), True, "", {}, {}, {"result": ["1", "2"]},
    ...             {"result": "relative"}, {"result": 1.0}, {"result": 2.0}, {}, 1)
    >>> [judged] = judge(case, {"result": [1.0, 2.000001]}, BINARY64)
    >>> judged.verdict, round(judged.digits, 1), round(judged.attainable, 1)
    ('fail', 6.3, 15.7)
    """

    def kept(name, got):
        return name in got or name.rpartition(".")[2] not in without

    if case.op not in OF_STEPS:
        names = [name for name in case.out if kept(name, answer)]
        return [_field(case, name, case.out, answer, arithmetic) for name in names]
    steps = answer.get("steps")
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        return [_unfit("steps", Unfit("MissingField", "expected a list of steps, each an object"))]
    certified = case.out["steps"]
    judged = [
        _field(case, name, expected, got, arithmetic, t)
        for t, (expected, got) in enumerate(zip(certified, steps, strict=False), 1)
        for name in expected
        if kept(name, got)
    ]
    if len(steps) != len(certified):
        wrong = Unfit("WrongShape", f"expected {len(certified)} steps, got {len(steps)}")
        judged.append(_unfit("steps", wrong, min(len(steps), len(certified)) + 1))
    return judged


def verdict(judged):
    """The verdict of a whole case: that of the worst field.

    Where there are steps, what roundoff blurs at a late one does not hide what was compared before:
    the worst of the steps that are informative throughout decides, if there is any.

    Examples
    --------
    >>> verdict([FieldVerdict("a", "pass", 0, 0, 16, 16), FieldVerdict("b", "fail", 1, 9, 0, 16)])
    'fail'
    """
    by_step = {}
    for field in judged:
        worst = max(field.verdict, by_step.get(field.step, PASS), key=VERDICTS.index)
        by_step[field.step] = worst
    if FAIL in by_step.values():
        return FAIL
    informative = [worst for worst in by_step.values() if worst != UNINFORMATIVE]
    return max(informative, key=VERDICTS.index) if informative else UNINFORMATIVE


def first_failure(judged):
    """The first field, in the order of computation, that failed; None if none did."""
    return next((field for field in judged if field.verdict == FAIL), None)


def worst(judged):
    """The field that says most: the first failure, else that with the largest error in `K u`."""
    failed = first_failure(judged)
    if failed is not None:
        return failed
    return max(judged, key=lambda field: (VERDICTS.index(field.verdict), field.in_units))


def _unfit(field, wrong, step=0):
    return FieldVerdict(
        field, FAIL, math.inf, math.inf, 0.0, math.nan, wrong.name, str(wrong), step
    )


def _field(case, name, expected, answer, arithmetic, step=0):
    try:
        if name not in answer:
            raise Unfit("MissingField", f"the answer has no {name!r}")
        comparator = case.compare[name]
        kappa, K = case.kappa[name], case.K[name]
        if step:
            kappa, K = kappa[step - 1], K[step - 1]
        if comparator == "exact":
            _same(expected[name], answer[name], arithmetic)
            return FieldVerdict(name, PASS, 0.0, 0.0, math.nan, math.nan, step=step)
        if comparator == DISTRIBUTION:
            return _distribution(name, expected[name], answer[name])
        with decimal.localcontext(_CONTEXT):
            error, size = distance(
                comparator, expected[name], answer[name], Decimal(case.scale.get(name, 1))
            )
            too_large = size > Decimal(arithmetic.largest)
            # Subnormal numbers have fewer digits: their spacing is the roundoff.
            unit = max(arithmetic.unit, float(Decimal(arithmetic.smallest) / size))
    except Unfit as wrong:
        return _unfit(name, wrong, step)
    limit = MARGIN * max(K, kappa) * unit  # eq-verdict
    if too_large or limit > BLURRED:  # eq-verdict
        found = UNINFORMATIVE
    elif error <= MARGIN * kappa * unit:  # eq-verdict
        found = PASS
    else:
        found = ACCEPTABLE if error <= MARGIN * K * unit else FAIL  # eq-verdict
    problem, message = "", ""
    if found == FAIL and error == math.inf:
        problem, message = "Infinite", "infinite where a finite number belongs"
    precision = -math.log10(unit)
    return FieldVerdict(
        name,
        found,
        error,
        error / (K * unit),
        min(max(-math.log10(error), 0.0) + 0.0, precision) if error > 0.0 else precision,
        max(-math.log10(K * unit), 0.0),
        problem,
        message,
        step,
    )


def _distribution(name, expected, got):
    """Many values of which none is certain by itself: the two samples must be of one kind.

    Of positions, a sample for each coordinate; what is told is the worst of them.
    """
    shape, a, b = _both(expected, got)
    _finite(a, shape)
    width = shape[1] if len(shape) == 2 else 1
    samples = [(a[j::width], b[j::width]) for j in range(width)]
    a, b = max(samples, key=lambda pair: kolmogorov_smirnov(*pair))
    error, limit = kolmogorov_smirnov(a, b), distribution_limit(len(b))
    medians = (float(sorted(sample)[len(sample) // 2]) for sample in (a, b))
    message = "the distributions differ by {:.3f}, up to {:.3f} is accepted; medians {:.6g}, {:.6g}"
    return FieldVerdict(
        name,
        PASS if error <= limit else FAIL,
        error,
        error / limit,
        math.nan,
        math.nan,
        message=message.format(error, limit, *medians),
    )


def kolmogorov_smirnov(a, b):
    """Largest difference of the empirical distribution functions of two samples.

    Examples
    --------
    >>> kolmogorov_smirnov([1, 2, 3, 4], [3, 4, 5, 6])
    0.5
    """
    a, b = sorted(a), sorted(b)
    return max(
        abs(bisect.bisect_right(a, x) / len(a) - bisect.bisect_right(b, x) / len(b))
        for x in (*a, *b)
    )


def distribution_limit(n):
    """What two samples of one distribution, of `n` values each, exceed with `FALSE_ALARM` at most.

    By the inequality of Dvoretzky, Kiefer and Wolfowitz for two samples, ``P(distance > d) <= 2
    exp(-n d^2)``, which holds from 458 values on, whatever the distribution. Samples that go
    together, as those of a program whose runs stay near the certified ones, differ less.

    Examples
    --------
    >>> round(distribution_limit(480), 4)
    0.1739
    """
    return math.sqrt(math.log(2.0 / FALSE_ALARM) / n)


def distance(comparator, expected, got, scale=Decimal(1)):
    """Relative distance of an answer from the certified value, and the size it refers to.

    Raises
    ------
    Unfit
        For another shape, a word where a number belongs, NaN or infinity in the wrong place.
    """
    if comparator == "one-of":
        found, wrong = [], None
        for alternative in expected:
            try:
                found.append(distance("relative", alternative, got, scale))
            except Unfit as error:
                wrong = error
        if not found:
            raise wrong
        return min(found)
    shape, a, b = _both(expected, got)
    if comparator == "invariant:orthonormal-rows":
        _finite(a, shape)
        rows = _rows(a, shape)
        off = [
            abs(sum(x * y for x, y in zip(rows[i], rows[j], strict=True)) - (i == j))
            for i in range(len(rows))
            for j in range(i + 1)
        ]
        return float(max(off)), Decimal(1)
    _same_special(a, b, shape)
    size = max((abs(y) for y in b if y.is_finite()), default=Decimal(0))
    if comparator == "projector":
        _finite(a, shape)
        a, b = _projector(_rows(a, shape)), _projector(_rows(b, shape))
        size = max(map(abs, b))
    elif comparator.startswith("sign"):
        _finite(a, shape)
        width = shape[-1] if shape else 1
        parts = {
            "sign": [slice(None)],
            "sign-rows": [slice(i, i + width) for i in range(0, len(b), width)],
            "sign-columns": [slice(j, None, width) for j in range(width)],
        }[comparator]
        a = list(a)
        for part in parts:
            if _largest([-x for x in a[part]], b[part]) < _largest(a[part], b[part]):
                a[part] = [-x for x in a[part]]
    size = size or scale
    return float(_largest(a, b) / size), size


def _both(expected, got):
    """Shape and entries of an answer and of the certified value, which must be alike."""
    shape, b = flat(expected, certified)
    if excessive(got, expected):
        raise Unfit("WrongShape", f"expected the shape {shape}, got far more numbers than that")
    got_shape, a = flat(got, number)
    if got_shape != shape:
        raise Unfit("WrongShape", f"expected the shape {shape}, got {got_shape}")
    return shape, a, b


def _counted(value, most=math.inf):
    """How many values there are in lists and objects, themselves included; stops beyond `most`."""
    count, left = 1, [value]
    while left and count <= most:
        parts = left.pop()
        if isinstance(parts, dict):
            parts = parts.values()
        elif not isinstance(parts, list):
            continue
        count += len(parts)
        if count <= most:
            left += [part for part in parts if isinstance(part, list | dict)]
    return count


def excessive(got, expected):
    """Whether there is so much more than belongs there that reading it would take long.

    An answer of some million numbers to a question of three costs no more than it should.
    """
    most = EXCESS * (_counted(expected) + 100)
    return _counted(got, most) > most


def _largest(a, b):
    """Largest difference of entries; special ones have been compared before."""
    return max(
        (abs(x - y) for x, y in zip(a, b, strict=True) if y.is_finite() and x.is_finite()),
        default=Decimal(0),
    )


def _rows(a, shape):
    return [a[i : i + shape[-1]] for i in range(0, len(a), shape[-1])]


def _projector(rows):
    columns = list(zip(*rows, strict=True))
    return [sum(x * y for x, y in zip(p, q, strict=True)) for p in columns for q in columns]


def flat(value, read, depth=0):
    """Shape and entries, in C order, of nested lists; a single number has the shape ().

    Raises
    ------
    Unfit
        For rows of different lengths, and what `read` raises.
    """
    if not isinstance(value, list):
        return (), [read(value)]
    if depth == DEEPEST:
        raise Unfit("WrongShape", f"lists nested more than {DEEPEST} deep")
    shapes, entries = [], []
    for part in value:
        shape, found = flat(part, read, depth + 1)
        shapes.append(shape)
        entries += found
    if any(shape != shapes[0] for shape in shapes):
        raise Unfit("WrongShape", "rows of different lengths")
    return (len(value), *(shapes[0] if shapes else ())), entries


def certified(value):
    """A certified number, exactly."""
    return Decimal(value)


def number(value):
    """A number of an answer, exactly: a JSON number, a hexadecimal string, nan, inf or -inf.

    Examples
    --------
    >>> number("0x1.8p+1"), number(2), number("-inf")
    (Decimal('3'), Decimal('2'), Decimal('-Infinity'))
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str):
        word = value.strip().lower().removeprefix("+")
        if word in ("nan", "-nan", "inf", "-inf", "infinity", "-infinity"):
            return Decimal(word.removeprefix("-") if word.endswith("nan") else word)
        if word.removeprefix("-").startswith("0x"):
            try:
                return Decimal(float.fromhex(word))
            except (ValueError, OverflowError):
                pass
    hint = ""
    if value is None:
        hint = "; some JSON writers make null of NaN and infinity, which are strings here"
    shown = "null" if value is None else _shown(value)
    raise Unfit("WrongType", f"expected a number or a hexadecimal string, got {shown}{hint}")


def _shown(value):
    """A value of an answer in a message: short, and not deeper than Python's stack."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    text = ascii(value)
    return text if len(text) < 60 else f"{text[:57]}..."


def _spot(k, shape):
    """Index of an entry as it is written."""
    index = []
    for n in reversed(shape):
        k, i = divmod(k, n)
        index.append(i)
    return str(list(reversed(index))) if shape else ""


def _finite(a, shape):
    for k, x in enumerate(a):
        if not x.is_finite():
            raise _misplaced(x, "a number", k, shape)


def _misplaced(x, expected, k, shape):
    name = "NotANumber" if x.is_nan() else "Infinite" if x.is_infinite() else "NumberForSpecial"
    shown = "NaN" if x.is_nan() else f"{float(x):.17g}"
    entry = f"entry {_spot(k, shape)} is {shown}" if shape else f"it is {shown}"
    return Unfit(name, f"{entry} where {expected} belongs")


def _same_special(a, b, shape):
    """NaN and infinities must stand where they are certified, and nowhere else."""
    for k, (x, y) in enumerate(zip(a, b, strict=True)):
        if x.is_finite() and y.is_finite():
            continue
        if y.is_nan() and x.is_nan():
            continue
        if y.is_infinite() and x == y:
            continue
        wanted = f"{float(y):.17g}" if y.is_finite() else "NaN" if y.is_nan() else str(float(y))
        raise _misplaced(x, wanted, k, shape)


def _same(expected, got, arithmetic):
    """Words and truth values as they are; numbers as they are rounded to the arithmetic."""
    if isinstance(expected, list):
        if not isinstance(got, list) or len(got) != len(expected):
            raise Unfit("WrongShape", f"expected a list of {len(expected)}")
        for x, y in zip(expected, got, strict=True):
            _same(x, y, arithmetic)
        return
    if isinstance(expected, bool) or not _is_number(expected):
        same = type(got) is type(expected) and got == expected
    else:
        wanted, found = Decimal(expected), number(got)
        same = (wanted.is_nan() and found.is_nan()) or (
            not found.is_nan() and found in (wanted, Decimal(rounded(float(wanted), arithmetic)))
        )
    if not same:
        raise Unfit("Different", f"expected {expected!r}, got {_shown(got)}")


def _is_number(value):
    if not isinstance(value, str):
        return True
    try:
        Decimal(value)
    except decimal.InvalidOperation:
        return False
    return True


def rounded(value, arithmetic):
    """A float rounded to the arithmetic."""
    if arithmetic is BINARY64 or not math.isfinite(value):
        return value
    import numpy as np

    with np.errstate(over="ignore"):
        return float(np.float32(value))

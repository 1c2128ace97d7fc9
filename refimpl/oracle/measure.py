"""Certified outputs of a case, the condition of its problem and the roundoff of its formula."""

import math
import re
import zlib

import mpmath
import numpy as np
from mpmath import mpf

from ..verify.compare import BLURRED, MARGIN
from .arrays import exact, eye, largest

DIGITS = 34
WORKING = 100
# Bits of the emulated precisions; where the inputs need binary64, only from there on.
SINGLE = (24, 36, 53)
DOUBLE = (53, 60, 72)
PERTURBATIONS = 5
UNIT = mpf(2) ** -53
# An outcome, and the words that are numbers.
WORD, SPECIAL = re.compile("[a-z-]+"), re.compile("nan|-?inf")


class DisagreementError(ArithmeticError):
    """Two computations of a certified value that differ."""


def numbers(value):
    """A scalar or an array of numbers as an array."""
    return np.asarray(value, dtype=object)


def _aligned(got, want):
    """The columns of `got` with the signs that bring them nearest to those of `want`."""
    signs = [1 if sum(a * b) >= 0 else -1 for a, b in zip(got.T, want.T, strict=True)]
    return got * np.array(signs, dtype=object)


def error(comparator, got, want, scale=1):
    """Error of a field by its comparator: normwise, relative unless the right answer is 0."""
    if comparator == "exact" or isinstance(want, str):
        return mpf(0) if got == want else mpf("inf")
    got, want = numbers(got), numbers(want)
    if comparator == "invariant:orthonormal-rows":
        return largest(got @ got.T - eye(got.shape[0]))
    if comparator == "sign-columns":
        got = _aligned(got, want)
    elif comparator == "sign-rows":
        got = _aligned(got.T, want.T).T
    elif comparator == "projector":
        got, want = got.T @ got, want.T @ want
    difference, size = mpf(0), mpf(0)
    for a, b in zip(got.ravel(), want.ravel(), strict=True):
        if mpmath.isfinite(b) and mpmath.isfinite(a):
            difference, size = max(difference, abs(a - b)), max(size, abs(b))
        elif not (a == b or (mpmath.isnan(a) and mpmath.isnan(b))):
            return mpf("inf")
    return difference / (size if size else mpf(scale))


def agreed(coarse, fine):
    """Decimal strings of the values that both precisions give; 0 where only rounding is left."""
    if isinstance(fine, str):
        if coarse != fine:
            raise DisagreementError(f"{coarse} and {fine}")
        return fine
    if np.ndim(fine):
        return [agreed(a, b) for a, b in zip(coarse, fine, strict=True)]
    for value in (coarse, fine):
        if not mpmath.isfinite(value):
            if mpmath.nstr(coarse) != mpmath.nstr(fine):
                raise DisagreementError(f"{mpmath.nstr(coarse)} and {mpmath.nstr(fine)}")
            return mpmath.nstr(value).strip("+")
    # A number that shrinks with the precision is nothing but rounding.
    if fine == 0 or coarse == 0 or abs(fine) < mpf(10) ** -25 * abs(coarse):
        return "0.0"
    texts = [mpmath.nstr(value, DIGITS) for value in (coarse, fine)]
    if texts[0] != texts[1]:
        raise DisagreementError(f"{texts[0]} and {texts[1]}")
    return texts[1]


def value_of(text):
    """The numbers of decimal strings; a word as it is."""
    if isinstance(text, list):
        return numbers([value_of(entry) for entry in text])
    return text if WORD.fullmatch(text) and not SPECIAL.fullmatch(text) else mpf(text)


def evaluate(function, arguments, digits=None, bits=None):
    """The fields of a definition or formula, its inputs and operations rounded to a precision."""
    context = mpmath.workdps(digits) if bits is None else mpmath.workprec(bits)
    with context:
        return function(**exact(arguments))


def certified(definition, arguments, digits=(60, WORKING)):
    """The fields as decimal strings of 34 digits, agreed on at two working precisions."""
    coarse, fine = (evaluate(definition, arguments, digits=n) for n in digits)
    return {field: agreed(coarse[field], fine[field]) for field in fine}


def rounded_up(number):
    """Three digits of an amplification, which is at least 1."""
    return max(1.0, float(mpmath.nstr(number, 3)))


def amplification(formula, arguments, want, compare, scale, binary32):
    """``K``: the worst error of the formula in units of the roundoff it was run with."""
    K = dict.fromkeys(want, mpf(1))
    for bits in SINGLE if binary32 else DOUBLE:
        fields = evaluate(formula, arguments, bits=bits)
        with mpmath.workdps(WORKING):
            for field in want:
                if compare[field] == "exact":
                    continue
                shown = error(compare[field], fields[field], want[field], scale.get(field, 1))
                K[field] = max(K[field], shown * mpf(2) ** bits)
    return {field: rounded_up(value) for field, value in K.items()}


def certified_steps(run, arguments, digits=(60, WORKING)):
    """The same for every step of a replay."""
    coarse, fine = (evaluate(run, arguments, digits=n) for n in digits)
    return [
        {field: agreed(a[field], b[field]) for field in b}
        for a, b in zip(coarse, fine, strict=True)
    ]


def check_steps(steps, want):
    """Formula and definition are the same at every step to the digits that are written."""
    with mpmath.workdps(WORKING):
        for t, (got, right) in enumerate(zip(steps, want, strict=True), 1):
            for field in right:
                shown = error("relative", got[field], right[field])
                if not shown < mpf(10) ** -(DIGITS - 1):
                    raise DisagreementError(f"step {t}, {field}: {mpmath.nstr(shown)}")


def amplification_steps(run, arguments, want, binary32, most=math.inf):
    """``K`` of every field as a list over the steps; no error counts for more than `most`."""
    K = {field: [mpf(1)] * len(want) for field in want[0]}
    for bits in SINGLE if binary32 else DOUBLE:
        _raise_to(K, evaluate(run, arguments, bits=bits), want, mpf(2) ** bits, most)
    return {field: [rounded_up(value) for value in values] for field, values in K.items()}


def _raise_to(worst, steps, want, unit, most=math.inf):
    with mpmath.workdps(WORKING):
        for t, (got, right) in enumerate(zip(steps, want, strict=True)):
            for field, values in worst.items():
                if isinstance(right[field], str):
                    continue
                shown = min(error("relative", got[field], right[field]), mpf(most))
                values[t] = max(values[t], shown * unit)


def horizon(*amplifications):
    """How many steps, from the first on, leave binary64 something to compare."""
    for t, worst in enumerate(zip(*(v for a in amplifications for v in a.values()), strict=True)):
        if MARGIN * max(worst) * float(UNIT) > BLURRED:
            return t
    return t + 1


def condition_steps(name, run, arguments, want, most=math.inf):
    """``kappa`` of every field as a list over the steps; no change counts for more than `most`."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    kappa = {field: [mpf(1)] * len(want) for field in want[0]}
    for _ in range(PERTURBATIONS):
        # The changes need 32 digits, their effects a few more.
        with mpmath.workdps(50):
            fields = run(**perturbed(exact(arguments), rng))
        _raise_to(kappa, fields, want, 1 / UNIT, most)
    return {field: [rounded_up(value) for value in values] for field, values in kappa.items()}


FIXED = ("weight", "beta", "scale")
SYMMETRIC = ("H", "hessian", "C_thetatheta", "C_gg")


def perturbed(value, rng, key=""):
    """Inputs changed by up to one part in ``2^53`` each; symmetric matrices stay so."""
    if isinstance(value, dict):
        fixed = FIXED if key == "state" else ()
        return {k: v if k in fixed else perturbed(v, rng, k) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(perturbed(v, rng, key) for v in value)
    if isinstance(value, np.ndarray):
        change = rng.integers(-(2**20), 2**20, value.shape, endpoint=True)
        if key in SYMMETRIC and value.ndim == 2:
            change = np.triu(change) + np.triu(change, 1).T
        factors = np.array([1 + UNIT * mpf(int(c)) / 2**20 for c in change.ravel()], dtype=object)
        return value * factors.reshape(value.shape)
    if isinstance(value, mpf):
        return value * (1 + UNIT * mpf(int(rng.integers(-(2**20), 2**20))) / 2**20)
    return value


def condition(name, definition, arguments, want, compare, scale):
    """``kappa``: the worst change of the outputs under roundoff of the inputs, in its units."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    kappa = dict.fromkeys(want, mpf(1))
    with mpmath.workdps(WORKING):
        given = exact(arguments)
        for _ in range(PERTURBATIONS):
            fields = definition(**perturbed(given, rng))
            for field in want:
                if compare[field] == "exact" or compare[field].startswith("invariant"):
                    continue
                shown = error(compare[field], fields[field], want[field], scale.get(field, 1))
                kappa[field] = max(kappa[field], shown / UNIT)
    return {field: rounded_up(value) for field, value in kappa.items()}


def is_single(value):
    """Whether every number of the inputs is one of binary32 as well."""
    if isinstance(value, dict):
        return all(is_single(entry) for entry in value.values())
    if isinstance(value, tuple | list):
        return all(is_single(entry) for entry in value)
    if isinstance(value, np.ndarray):
        return all(is_single(float(entry)) for entry in value.ravel())
    if isinstance(value, float) and math.isfinite(value):
        if abs(value) > 3.4e38:
            return False
        # A number below 2^-126 has fewer digits there.
        return float(np.float32(value)) == value and (value == 0 or abs(value) >= 2.0**-126)
    return True

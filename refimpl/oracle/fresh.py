"""Cases that nobody has seen: the suite's own kinds, drawn from another seed and certified anew."""

import json

import numpy as np

from ..errors import RangeError, VectorError, unknown
from . import generate

# Drawings that cannot be certified, for each case that is asked for, and some more.
REFUSALS = 10


def fresh(family, count, seed, tell=None):
    """The file of new certified cases as text.

    They are drawn as those of the suite are, with the same flags, kinds and sizes. What does not
    depend on the drawing is left out, since it is in the suite already; a drawing whose digits
    cannot be certified, such as one too close to a branch, is replaced by the next.

    Parameters
    ----------
    family : str
    count : int
        How many cases.
    seed : int
        The same seed gives the same cases, and more of them where `count` is larger.
    tell : callable, optional
        Called after each case that is certified.

    Returns
    -------
    str
        As the file of a family, with ids such as ``repulsion-s7-0001``.

    Raises
    ------
    UnknownNameError
        If there is no such family.
    RangeError
        For a count below 1 or a negative seed.
    VectorError
        If the family draws nothing, or hardly anything that can be certified.
    """
    if family not in generate.FAMILIES:
        raise unknown("family", family, generate.FAMILIES)
    if count < 1:
        raise RangeError(f"expected a count of at least 1, got {count}")
    if seed < 0:
        raise RangeError(f"expected a seed of at least 0, got {seed}")
    records, refused = [], []
    for case in _drawn(family, seed):
        name = f"{family}-s{seed}-{len(records) + 1:04d}"
        try:
            records.append(generate.certified_record((name, case)))
        except RuntimeError as reason:
            refused.append(reason)
            if len(refused) > REFUSALS * (count + 1):
                raise VectorError(
                    f"{family}: {len(refused)} drawings could not be certified, the last since "
                    f"{reason}"
                ) from reason
            continue
        if tell is not None:
            tell()
        if len(records) == count:
            break
    return generate.written(family, records, seed)


def _drawn(family, seed):
    """New cases without end: round after round of the family, each in an order of its own."""
    module = generate.FAMILIES[family]
    known = {_key(case) for case in module.cases()}
    order = np.random.default_rng([seed, len(known)])
    turn = 0
    while True:

        def draw(number, turn=turn):
            return np.random.default_rng([number, seed, turn])

        new = [case for case in module.cases(draw) if _key(case) not in known]
        if not new:
            raise VectorError(f"{family}: none of its cases is drawn, so there are no fresh ones")
        known |= {_key(case) for case in new}
        yield from (new[k] for k in order.permutation(len(new)))
        turn += 1


def _key(case):
    """All that makes a case, to be compared."""
    return json.dumps(generate.plain(case._asdict()))

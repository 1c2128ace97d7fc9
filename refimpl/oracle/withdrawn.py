"""Cases that are no more.

A case whose certified values, inputs or flags turn out to be wrong is not mended in place: who has
verified against it must be able to see that. Its line goes from the generator of its family, an
entry with its reason comes here, and what replaces it is appended at the end of the family, under
a number that no case has had. ``generate.numbered`` leaves out the withdrawn numbers, so that all
others stay; the file lists them under ``withdrawn``. Where cases draw from one stream of random
numbers, the draw of the withdrawn one must stay, or the others change with it: regeneration tells.
"""

from typing import NamedTuple


class Withdrawn(NamedTuple):
    """A name that is never used again."""

    id: str
    reason: str
    replaced_by: str = ""  # id of the case that says the same rightly, if there is one


_PLACE = (
    "held the axis by which `orthonormalize` replaces a lost row, where `inject` takes an old "
    "direction; only orthonormality was compared"
)

_DULL = (
    "compared the function's value at the ends alone, which one step less or a fifth more noise "
    "changes too little to be seen"
)

_FIRST_OGR = "held steps of the first version of `ogr`, in whose place the second has come"
# Replays and closed loops of it, each with what shows the same of the second.
_OPTIMIZERS = {27: 116, 28: 117, 29: 118, 36: 119, 76: 120, 77: 121, 78: 122, 79: 120}
_TRAJECTORIES = {79: 133, 80: 134, 81: 135, 82: 136, 83: 137}

WITHDRAWN = (
    Withdrawn("online_pca-0084", _PLACE, "online_pca-0136"),
    Withdrawn("online_pca-0085", _PLACE, "online_pca-0137"),
    Withdrawn("trajectories-0077", _DULL, "trajectories-0105"),
    Withdrawn("trajectories-0078", _DULL, "trajectories-0106"),
    *(
        Withdrawn(f"{family}-{old:04d}", _FIRST_OGR, f"{family}-{new:04d}")
        for family, numbers in (("optimizers", _OPTIMIZERS), ("trajectories", _TRAJECTORIES))
        for old, new in numbers.items()
    ),
)


def withdrawn_cases(family):
    """Those of a family as its file lists them.

    Parameters
    ----------
    family : str
        Name of a family.

    Returns
    -------
    list of dict
        With `id`, `reason` and, where there is one, `replaced_by`.

    Examples
    --------
    >>> withdrawn_cases("repulsion")
    []
    """
    return [
        {key: value for key, value in gone._asdict().items() if value}
        for gone in WITHDRAWN
        if gone.id.rpartition("-")[0] == family
    ]

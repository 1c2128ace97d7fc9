"""What goes into each operation and comes out of it, read off the cases themselves."""

from typing import NamedTuple

from . import GROUPS, OF_STEPS, is_word

# Where a size stands for the number of parameters; any other is that of a subspace.
PARAMETERS = ("theta", "gradient", "x", "start", "mean_theta", "mean_gradient", "extremum")
COLUMNS = ("V", "W", "V_old", "V_new", "directions", "noise", "starts")
# Sizes with a name of their own: of runs side by side, and of the steps of each.
FIRST = {"noise": "steps", "starts": "runs", ">value": "runs", ">moved": "runs"}
FIRST |= {f">averages.{name}": "W" for name in ("gradient", "hessian", "third")}
# Parts of what is about a few directions or groups, not about the parameters.
OF_FEW = ("model", "summary", "averages")
INDICES = "lists of indices"


class Signature(NamedTuple):
    """An operation, or one of those that run a method: replay, trajectory, ensemble."""

    op: str
    method: str  # of these, else ""
    params: dict  # name -> kind: number, integer, boolean, pair, word, ..., or several of them
    inputs: dict  # dotted name -> shape in letters
    out: dict  # field -> shape in letters, in the order of computation
    compare: dict  # field -> comparators that occur


class Observed(NamedTuple):
    """One case: shapes by name, and the sizes in it of the parameters and of the groups."""

    shapes: dict
    parameters: tuple
    groups: tuple


def signatures(cases):
    """The signature of every operation and method in `cases`.

    A letter stands for a size: ``D`` of the parameters, ``S`` of the groups of them, ``d`` of a
    subspace or of a matrix by itself, ``()`` for a number. Two sizes have one letter if they agree
    in every case. Cases whose certified outcome is an error, with their wrong shapes, are left out.

    Parameters
    ----------
    cases : iterable of Case

    Returns
    -------
    list of Signature
        In the order of their first cases.

    Examples
    --------
    >>> from refimpl import vectors
    >>> found = signatures(vectors.cases("repulsion"))
    >>> [(s.op, s.params, s.inputs, s.out) for s in found if "row_sum" in s.op]
    ... # doctest: +NORMALIZE_WHITESPACE
    [('repulsion.row_sum_bound', {'cut': 'number', 'div': 'number'},
      {'H': '(d, d)', 'g': '(d,)'}, {'result': '(d,)'})]
    """
    grouped = {}
    for case in cases:
        if set(case.out) != {"error"}:
            grouped.setdefault((case.op, case.method), []).append(case)
    return [_signature(op, method, group) for (op, method), group in grouped.items()]


def _signature(op, method, group):
    shapes = [_shapes(_inputs(case)) | _prefixed(_shapes(_out(case))) for case in group]
    observed = [Observed(one, tuple(_parameters(one)), tuple(_groups(one))) for one in shapes]
    lettered = {name: _letters(name, observed) for name in _merged(shapes)}
    kinds = {}
    for case in group:
        for name, value in case.params.items():
            kinds.setdefault(name, {})[_kind(value)] = None
    compare = {}
    for case in group:
        for field, comparator in case.compare.items():
            compare.setdefault(field, {})[comparator] = None
    return Signature(
        op=op,
        method=method,
        params={name: " or ".join(kinds[name]) for name in sorted(kinds)},
        inputs={name: text for name, text in lettered.items() if not name.startswith(">")},
        out={name[1:]: text for name, text in lettered.items() if name.startswith(">")},
        compare={field: " or ".join(found) for field, found in compare.items()},
    )


def _merged(lists):
    """All names, what only some lists have where these have it."""
    merged = []
    for names in lists:
        place = 0
        for name in names:
            if name in merged:
                place = merged.index(name) + 1
            else:
                merged.insert(place, name)
                place += 1
    return merged


def _prefixed(shapes):
    """Names of outputs, apart from inputs of the same name."""
    return {f">{name}": shape for name, shape in shapes.items()}


def _inputs(case):
    if "stream" not in case.inputs:
        return case.inputs
    rest = {name: value for name, value in case.inputs.items() if name != "stream"}
    return rest | {"stream": case.inputs["stream"][0]}


def _out(case):
    return case.out["steps"][0] if case.op in OF_STEPS else case.out


def _shapes(part, prefix=""):
    found = {}
    for name, value in part.items():
        if isinstance(value, dict):
            found |= _shapes(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = _shape(value)
    return found


def _shape(value):
    if not isinstance(value, list):
        return ()
    return (len(value), *(_shape(value[0]) if value else ()))


def _letters(name, observed):
    """Shapes of one name over all cases, in letters."""
    if name == GROUPS:
        return INDICES
    texts = {}
    for case in observed:
        shape = case.shapes.get(name)
        if shape is None:
            continue
        letters = [_letter(name, axis, observed) for axis in range(len(shape))]
        # Of an ensemble; elsewhere it is one position.
        if name == ">theta" and len(shape) == 2:
            letters[0] = "runs"
        # No direction is an empty list, whatever the other size would be.
        if shape == (0,):
            letters = ["0"]
        texts["(" + ", ".join(letters) + ("," if len(letters) == 1 else "") + ")"] = None
    return " or ".join(texts)


def _letter(name, axis, observed):
    """``D`` if the size agrees with that of the parameters wherever both occur, else ``d``."""
    if axis == 0 and name in FIRST:
        return FIRST[name]
    stem = name.lstrip(">").rsplit(".", 1)[-1]
    known = [
        (case.shapes[name][axis], size)
        for case in observed
        if len(case.shapes.get(name, ())) > axis
        for size in case.parameters
    ]
    if stem in COLUMNS and axis == 0 and len(known) > 0 and all(a <= b for a, b in known):
        return "d"
    if known and all(a == b for a, b in known):
        return "D"
    grouped = [
        (case.shapes[name][axis], size)
        for case in observed
        if len(case.shapes.get(name, ())) > axis
        for size in case.groups
    ]
    return "S" if grouped and all(a == b for a, b in grouped) else "d"


def _groups(shapes):
    """The number of groups in this case, where there are any."""
    for name in (GROUPS, "stream.summary.gradient"):
        if name in shapes:
            yield shapes[name][0]


def _parameters(shapes):
    """Sizes of what has one entry for each parameter in this case."""
    for name, shape in shapes.items():
        stem = name.lstrip(">").rsplit(".", 1)[-1]
        if any(one in name for one in OF_FEW) or (name == ">gradient" and GROUPS in shapes):
            continue
        if stem in PARAMETERS and shape:
            # Of an ensemble the positions are rows.
            yield shape[-1]
        elif stem in COLUMNS and len(shape) == 2:
            yield shape[1]


def _kind(value):
    if value is None:
        return "none"
    if isinstance(value, list):
        return INDICES if any(isinstance(entry, list) for entry in value) else "pair"
    if isinstance(value, str) and is_word(value):
        return "word"
    names = {bool: "boolean", int: "integer", str: "number"}
    return names[type(value)]


# ------------------------------------------------------------------------------- as plain text

STATISTICS = (
    *("weight", "beta", "scale", "mean_theta", "mean_gradient"),
    *("C_thetatheta", "C_gtheta", "C_gg"),
)


def listed(fields):
    """Names and shapes in words, all fields of a regression's statistics as one.

    Examples
    --------
    >>> listed({"momentum": "(D,)", "count": "()"})
    'momentum (D,); count'
    """
    found = {}
    whole = {
        name.removesuffix("C_gg")
        for name in fields
        if name.endswith("C_gg")
        and all(f"{name.removesuffix('C_gg')}{one}" in fields for one in STATISTICS)
    }
    for name, shape in fields.items():
        prefix = name[: len(name) - len(name.rpartition(".")[2])]
        if prefix in whole and name.removeprefix(prefix) in STATISTICS:
            what = f"statistics of {prefix.rstrip('.')}" if prefix else "statistics"
            found[f"{what}, C {fields[prefix + 'C_gg']}"] = None
        else:
            found[name if shape == "()" else f"{name} {shape}"] = None
    return "; ".join(found)


def operations(cases):
    """Name -> `params`, `in` and `out` of each single operation, in words."""
    return {
        one.op: {
            "params": ", ".join(f"{name}: {kind}" for name, kind in one.params.items()),
            "in": listed(one.inputs),
            "out": listed(one.out),
        }
        for one in signatures(case for case in cases if not case.method)
    }


def methods(cases):
    """Name -> `params`, what is needed `besides` position and gradient, and `state`, in words."""
    found = {}
    for one in signatures(case for case in cases if case.op == "replay"):
        further = [
            name.removeprefix("stream.") for name in one.inputs if name.startswith("stream.")
        ]
        besides = [name for name in further if name.split(".")[0] not in ("theta", "gradient")]
        if "d" in one.inputs.get("directions", ""):
            besides.insert(0, "directions")
        found[one.method] = {
            "params": ", ".join(f"{name}: {kind}" for name, kind in one.params.items()),
            "besides": ", ".join(besides),
            "state": listed(one.out),
        }
    return found

"""A state on disk: arrays by name, in a file that is written whole or not at all."""

import json
import os
import zipfile
from pathlib import Path

import numpy as np

from .. import __version__
from .._outside import as_path
from ..errors import CheckpointError, StateError

# What opening a file that is no checkpoint, or half of one, raises.
UNREADABLE = (zipfile.BadZipFile, EOFError, KeyError, TypeError, ValueError)


def write(path, header, x, state):
    """Write position and state under a header of names and numbers; a failure leaves what was.

    Raises
    ------
    OSError
    """
    path = as_path(path)
    header = {"refimpl": __version__, **header}
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            np.savez(file, _header=json.dumps(header), x=x, **_leaves(state))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read(path, **expected):
    """The header, the position, and by name the arrays of the state.

    Each of `expected` that is not None must be what the header says, `dimension` what the position
    has.

    Raises
    ------
    CheckpointError
        For a file that is damaged, of another version, or not what is expected.
    OSError
    """
    path = Path(as_path(path))
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            found = {name: archive[name] for name in archive.files}
        header = json.loads(str(found.pop("_header")))
        x = found.pop("x")
        told = {"version": header["refimpl"], "dimension": x.size}
        told |= {name: header[name] for name in ("method", "steps", "parameters")}
    except UNREADABLE as error:
        raise CheckpointError(
            f"{path}: expected what stepper.save wrote, got a file that is damaged or is none "
            f"({type(error).__name__}: {error}); take an earlier one"
        ) from error
    for name, one in {"version": __version__, **expected}.items():
        if one is not None and told[name] != one:
            raise CheckpointError(
                f"{path}: expected a checkpoint of {name} {one}, got one of {told[name]}"
            )
    return header, x, found


def filled(template, found, path, prefix="state"):
    """A state like the template, with the arrays that were found in a file.

    Raises
    ------
    CheckpointError
        For those of another state.
    """
    if hasattr(template, "kept"):
        try:
            template.refill(found)
        except StateError as error:
            raise CheckpointError(f"{path}: {error}") from None
        return template
    if template is None:
        return None
    if isinstance(template, tuple):
        parts = (filled(p, found, path, f"{prefix}.{name}") for name, p in _named(template))
        return template._make(parts) if hasattr(template, "_make") else tuple(parts)
    if prefix not in found or found[prefix].shape != np.shape(template):
        raise CheckpointError(
            f"{path}: expected {prefix} of shape {np.shape(template)}, got "
            f"{found[prefix].shape if prefix in found else 'none'}; the file is of another state"
        )
    kept = found[prefix]
    return kept if isinstance(template, np.ndarray) else type(template)(kept[()])


def _leaves(state, prefix="state"):
    """Name -> array or number, of a state and of the states in it."""
    if hasattr(state, "kept"):
        return state.kept()
    if state is None:
        return {}
    if not isinstance(state, tuple):
        return {prefix: state}
    parts = (_leaves(part, f"{prefix}.{name}") for name, part in _named(state))
    return {name: leaf for part in parts for name, leaf in part.items()}


def _named(state):
    """Names and parts of a tuple, which are numbers where it has no names."""
    return state._asdict().items() if hasattr(state, "_asdict") else enumerate(state)

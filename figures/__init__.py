"""The figures of the book: each module computes (`compute`), draws (`draw`) and says (`alt`).

On a page::

    import figures

    figures.show("noisy_line")
"""

import importlib
import os
from collections.abc import Mapping

from refimpl._outside import as_path
from refimpl.errors import unknown

from . import page, style

__all__ = ["FIGURES", "FolderError", "get", "interactive", "save", "show"]

# Chapter -> its figures, a module each.
CHAPTERS = {
    "noisy_gradients": ("noisy_line",),
    "laboratory": ("gallery", "noise_models"),
    "regression": ("regression_line", "two_means", "coverage"),
    "online_pca": ("online_pca", "transport", "turning_frame"),
    "qr_step": (
        "qr_step",
        "decaying_entries",
        "symmetric_saddle",
        "following_hessian",
        "diagonal_overshoot",
    ),
    "repulsion": ("repulsion", "phase_plane", "escape_time", "escaping_cloud", "monkey_saddle"),
    "optimizer": ("pieces", "options", "inside_a_run", "optimizer_values"),
    "family": ("first_step",),
    "published": (
        "beale_paths",
        "sorted_values",
        "figure1",
        "figure4",
        "figure5",
        "figure7",
        "four_functions",
        "smallest_program",
    ),
    "robust_default": ("robust_scale", "pure_noise", "stall"),
    "tournament": ("profiles", "ablation"),
    "foreign": ("foreign",),
    "chaos": ("chaos", "fair_comparison"),
    "your_problem": ("your_least_squares", "your_logistic"),
    "cubic": ("cubic", "grouped_newton", "loss_slice"),
    "training": ("training", "training_rates"),
    "noisy_summaries": ("averaging", "long_range"),
    "verify": ("verification_errors", "catch_matrix"),
    "taylor": ("taylor",),
    "layered": ("layered_cost",),
    "variants": ("correlated",),
    "cost": ("roofline",),
    "playground": ("playground",),
}


class Modules(Mapping):
    """The module of each figure, imported when it is first asked for: a page shows one or two."""

    def __init__(self, chapters):
        self._chapter = {name: chapter for chapter, names in chapters.items() for name in names}

    def __getitem__(self, name):
        return importlib.import_module(f"{__name__}.{self._chapter[name]}.{name}")

    def __iter__(self):
        return iter(self._chapter)

    def __len__(self):
        return len(self._chapter)


FIGURES = Modules(CHAPTERS)


class FolderError(OSError):
    """A folder into which no figure can be written."""


def get(name):
    """The module of a figure.

    Raises
    ------
    UnknownNameError
        With the nearest names.
    """
    if name not in FIGURES:
        raise unknown("figure", name, FIGURES)
    return FIGURES[name]


def show(name, **settings):
    """A figure for a page, with its alternative text; `settings` go to its `compute`.

    Examples
    --------
    >>> show("noisy_line", seed=1)  # doctest: +ELLIPSIS
    Two panels...
    """
    module = get(name)
    data = module.compute(**settings)
    return page.picture(module.draw(data), module.alt(data))


def interactive(name, **settings):
    """The interactive version of a figure for a page, where there is one.

    Raises
    ------
    UnknownNameError
        For a figure that has none, with those that have.
    """
    if not hasattr(get(name), "interactive"):
        raise unknown(
            "interactive figure", name, [n for n, m in FIGURES.items() if hasattr(m, "interactive")]
        )
    module = get(name)
    data = module.compute(**settings)
    return page.Html(module.interactive(data), module.alt_interactive(data))


def save(name, folder, format="svg"):
    """Draw a figure with its default data into ``folder/name.format``, and return that path.

    The folder is made if need be. The same versions of the libraries give the same bytes.

    Parameters
    ----------
    name : str
        One of `FIGURES`.
    folder : str or path
    format : str, optional
        ``"svg"``, ``"png"`` (150 dots an inch) or ``"pdf"``; the background is transparent.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    UnknownNameError
        If there is no such figure or format, with the nearest names.
    FolderError
        If the folder cannot be made or written, before anything is computed.
    """
    module = get(name)
    if format not in style.METADATA:
        raise unknown("format", format, style.METADATA)
    path = as_path(folder) / f"{name}.{format}"
    _prepare(path.parent)
    return write(module.draw(module.compute()), path)


def write(figure, path):
    """Write a drawn figure; the format is the path's ending."""
    path = as_path(path)
    rendered = style.render(figure, path.suffix[1:])
    _prepare(path.parent)
    try:
        path.write_bytes(rendered)
    except OSError as error:
        raise _unwritable(path.parent, error.strerror) from error
    return path


def _prepare(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error.strerror) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unwritable(folder, "no permission to write")


def _unwritable(folder, reason):
    return FolderError(f"cannot write figures into {str(folder)!r}: {reason}; give another folder")

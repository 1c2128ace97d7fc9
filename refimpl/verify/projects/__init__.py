"""Five projects of a few hours: what is to be written, and the reference outputs that check it.

A project has parts, each a function or a method, and each part the certified cases that belong to
it. `templates` has a file to begin with for each project, `answering` puts a student's file to the
cases in a process of its own, and `checking` says which cases pass and what is missing. Page
"Projects" of the book.
"""

from pathlib import Path
from typing import NamedTuple

from ...errors import unknown
from ...vectors import REPLAY, TRAJECTORY

TEMPLATES = Path(__file__).with_name("templates")
# Of numbers at the border of what floats hold, and of input that is refused: the whole suite has
# them, a project of a few hours does not ask for them.
BORDER = frozenset(
    (
        *("huge-scale", "subnormal-scale", "nan-input", "inf-input"),
        *("out-of-range", "wrong-shape", "wrong-state", "not-symmetric"),
    )
)
# Where a rule for ties of rounding decides, which is the package's and no mathematics.
RULED = BORDER | {"rank-deficient", "collinear", "constant-theta", "far-mean"}
DEPENDENT = BORDER | {"rank-deficient"}


class Part(NamedTuple):
    """Something to be written, and what checks it."""

    op: str  # an operation, or REPLAY or TRAJECTORY
    call: str  # how the function is called, or both of a method
    about: str
    family: str
    method: str = ""
    left_out: frozenset = BORDER
    diagonal: bool = False  # cases whose state holds vectors; otherwise those with matrices

    @property
    def functions(self):
        """Names of the functions that a student's file must have for it."""
        return ("start", "step") if self.method else (self.op.rpartition(".")[2],)


class Project(NamedTuple):
    """What a student is given to do."""

    title: str
    page: str  # of the book, where all of it is derived
    parts: tuple


def _of(family, name, call, about, **more):
    return Part(f"{family}.{name}", call, about, family, **more)


def _walks(method, about, op=TRAJECTORY):
    family = "trajectories" if op == TRAJECTORY else "optimizers"
    return Part(op, "start and step", about, family, method)


UPDATE = "update(state, theta, gradient, beta)"
PROJECTS = {
    "line": Project(
        "A line through noisy gradients",
        "regression",
        (
            _of(
                "regression", "update", UPDATE, "means and variances", diagonal=True, left_out=RULED
            ),
            _of("regression", "slope", "slope(state)", "the line", diagonal=True, left_out=RULED),
            _walks("dogr", "an optimizer that uses it"),
        ),
    ),
    "hessian": Project(
        "A whole Hessian from gradients",
        "regression",
        (
            _of("regression", "update", UPDATE, "means and covariances", left_out=RULED),
            _of(
                "regression",
                "symmetric_hessian",
                "symmetric_hessian(state, ridge)",
                "the symmetric fit",
                left_out=RULED,
            ),
            _walks("fogr", "the optimizer of Figure 1"),
        ),
    ),
    "axes": Project(
        "Axes that follow",
        "qr_step",
        (
            _of(
                "online_pca",
                "orthonormalize",
                "orthonormalize(W)",
                "rows made orthonormal",
                left_out=DEPENDENT,
            ),
            _of("online_pca", "oja", "oja(V, x, gamma)", "Oja's rule", left_out=DEPENDENT),
            _of("online_pca", "inject", "inject(V, x, turn)", "injection", left_out=DEPENDENT),
            _of("qr_step", "qr_step", "qr_step(H)", "a QR step", left_out=DEPENDENT),
            _of(
                "qr_step",
                "shifted_qr_step",
                "shifted_qr_step(H)",
                "with a shift",
                left_out=DEPENDENT,
            ),
        ),
    ),
    "saddles": Project(
        "Away from saddles",
        "repulsion",
        (
            _of("repulsion", "newton", "newton(H, g)", "Newton's step"),
            _of("repulsion", "saddle_free", "saddle_free(H, g, div, cut)", "by the modulus"),
            _of(
                "repulsion", "row_sum_bound", "row_sum_bound(H, g, div, cut)", "without eigenvalues"
            ),
            _walks("sfn", "a walk with the exact Hessian"),
        ),
    ),
    "optimizer": Project(
        "The four pieces in one step",
        "optimizer",
        (
            _walks("online_sfn", "each quantity of a step, on a given stream", REPLAY),
            _walks("online_sfn", "a walk at its own positions"),
        ),
    ),
}


def project(name):
    """A project by its name.

    Raises
    ------
    UnknownNameError
        With the nearest names.

    Examples
    --------
    >>> project("line").title
    'A line through noisy gradients'
    """
    if name not in PROJECTS:
        raise unknown("project", name, PROJECTS)
    return PROJECTS[name]


def starter(name):
    """The file to begin a project with.

    Examples
    --------
    >>> "def slope(state):" in starter("line").read_text()
    True
    """
    project(name)
    return TEMPLATES / f"{name}.py"


def asked(part, family):
    """Cases of a family that check a part.

    Parameters
    ----------
    part : Part
    family : vectors.Family

    Returns
    -------
    list of vectors.Case
    """

    def fits(case):
        state = case.inputs.get("state", {})
        # What is not a list of lists is a vector, the diagonal.
        flat = bool(state) and not isinstance(state["C_gg"][0], list)
        return (
            (case.op, case.method) == (part.op, part.method)
            and part.left_out.isdisjoint(case.flags)
            and (not state or flat == part.diagonal)
        )

    return [case for case in family.cases if fits(case)]

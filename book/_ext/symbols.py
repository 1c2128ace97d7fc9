"""The symbols of the labelled equations, each of which must have its row in ``notation.yml``.

Pages are read as text, as in `ties`.
"""

import re
from functools import cache
from pathlib import Path

import contents
import yaml
from ties import in_code, lines

# Running indices, differentials and the numbers e and pi have no row; nor have marks.
NO_SYMBOLS = set("ijkldeT") | {"ell", "pi"}
GREEK = [
    "alpha",
    "beta",
    "gamma",
    "Gamma",
    "delta",
    "Delta",
    "epsilon",
    "varepsilon",
    "eta",
    "theta",
    "vartheta",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "rho",
    "sigma",
    "tau",
    "varphi",
    "phi",
    "psi",
    "omega",
    "zeta",
    "xi",
    "chi",
    "Sigma",
    "Lambda",
    "Phi",
    "Psi",
    "Omega",
]
EQUATION = re.compile(r"^\$\$\n((?:(?!\$\$).)*)\n\$\$ \((eq-[\w-]+)\)$", re.M | re.S)
NAMED = re.compile(r"\\(?:mathrm|operatorname|text)\{([^{}]*)\}")
FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$\w])\$([^$\n]+)\$", re.S)
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\S", re.S)
SPACES = {r"\,", r"\;", r"\!", r"\:", r"\ ", r"\quad", r"\qquad"}


def symbols(tex):
    r"""Letters and Greek letters of a formula; words in roman type are no letters.

    Examples
    --------
    >>> sorted(symbols(r"\\\\lambda = \\\\frac{C_{g\\\\theta}}{C} \\\\quad \\\\text{if any}"))
    ['C', 'g', 'lambda', 'theta']
    """
    tex = NAMED.sub(" ", tex)
    tex = re.sub(r"\\(begin|end)\{\w+\}", " ", tex)
    found = set()
    for macro, letter in re.findall(r"\\([A-Za-z]+)|([A-Za-z])", tex):
        if macro in GREEK or (letter and not macro):
            found.add(macro or letter)
    return found - NO_SYMBOLS


def equations(text):
    """Label and formula of each labelled equation of a page."""
    return [(label, tex) for tex, label in EQUATION.findall(text)]


def rows(book_dir):
    """Group -> its rows, dictionaries, as they are written."""
    return yaml.safe_load(Path(book_dir, "notation.yml").read_text("utf-8"))


def known(book_dir):
    """The symbols that have a row."""
    groups = rows(book_dir).values()
    return set().union(*(symbols(entry["symbol"]) for group in groups for entry in group))


def unexplained(book_dir):
    """Label -> the symbols of its equation that have no row."""
    has_row, missing = known(book_dir), {}
    for path in sorted(Path(book_dir).glob("*.md")):
        for label, tex in equations(path.read_text("utf-8")):
            if left := symbols(tex) - has_row:
                missing[f"{path.stem}: {label}"] = sorted(left)
    return missing


def tokens(tex):
    """The pieces of a formula, without its spaces."""
    return [token for token in TOKEN.findall(tex) if token not in SPACES]


def formulas(text):
    """The formulas of a page, code left out."""
    prose = [line for _, line, words in lines(text) if not in_code(words)]
    return [display or inline for display, inline in FORMULA.findall("\n".join(prose))]


def shows(formula, symbol):
    r"""Whether a symbol is part of a formula; a letter is not part of a word in roman type.

    Examples
    --------
    >>> [shows(r"\\mathrm{cut} + a_{\\max}", sign) for sign in ("a", "u", r"a_{\\max}")]
    [True, False, True]
    """
    if not NAMED.search(symbol):
        formula = NAMED.sub(" ", formula)
    sought, given = tokens(symbol), tokens(formula)
    return any(given[k : k + len(sought)] == sought for k in range(len(given) - len(sought) + 1))


@cache
def first_pages(book_dir):
    """Group -> for each of its rows the first page that shows the (first) symbol, or ``""``.

    In reading order, from the page on that a row names as ``since``: there its letter takes this
    meaning, and had another one before.
    """
    order = contents.names(book_dir)
    shown = {
        page: formulas(path.read_text("utf-8"))
        for page in order
        if (path := Path(book_dir, f"{page}.md")).is_file()
    }

    def first(entry):
        symbol = re.split(r",(?![^({]*[)}])", entry["symbol"])[0]
        begin = order.index(entry["since"]) if entry.get("since") else 0
        return next(
            (
                page
                for page in order[begin:]
                if any(shows(formula, symbol) for formula in shown.get(page, ()))
            ),
            "",
        )

    return {group: [first(entry) for entry in part] for group, part in rows(book_dir).items()}

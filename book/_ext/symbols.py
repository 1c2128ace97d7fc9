"""The symbols of the labelled equations, each of which must have its row in ``notation.yml``.

Pages are read as text, as in `ties`.
"""

import re
from pathlib import Path

import yaml

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


def known(book_dir):
    """The symbols that have a row."""
    groups = yaml.safe_load(Path(book_dir, "notation.yml").read_text("utf-8"))
    return set().union(*(symbols(entry["symbol"]) for group in groups.values() for entry in group))


def unexplained(book_dir):
    """Label -> the symbols of its equation that have no row."""
    rows, missing = known(book_dir), {}
    for path in sorted(Path(book_dir).glob("*.md")):
        for label, tex in equations(path.read_text("utf-8")):
            if left := symbols(tex) - rows:
                missing[f"{path.stem}: {label}"] = sorted(left)
    return missing

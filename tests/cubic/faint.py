"""Faint gradients next to a pole, and their rates to 700 digits, kept.

The root is as small as the gradient, down to where floats end, some 320 decades below the pole that
it is measured from. The oracle takes a second for each, so that its answers are kept as the nearest
floats, by ``python -m tests.cubic.faint``; `test_faint` computes a sample of them anew.
"""

import json
from pathlib import Path

import mpmath
import numpy as np
from tqdm import tqdm

from refimpl.oracle import cubic as oracle
from refimpl.oracle.arrays import exact

KEPT = Path(__file__).with_suffix(".json")
MODELS = {
    "one bends down": (np.array([[1.0, 0.25], [0.25, -1.0]]), np.ones(2)),
    "apart": (np.diag([2.0, -1.0]), np.array([0.5, 1.0])),
    "two alike": (np.diag([-1.0, -1.0, 2.0]), np.ones(3)),
    "beside a group without cubic term": (
        np.array([[-1.0, 0.25], [0.25, 1.0]]),
        np.array([1.0, 0.0]),
    ),
    "none bends down": (np.array([[1.0, 0.25], [0.25, 1.0]]), np.ones(2)),
    "flat": (np.diag([1.0, 0.0]), np.ones(2)),
}
POWERS = (-500, -699, -701, -1000, -1022, -1030, -1060)


def problems(model, power):
    """All of the gradient is faint, or its first or last part, beside others of order 1."""
    H, d = MODELS[model]
    S = len(H)
    faint, ordinary = np.ldexp(np.arange(1.0, S + 1.0), power), np.full(S - 1, 0.125)
    for g in (faint, np.r_[-faint[:1], ordinary], np.r_[ordinary, faint[:1]]):
        yield H, g, d, 1.0


def wanted(problem):
    """Outcome and rates by the oracle."""
    with mpmath.workdps(700):
        found = oracle.minimize_cubic(*exact(problem))
        return [found["outcome"], [float(rate).hex() for rate in found["rates"]]]


def kept():
    """Model and power -> what is wanted of each problem."""
    return json.loads(KEPT.read_text(encoding="utf-8"))


def main():
    every = [(model, power) for model in MODELS for power in POWERS]
    found = {
        f"{model}, {power}": [wanted(problem) for problem in problems(model, power)]
        for model, power in tqdm(every, unit="case", leave=False)
    }
    KEPT.write_text(json.dumps(found, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

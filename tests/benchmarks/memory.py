"""What a run asks for, by what it must keep."""

import tracemalloc

import numpy as np

import refimpl

from .row import of


class Bowl:
    """A quadratic whose gradient is written into one array."""

    def __init__(self, D):
        self.curvature, self.slope = np.linspace(1.0, 3.0, D), np.empty(D)

    def value(self, x):
        return 0.5 * float(x @ np.multiply(self.curvature, x, out=self.slope))

    def gradient(self, x):
        return np.multiply(self.curvature, x, out=self.slope)


def peak(call):
    """Bytes that a call asks for at most, by what NumPy and Python tell."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def rows(quick):
    """Peaks of `minimize`."""
    D, steps = (20_000, 60) if quick else (1_000_000, 200)
    for method in ("sgd", "ogr"):
        d = refimpl.methods()[method]["defaults"].get("dimension", 0)
        for noise in (0.0, 0.01):
            for keep in (True, False):
                bowl, x0 = Bowl(D), np.ones(D)
                given = {"method": method, "steps": steps, "noise": noise, "seed": 0}
                needed = (steps + 1) * D * 8 if keep else (d + 10) * D * 8

                def run(bowl=bowl, x0=x0, given=given, keep=keep):
                    refimpl.minimize(
                        bowl.value, x0, jac=bowl.gradient, keep_path=keep, progress=False, **given
                    )

                by = "path" if keep else "(d + 10) D numbers"
                what = f"{method}, D = {D:.0e}, {steps} steps, noise {noise:g}"
                yield of(f"peak / {by}, {what}", [peak(run) / needed], "<= 1.1" if keep else "<= 1")

"""Lattices beside the same loop in scalar C, compiled here with ``-O3 -march=native``."""

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import refimpl
from refimpl import functions

from .row import Missing, in_turns

SOURCE = r"""
#include <math.h>
static double value(const double *x) {
    double total = 0;
    const double a[3] = {1.5, 2.25, 2.625};
    for (int i = 0; i < 3; i += 2) {
        double v = 1;
        for (int k = 0; k < 3; k++) {
            v *= x[1];
            double r = a[k] - x[i] + x[i] * v;
            total += r * r;
        }
    }
    return total;
}
static void gradient(const double *x, double *g) {
    const double a[3] = {1.5, 2.25, 2.625};
    g[0] = g[1] = g[2] = 0;
    for (int i = 0; i < 3; i += 2) {
        double v = 1, before = 1;
        for (int k = 0; k < 3; k++) {
            before = v;
            v *= x[1];
            double r = a[k] - x[i] + x[i] * v;
            g[i] += 2 * r * (v - 1);
            g[1] += 2 * r * x[i] * (k + 1) * before;
        }
    }
}
void momentum(const double *starts, const double *noise, double *final, int n, int steps,
              double alpha, double gamma) {
    for (int i = 0; i < n; i++) {
        double x[3], m[3] = {0}, g[3];
        for (int k = 0; k < 3; k++) x[k] = starts[3 * i + k];
        for (int t = 0; t < steps; t++) {
            gradient(x, g);
            for (int k = 0; k < 3; k++) {
                m[k] += gamma * (g[k] + noise[(i * steps + t) * 3 + k] - m[k]);
                x[k] -= alpha * m[k];
            }
        }
        final[i] = value(x);
    }
}
void adam(const double *starts, const double *noise, double *final, int n, int steps,
          double alpha, double b1, double b2, double eps) {
    for (int i = 0; i < n; i++) {
        double x[3], m[3] = {0}, v[3] = {0}, g[3], p1 = 1, p2 = 1;
        for (int k = 0; k < 3; k++) x[k] = starts[3 * i + k];
        for (int t = 0; t < steps; t++) {
            gradient(x, g);
            p1 *= b1, p2 *= b2;
            for (int k = 0; k < 3; k++) {
                double z = g[k] + noise[(i * steps + t) * 3 + k];
                m[k] = b1 * m[k] + (1 - b1) * z;
                v[k] = b2 * v[k] + (1 - b2) * z * z;
                x[k] -= alpha * (m[k] / (1 - p1)) / (sqrt(v[k] / (1 - p2)) + eps);
            }
        }
        final[i] = value(x);
    }
}
"""
SETTINGS = {
    "momentum": {"alpha": 1e-3, "gamma": 0.1},
    "adam": {"alpha": 1e-2, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
}


def library(folder):
    """The C program, loaded."""
    source, target = Path(folder) / "loops.c", Path(folder) / "loops.so"
    source.write_text(SOURCE, encoding="utf-8")
    flags = ["-O3", "-march=native", "-shared", "-fPIC", "-lm"]
    subprocess.run(["cc", str(source), *flags, "-o", str(target)], check=True)
    return ctypes.CDLL(str(target))


def rows(quick):
    """Every method of the settings; the noise is drawn by NumPy on both sides."""
    if shutil.which("cc") is None:
        yield Missing("lattices / scalar C", "there is no C compiler")
        return
    turns, steps, n = (3, 200, 200) if quick else (9, 1_000, 343)
    starts = np.random.default_rng(0).uniform(0.5, 1.5, (n, 3))
    address = ctypes.POINTER(ctypes.c_double)
    with tempfile.TemporaryDirectory() as folder:
        loops = library(folder)
        for name, setting in SETTINGS.items():
            final = np.empty(n)

            def in_c(name=name, setting=setting, final=final):
                noise = 0.01 * np.random.default_rng(0).standard_normal((n, steps, 3))
                arrays = (x.ctypes.data_as(address) for x in (starts, noise, final))
                numbers = map(ctypes.c_double, setting.values())
                getattr(loops, name)(*arrays, n, steps, *numbers)

            def ours(name=name, setting=setting):
                given = {"starts": starts, "steps": steps, "noise": 0.01, "seeds": [0]}
                return refimpl.lattice(functions.beale3, name, **given, **setting)

            in_c()
            np.testing.assert_allclose(ours()[0], final, rtol=1e-6)
            yield in_turns(f"lattice of {name} / scalar C", ours, in_c, turns, "<= 1.5")
        few, still, ends = starts[:40], np.zeros((40, steps, 3)), np.empty(40)

        def momentum_in_c():
            arrays = (x.ctypes.data_as(address) for x in (few, still, ends))
            loops.momentum(*arrays, 40, steps, ctypes.c_double(1e-3), ctypes.c_double(0.1))

        for name in ("dogr", "cdogr", "pogr", "sogr", "csogr", "fogr", "ogr", "online_sfn"):

            def method(name=name):
                given = {"starts": few, "steps": steps, "noise": 0.01, "seeds": [0]}
                return refimpl.lattice(functions.beale3, name, **given)

            yield in_turns(
                f"lattice of {name} / momentum in scalar C", method, momentum_in_c, turns
            )

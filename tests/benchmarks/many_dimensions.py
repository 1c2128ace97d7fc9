"""Streamed steps beside the readable ones and beside the memory: how many limits a step costs.

The limit is three streams over a basis of the same size and precision: it is read once, then read
and written. All sides take their turns within one run, on one thread, in processor time; the
medians of the ratios are the result. A gradient is that of a noisy quadratic, and made outside the
clock. Memory is what NumPy and Python ask for during a step (`tracemalloc`), as a share of the
state, ``(d + 4) D`` numbers.
`torch.linalg.qr` of the ``(D, d)`` matrix, which an injection by PyTorch would need in each step,
is timed where PyTorch is installed.
"""

import functools
import importlib.util
import time
import tracemalloc

import numpy as np

from refimpl import optimizers
from refimpl._compile import reassociated
from refimpl.optimizers import streamed

from .row import Missing, of

METHODS = {"online_sfn": 10, "ogr": 15}
# No streamed step has scales of coordinates.
TOLD = {"online_sfn": {}, "ogr": {"scaled": False}}
TURNS = 9
HAS_TORCH = importlib.util.find_spec("torch") is not None


@reassociated
def read(x):
    """One stream."""
    total = x.dtype.type(0)
    for k in range(x.size):
        total += x[k]
    return total


@reassociated
def read_and_write(x, c):
    """Two streams."""
    for k in range(x.size):
        x[k] *= c


class Quadratic:
    """Noisy gradients without an allocation."""

    def __init__(self, D, dtype, rng):
        self.curvature = np.linspace(1.0, 3.0, D, dtype=dtype)
        self.noise = [rng.standard_normal(D).astype(dtype) for _ in range(3)]
        self.gradient, self.count = np.empty(D, dtype), 0

    def __call__(self, theta):
        self.count += 1
        np.multiply(self.curvature, theta, out=self.gradient)
        self.gradient += self.noise[self.count % 3]
        return self.gradient


def clock(call, repetitions=1):
    began = time.process_time()
    for _ in range(repetitions):
        call()
    return (time.process_time() - began) / repetitions


def row(method, D, dtype, turns=TURNS, readable=True):
    """Name -> ratios of all turns; and the share of memory."""
    d, rng = METHODS[method], np.random.default_rng(0)
    x0 = rng.standard_normal(D).astype(dtype)
    stepper = streamed.start(x0, method, dimension=d, **TOLD[method])
    quadratic = Quadratic(D, dtype, rng)
    basis = np.ones(d * D, dtype)
    one, size = dtype(1), np.dtype(dtype).itemsize * (d + 4) * D

    def limit():
        read(basis)
        read_and_write(basis, one)

    described = optimizers.get(method)
    for _ in range(3):
        stepper.step(quadratic(stepper.theta))
        limit()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(5):
        stepper.step(quadratic.gradient)
    traced = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()

    slow = readable and dtype is np.float64
    theta, state = stepper.theta.astype(np.float64), stepper.state if slow else None
    if slow:
        described.step(state, theta, quadratic.gradient, stepper.parameters)
    repetitions = max(1, 300_000 // D)
    times = {"limit": [], "streamed": [], "readable": [], "torch": []}
    for _ in range(turns):
        times["limit"].append(clock(limit, repetitions))
        spent = 0.0
        for _ in range(repetitions):
            g = quadratic(stepper.theta)
            spent += clock(lambda g=g: stepper.step(g))
        times["streamed"].append(spent / repetitions)
        if slow:
            g = quadratic.gradient
            step = functools.partial(described.step, state, theta, g, stepper.parameters)
            times["readable"].append(clock(step))
        if HAS_TORCH:
            times["torch"].append(torch_qr(basis.reshape(D, d)))
    found = {
        name: [a / b for a, b in zip(spent, times["limit"], strict=True)]
        for name, spent in times.items()
        if spent and name != "limit"
    }
    if "torch" in found:
        found["torch.linalg.qr"] = found.pop("torch")
    return {"dtype": np.dtype(dtype).name, "traced / state": traced / size, **found}


def words(method):
    """A method and what it is told, as the rows name it."""
    told = ", ".join(f"{name}={value}" for name, value in TOLD[method].items())
    return f"{method} ({told})" if told else method


def torch_qr(matrix):
    import torch

    torch.set_num_threads(1)
    given = torch.from_numpy(matrix + np.random.default_rng(0).standard_normal(matrix.shape))
    return clock(lambda: torch.linalg.qr(given))


def rows(quick):
    """Step / limit, and the memory that a step asks for."""
    turns, sizes = (3, (10**4,)) if quick else (TURNS, (10**4, 10**5, 10**6, 10**7))
    for method, d in METHODS.items():
        for dtype in (np.float64, np.float32):
            for D in sizes:
                # At 1e7 the readable step takes minutes.
                found = row(method, D, dtype, turns, readable=D < 10**7)
                what = f"{found['dtype']}, d = {d}, D = {D:.0e}"
                reach = "<= 3" if method == "online_sfn" else "<= 5"
                for name in ("streamed", "readable", "torch.linalg.qr"):
                    if name in found:
                        aim = reach if name == "streamed" else ""
                        yield of(f"{words(method)} {name} / limit, {what}", found[name], aim)
                share = found["traced / state"]
                yield of(f"{words(method)} memory of a step / state, {what}", [share], "< 0.05")
    if not HAS_TORCH:
        yield Missing("torch.linalg.qr of D x d / limit", "torch is not installed")

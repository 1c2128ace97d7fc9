"""Streamed steps beside the readable ones and beside the memory: how many limits a step costs.

Not part of the usual test run. On request::

    python tests/benchmarks/bench_streamed.py [largest D, 1e6 unless given]

The limit is three streams over a basis of the same size and precision: it is read once, then read
and written. All sides take their turns within one run, on one thread, in processor time; the
medians of the ratios are the result. A gradient is that of a noisy quadratic, and made outside the
clock. Memory is what NumPy and Python ask for during a step (`tracemalloc`), and how much the peak
of the process grew over all steps (`ru_maxrss`), as shares of the state, ``(d + 4) D`` numbers.
`torch.linalg.qr` of the ``(D, d)`` matrix, which an injection by PyTorch would need in each step,
is timed where PyTorch is installed.
"""

import importlib.util
import resource
import statistics
import sys
import time
import tracemalloc

import numpy as np
import threadpoolctl

from refimpl import optimizers, streamed
from refimpl._compile import reassociated

METHODS = {"online_sfn": 10, "ogr": 15}
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


def peak():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def row(method, D, dtype, turns=TURNS, readable=True):
    """One row of the table, a dictionary; ratios are medians over the turns."""
    d, rng = METHODS[method], np.random.default_rng(0)
    stepper = streamed.start(rng.standard_normal(D).astype(dtype), method, dimension=d)
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
    before, most = tracemalloc.get_traced_memory()[0], peak()
    for _ in range(5):
        stepper.step(quadratic.gradient)
    traced = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    grown = peak() - most

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
            call = lambda g=g: described.step(state, theta, g, stepper.parameters)  # noqa: E731
            times["readable"].append(clock(call))
        if HAS_TORCH:
            times["torch"].append(torch_qr(basis.reshape(D, d)))
    ratios = {
        name: statistics.median(a / b for a, b in zip(spent, times["limit"], strict=True))
        for name, spent in times.items()
        if spent
    }
    spread = [a / b for a, b in zip(times["streamed"], times["limit"], strict=True)]
    return {
        "method": method,
        "d": d,
        "D": D,
        "dtype": np.dtype(dtype).name,
        "streamed / limit": ratios["streamed"],
        "from": min(spread),
        "to": max(spread),
        "readable / limit": ratios.get("readable"),
        "torch.linalg.qr / limit": ratios.get("torch"),
        "traced / state": traced / size,
        "grown / state": grown / size,
    }


def torch_qr(matrix):
    import torch

    torch.set_num_threads(1)
    given = torch.from_numpy(matrix + np.random.default_rng(0).standard_normal(matrix.shape))
    return clock(lambda: torch.linalg.qr(given))


def rows(sizes=(10**4, 10**5, 10**6), turns=TURNS):
    """All rows, one after another."""
    for method in METHODS:
        for dtype in (np.float64, np.float32):
            for D in sizes:
                yield row(method, D, dtype, turns, readable=D <= 10**6)


def main(largest=10**6):
    print("step / limit, medians; in brackets from ... to")
    if not HAS_TORCH:
        print("torch is not installed: torch.linalg.qr is left out")
    sizes = [D for D in (10**4, 10**5, 10**6, 10**7) if largest >= D]
    threadpoolctl.threadpool_limits(1)
    for found in rows(sizes):
        print(
            f"{found['method']:<11}{found['dtype']:<8} d = {found['d']}  D = {found['D']:<9}"
            f"streamed {found['streamed / limit']:6.2f}"
            f"  ({found['from']:.2f} ... {found['to']:.2f})"
            + "".join(
                f"  {name} {found[f'{name} / limit']:7.1f}"
                for name in ("readable", "torch.linalg.qr")
                if found[f"{name} / limit"] is not None
            )
            + f"  traced {found['traced / state']:.4f}, grown {found['grown / state']:.4f} states",
            flush=True,
        )


if __name__ == "__main__":
    main(*(int(float(argument)) for argument in sys.argv[1:]))

"""The summary of an eight-layer network in gradients of the same network, and its memory.

Not part of the usual test run. On request::

    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_layered_summary.py

Eight layers of width 256, a batch of 128, one group for each of the 16 tensors. In each turn some
gradients are timed before and after a summary; the medians of the ratios are the result. Memory is
the peak of what is allocated during a summary, against the activations of the batch; the target
is at most 4 S of them.
"""

import functools
import os
import statistics
import time
import tracemalloc

# Before NumPy: one thread on both sides.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from refimpl import layered_summary, partitions
from refimpl.network import Batch, Network, one_hot

DEPTH, WIDTH, RECORDS = 8, 256, 128
TURNS, GRADIENTS = 15, 4


def problem(activation, loss, dtype, seed=0):
    """A network with random data; its gradient there is the direction."""
    rng = np.random.default_rng(seed)
    network = Network((WIDTH,) * (DEPTH + 1), activation, loss)
    theta = network.initial(rng, dtype)
    labels = rng.integers(0, WIDTH, RECORDS)
    inputs = rng.standard_normal((RECORDS, WIDTH)).astype(dtype)
    batch = Batch(inputs, one_hot(labels, WIDTH).astype(dtype) if loss == "mse" else labels)
    return network, batch, theta, network.gradient(theta, batch)


def seconds(call, repeats=1):
    began = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - began) / repeats


def ratios(gradient, call):
    """Time of a call over that of a gradient, in turns."""
    gradient()
    call()
    found = []
    for _ in range(TURNS):
        before = seconds(gradient, GRADIENTS)
        taken = seconds(call)
        after = seconds(gradient, GRADIENTS)
        found.append(2.0 * taken / (before + after))
    return found


def peak(call):
    """Bytes allocated during a call, at most."""
    tracemalloc.start()
    call()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def report(name, found):
    print(
        f"{name:<46}{statistics.median(found):6.2f}   (from {min(found):.2f} to {max(found):.2f} "
        f"in {len(found)} turns)"
    )


def main():
    print("in gradients")
    for activation, loss, dtype in (
        ("tanh", "cross_entropy", np.float64),
        ("tanh", "mse", np.float64),
        ("relu", "mse", np.float64),
        ("softplus", "cross_entropy", np.float64),
        ("tanh", "cross_entropy", np.float32),
    ):
        network, batch, theta, _ = place = problem(activation, loss, dtype)
        groups = partitions.by_tensor(network.shapes)
        assigned = layered_summary.assign(network, groups)
        name = f"{activation}, {loss}, {np.dtype(dtype).name}"
        gradient = functools.partial(network.gradient, theta, batch)
        ours = functools.partial(layered_summary.summarize, *place, assigned)
        for order in (1, 2, 3) if name == "tanh, cross_entropy, float64" else (3,):
            report(f"{name}, order {order}", ratios(gradient, functools.partial(ours, order)))
        noisy = functools.partial(layered_summary.summarize_with_noise, *place, assigned)
        report("  with the noise", ratios(gradient, noisy))
        if name == "tanh, cross_entropy, float64":
            look = functools.partial(layered_summary.assign, network, groups)
            report("  the check of the groups, once", ratios(gradient, look))
        activations = sum(network.widths[:-1]) * RECORDS * theta.itemsize
        used = peak(ours)
        print(
            f"  peak memory / activations{used / activations:27.1f}   (at most "
            f"{4 * len(groups)} wanted)"
        )


if __name__ == "__main__":
    main()

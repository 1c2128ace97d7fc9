"""Cells of a tournament a second: one process beside two, and beside two workers of dask."""

import time

import joblib
import numpy as np

from refimpl import functions
from refimpl.runs.experiments.cells import Cell, compute

from .row import Missing, in_turns


def cells(quick):
    """Cells of one kind, so that each process has the same to do."""
    steps, count = (500, 8) if quick else (4_000, 32)
    starts = np.random.default_rng(0).uniform(-2.0, 2.0, (20, 2))
    return [
        Cell(
            functions.beale,
            method,
            starts,
            steps,
            noise=0.1,
            seeds=range(4),
            hyperparameters={"alpha": 0.01 * (k + 1)},
        )
        for method in ("adam", "momentum")
        for k in range(count // 2)
    ]


def rows(quick):
    """What is not installed is left out by name."""
    put, turns = cells(quick), 3 if quick else 7
    name = "cells a second: two {} / one process"
    yield in_turns(
        name.format("processes"),
        lambda: compute(put, jobs=1),
        lambda: compute(put, jobs=2),
        turns,
        clock=time.perf_counter,
    )
    try:
        import dask.distributed
    except ModuleNotFoundError:
        yield Missing(name.format("workers of dask"), "dask.distributed is not installed")
        return

    def on_workers():
        with joblib.parallel_config(backend="dask"):
            compute(put)

    with (
        dask.distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        dask.distributed.Client(cluster),
    ):
        yield in_turns(
            name.format("workers of dask"),
            lambda: compute(put, jobs=1),
            on_workers,
            turns,
            clock=time.perf_counter,
        )

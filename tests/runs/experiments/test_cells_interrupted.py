"""Cells whatever interrupts them: killed, two programs at once, failed writes, another backend."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from refimpl.runs.experiments import cells
from refimpl.runs.experiments.cells import compute
from tests.runs.experiments.test_cells import (
    BEALE,
    PRELUDE,
    ROOT,
    files,
    names_of,
    python,
    some,
    start,
)

# Interruption.


pytestmark = [pytest.mark.numerics, pytest.mark.within]


def slow(n, runs):
    return [BEALE._replace(steps=50, seeds=range(k, k + runs)) for k in range(n)]


SLOW = "compute(slow(COUNT, RUNS), cache=FOLDER, jobs=JOBS)"


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize(("jobs", "how"), [(None, "SIGKILL"), (None, "SIGINT"), (2, "SIGINT")])
def test_interrupted_run_goes_on_where_it_was(tmp_path, size, jobs, how):
    """Killed in the middle, it loses no finished cell, and the next run computes only the others.

    A cell takes some twenty milliseconds; the finished ones are counted by the times of their
    files, which a second computation would change.
    """
    count, runs = 60, size(500, 6)
    process = start(SLOW, COUNT=count, RUNS=runs, FOLDER=str(tmp_path), JOBS=jobs)
    deadline = time.monotonic() + 240
    while len(files(tmp_path)) < 3:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.send_signal(getattr(signal, how))
    process.communicate(timeout=60)
    assert process.returncode != 0
    finished = files(tmp_path)
    assert 3 <= len(finished) < count

    resumed = python(SLOW, COUNT=count, RUNS=runs, FOLDER=str(tmp_path), JOBS=None)
    assert resumed.returncode == 0, resumed.stderr
    after = files(tmp_path)
    assert sorted(after) == sorted(names_of(slow(count, runs)))
    assert {name: after[name] for name in finished} == finished
    # The results are those of a run that nothing interrupted.
    monitored = slow(count, runs)[:: count // 3]
    kept = compute(monitored, cache=tmp_path)
    assert files(tmp_path) == after
    np.testing.assert_array_equal(kept, compute(monitored))


@pytest.mark.slow
@pytest.mark.once
def test_two_programs_at_once(tmp_path):
    """Both write the same cells into one folder; both succeed, and no part of a file is left."""
    code = "np.save(FOLDER + f'/found{NUMBER}', compute(some(40), cache=FOLDER + '/cache'))"
    both = [start(code, FOLDER=str(tmp_path), NUMBER=number) for number in range(2)]
    for process in both:
        _, stderr = process.communicate(timeout=300)
        assert process.returncode == 0, stderr
    expected = compute(some(40))
    for number in range(2):
        np.testing.assert_array_equal(np.load(tmp_path / f"found{number}.npy"), expected)
    assert sorted(files(tmp_path / "cache", "*")) == sorted(names_of(some(40)))
    before = files(tmp_path / "cache")
    np.testing.assert_array_equal(compute(some(40), cache=tmp_path / "cache"), expected)
    assert files(tmp_path / "cache") == before


def test_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def full(file, values, allow_pickle):
        file.write(b"a part")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cells.np, "save", full)
    with pytest.raises(OSError, match="No space left") as caught:
        compute(some(1), cache=tmp_path)
    assert "cell beale, momentum" in caught.value.__notes__[0]
    assert not files(tmp_path, "*")


@pytest.mark.compiled
def test_dask_cluster(tmp_path):
    """Cells go to the processes of a cluster, through the backend that joblib has for it."""
    pytest.importorskip("distributed")
    script = tmp_path / "experiment.py"
    script.write_text(
        PRELUDE
        + textwrap.dedent("""
        import os
        import joblib
        from distributed import Client, LocalCluster
        if __name__ == "__main__":
            folder = sys.argv[1]
            with (
                LocalCluster(
                    n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
                ) as cluster,
                Client(cluster) as client,
                joblib.parallel_config(backend="dask"),
            ):
                found = compute(some(8), cache=folder + "/cache")
                workers = set(client.run(os.getpid).values())
            np.save(folder + "/found.npy", found)
            assert len(workers - {os.getpid()}) == 2
            # Nothing was computed here: the driver of this method was never compiled.
            from refimpl.runs.sweep import kernel
            assert kernel.cache_info().currsize == 0
        """)
    )
    run = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "found.npy"), compute(some(8)))
    assert sorted(files(tmp_path / "cache", "*")) == sorted(names_of(some(8)))


@pytest.mark.slow
@pytest.mark.once
def test_without_joblib():
    """The package works without it; only experiments ask for it, and say so."""
    run = python(
        """
        sys.modules["joblib"] = None
        print(cells.final_values(BEALE).shape)
        compute([BEALE])
        """
    )
    assert run.stdout == "(3, 2)\n"
    assert "pip install joblib" in run.stderr.splitlines()[-1]


def test_progress_counts_cells_found_in_the_cache(tmp_path, capsys, monkeypatch):
    """Those of the cache at once, on standard error; no bar where it is switched off."""
    counts = []

    def counting(*arguments, bar=cells.bar, **options):
        shown = bar(*arguments, **options)
        monkeypatch.setattr(shown, "update", lambda n=1: counts.append(n))
        return shown

    compute(some(3), cache=tmp_path)
    monkeypatch.setattr(cells, "bar", counting)
    compute(some(5), cache=tmp_path, progress=True)
    assert counts == [3, 1, 1]
    out, err = capsys.readouterr()
    assert out == ""
    # Within two seconds, nothing is drawn.
    assert err.strip() == ""

"""Cells: the same results whoever computes them, each once, whatever interrupts the work."""

import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

import refimpl
from refimpl import functions, optimizers
from refimpl.errors import (
    GradientError,
    NotFiniteError,
    RangeError,
    ShapeError,
    StateError,
    UnknownNameError,
)
from refimpl.functions import Function
from refimpl.noise import minibatch, student
from refimpl.runs.experiments import cells
from refimpl.runs.experiments.cells import Cell, compute, escape_steps

pytestmark = pytest.mark.numerics

ROOT = Path(refimpl.__file__).parents[1]
BEALE = Cell(
    functions.beale, "momentum", [[-2.0, 1.0], [1.0, 1.0]], 8, 0.1, (0, 1, 2), hyperparameters={}
)
BEFORE_COMPILING = """
import pickle, sys
from refimpl import functions
pickled = pickle.dumps(functions.beale)
functions.beale.value([1.0, 1.0]), functions.beale.gradient([1.0, 1.0])
assert "kernel" in vars(functions.beale.value)
assert pickle.dumps(functions.beale) == pickled
sys.stdout.buffer.write(pickled)
"""


def some(n, **changes):
    return [BEALE._replace(seeds=(k, k + 1), **changes) for k in range(n)]


def files(folder, pattern="*.npy"):
    """Name -> time of the last change, of the finished cells in a cache."""
    return {path.name: path.stat().st_mtime_ns for path in Path(folder).glob(pattern)}


def names_of(wanted):
    return [f"{cells.digest(cells.checked(cell))}.npy" for cell in wanted]


# Results.


@pytest.mark.parametrize("method", ["sgd", "adam", "fogr", "bfgs", "newton"])
@pytest.mark.parametrize("flags", [{}, {"restart_noise": True}, {"carry_state": True}])
def test_is_the_lattice(method, flags):
    cell = BEALE._replace(method=method, **flags)
    expected = refimpl.lattice(
        cell.function, method, starts=cell.starts, steps=8, noise=0.1, seeds=range(3), **flags
    )
    np.testing.assert_array_equal(compute([cell])[0], expected)
    np.testing.assert_array_equal(cells.final_values(cells.checked(cell)), expected)


def test_order_of_results():
    """The largest cell is computed first, but the results come in the order of the cells."""
    wanted = [BEALE._replace(seeds=range(n)) for n in (1, 4, 2)]
    found = compute(iter(wanted))
    assert [values.shape for values in found] == [(1, 2), (4, 2), (2, 2)]
    for cell, values in zip(wanted, found, strict=True):
        np.testing.assert_array_equal(values, cells.final_values(cell))


def test_no_cells(tmp_path):
    assert compute([]) == compute([], cache=tmp_path) == []


@pytest.mark.once
@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing", "sequential"])
def test_every_backend_computes_the_same(backend, tmp_path):
    """In a process of its own, whose workers know nothing of this one."""
    run = python(
        """
        import joblib
        with joblib.parallel_config(backend=BACKEND, n_jobs=2):
            found = compute(some(6), cache=FOLDER)
        np.save(FOLDER + "/found", found)
        """,
        BACKEND=backend,
        FOLDER=str(tmp_path),
    )
    assert run.returncode == 0, run.stderr
    found = np.load(tmp_path / "found.npy")
    np.testing.assert_array_equal(found, compute(some(6)))
    assert set(names_of(some(6))) <= set(files(tmp_path))


@pytest.mark.once
def test_large_data_in_workers():
    """More than a megabyte, from which joblib on its own makes arrays that cannot be written to."""
    D = 400
    rotation = functions.random_rotation(np.random.default_rng(0), D)
    function = functions.quadratic(np.linspace(0.1, 1.0, D), rotation)
    assert function.data.nbytes > 1e6
    wanted = [
        Cell(function, "sgd", np.ones((1, D)), 2, 0.1, [seed], hyperparameters={"alpha": 0.1})
        for seed in range(3)
    ]
    for found, expected in zip(compute(wanted, jobs=2), compute(wanted), strict=True):
        np.testing.assert_array_equal(found, expected)


# The cache.


def test_cached_cells_are_not_computed_again(tmp_path, monkeypatch):
    first = compute(some(3), cache=tmp_path)
    before = files(tmp_path)
    assert sorted(before) == sorted(names_of(some(3)))

    def never(cell):
        raise AssertionError("computed again")

    monkeypatch.setattr(cells, "final_values", never)
    np.testing.assert_array_equal(compute(some(3), cache=str(tmp_path)), first)
    assert files(tmp_path) == before
    # Negative control: what is not there is computed.
    with pytest.raises(AssertionError, match="computed again"):
        compute(some(4), cache=tmp_path)


def test_folder_is_made(tmp_path):
    compute(some(1), cache=tmp_path / "a" / "b")
    assert len(files(tmp_path / "a" / "b")) == 1


@pytest.mark.once
def test_relative_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    compute(some(2), cache="kept", jobs=2)
    assert len(files(tmp_path / "kept")) == 2


DAMAGES = {
    "empty": lambda data: b"",
    "cut in the header": lambda data: data[:20],
    "cut in the numbers": lambda data: data[:-5],
    "no array": lambda data: b"<html>" + data,
    "objects": lambda data: pickle.dumps([1.0]),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_unreadable_file_is_computed_again(tmp_path, damage):
    first = compute(some(2), cache=tmp_path)
    path = tmp_path / names_of(some(2))[0]
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    np.testing.assert_array_equal(compute(some(2), cache=tmp_path), first)
    assert path.read_bytes() == whole


def test_array_of_another_shape_is_computed_again(tmp_path):
    first = compute(some(1), cache=tmp_path)
    path = tmp_path / names_of(some(1))[0]
    for other in (np.zeros((1, 1)), np.zeros((2, 2), dtype=np.float32)):
        np.save(path, other)
        np.testing.assert_array_equal(compute(some(1), cache=tmp_path), first)


DIFFERENT = {
    "function": {"function": functions.himmelblau},
    "method": {"method": "sgd"},
    "hyperparameter": {"hyperparameters": {"alpha": 0.0171}},
    "starts": {"starts": [[-2.0, 1.0], [1.0, 1.0 + 2**-52]]},
    "order of the starts": {"starts": [[1.0, 1.0], [-2.0, 1.0]]},
    "a start": {"starts": [[-2.0, 1.0]]},
    "steps": {"steps": 9},
    "noise": {"noise": 0.1 + 2**-55},
    "noise model": {"noise": student(0.1, 3.0)},
    "noise data": {"noise": np.full((8, 2), 0.1)},
    "seeds": {"seeds": (0, 1, 3)},
    "order of the seeds": {"seeds": (0, 2, 1)},
    "restart_noise": {"restart_noise": True},
    "carry_state": {"carry_state": True},
    "threshold": {"starts": [[-2.0, 1.0]], "threshold": 1.0},
    "another threshold": {"starts": [[-2.0, 1.0]], "threshold": 1.1},
}


def test_everything_that_matters_is_in_the_digest():
    """No two of the changed cells share a name, and none shares it with the plain one."""
    changed = [BEALE, *(BEALE._replace(**change) for change in DIFFERENT.values())]
    assert len(set(names_of(changed))) == len(changed)


def test_data_are_in_the_digest():
    """Two functions of one name, dimension and number of data."""
    quadratics = [functions.quadratic([1.0, last]) for last in (2.0, 3.0)]
    assert len(set(names_of(BEALE._replace(function=function) for function in quadratics))) == 2


def test_what_does_not_matter_is_not_in_the_digest():
    """One experiment, written in several ways."""
    same = [
        BEALE,
        BEALE._replace(hyperparameters={"alpha": 0.017}),
        BEALE._replace(hyperparameters=(("gamma", 0.5), ("alpha", 0.017))),
        BEALE._replace(starts=np.array([[-2, 1], [1, 1]], order="F")),
        BEALE._replace(seeds=range(3)),
        BEALE._replace(seeds=np.arange(3)),
        BEALE._replace(noise=np.float64(0.1)),
        BEALE._replace(steps=np.int64(8)),
        BEALE._replace(restart_noise=np.False_),
        BEALE._replace(function=pickle.loads(pickle.dumps(functions.beale))),
    ]
    assert len(set(names_of(same))) == 1


@pytest.mark.once
def test_digest_is_the_same_in_another_process():
    run = python("print(cells.digest(cells.checked(BEALE)))")
    assert run.stdout.split() == [cells.digest(cells.checked(BEALE))], run.stderr


@pytest.mark.once
def test_sources_are_in_the_digest(tmp_path, monkeypatch):
    """A changed source is another experiment, but not a changed table of results."""
    package = tmp_path / "refimpl"
    for source in (ROOT / "refimpl").rglob("*.py"):
        path = package / source.relative_to(ROOT / "refimpl")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.read_bytes())
    monkeypatch.setattr(cells._compile, "PACKAGE", package)
    stamp = cells.source_stamp.__wrapped__
    plain = stamp()
    assert plain == cells.source_stamp()
    changed = set()
    for path in package.rglob("*.py"):
        text = path.read_bytes()
        path.write_bytes(text + b"# edited")
        if stamp() != plain:
            changed.add(path.relative_to(package).as_posix())
        path.write_bytes(text)
    everything = {path.relative_to(package).as_posix() for path in package.rglob("*.py")}
    assert everything - changed == set(cells.READERS)
    assert stamp() == plain
    # A renamed file too.
    (package / "repulsion.py").rename(package / "repulsions.py")
    assert stamp() != plain


@pytest.mark.once
def test_no_cell_depends_on_what_is_outside_the_stamp():
    """The modules left out of the stamp are not even loaded when cells are computed."""
    run = python(
        """
        compute([BEALE, BEALE._replace(method="fogr"), BEALE._replace(method="bfgs")])
        print(json.dumps(sorted(sys.modules)))
        """
    )
    loaded = json.loads(run.stdout)
    left_out = {"refimpl." + name[:-3].replace("/", ".") for name in cells.READERS}
    assert "refimpl.runs.lattice" in loaded
    assert left_out.isdisjoint(loaded)


def test_worker_with_other_sources(tmp_path, monkeypatch):
    """It would write a result of its own sources under the name of ours."""
    checked = cells.checked(BEALE)
    name = cells.digest(checked)
    monkeypatch.setattr(cells, "source_stamp", lambda: "another")
    with pytest.raises(StateError, match="other sources"):
        cells._finish(0, checked, tmp_path, name)
    assert not files(tmp_path, "*")


# Interruption.

# A shell's background job hands down that interrupts are ignored.
PRELUDE = """
import json, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np
from refimpl import functions
from refimpl.runs.experiments import cells
from refimpl.runs.experiments.cells import Cell, compute
BEALE = Cell(functions.beale, "momentum", [[-2.0, 1.0], [1.0, 1.0]], 8, 0.1, (0, 1, 2))
def some(n):
    return [BEALE._replace(seeds=(k, k + 1)) for k in range(n)]
def slow(n, runs):
    return [BEALE._replace(steps=50, seeds=range(k, k + runs)) for k in range(n)]
"""


def start(code, **names):
    """A Python process that runs `code` after the prelude, with these names set."""
    given = "".join(f"{name} = {value!r}\n" for name, value in names.items())
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PRELUDE + given + textwrap.dedent(code)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def python(code, **names):
    process = start(code, **names)
    stdout, stderr = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def slow(n, runs):
    return [BEALE._replace(steps=50, seeds=range(k, k + runs)) for k in range(n)]


SLOW = "compute(slow(COUNT, RUNS), cache=FOLDER, jobs=JOBS)"


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


# Errors.


def nowhere(x, data):
    return np.array([np.nan, 0.0])


def flat(x, data):
    return 1.0


def curved(x, data):
    return np.eye(2)


OWN = Function(
    name="nowhere",
    dimension=2,
    value=flat,
    gradient=nowhere,
    hessian=curved,
    minima=[[0.0, 0.0]],
    saddles=[],
    minimum_value=1.0,
    domain=(-1.0, 1.0),
    source="this test",
)


@pytest.mark.parametrize("jobs", [None, pytest.param(2, marks=pytest.mark.once)])
def test_error_names_the_cell(jobs):
    """From a worker of another process too, with the step and the path."""
    wanted = [*some(2), BEALE._replace(function=OWN, hyperparameters={"alpha": 0.25})]
    with pytest.raises(GradientError, match=r"cell nowhere, momentum\(alpha=0.25") as caught:
        compute(wanted, jobs=jobs)
    assert caught.value.step == 0
    np.testing.assert_array_equal(caught.value.path, [[-2.0, 1.0]])


def test_error_loses_no_finished_cell(tmp_path, monkeypatch):
    """Cells of one size are begun in their order: those before the error are kept."""
    plain = cells.final_values

    def failing(cell):
        if cell.seeds == (2, 3):
            raise ValueError("failed")
        return plain(cell)

    monkeypatch.setattr(cells, "final_values", failing)
    with pytest.raises(ValueError, match=r"cell beale.*failed"):
        compute(some(4), cache=tmp_path)
    assert sorted(files(tmp_path)) == sorted(names_of(some(2)))


def test_function_of_ones_own_is_not_cached(tmp_path):
    """What it calls is not in the stamp, so that a kept result might be of yesterday's text."""
    with pytest.raises(TypeError, match=r"cell nowhere.*cache=None"):
        compute([BEALE._replace(function=OWN)], cache=tmp_path)

    class Mine(type(student(0.1, 3.0))):
        pass

    with pytest.raises(TypeError, match=r"refimpl\.noise"):
        compute([BEALE._replace(noise=Mine(0.1, 3.0))], cache=tmp_path)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"function": "beale"}, TypeError, "function of the laboratory"),
        ({"method": "momentun"}, UnknownNameError, "momentum"),
        ({"method": optimizers.momentum}, TypeError, "name of a method"),
        ({"hyperparameters": {"alphas": 1.0}}, UnknownNameError, "alpha"),
        ({"hyperparameters": {"alpha": -1.0}}, RangeError, "alpha"),
        ({"starts": [1.0, 2.0]}, ShapeError, r"\(n, 2\)"),
        ({"starts": [[1.0, 2.0, 3.0]]}, ShapeError, r"\(n, 2\)"),
        ({"starts": np.empty((0, 2))}, ShapeError, r"\(n, 2\)"),
        ({"starts": [[1.0, np.inf]]}, NotFiniteError, "starts"),
        ({"steps": 0}, RangeError, "steps"),
        ({"noise": -1.0}, RangeError, "deviation"),
        ({"seeds": ()}, ShapeError, "seed"),
        ({"seeds": (-1,)}, RangeError, "seeds >= 0"),
        ({"seeds": (0.5,)}, TypeError, "integer"),
        ({"threshold": 1.0}, ShapeError, "one start"),
    ],
)
def test_wrong_cell_is_refused_before_any_work(tmp_path, change, error, message):
    with pytest.raises(error, match=rf"(?s)cell .*{message}"):
        compute([BEALE, BEALE._replace(**change)], cache=tmp_path)
    assert not files(tmp_path, "*")


def test_minibatch_cell(tmp_path):
    """A noise model that draws records."""
    features = np.random.default_rng(0).normal(size=(6, 2))
    function = functions.least_squares(features, np.ones(6))
    cell = BEALE._replace(function=function, noise=minibatch(2))
    expected = refimpl.lattice(
        function, "momentum", starts=cell.starts, steps=8, noise=minibatch(2), seeds=range(3)
    )
    for _ in range(2):
        np.testing.assert_array_equal(compute([cell], cache=tmp_path)[0], expected)


# Steps to escape.

SADDLE = functions.bounded_saddle([-1.0, 4.0])


@pytest.mark.parametrize("method", ["sgd", "fogr", "newton"])
def test_escape_steps(method, tmp_path):
    """Counted along the path of each run, from the function itself."""
    given = {"alpha": 0.1} if method == "sgd" else {}
    start, threshold, steps = [1e-2, 0.5], -0.2, 60
    found = escape_steps(
        SADDLE, start, method, threshold, steps=steps, noise=0.02, seeds=range(5), cache=tmp_path,
        **given,
    )  # fmt: skip
    for seed, count in enumerate(found):
        result = refimpl.minimize(
            SADDLE, start, method=method, steps=steps, noise=0.02, seed=seed, **given
        )
        below = [k for k, x in enumerate(result.path) if SADDLE(x) < threshold]
        assert count == (below[0] if below else np.inf)
    assert found.shape == (5,)
    assert len(files(tmp_path)) == 1


def test_escape_without_noise():
    """On the ridge it never escapes; below the threshold at once; off the ridge, exponentially.

    Steps of SGD multiply the distance y by 1 + alpha (1 - y^2), at most 1.1 and, up to the
    threshold's y of about 0.34, at least 1.088.
    """
    given = {"steps": 200, "seeds": [0], "alpha": 0.1}
    assert escape_steps(SADDLE, [0.0, 0.5], "sgd", -0.05, **given) == [np.inf]
    assert escape_steps(SADDLE, [0.9, 0.0], "sgd", -0.05, **given) == [0.0]
    (count,) = escape_steps(SADDLE, [1e-6, 0.0], "sgd", -0.05, **given)
    # Where y^2 / 2 - y^4 / 4 = 0.05.
    growth = np.sqrt(1.0 - np.sqrt(0.8)) / 1e-6
    assert np.log(growth) / np.log(1.1) <= count <= np.log(growth) / np.log(1.088) + 1.0


def test_diverged_run_escapes_nowhere():
    """Its last value is infinite."""
    found = escape_steps(SADDLE, [0.1, 0.5], "sgd", -0.2, steps=50, seeds=[0], alpha=1e3)
    assert found == [np.inf]


def test_same_noise_as_the_lattice(tmp_path):
    """The values that are counted are those of the runs whose ends `lattice` reports."""
    cell = Cell(SADDLE, "sgd", [[1e-2, 0.5]], 60, 0.02, range(5), hyperparameters={"alpha": 0.1})
    (final,) = compute([cell])
    # With the final value of a seed as threshold, the run is not below it at the end.
    for seed in range(5):
        at, above = (
            compute([cell._replace(seeds=[seed], threshold=threshold)])[0][0, 0]
            for threshold in (final[seed, 0], np.nextafter(final[seed, 0], np.inf))
        )
        assert at != 60.0
        assert above <= 60.0


# Functions on their way to another process.


def test_pickled_function_is_the_same_function():
    for function in functions.all().values():
        x = np.linspace(0.5, 1.0, function.dimension)
        before = function.gradient(x)
        copy = pickle.loads(pickle.dumps(function))
        np.testing.assert_array_equal(copy.gradient(x), before)
        assert copy.value(x) == function.value(x)
        np.testing.assert_array_equal(copy.hessian(x), function.hessian(x))
        np.testing.assert_array_equal(copy.minima, function.minima)
        assert copy.value.text is function.value.text
        assert copy.value.__doc__ == function.value.__doc__


@pytest.mark.once
def test_compiled_code_is_in_no_pickle():
    """The same bytes before the first use and after; another process compiles for itself."""
    run = subprocess.run(
        [sys.executable, "-c", BEFORE_COMPILING],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert pickle.loads(run.stdout).value([3.0, 0.5]) == 0.0

"""Cells: the same results whoever computes them, each once, whatever interrupts the work."""

import json
import os
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import refimpl
from refimpl import functions
from refimpl.errors import (
    StateError,
)
from refimpl.noise import student
from refimpl.runs.experiments import cells
from refimpl.runs.experiments.cells import Cell, compute

pytestmark = [pytest.mark.numerics, pytest.mark.within]

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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.once
def test_digest_is_the_same_in_another_process():
    run = python("print(cells.digest(cells.checked(BEALE)))")
    assert run.stdout.split() == [cells.digest(cells.checked(BEALE))], run.stderr


@pytest.mark.slow
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


@pytest.mark.slow
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

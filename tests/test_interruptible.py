"""Ctrl-C, and any signal whose handler raises: the process lives, and nothing made is lost."""

import signal
import subprocess
import sys
import threading
import time

import numba
import numpy as np
import pytest
import scipy.optimize

import refimpl
from refimpl import functions
from refimpl.noise import Gaussian
from refimpl.runs import lattice as lattice_module
from refimpl.runs.interruptible import in_threads

# Each call is hit by an alarm at a random moment; what the handler raises must come out of it. In a
# process of its own, since it may crash. An exception in a finalizer is lost, as everywhere.
STRESS = """
import signal, sys, time
import numba, numpy as np, scipy.optimize
import refimpl
from refimpl import functions, optimizers, regression, repulsion
from refimpl.errors import EvaluationError, ShapeError

class Alarm({kind}):
    pass

def rang(*_):
    global fired
    fired = True
    raise Alarm

x = np.array([1.0, 2.0])
method = optimizers.get("fogr")
p = method.parameters()
state = method.start(x, np.empty((0, 2)), p)
line = regression.update(regression.start(2), x, x, 0.1)
adapted = refimpl.scipy_method("fogr")
given = dict(method="fogr", steps=30, progress=False)

@numba.njit
def value(x):
    return np.sum(x * x)

@numba.njit
def gradient(x):
    return 2.0 * x

def refused():
    try:
        repulsion.newton(np.eye(3), x)
    except ShapeError:
        pass

calls = dict(
    piece=lambda: regression.update(line, x, x, 0.1),
    result=lambda: regression.slope(line),
    array=lambda: gradient(x),
    refused=refused,
    start=lambda: method.start(x, np.empty((0, 2)), p),
    step=lambda: method.step(state, x, x, p),
    plain=lambda: refimpl.minimize(lambda x: x @ x, x, jac=lambda x: 2 * x, **given),
    laboratory=lambda: refimpl.minimize(functions.beale, x, noise=0.1, **given),
    own=lambda: refimpl.minimize(value, x, jac=gradient, noise=0.1, **given),
    watched=lambda: refimpl.minimize(functions.beale, x, callback=lambda x: None, **given),
    lattice=lambda: refimpl.lattice(functions.beale, radius=0, seeds=range(2), **given),
    lanes=lambda: refimpl.lattice(functions.beale, radius=1, seeds=range(2), **given),
    scipy=lambda: scipy.optimize.minimize(
        lambda x: x @ x, x, jac=lambda x: 2 * x, method=adapted, options=dict(maxiter=30)
    ),
)
random = np.random.default_rng(0)
signal.signal(signal.SIGALRM, rang)
for name, call in calls.items():
    call()
    begun = time.perf_counter()
    call()
    longest = min(max(2 * (time.perf_counter() - begun), 1e-4), 0.02)
    hits, lost, end = 0, 0, time.monotonic() + {seconds}
    while time.monotonic() < end:
        fired = False
        try:
            signal.setitimer(signal.ITIMER_REAL, 1e-6 + random.uniform(0.0, longest))
            while not fired:
                call()
            lost += 1
        except Alarm:
            hits += 1
        except EvaluationError as error:
            # Raised in the user's function, an ordinary exception is taken for one of it.
            if not isinstance(error.__cause__, Alarm):
                raise
            hits += 1
    print(name, hits, lost, flush=True)
"""


@pytest.mark.slow
@pytest.mark.compiled
@pytest.mark.parametrize("kind", ["KeyboardInterrupt", "TimeoutError"])
def test_any_moment(kind):
    run = subprocess.run(
        [sys.executable, "-c", STRESS.format(kind=kind, seconds=0.2)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    counts = {
        name: (int(hits), int(lost)) for name, hits, lost in map(str.split, run.stdout.splitlines())
    }
    assert len(counts) == 13
    for name, (hits, lost) in counts.items():
        assert hits >= 5, name
        assert lost <= 0.1 * hits + 1, name


@pytest.fixture
def ctrl_c():
    """Python's own handler, whatever runs the tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, before)


def bowl(x):
    return float(x @ x)


def slope(x):
    return 2.0 * x


@pytest.mark.parametrize("entry", ["minimize", "scipy", "callback"])
def test_the_path_is_at_hand(ctrl_c, entry):
    """What was reached before the signal is that of the whole run."""
    calls = []

    def interrupted(x):
        calls.append(x)
        if len(calls) == 7:
            ctrl_c()
        return slope(x)

    given = {"method": "fogr", "steps": 20}
    whole = refimpl.minimize(bowl, [1.0, 2.0], jac=slope, **given).path
    run = {
        "minimize": lambda: refimpl.minimize(bowl, [1.0, 2.0], jac=interrupted, **given),
        "callback": lambda: refimpl.minimize(
            bowl, [1.0, 2.0], jac=slope, callback=interrupted, **given
        ),
        "scipy": lambda: scipy.optimize.minimize(
            bowl, [1.0, 2.0], jac=interrupted, method=refimpl.scipy_method("fogr")
        ),
    }[entry]
    with pytest.raises(KeyboardInterrupt) as caught:
        run()
    steps = 7 if entry == "callback" else 6
    assert caught.value.step == steps
    np.testing.assert_array_equal(caught.value.path, whole[: steps + 1])


@pytest.fixture
def alarm():
    """Sets an alarm after so many seconds, whose handler raises."""

    def rang(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, rang)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@numba.njit
def slow(x):
    total = 0.0
    for k in range(20_000):
        total += np.sin(k * x[0])
    return x[0] * x[0] + 1e-12 * total


@numba.njit
def of_slow(x):
    return 2.0 * x


@pytest.mark.compiled
def test_a_long_compiled_run_stops(alarm):
    """Of 200 microseconds a step a million would take minutes."""
    given = {"jac": of_slow, "method": "sgd", "alpha": 1e-3}
    refimpl.minimize(slow, [1.0], steps=1, **given)
    begun = time.monotonic()
    alarm(0.3)
    with pytest.raises(TimeoutError) as caught:
        refimpl.minimize(slow, [1.0], steps=1_000_000, **given)
    assert time.monotonic() - begun < 2.0
    step, path = caught.value.step, caught.value.path
    assert 0 < step < 1_000_000
    np.testing.assert_array_equal(path, refimpl.minimize(slow, [1.0], steps=step, **given).path)


@pytest.mark.compiled
@pytest.mark.parametrize("method", ["sgd", "fogr"])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_lattice_keeps_what_has_ended(alarm, method, threads):
    """One run after another, and in lockstep."""
    given = {"jac": of_slow, "steps": 2, "threads": threads}
    starts, seeds = np.linspace(0.5, 1.5, 4000)[:, None], range(2)
    refimpl.lattice(slow, method, starts=starts[:20], seeds=1, **given)
    alarm(0.3)
    begun = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        refimpl.lattice(slow, method, starts=starts, seeds=seeds, **given)
    assert time.monotonic() - begun < 2.0
    final = caught.value.final
    ended = ~np.isnan(final)
    assert ended.any()
    assert not ended.all()
    k = int(np.flatnonzero(ended[0])[-1])
    again = refimpl.lattice(slow, method, starts=starts[k : k + 1], seeds=0, **given)
    np.testing.assert_array_equal(again[0, 0], final[0, k])


class SlowlyDrawn(Gaussian):
    """Noise that takes as long as that of very many steps."""

    def draw(self, generator, steps, D):
        time.sleep(0.02)
        return super().draw(generator, steps, D)


@pytest.mark.compiled
def test_noise_is_not_drawn_to_its_end(alarm):
    """That of a seed is drawn for all starts, before the first step."""
    given = {"steps": 2, "noise": SlowlyDrawn(0.1), "seeds": 1}
    starts = np.linspace(0.5, 1.5, 300)[:, None]
    refimpl.lattice(slow, "sgd", jac=of_slow, starts=starts[:2], **given)
    alarm(0.3)
    begun = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        refimpl.lattice(slow, "sgd", jac=of_slow, starts=starts, **given)
    assert time.monotonic() - begun < 2.0
    assert np.isnan(caught.value.final).all()


@pytest.mark.compiled
def test_threads_share_the_seeds(monkeypatch):
    """Three long seeds were one call, and the second thread had nothing to do."""
    calls, execute = [], lattice_module.execute
    monkeypatch.setattr(lattice_module, "execute", lambda *a: calls.append(1) or execute(*a))
    refimpl.lattice(
        functions.booth, "sgd", radius=0, steps=2, seeds=range(3), threads=2, alpha=0.01
    )
    assert len(calls) == 2


def test_looks_while_it_works():
    looks = []
    in_threads(lambda _: time.sleep(0.35), [0], 1, [False], lambda: looks.append(1))
    assert len(looks) >= 3


def test_the_first_error_is_raised():
    """Of the items in order, though a later one fails sooner; nothing more is begun."""
    second, begun = threading.Event(), []

    def work(item):
        begun.append(item)
        if item == 0:
            second.wait(5.0)
        else:
            second.set()
        raise ValueError(item)

    with pytest.raises(ValueError, match="0"):
        in_threads(work, range(10), 2, [False], lambda: None)
    assert sorted(begun) == [0, 1]


LEFT_TAKEN = """
from llvmlite.binding import ffi
from numba.core.compiler_lock import global_compiler_lock
import refimpl
from refimpl import functions
global_compiler_lock.acquire()
ffi.lib._lock._lock.acquire()
print(refimpl.minimize(functions.booth, [1.0, 1.0], method="sgd", alpha=0.01, steps=3).nit)
"""


@pytest.mark.slow
@pytest.mark.compiled
def test_a_compiler_that_was_interrupted():
    """Its locks are then taken by the main thread for good; the run does not wait for them."""
    run = subprocess.run(
        [sys.executable, "-c", LEFT_TAKEN], capture_output=True, text=True, check=True, timeout=120
    )
    assert run.stdout == "3\n"

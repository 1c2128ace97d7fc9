"""Handlers of signals wait while something is compiled, and none is lost."""

import signal
import subprocess
import sys
import textwrap
import threading

import pytest

from refimpl._compile.sheltered import signals_deferred

pytestmark = pytest.mark.once


class Rung(Exception):
    pass


@pytest.fixture
def alarm():
    """SIGALRM raises `Rung`; the handler of before comes back."""
    if not hasattr(signal, "SIGALRM"):
        pytest.skip("this system has no alarms")

    def ring(number, frame):
        raise Rung

    before = signal.signal(signal.SIGALRM, ring)
    yield ring
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    signal.signal(signal.SIGALRM, before)


def ring_inside(done=None, error=None):
    with signals_deferred():
        signal.raise_signal(signal.SIGALRM)
        if error is not None:
            raise error
        done.append(True)


def test_a_handler_waits_and_is_called(alarm):
    done = []
    with pytest.raises(Rung):
        ring_inside(done)
    assert done
    assert signal.getsignal(signal.SIGALRM) is alarm


def test_an_error_inside_and_a_signal(alarm):
    """The handler's exception, with the other one as its context."""
    with pytest.raises(Rung) as caught:
        ring_inside(error=ValueError())
    assert isinstance(caught.value.__context__, ValueError)


def test_one_inside_another(alarm):
    done = []

    def outer():
        with signals_deferred():
            ring_inside(done)
            done.append(True)

    with pytest.raises(Rung):
        outer()
    assert len(done) == 2
    assert signal.getsignal(signal.SIGALRM) is alarm


def test_no_signal_is_lost(alarm):
    """Of two, both handlers are called, though the first raises."""
    called = []
    before = signal.signal(signal.SIGINT, lambda *_: called.append(True))

    def both():
        with signals_deferred():
            signal.raise_signal(signal.SIGALRM)
            signal.raise_signal(signal.SIGINT)

    try:
        with pytest.raises(Rung):
            both()
    finally:
        signal.signal(signal.SIGINT, before)
    assert called == [True]


def test_another_thread_leaves_handlers_alone(alarm):
    seen = []

    def look():
        with signals_deferred():
            seen.append(signal.getsignal(signal.SIGALRM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [alarm]


def test_signals_at_any_moment(alarm):
    """Whenever one arrives, it is raised once, and the handler is the old one afterwards."""
    rung = 0
    for k in range(2000):
        try:
            signal.setitimer(signal.ITIMER_REAL, 1e-6 * (1 + k % 60))
            with signals_deferred():
                pass
            for _ in range(10_000):
                pass
        except Rung:
            rung += 1
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        assert signal.getsignal(signal.SIGALRM) is alarm
    assert rung > 1900


@pytest.mark.compiled
def test_compiled_while_a_module_is_imported(tmp_path):
    """Numba imports the module of a function that it compiles: nothing may wait for the import."""
    (tmp_path / "eager.py").write_text(
        textwrap.dedent("""
        import numba
        from refimpl import regression

        @numba.njit(["float64(float64)"])
        def double(x):
            return 2.0 * x
        """)
    )
    run = subprocess.run(
        [sys.executable, "-c", "import eager; print(eager.double(2.0))"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, "4.0\n"), run.stderr

"""Compilation, and loading what was compiled, where nothing breaks it off or comes between.

A handler that raises, as that of Ctrl-C does, between two calls of numba's to LLVM leaves LLVM
with half an object, and the next use of it ends the process. So handlers wait until the work is
done.
"""

import contextlib
import functools
import signal
import sys
import threading

from numba.core.registry import CPUDispatcher

from . import loading


@contextlib.contextmanager
def signals_deferred():
    """Handlers of signals that are functions of Python are called at the end.

    Python calls them in its main thread only, and nowhere else there is anything to defer.
    """
    arrived, handlers = [], {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in signal.valid_signals():
                handler = signal.getsignal(number)
                if callable(handler):
                    handlers[number] = handler
                    signal.signal(number, lambda number, frame: arrived.append(number))
        yield
    finally:
        raised = _restored(handlers)
        _call([(handlers[number], number) for number in arrived])
        if raised is not None:
            raise raised


def _restored(handlers):
    """Set handlers again, all of them, and return what those that were set already have raised."""
    raised, left = None, list(handlers.items())
    while left:
        try:
            while left:
                signal.signal(*left[-1])
                left.pop()
        except BaseException as error:
            raised = error
    return raised


def _call(waiting):
    """Call the handlers, the others too where one raises."""
    if waiting:
        (handler, number), *others = waiting
        try:
            handler(number, sys._getframe())
        finally:
            _call(others)


def sheltered(function):
    """The same function, while which handlers and the garbage collector wait."""

    @functools.wraps(function)
    def call(*arguments, **named):
        with signals_deferred(), loading():
            return function(*arguments, **named)

    return call


# Of users' functions too, which are compiled when our own call them.
CPUDispatcher.compile = sheltered(CPUDispatcher.compile)

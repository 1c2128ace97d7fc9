"""Compilation, and loading what was compiled, where no signal's handler can break it off.

A handler that raises, as that of Ctrl-C does, between two calls of numba's to LLVM leaves LLVM with
half an object, and the next use of it ends the process. Python calls handlers in its main thread
only: so the work is done in another one, and the main thread waits.
"""

import _thread
import functools
import threading

from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import CPUDispatcher


def sheltered(function):
    """The same function, run in a thread of its own when the main thread calls it.

    What a handler raises meanwhile is raised when the work is done.
    """

    @functools.wraps(function)
    def call(*args, **named):
        here = _thread.get_ident() == threading.main_thread().ident
        # Whoever holds the lock of the compiler is in the midst of it, and would be waited for.
        if not here or global_compiler_lock.is_locked():
            return function(*args, **named)
        found, failed, ended = [], [], []
        bell = _thread.allocate_lock()
        bell.acquire()

        def work():
            try:
                found.append(function(*args, **named))
            except BaseException as error:
                failed.append(error)
            finally:
                ended.append(True)
                bell.release()

        _thread.start_new_thread(work, ())
        raised = None
        while not ended:
            try:
                bell.acquire(timeout=1.0)
            except BaseException as error:
                raised = error
        if raised is not None:
            raise raised
        if failed:
            raise failed[0]
        return found[0]

    return call


CPUDispatcher.compile = sheltered(CPUDispatcher.compile)

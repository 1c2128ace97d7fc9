"""Work in threads, while the calling thread waits where signals find it."""

import _thread

from .. import _compile

# Seconds from one look at the work to the next.
PAUSE = 0.1


def release_compiler():
    """Release the compiler's locks that an earlier interrupt has left taken by this thread.

    They are taken and given back in Python, and what a handler raises in between leaves them taken.
    This thread would not notice, but another one would wait for ever.
    """
    if not _compile.JIT:
        return
    from llvmlite.binding import ffi
    from numba.core.compiler_lock import global_compiler_lock

    for lock in (global_compiler_lock._lock, ffi.lib._lock._lock):
        while lock._is_owned():
            lock.release()


def in_threads(work, items, threads, stop, look):
    """Call ``work(item)`` for all items, in so many threads at a time.

    Python calls the handler of a signal in the main thread only, and not before compiled code has
    returned there. Here the calling thread waits and calls ``look()`` from time to time; what a
    handler raises meanwhile, as that of Ctrl-C does, sets ``stop[0]``, on which the work has to
    end, and is raised then.

    After an error of `work` nothing more is begun. Of several, that of the first item is raised.
    """
    release_compiler()
    left = enumerate(items)
    failed, ended = [], []
    # Locks are made in C: a wait for them that is interrupted leaves nothing half done.
    bell = _thread.allocate_lock()

    def serve():
        try:
            for k, item in left:
                if stop[0] or failed:
                    break
                try:
                    work(item)
                except BaseException as error:
                    failed.append((k, error))
        finally:
            ended.append(True)
            try:
                bell.release()
            except RuntimeError:
                # Another thread has rung it already.
                pass

    started = 0
    try:
        for _ in range(threads):
            _thread.start_new_thread(serve, ())
            started += 1
        while len(ended) < started:
            bell.acquire(timeout=PAUSE)
            look()
    except BaseException:
        stop[0] = True
        while len(ended) < started:
            bell.acquire(timeout=PAUSE)
        raise
    if failed:
        _, error = min(failed, key=lambda failure: failure[0])
        raise error

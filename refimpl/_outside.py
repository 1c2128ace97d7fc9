"""What lies outside the program: standard output and error, which may be missing, and paths."""

import contextlib
import os
import sys
from pathlib import Path

# Exit status of a command whose output could not be written; of a closed pipe too.
NOT_WRITTEN = 3


class OutputError(Exception):
    """Standard output that takes nothing more; no OSError, which a command may meet elsewhere."""


class _Output:
    """A stream whose failures are told apart from those of other files."""

    def __init__(self, stream):
        self._stream = stream

    def _checked(self, call, *arguments):
        if self._stream is None:
            raise OutputError("there is no standard output")
        try:
            return call(*arguments)
        except OSError as error:
            raise OutputError(error.strerror) from error

    def write(self, text):
        return self._checked(lambda: self._stream.write(text))

    def flush(self):
        return self._checked(lambda: self._stream.flush())

    def __getattr__(self, name):
        return getattr(self._stream, name)


def with_output(command, name):
    """The exit status of ``command()``, or `NOT_WRITTEN` where its output found no reader.

    A reader that has gone, as ``head`` does, is no news; a full disk is told on standard error.
    """
    output = _Output(sys.stdout)
    try:
        with contextlib.redirect_stdout(output):
            try:
                status = command()
            finally:
                if output._stream is not None:
                    output.flush()
    except OutputError as error:
        if not isinstance(error.__cause__, BrokenPipeError):
            say(f"{name}: the output could not be written: {error}")
        _forget(sys.stdout)
        return NOT_WRITTEN
    return status


def _forget(stream):
    """Let what is still in the buffer go nowhere, or Python would try once more at its end."""
    with contextlib.suppress(AttributeError, OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def say(sentence):
    """A line on standard error, if there is one."""
    if sys.stderr is not None:
        print(sentence, file=sys.stderr)


class _NoBar:
    """What is shown of no bar.

    Not tqdm's, which ends in Python code of its own: what a signal's handler raises there, as that
    of Ctrl-C does, is lost.
    """

    def __init__(self, iterable=()):
        self._iterable, self.n = iterable, 0

    def __iter__(self):
        return iter(self._iterable)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def update(self, n=1):
        self.n += n


def bar(*arguments, progress=None, **options):
    """A progress bar of `tqdm` on standard error.

    Parameters
    ----------
    progress : bool, optional
        Whether to show it; None: where standard error is a terminal.
    """
    if progress is None:
        # What stands in for standard error need not know it.
        progress = getattr(sys.stderr, "isatty", bool)()
    if sys.stderr is None or not progress:
        return _NoBar(*arguments)
    from tqdm import tqdm

    return tqdm(*arguments, **options)


def as_path(given):
    """A path as the shell would have it: ``~`` is home.

    Raises
    ------
    FileNotFoundError
        If nobody knows where that is.

    Examples
    --------
    >>> as_path("~/cells") == Path.home() / "cells"
    True
    """
    try:
        return Path(given).expanduser()
    except RuntimeError:
        raise FileNotFoundError(
            f"no home folder is known for {str(given)!r}; write the path out"
        ) from None

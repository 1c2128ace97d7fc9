"""Executes the pages of the book side by side, one a processor; writes them side by side, too.

myst-nb executes one page after the other while it reads them; here its own cache is filled by its
own means, while pages that are ready are read. A page that fails is left to it, which reports the
failure, when all others are kept.

Where the system has them, the kernels talk over sockets of the file system: free TCP ports are
looked for before a kernel takes them, and sometimes another program is quicker.
"""

import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from myst_nb.core.read import create_nb_reader
from sphinx.util import logging
from traitlets.config import Config

logger = logging.getLogger(__name__)


def processors():
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def notebook(path, env):
    """The page as a notebook, or None if it has no cell to execute."""
    text = Path(path).read_text(encoding="utf-8")
    reader = create_nb_reader(str(path), env.myst_config, env.mystnb_config, text)
    return None if reader is None else reader.read(text)


def unexecuted(env, docnames, cache):
    """Path and notebook of each page that the cache does not hold, the longest texts first."""
    found = []
    for docname in docnames:
        path = Path(env.doc2path(docname))
        page = notebook(path, env)
        if page is None:
            continue
        try:
            cache.match_cache_notebook(page)
        except KeyError:
            found.append((path, page))
    return sorted(found, key=lambda item: -item[0].stat().st_size)


def executed(path, page, timeout):
    """The page with its outputs, and the seconds that it took."""
    with tempfile.TemporaryDirectory() as folder:
        config = Config()
        if os.name == "posix":
            config.ConnectionFileMixin.transport = "ipc"
            config.ConnectionFileMixin.ip = str(Path(folder, "kernel"))
        return single_nb_execution(
            page, cwd=str(path.parent), timeout=timeout, allow_errors=False, config=config
        )


def join_streams(page):
    """Make one of the pieces in which a cell's printed text has come, in place.

    Where a kernel cuts it depends on the clock; myst-nb would begin a line at each cut.
    """
    for cell in page.cells:
        joined, last = [], {}
        for output in cell.get("outputs", ()):
            if output.output_type != "stream":
                joined.append(output)
            elif output.name in last:
                last[output.name].text += output.text
            else:
                last[output.name] = output
                joined.append(output)
        if cell.cell_type == "code":
            cell.outputs = joined


class Executing:
    """The pages that are being executed, each until it is read."""

    def __init__(self, waiting, cache, timeout):
        self.cache, self.count, self.begun = cache, len(waiting), time.monotonic()
        self.pool = ThreadPoolExecutor(min(processors(), len(waiting)))
        self.running = {
            str(path): (page, self.pool.submit(executed, path, page, timeout))
            for path, page in waiting
        }

    def keep(self, path):
        """Wait for a page, and keep what it gave; where it failed, keep all others first."""
        if path not in self.running:
            return
        page, future = self.running.pop(path)
        result = future.result()
        after = time.monotonic() - self.begun
        done = f"[{self.count - len(self.running)}/{self.count}, {after:.0f} s] {Path(path).stem}:"
        if result.err is not None:
            logger.info("%s failed, to be executed again", done)
            for other in list(self.running):
                self.keep(other)
            return
        logger.info("%s executed in %.1f s", done, result.time)
        join_streams(page)
        self.cache.cache_notebook_bundle(
            CacheBundleIn(page, path, data={"execution_seconds": result.time}),
            check_validity=False,
            overwrite=True,
        )

    def end(self):
        self.pool.shutdown(cancel_futures=True)


def execute(app, env, docnames):
    """Begin with every page that is about to be read, and have those without cells read first."""
    config = env.mystnb_config
    if config.execution_mode != "cache":
        return
    cache = get_cache(config.execution_cache_path or ".jupyter_cache")
    waiting = unexecuted(env, docnames, cache)
    if not waiting:
        return
    logger.info("executing %d pages, %d at a time", len(waiting), processors())
    app.executing = Executing(waiting, cache, config.execution_timeout)
    place = {str(path): number for number, (path, _) in enumerate(waiting)}
    docnames.sort(key=lambda docname: place.get(env.doc2path(docname), -1))


def await_page(app, docname, source):
    if executing := getattr(app, "executing", None):
        executing.keep(app.env.doc2path(docname))


def end(app, _):
    """Before processes are forked to write, and where an exception has come before that."""
    if executing := getattr(app, "executing", None):
        executing.end()


def write_side_by_side(app, env):
    """Write the pages by as many processes; not all that reads them is made for that."""
    app.parallel = processors()


def setup(app):
    # What is compiled for a page is no output of it.
    os.environ["REFIMPL_QUIET"] = "1"
    # A page has one processor. Threads of the linear algebra would wait for each other there, and
    # how many there are shows in the last digits of long sums.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    app.connect("env-before-read-docs", execute)
    app.connect("source-read", await_page)
    app.connect("env-updated", end)
    app.connect("build-finished", end)
    app.connect("env-updated", write_side_by_side)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

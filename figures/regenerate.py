"""Long results that the book reads from files: ``python -m figures.regenerate NAME`` makes one.

What is finished is kept in the cache folder, so that an interrupted command goes on where it was;
delete the folder when it has grown too large.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import joblib
from threadpoolctl import threadpool_limits

from refimpl._outside import as_path, say, with_output

from .foreign import trials
from .published import published
from .tournament import rivals
from .training import contest, training
from .verify import kept_trials


class Result(NamedTuple):
    """One file of results.

    Attributes
    ----------
    path : Path
    compute : callable
        ``compute(cache=, jobs=, progress=) -> records``.
    write : callable
        ``write(records, path)``.
    summary : str
        One line, with the time it takes.
    """

    path: Path
    compute: Callable
    write: Callable
    summary: str


def _of_rivals(name, compute, summary):
    """A result of `rivals`, which knows its file by the name."""
    return Result(
        rivals.path(name), compute, lambda records, path: rivals.write(name, records), summary
    )


# A result is added here, and nowhere else.
REGISTRY = {
    "published": Result(
        published.RESULTS,
        published.compute,
        published.write,
        "the published figures over many seeds (a quarter of an hour on two processors)",
    ),
    "tournament": _of_rivals(
        "tournament",
        rivals.compute_tournament,
        "the robust default against tuned rivals (about an hour on two processors)",
    ),
    "ablation": _of_rivals(
        "ablation",
        rivals.compute_ablation,
        "the robust default without each of its ingredients (five minutes on two processors)",
    ),
    "escape": _of_rivals(
        "escape",
        rivals.compute_escape,
        "steps to leave a saddle, of the tournament's choices (minutes, after `tournament`)",
    ),
    "foreign": Result(
        trials.RESULTS,
        trials.compute_results,
        trials.write,
        "the default against untuned rivals on foreign problems (about half an hour on two "
        "processors, with the extra `rivals`)",
    ),
    "catch_matrix": Result(
        kept_trials.RESULTS,
        kept_trials.trials,
        kept_trials.write,
        "wrong copies of the package before the reference outputs (long; last of all)",
    ),
    "training": Result(
        training.RESULTS,
        training.compute_results,
        training.write,
        "small networks trained by tuned methods (minutes on two processors)",
    ),
    "contest": Result(
        contest.RESULTS,
        contest.compute_results,
        contest.write,
        "two deep networks trained by methods that know matrices (about half an hour on two "
        "processors)",
    ),
}


def default_cache():
    """Folder of finished cells, where the system keeps what may be deleted at any time."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "refimpl"


def main(arguments=None):
    """Run the command, and return its exit status: 0, or 3 where its help found no reader."""
    return with_output(lambda: _main(arguments), "figures.regenerate")


def _main(arguments):
    parser = argparse.ArgumentParser(
        prog="python -m figures.regenerate",
        description="Compute a file of results anew, and write it where the book reads it.",
        epilog="; ".join(f"{name}: {result.summary}" for name, result in REGISTRY.items()),
    )
    parser.add_argument("name", choices=REGISTRY)
    parser.add_argument("--jobs", type=int, default=1, help="processes, -1 for all processors")
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="folder of what is finished, to be taken up again"
    )
    given = parser.parse_args(arguments)
    result = REGISTRY[given.name]
    cache = default_cache() if given.cache is None else as_path(given.cache)
    # One thread of the linear algebra for each job: with more, long sums round otherwise.
    with (
        threadpool_limits(limits=1, user_api="blas"),
        joblib.parallel_config(backend="loky", inner_max_num_threads=1),
    ):
        records = result.compute(cache=cache, jobs=given.jobs, progress=True)
    result.write(records, result.path)
    say(f"{len(records)} records in {result.path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What the kept trials say, told anew: ``python -m figures.verify.retelling``.

Words of the report change more often than what answers and judges. Each mutant of which other hints
tell than those of today is put to the family that must catch it once more, and its first failure
there, which is what pages show and `judgement` judges, is told anew; all counts stay. The next run
goes on where an interrupted one has ended. The judgements of reports that say something else than
was judged are then made anew, one by one, in ``results/diagnoses.json``.
"""

import argparse
import sys

from refimpl import vectors
from refimpl._outside import bar, say, with_output
from refimpl.errors import StateError, unknown
from refimpl.verify.compare import FAIL
from refimpl.verify.mutants import MUTANTS, trial

from . import judgement, kept_trials


def retold(mutant, record):
    """The first failure of a mutant where it must be caught, as the report tells it today.

    Parameters
    ----------
    mutant : Mutant
    record : dict
        Its own, of `kept_trials`.

    Returns
    -------
    dict or None
        What `trial.record` keeps of it; None if nothing fails there.
    """
    families = vectors.families()
    before = families[: families.index(mutant.family)]
    # In a trial the families before it have been looked into first.
    spent = sum(len(record["families"][name]["operations"]) for name in before)
    left = max(trial.EXPLAINED - spent, 0)
    family = vectors.load(mutant.family)
    found = trial.tried(mutant, [family], left)
    if not any(outcome.verdict == FAIL for outcome in found.outcomes):
        return None
    return trial.record(found)[mutant.family]["failures"].get(mutant.tier)


def main(arguments=None):
    """Run the command, and return its exit status."""
    return with_output(lambda: _main(arguments), "figures.verify.retelling")


def _main(arguments):
    parser = argparse.ArgumentParser(
        prog="python -m figures.verify.retelling",
        description="Tell the first failure of each mutant anew, and say whose must be judged.",
    )
    parser.add_argument("name", nargs="*", help="mutants, by default all that are not told yet")
    given = parser.parse_args(arguments)
    records = kept_trials.read()
    if kept_trials.stale(records):
        raise StateError(f"retelling: the trials are stale; first {kept_trials.COMMAND}")
    kept = {record["name"]: record for record in records}
    for name in given.name:
        if name not in kept:
            raise unknown("mutant", name, kept)
    names = given.name or kept_trials.untold(records)
    asked = [mutant for mutant in MUTANTS if mutant.name in names]
    judged, other = judgement.read(), []
    try:
        for mutant in bar(asked, total=len(asked), desc="trials", unit="mutant"):
            told = retold(mutant, kept[mutant.name])
            if told is not None:
                told["told_by"] = kept_trials.telling()
                kept[mutant.name]["families"][mutant.family]["failures"][mutant.tier] = told
                if judgement.telling(told["sentences"]) != judged.get(mutant.name, ("", ""))[0]:
                    other.append(mutant.name)
    finally:
        kept_trials.write(records)
    say(f"{len(other)} reports are to be judged anew: {' '.join(other)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

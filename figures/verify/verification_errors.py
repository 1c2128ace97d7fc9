"""How large errors of the package itself are, in the units by which answers are judged."""

import json
import os
import subprocess
import sys
from typing import NamedTuple

import numpy as np

from refimpl.errors import VerificationError
from refimpl.verify.compare import MARGIN

from .. import style

TARGETS = {
    "binary64": "refimpl.verify.ours:binary64",
    "binary32": "refimpl.verify.ours:binary32",
}
# Errors below this are drawn there: a right answer is often right to the last digit.
FLOOR = 1e-3
LOOKS = {"binary64": ("o", style.BLUE), "binary32": ("^", style.AMBER)}


class Errors(NamedTuple):
    """Worst error of each case, and the counts."""

    families: tuple
    tiers: dict  # (arithmetic, family) -> list of names of tiers, one for each case
    units: dict  # (arithmetic, family) -> (cases,), errors over K u
    passed: dict  # arithmetic -> int
    failed: dict
    skipped: dict
    uninformative: dict
    seconds: dict


def verified(target, families=()):
    """The report on one implementation of the package, as `refimpl verify --json` prints it.

    Uncompiled: the same text as compiled, without the minute that compiling all of it takes, and
    the only way in which binary32 is binary32 throughout.
    """
    command = [sys.executable, "-m", "refimpl", "verify", target, "--json"]
    command += [part for family in families for part in ("--family", family)]
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode not in (0, 1):
        raise VerificationError(f"{target}: {done.stderr.strip() or 'no report'}")
    return json.loads(done.stdout)


def compute(families=()):
    """Put all cases to the package, in single and double precision.

    Parameters
    ----------
    families : sequence of str, optional
        Only these.

    Returns
    -------
    Errors
    """
    reports = {name: verified(target, families) for name, target in TARGETS.items()}
    families = dict.fromkeys(case["family"] for r in reports.values() for case in r["cases"])
    units, tiers = {}, {}
    for name, report in reports.items():
        for family in families:
            judged = [
                case
                for case in report["cases"]
                if case["family"] == family and "worst" in case and "problem" not in case["worst"]
            ]
            units[name, family] = np.array([float(c["worst"]["error_in_K_u"]) for c in judged])
            tiers[name, family] = [tier(case["op"]) for case in judged]
    return Errors(
        families=tuple(families),
        tiers=tiers,
        units=units,
        passed={name: report["passed"] for name, report in reports.items()},
        failed={name: report["failed"] for name, report in reports.items()},
        skipped={name: report["counts"]["skipped"] for name, report in reports.items()},
        uninformative={name: r["counts"]["uninformative"] for name, r in reports.items()},
        seconds={name: report["seconds"] for name, report in reports.items()},
    )


def tier(op):
    """Name of the tier to which an operation belongs."""
    return op if op in ("replay", "trajectory") else "op"


def largest(data, arithmetic):
    """The largest error of all cases in one arithmetic, in units of K u."""
    return max(u.max() for (name, _), u in data.units.items() if name == arithmetic and u.size)


@style.use()
def draw(data):
    """One row of points a family, the limit as a line."""
    figure, ax = style.subplots(height=0.5 * len(data.families) + 1.5)
    for row, family in enumerate(data.families):
        for k, name in enumerate(LOOKS):
            units = data.units[name, family]
            marker, color = LOOKS[name]
            # Spread by the case's number, so that equal errors stay apart.
            spread = 0.13 * np.sin(2.4 * np.arange(units.size))
            ax.plot(
                np.maximum(units, FLOOR),
                row + 0.2 * (2 * k - 1) + spread,
                marker,
                ms=3,
                color=color,
                alpha=0.6,
                mec="none",
                label=name if row == 0 else None,
            )
    ax.axvline(MARGIN, color=style.RED, lw=1.2)
    ax.text(MARGIN * 1.15, -0.75, f"{MARGIN:.0f}", va="center")
    ax.set(
        xscale="log",
        xlim=(FLOOR / 1.5, 400.0),
        ylim=(len(data.families) - 0.4, -1.0),
        yticks=range(len(data.families)),
        yticklabels=data.families,
        xlabel="error of a case, in units of $K u$",
    )
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure


def alt(data):
    """What the picture shows, in words."""
    tops = " and ".join(f"{largest(data, name):.2g} in {name}" for name in LOOKS)
    cases = {name: sum(data.units[name, f].size for f in data.families) for name in LOOKS}
    return (
        f"Errors of the package in units of K u, one point a case, {cases['binary64']} in binary64 "
        f"and {cases['binary32']} in binary32, a row for each of {len(data.families)} families. "
        f"The largest are {tops}; all lie left of the limit of {MARGIN:.0f}."
        if not any(data.failed.values())
        else f"Errors of the package in units of K u; the largest are {tops}, and "
        f"{sum(data.failed.values())} cases fail."
    )

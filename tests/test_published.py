"""[D]'s Figure 4: each printed number as one draw from the distribution of our runs."""

import numpy as np
import pytest
import scipy.stats

import refimpl
from refimpl import functions

SEEDS = 12
# Of one two-sided test; there are nine rows.
FALSE_ALARM = 1e-4

ROWS = {
    "momentum": (18.6722, "momentum", {"gamma": 0.5, "alpha": 0.0003}),
    "adam": (0.141663, "adam", {"alpha": 1.5, "beta1": 0.8, "beta2": 0.9}),
    "sogr-1": (0.0538687, "sogr", {}),
    "sogr-2": (
        0.201198,
        "sogr",
        {"gamma": 0.9, "turn": 0.2, "div": 4, "cut": 20, "dimension": 2},
    ),
    "fogr": (0.0122798, "fogr", {}),
    "dogr": (0.00700659, "dogr", {}),
    "dsogr-1": (0.00399293, "dsogr", {}),
    "dsogr-2": (0.00423636, "dsogr", {"w": 0.4, "dimension": 2}),
    "cdogr": (0.00169795, "cdogr", {"eta": 1, "div": 1.1, "cut": 0.1, "prior": (1, 0)}),
}


def distance(published, method, given):
    """Distance of the published logarithm from our mean, in units of its standard error."""
    final = refimpl.lattice(
        functions.beale3, method, radius=3, steps=50, noise=0.1, seeds=range(SEEDS), **given
    )
    # Of the finite values, as the published mean of sOGR with two directions must be.
    logs = np.array([np.log(row[np.isfinite(row)]).mean() for row in final])
    assert np.isfinite(final).mean() > 0.99
    return (np.log(published) - logs.mean()) / (logs.std(ddof=1) * np.sqrt(1.0 + 1.0 / SEEDS))


LIMIT = scipy.stats.t.isf(FALSE_ALARM / 2.0, SEEDS - 1)


@pytest.mark.compiled
@pytest.mark.parametrize("row", ROWS)
def test_geometric_mean_of_figure_4(row):
    """A 13th draw from a normal distribution of which 12 are known."""
    assert abs(distance(*ROWS[row])) < LIMIT


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("row", "change"),
    [
        ("cdogr", {"eta": 0.3}),
        ("dogr", {"div": 3.0}),
        ("fogr", {"cut": 5.0}),
        ("dsogr-1", {"w": 0.0}),
        ("sogr-1", {"cut": 60.0}),
    ],
)
def test_another_setting_is_told_apart(row, change):
    """Negative control: a published number does not fit another setting."""
    published, method, given = ROWS[row]
    assert abs(distance(published, method, given | change)) > LIMIT

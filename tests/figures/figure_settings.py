"""Settings under which each figure computes in a moment, also as plain Python."""


def _record(row, rival, noise, mean, profile, diverged=0):
    """One record of a tournament, invented, with the fields that figures read."""
    fields = {"row": row, "rival": rival, "method": rival.lower(), "noise": noise, "steps": 5}
    found = {"geometric_mean": mean, "profile": profile, "diverged": diverged}
    facts = {"dimension": 2, "runs": 20, "at_edge": False}
    return fields | found | facts | {"left_out": None if profile else "too slow"}


def _shares(first):
    """A profile that is all in from the second factor on."""
    return [first] + 24 * [1.0]


TOURNAMENT = [
    _record("a, noise 0.1, 5 steps", "Adam", 0.1, 0.1, _shares(0.2)),
    _record("a, noise 0.1, 5 steps", "BFGS", 0.1, 0.05, _shares(0.3)),
    _record("a, noise 0.1, 5 steps", "ogr", 0.1, 0.01, _shares(0.5)),
    _record("b, noise 1, 5 steps", "Adam", 1.0, 1.0, _shares(0.4), diverged=4),
    _record("b, noise 1, 5 steps", "BFGS", 1.0, None, None),
    _record("b, noise 1, 5 steps", "ogr", 1.0, 10.0**-0.5, _shares(0.6)),
    _record("held out: c, noise 0.1", "Adam", 0.1, 0.001, _shares(0.7)),
    _record("held out: c, noise 0.1", "BFGS", 0.1, 0.001, _shares(0.1)),
    _record("held out: c, noise 0.1", "ogr", 0.1, 0.01, _shares(0.2)),
]


def _foreign(name, first, runs, noise):
    """The record of one problem before foreign rivals, invented: of `k` settings a value / k."""
    from figures.foreign.rivals import RIVALS

    facts = {"problem": name, "group": "CUTEst", "half": "page", "dimension": 2}
    rows = [["exact", 0.0, 0], *noise]
    values = {
        rival.name: [
            [
                [value / (k + 1) for value in runs]
                if kind == "exact" or not rival.line_search
                else None
                for kind, _, _ in rows
            ]
            for k in range(len(rival.settings))
        ]
        for rival in RIVALS
    }
    return facts | {"first": first, "lowest": 0.0, "rows": rows, "values": values}


SMALL = {
    "noisy_line": {},
    "regression_line": {"steps": 24},
    "two_means": {"runs": 50, "steps": 12},
    "coverage": {"runs": 40, "betas": (0.3, 0.6)},
    "foreign": {
        "records": [
            _foreign("a", 1.0, [0.1, 1e-3], [["noisy", 0.1, 0], ["heavy", 0.1, 0]]),
            _foreign("b", 2.0, [1.0, 0.5], [["minibatch", 0.0, 0], ["minibatch", 0.0, 1]]),
        ]
    },
    "correlated": {"trials": 10, "runs": 40, "noise": (0.1, 1.0)},
    "beale_paths": {},
    "verification_errors": {"families": ("qr_step",)},
    "taylor": {"orders": (1, 2, 3), "nested_orders": range(1, 4), "repeats": 1, "rows": 30},
    "sorted_values": {"seeds": range(2)},
    "figure1": {"seeds": range(2)},
    "smallest_program": {"runs": 2},
    "gallery": {"n": 31},
    "grouped_newton": {"steps": 2},
    "noise_models": {"n": 3000},
    "fair_comparison": {"seeds": range(1), "names": ("beale", "himmelblau"), "side": 3},
    "chaos": {"radius": 1, "steps": 60},
    "online_pca": {"steps": 40, "noises": (0.0, 0.1)},
    "transport": {"runs": 3, "steps": 25, "speeds": (0.01, 0.5)},
    "following_hessian": {"steps": 60, "speeds": (0.01, 0.5)},
    "diagonal_overshoot": {"trials": 10, "dimensions": (2, 5), "counts": (0, 1, 3)},
    "repulsion": {"nodes": 3, "n": 21},
    "phase_plane": {"nodes": 5, "n": 21},
    "escape_time": {"curvatures": (0.1, 1.0), "noises": (1e-3, 1e-2), "runs": 21},
    "monkey_saddle": {"distances": (0.1, 0.01), "n": 21},
    "escaping_cloud": {"runs": 5},
    "pieces": {},
    "first_step": {"gradients": (1.0, 1e4)},
    "options": {
        "trials": 2,
        "steps": 12,
        "runs": 1,
        "turns": (0.1, 1.0),
        "radius": 1,
        "seeds": range(1),
    },
    "inside_a_run": {"steps": 24},
    "optimizer_values": {
        "seeds": 1,
        "saddle_seeds": 1,
        "tuning": (1, 1),
        "radius": 0,
        "steps": 6,
    },
    "your_least_squares": {"steps": 25},
    "your_logistic": {"steps": 12},
    "robust_scale": {"ratios": (0.1, 1.0, 3.0), "runs": 200, "pairs": 12},
    "pure_noise": {"seeds": range(2), "dimensions": (1, 3), "steps": 40},
    "loss_slice": {"m": 21},
    "cubic": {"n": 60, "m": 31},
    "layered_cost": {
        "counts": (1, 2, 16),
        "defined_counts": (1, 2),
        "widths": (4, 8),
        "width": 8,
        "repeats": 1,
    },
    "training_rates": {"steps": 12},
    "averaging": {"ratios": (0.1, 0.5), "betas": (0.3, 1.0), "runs": 50},
    "long_range": {"tasks": ("autoencoder",), "moments": (0, 2), "seeds": range(1)},
    "profiles": {"records": TOURNAMENT},
    "stall": {"seeds": range(2), "dimension": 8, "steps": 12},
}

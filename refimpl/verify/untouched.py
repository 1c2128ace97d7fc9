"""Lines of the readable text that no certified case executes, each with its reason.

A key is a file, a file and a function, or these and the text of the line. ``python -m
refimpl.verify.reached`` finds lines without a key, and keys without a line.
"""

_TOOL = "no step of a method: a tool of the book, compared in the tests of its chapter"
_CALLED = "a guard of what is called from within, where whoever calls has looked already"
_LOADED = "runs when the module is loaded, and by no answer"
_HERE = "an error of this package's border, which other languages do not have"
_ROUNDING = "entered where rounding alone decides, of which no case may make its answer"
_FAINT = "gradients too faint for a certified case, compared with the oracle in tests/cubic"
_LONG = "products of hundreds of rows by Fourier transforms, compared in tests/taylor"
_SENT = "how a method is sent to another process"
UNTOUCHED = {
    "regression.py unvisited": _TOOL,
    "regression.py _unvisited": _TOOL,
    "regression.py apart": _CALLED,
    "online_pca.py _cholesky": _TOOL,
    "online_pca.py inject_by_gram": _TOOL,
    "online_pca.py second_moment": _TOOL,
    "online_pca.py leading_directions": _TOOL,
    "online_pca.py explained_energy": _TOOL,
    "online_pca.py principal_angles": _TOOL,
    "online_pca.py carried": _CALLED,
    "online_pca.py outside": _CALLED,
    "qr_step.py rotate_basis": _CALLED,
    "qr_step.py rotate_statistics": _CALLED,
    "qr_step.py _check_rotation": _CALLED,
    "qr_step.py _check_size": _CALLED,
    "qr_step.py _band": _TOOL,
    "qr_step.py tridiagonal": _TOOL,
    "qr_step.py _wilkinson_shift": _TOOL,
    "qr_step.py wilkinson": _TOOL,
    "linear_algebra/gram_schmidt.py check_rows": _CALLED,
    "linear_algebra/gram_schmidt.py direction": _CALLED,
    "linear_algebra/lanczos.py lanczos": _CALLED,
    "linear_algebra/lanczos.py _product": _CALLED,
    "linear_algebra/symmetric_eigen.py _check": _CALLED,
    "linear_algebra/symmetric_eigen.py congruence": _CALLED,
    "cubic/hard_case.py tie: return nearest": _ROUNDING,
    "cubic/minimize.py _beyond_the_pole: c = np.where(bottom, c, _by_power(c, -lift))": _FAINT,
    "cubic/minimize.py _refined: break": _ROUNDING,
    "cubic/minimize.py minimize_cubic": _CALLED,
    "cubic/secular.py root: break": _ROUNDING,
    "cubic/units.py shifted: return math.copysign(LARGEST, x)": "a rate that no float holds",
    "optimizers/__init__.py": "looks methods up by their names; no part of a step",
    "optimizers/damping.py watched": _HERE,
    "optimizers/grouped_newton.py check": _HERE,
    "optimizers/grouped_newton.py check: partition(p.groups, D)": _HERE,
    "optimizers/grouped_newton.py check: moving = -(-max(steps - p.warmup, 0) // p.period)": _HERE,
    "optimizers/grouped_newton.py check: summaries = min(p.warmup, steps) + moving": _HERE,
    "optimizers/grouped_newton.py check: for name, number, most in (": _HERE,
    "optimizers/grouped_newton.py check: if number > most:": _HERE,
    "optimizers/grouped_newton.py plain: return np.zeros(g.size), SINGULAR": _ROUNDING,
    "optimizers/method.py Method: from . import METHODS, get": _SENT,
    "optimizers/method.py Method: if METHODS.get(self.name) is self:": _SENT,
    "optimizers/method.py Method: return get, (self.name,)": _SENT,
    "optimizers/method.py Method: return type(self), tuple(self)": _SENT,
    "optimizers/method.py check_range": _HERE,
    (
        "optimizers/method.py check_range: interval = f\"{'[' if low_in else '('}{low:g}, "
        "{high:g}{']' if high_in else ')'}\""
    ): _HERE,
    "optimizers/method.py _float": _HERE,
    "optimizers/method.py _switch": _HERE,
    "optimizers/method.py bind": _HERE,
    "optimizers/ogr.py keeping: return np.inf": "a memory of one pair, which has no spread",
    "taylor/series.py product: c = _transformed(a[:n], b[:n], n)": _LONG,
    "taylor/series.py product: if c is not None:": _LONG,
    "taylor/series.py product: return c": _LONG,
    "taylor/series.py _transformed": _LONG,
    "taylor/series.py _growth": _LONG,
    "taylor/series.py bilinear": "NumPy's products of whole arrays, compared in tests/taylor",
    "taylor/series.py exp: e[0] = first(x[0])": "another first row, for which no rule asks today",
    "taylor/ufuncs.py _rule: def rule(*values):": _LOADED,
    "taylor/ufuncs.py _rule: UFUNCS[ufunc] = rule": _LOADED,
    "taylor/ufuncs.py _extremum: def rule(a, b):": _LOADED,
    "taylor/ufuncs.py _extremum: UFUNCS[ufunc] = rule": _LOADED,
    "taylor/ufuncs.py _at_zero: def rule(*values):": _LOADED,
    "taylor/ufuncs.py _at_zero: UFUNCS[ufunc] = rule": _LOADED,
    "taylor/ufuncs.py _matmul": _HERE,
    "summary/definition.py tensor": "orders beyond the third, compared in tests/summary",
    "summary/definition.py third_noise": _TOOL,
    "summary/definition.py without_noise": _TOOL,
    "summary/definition.py _Slices": _HERE,
    "summary/definition.py _vector": _HERE,
    "summary/partitions.py": "names groups by tensors and checks them; cases give lists of indices",
}

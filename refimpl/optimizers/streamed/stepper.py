"""The stepper of each method that has one: `start` makes it, `suits` says where it is worth it."""

import numpy as np

from ... import optimizers, regression
from ..._numbers import as_real
from ...errors import DtypeError, NotFiniteError, RangeError, ShapeError, unknown
from ...linear_algebra.gram_schmidt import check_rows
from ...online_pca import inject
from ..coordinate_scales import MANY
from ..dsogr import DSOGRState
from ..ogr import FAR, OGRState
from ..sogr import SOGRState
from . import dsogr, ogr, online_sfn, small, sogr
from .base import Stepper, largest
from .tiles import into_tiles

DTYPES = (np.dtype(np.float64), np.dtype(np.float32))
# Squares of gradients in units, beyond which another unit is taken; and where `ogr` cuts.
USUAL = {DTYPES[0]: (1e-200, 1e200), DTYPES[1]: (1e-24, 1e24)}
CUT = {DTYPES[0]: FAR, DTYPES[1]: 1e15}
ANY = (0.0, np.inf)
# [D]'s programs draw the first directions uniformly in [0, 0.001).
DRAWN = 1e-3
# Below, a step is (d, d) arithmetic, and the readable one is as fast.
SMALLEST, TALL = 5_000, 100


def suits(method, D, d, scaled=False):
    """Whether a method has a streamed step that is worth its while in so many dimensions.

    From `D` = 5 000 on, and 100 times as many as directions: below, the (d, d) arithmetic costs as
    much as the passes, and the drift of the rows is not told apart from chance.

    Parameters
    ----------
    method : str or Method
    D, d : int
        Number of parameters, and of directions.
    scaled : bool, optional
        Whether coordinates have scales of their own where there are less than 100 000, as in `ogr`
        unless told otherwise: no streamed step has them.

    Returns
    -------
    bool

    Examples
    --------
    >>> suits("online_sfn", 10_000, 10), suits("online_sfn", 1_000, 10), suits("adam", 10_000, 1)
    (True, False, False)
    """
    name = getattr(method, "name", method)
    known = name in STEPPERS and (not hasattr(method, "name") or optimizers.METHODS[name] is method)
    return known and not (scaled and D < MANY) and D >= SMALLEST and TALL * d <= D


def start(x0, method, *, dtype=None, directions=None, seed=0, **hyperparameters):
    """A stepper of a method at a start.

    Parameters
    ----------
    x0 : array_like of shape (D,)
        Start; copied.
    method : str
        One of `STEPPERS`; `ogr` with ``scaled=False`` in less than 100 000 dimensions.
    dtype : optional
        float64 or float32, of all that has `D` entries; by default float32 for a start of that
        type, else float64.
    directions : array_like of shape (d, D), optional
        First directions, of the methods that take them; by default drawn with the `seed`, uniformly
        from 0 to 0.001. Their number is `dimension` where that is given too.
    seed : int, optional
        For drawn directions.
    **hyperparameters
        As of the readable method.

    Returns
    -------
    Stepper

    Raises
    ------
    UnknownNameError, RangeError, ShapeError, DtypeError, NotFiniteError
        For a method without a streamed step, hyperparameters outside their ranges, shapes that do
        not fit, other dtypes, NaN and infinite numbers.

    Examples
    --------
    >>> import numpy as np
    >>> stepper = start(np.full(200, 2.0), "ogr", dimension=2, scaled=False)
    >>> for _ in range(100):
    ...     theta = stepper.step(np.linspace(1.0, 2.0, 200) * stepper.theta)
    >>> bool(np.abs(theta).max() < 0.01)
    True
    """
    name = getattr(method, "name", method)
    if name not in STEPPERS:
        raise unknown("method with a streamed step", name, STEPPERS)
    given = as_real(x0, "streamed.start: expected x0 as an array of real numbers")
    if given.ndim != 1 or given.size == 0:
        raise ShapeError(f"streamed.start: expected x0 of shape (D,), got {given.shape}")
    if not np.isfinite(given).all():
        raise NotFiniteError("streamed.start: x0 must be finite; found NaN or infinity")
    if dtype is None:
        dtype = DTYPES[getattr(x0, "dtype", None) == np.float32]
    if np.dtype(dtype) not in DTYPES:
        raise DtypeError(f"streamed.start: expected float64 or float32 as dtype, got {dtype!r}")
    described = optimizers.get(name)
    if directions is not None:
        if not described.directions:
            raise RangeError(f"streamed.start: {name} takes no directions")
        directions = as_real(directions, "streamed.start: expected directions of real numbers")
        check_rows(directions)
        if directions.shape[1] != given.size:
            raise ShapeError(
                f"streamed.start: expected directions of shape (d, {given.size}), "
                f"got {directions.shape}"
            )
        hyperparameters.setdefault("dimension", directions.shape[0])
    parameters = optimizers.bind(described, hyperparameters)
    if getattr(parameters, "scaled", False) and given.size < MANY:
        raise RangeError(
            f"streamed.start: {name} has scales of its coordinates in less than {MANY} "
            "dimensions, and streamed steps have none; give scaled=False, or take the readable step"
        )
    if described.directions:
        if parameters.dimension > given.size:
            raise RangeError(
                f"{name}: expected dimension of at most {given.size}, got {parameters.dimension}"
            )
        if directions is None:
            generator = np.random.default_rng(seed)
            directions = generator.uniform(0.0, DRAWN, (parameters.dimension, given.size))
        if directions.shape[0] != parameters.dimension:
            raise ShapeError(
                f"streamed.start: expected {parameters.dimension} directions, "
                f"got {directions.shape[0]}"
            )
    return STEPPERS[name](described, parameters, given, np.dtype(dtype), directions)


class _Injecting(Stepper):
    """Methods that inject each gradient; the unit is 1 until squares need another."""

    def _begin(self, readable):
        pass

    def _advance(self, g):
        return self._text(*self._arrays(g), USUAL[self.dtype], self._setting)

    def _unusual(self, g, size):
        """A step with a gradient of 0, or so large or small that another unit is taken."""
        if size > 0.0:
            kept, old = self._small, self._small.numbers[0]
            unit = 2.0 ** np.clip(np.frexp(size)[1], -1000, 1000)
            for x in (self._vectors.mean_gradient, self._vectors.momentum, kept.slow, kept.m):
                x *= x.dtype.type(old / unit)
            kept.numbers[0] = unit
        self._text(*self._arrays(g), ANY, self._setting)

    def _state(self, *parts):
        return SOGRState(*parts)


class OnlineSFN(_Injecting):
    """`online_sfn`."""

    _text = staticmethod(online_sfn.advance)

    @property
    def _setting(self):
        return self.parameters


class SOGR(_Injecting):
    """`sogr` and `csogr`: the first gradient makes the directions orthonormal."""

    _text = staticmethod(sogr.advance)

    def _begin(self, readable):
        self._drawn = readable.model.V
        self._setting = self._usual = self._told(self.parameters)

    def _told(self, p):
        """The hyperparameters as the step takes them, `turn` the third."""
        if self.method.name == "csogr":
            return p.beta, p.gamma, p.turn, 1.0, p.cut, 0.0, p.eta, True
        return p.beta, p.gamma, p.turn, p.div, p.cut, p.alpha, 1.0, False

    def kept(self):
        """As ``Stepper.kept``; before the first step also the directions as they were drawn."""
        drawn = {} if self._drawn is None else {"drawn": self._drawn}
        return super().kept() | drawn

    def refill(self, kept):
        """As ``Stepper.refill``."""
        super().refill({name: x for name, x in kept.items() if name != "drawn"})
        self._drawn = kept.get("drawn")

    def step(self, gradient):
        """As ``Stepper.step``."""
        if self._drawn is None:
            return super().step(gradient)
        # The readable injection, once, and a step whose own then turns nothing.
        g = self._taken(gradient)
        self._tiles[:] = into_tiles(inject(self._drawn, g, self.parameters.turn), self.dtype)
        self._measure()
        beta, gamma, _, *rest = self._usual
        self._setting = (beta, gamma, 0.0, *rest)
        try:
            super().step(g)
        finally:
            self._setting = self._usual
        self._drawn = None
        return self.theta

    @property
    def state(self):
        """The readable method's state; before the first step the directions as they were drawn."""
        state = super().state
        if self._drawn is None:
            return state
        return state._replace(model=state.model._replace(V=self._drawn.copy()))


class DSOGR(SOGR):
    """`dsogr` and `cdsogr`: those, with a line for each coordinate."""

    _text = staticmethod(dsogr.advance)

    def _begin(self, readable):
        super()._begin(readable)
        self._lines = dsogr.start(readable.line, self._seen.p.size, self.dtype)

    def _told(self, p):
        of_all = p.beta, p.gamma, p.turn
        if self.method.name == "cdsogr":
            return *of_all, 1.0, p.cut, 0.0, p.eta, p.max_alpha, p.w, True
        return *of_all, p.div, p.cut, p.cut, 1.0, np.inf, p.w, False

    def _arrays(self, g):
        return *super()._arrays(g), self._lines

    def _overwritten(self):
        own = {f"lines.{name}": x for name, x in self._lines._asdict().items()}
        return super()._overwritten() | own

    def _state(self, model, mean_theta, mean_gradient, momentum):
        covariances = (C[: self._D].copy() for C in self._lines[:3])
        numbers = self._small.of_line.tolist()
        line = regression.State(*numbers, mean_theta, mean_gradient, *covariances)
        return DSOGRState(line, model, momentum)


class OGR(Stepper):
    """`ogr` without scales of coordinates; of the variances in its `state` only sums are known."""

    def _first(self, x0, directions):
        # Its rows are the first axes: whole, they would be as much memory again as the tiles.
        few = self.parameters._replace(dimension=1)
        opening = self.method.start(x0, directions, few).opening
        axes = self.method.start(x0[: self.parameters.dimension], directions, self.parameters)
        return axes._replace(opening=opening)

    def _begin(self, readable):
        self._small.numbers[small.OPENING] = readable.opening

    def _advance(self, g, most=None):
        numbers, size = self._small.numbers, 0.0
        if numbers[small.COUNT] == 0.0:
            size = largest(g)
            if not size < np.inf:
                return False
            numbers[0] = 2.0 ** np.clip(np.frexp(size)[1], -1000, 1000)
        most = USUAL[self.dtype][1] if most is None else most
        return ogr.advance(*self._arrays(g), size, most, self.parameters)

    def _unusual(self, g, size):
        """A step with a gradient so long that it is cut."""
        far = self.dtype.type(CUT[self.dtype] * self._small.numbers[0])
        if self._buffer is None:
            self._buffer = np.empty(self._D, self.dtype)
        self._advance(np.clip(g, -far, far, out=self._buffer), np.inf)

    def _state(self, model, mean_theta, mean_gradient, momentum):
        kept, f, alpha = self._small, self._orders.f, self._orders.numbers[1]
        numbers = kept.numbers
        unit = numbers[small.UNIT]
        momentum = momentum / unit
        # Each coordinate has an equal share of the variances.
        return OGRState(
            model=model,
            H=kept.H.copy(),
            scales=np.ones(self._D),
            mean_theta=mean_theta,
            mean_gradient=mean_gradient / unit,
            variance_theta=np.full(self._D, numbers[small.SPREAD] / self._D),
            variance_gradient=np.full(self._D, numbers[small.ENERGY] / self._D),
            momentum=momentum,
            move=(kept.frame @ f) @ model.V - alpha * momentum,
            descent=numbers[small.DESCENT],
            missed=numbers[small.MISSED],
            met=numbers[small.MET],
            surprises=numbers[small.SURPRISES],
            largest=numbers[small.LARGEST],
            count=numbers[small.COUNT],
            unit=unit,
            opening=numbers[small.OPENING],
        )


STEPPERS = {
    "online_sfn": OnlineSFN,
    "ogr": OGR,
    "sogr": SOGR,
    "csogr": SOGR,
    "dsogr": DSOGR,
    "cdsogr": DSOGR,
}

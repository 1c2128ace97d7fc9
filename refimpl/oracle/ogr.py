"""The whole step of `ogr`, the robust default."""

import mpmath
import numpy as np
from mpmath import mpf

from . import regression
from .arrays import eye, length, zeros
from .family import named, outside

# Spacing of binary64 at 1: floors of the method are in its units, and its cuts are floats.
EPS = mpf(2) ** -52
FAR, FARTHEST = mpf(1e100), mpf(1e150)
# Of a logarithm of a scale, from one observation more than one.
CHANCE = mpf(3) / 4
MARGIN = mpf("1e-6")


def share_of_spreads(a, b):
    """``sqrt(a / b)``; 0 where `b` is not above 0."""
    return mpmath.sqrt(max(a, mpf(0)) / b) if b > 0 else mpf(0)


def neutral(beta, gamma):
    """The step that keeps the spread under pure noise."""
    both = (1 - beta) * (1 - gamma)
    return mpmath.sqrt(2 * beta * (2 - gamma) / gamma * (1 - both) / (1 + both))


def keeping(beta, gamma):
    """The length of such steps, in spreads."""
    kept = 1 - beta
    both = kept * (1 - gamma)
    if kept <= 0:
        return mpf("inf")
    return mpmath.sqrt((1 - both) / (1 + both) * (1 - kept**2) / kept)


def farthest(spread, energy, steady, beta, p):
    """The longest step: longer than what keeps the spread only where the gradients agree."""
    if p["reach"] == mpmath.inf:
        return mpmath.inf
    share = steady / (steady + energy) if steady else mpf(0)
    agreeing = p["reach"] * max(share - beta / (2 - beta), mpf(0))
    return mpmath.sqrt(spread) * max(min(p["reach"], keeping(beta, p["gamma"])), agreeing)


def apart(a, b, what):
    """Raise if two numbers whose order decides are too near to each other."""
    if a != b and abs(a - b) < MARGIN * max(abs(a), abs(b)):
        raise regression.MarginError(f"{what} are too near to each other")


def within(x, bound):
    """Entries cut at a bound."""
    return np.array([min(max(entry, -bound), bound) for entry in x], dtype=object)


def power_of_two(gradient):
    """The unit of the gradients, next above the largest modulus of the first one."""
    exponent = mpmath.frexp(max(abs(x) for x in gradient))[1]
    return mpf(2) ** min(max(exponent, -1000), 1000)


def stays(g, move, descent, jump, largest):
    """Share of the last move that stays where it led up and the gradient has jumped; else 1."""
    ascent, size = g @ move, length(g)
    if abs(size) > jump * largest * (1 - MARGIN) and ascent != 0:
        if abs(ascent) < MARGIN * size * length(move):
            raise regression.MarginError("a move led neither up nor down")
        if ascent > 0:
            apart(size, jump * largest, "a gradient and a jump")
    if not (ascent > 0 and size > jump * largest):
        return mpf(1)
    # The zero of the secant, if it lies between the two.
    return min(descent / (descent - ascent), mpf(1) / 2) if descent < 0 else mpf(0)


def coordinate_scales(variances, variances_g, size):
    """Quotients of spreads of each coordinate, drawn toward their mean."""
    D, floors = len(variances), (EPS**2 * sum(variances), EPS**2 * sum(variances_g))
    ones = np.full(D, mpf(1))
    if size <= 1 or min(floors) <= 0:
        return ones
    pairs = list(zip(variances, variances_g, strict=True))
    told = {
        i: mpmath.log(a / b) / 4
        for i, (a, b) in enumerate(pairs)
        if a > floors[0] and b > floors[1]
    }
    middle = sum(told.values()) / max(len(told), 1)
    off = [told.get(i, middle) - middle for i in range(D)]
    variance, by_chance = sum(x**2 for x in off) / D, CHANCE / (size - 1)
    apart(variance, by_chance, "a variance and that of chance")
    if variance <= by_chance:
        return ones
    share = 1 - by_chance / variance
    return np.array([mpmath.exp(share * x) for x in off], dtype=object)


def renewed(V, line, off_theta, off_gradient):
    """The row that gives way and the new one; None where all stay."""
    variances = np.diag(line["C_thetatheta"]), np.diag(line["C_gg"])
    stiffness = [b / a if a > 0 else mpf(0) for a, b in zip(*variances, strict=True)]
    least = min(stiffness)
    flattest = stiffness.index(least)
    for k, other in enumerate(stiffness):
        if k != flattest:
            apart(other, least, "two stiffnesses")
    new, missed = outside(V, off_gradient), outside(V, off_theta)
    apart(new @ new, least * (missed @ missed), "two stiffnesses")
    if not new @ new > least * (missed @ missed):
        return None
    new = outside(V, new / length(new))
    return flattest, new / length(new)


def left(V, line, spread, energy):
    """Spread and energy outside the subspace; where nothing is outside, those of all directions.

    At the second step all energy is inside, in exact arithmetic, since the newcomer takes it: what
    rounding leaves of it is nothing.
    """
    d, D = V.shape
    rounding = D * mpf(2) ** (1 - mpmath.mp.prec // 2)
    outside_of = spread - sum(np.diag(line["C_thetatheta"])), energy - sum(np.diag(line["C_gg"]))
    for part, whole in zip(outside_of, (spread, energy), strict=True):
        if d == D or part < rounding * whole:
            return spread, energy
        if part < MARGIN * whole:
            raise regression.MarginError("what is outside is too near to rounding")
    return outside_of


def with_prior(line, seen, slope):
    """The statistics as if a line of this slope had been seen in every direction."""
    identity = seen * eye(len(line["C_gg"]))
    return {
        "C_thetatheta": line["C_thetatheta"] + identity,
        "C_gtheta": line["C_gtheta"] + slope * identity,
        "C_gg": line["C_gg"] + slope**2 * identity,
    }


class Foreseen:
    """How much of the gradients the line has not foreseen."""

    def __init__(self, parts):
        self.sums, self.missed, self.met = parts.fading(), mpf(0), mpf(0)

    def add(self, weight, miss, came):
        """One more gradient, along the axes."""
        self.sums.add(weight, miss @ miss, came @ came)
        self.missed, self.met = self.sums.mean(0), self.sums.mean(1)

    def share(self, count):
        """What was not foreseen, of `count` gradients; at first all."""
        return min(mpf(1), self.missed / self.met) if count > 4 and self.met > 0 else mpf(1)


class Scaled:
    """Statistics along turning axes, of positions and gradients in scales that change."""

    def __init__(self, d, D, turning, scaled):
        self.V, self.H, self.scales = eye(D)[:d], zeros(d, d), np.full(D, mpf(1))
        self.turning, self.scaled = turning, scaled

    def begin(self, carried):
        """Nothing seen yet along the axes."""
        self.carried, self.unseen, self.beta = carried, mpf(1), None

    def along(self, off, off_g):
        """Positions and gradients along the axes."""
        return self.V @ (off / self.scales), self.V @ (self.scales * off_g)

    def missed(self, off, off_g):
        """What the line foresaw wrongly of a gradient, and that gradient."""
        x, came = self.along(off, off_g)
        return came - self.H @ x, came

    def gain(self, beta):
        """Share of an observation of this weight in the means."""
        return beta / (1 - self.unseen * (1 - beta))

    def rescale(self, variances, variances_g):
        """Scales from the variances of the coordinates; what was seen is carried into them."""
        if self.scaled:
            # The sum of the weights is 1 less what is unseen.
            size = (2 - self.beta) / self.beta * (1 - self.unseen) / (1 + self.unseen)
            scales = coordinate_scales(variances, variances_g, size)
            M, K = (self.V * f @ self.V.T for f in (self.scales / scales, scales / self.scales))
            self.carried.turn(M, K)
            self.scales = scales

    def renew(self, off, off_g):
        """A row for what the others miss."""
        if len(self.V) < self.V.shape[1]:
            given = self.carried.state(), off / self.scales, self.scales * off_g
            change = renewed(self.V, *given)
            if change:
                keep = eye(len(self.V))
                keep[change[0], change[0]] = mpf(0)
                self.carried.turn(keep)
                self.V = self.V.copy()
                self.V[change[0]] = change[1]

    def add(self, off, off_g, beta):
        """One more observation, by its distances from the means."""
        self.carried.add(*self.along(off, off_g), beta)
        self.beta, self.unseen = beta, self.unseen * (1 - beta)

    def fit(self, parts, seen, slope):
        """The line along turned axes, and the statistics with what is taken as seen."""
        line = self.carried.state()
        known = with_prior(line, seen, slope)
        self.H = parts.lyapunov(line["C_thetatheta"], line["C_gtheta"])
        if self.turning:
            H = parts.lyapunov(known["C_thetatheta"], known["C_gtheta"])
            Q = parts.shifted_qr_step(H)["rotation"]
            self.carried.turn(Q.T)
            self.V, self.H = Q.T @ self.V, Q.T @ self.H @ Q
            line = self.carried.state(centred=True)
            known = with_prior(line, seen, slope)
        return line, known


def ogr(parts, p, start, directions, stream):
    """The robust default."""
    D = start.size
    opening = p["first"] * max(mpmath.sqrt(start @ start / D), mpf(1))
    axes = Scaled(min(p["dimension"], D), D, p["turning"], p["scaled"])
    foreseen = Foreseen(parts)
    mean, mean_g, m, move = (zeros(D) for _ in range(4))
    count, descent, surprises, largest = 0, mpf(0), mpf(0), mpf(0)

    def spreads(variances, variances_g, steady):
        """Sums over the coordinates, not below what rounding tells apart."""
        return max(sum(variances), (EPS * opening) ** 2), max(sum(variances_g), EPS**2 * steady)

    for pair in stream:
        begun = count > 0
        if not begun:
            # So far no gradient, so nothing seen: everything starts anew, about the last position.
            axes.begin(parts.carried(len(axes.V), None, False))
            sums, unit = parts.fading(), power_of_two(pair["gradient"])
        theta, g = pair["theta"], within(pair["gradient"], FAR * unit) / unit
        kept = stays(g, move, descent, p["jump"], largest)
        beta = p["beta_late"] + (p["beta"] - p["beta_late"]) / (1 + count / p["settle"])
        beta = beta / (1 + surprises / p["patience"])
        surprise = foreseen.share(count)
        off, off_g = theta - mean, g - mean_g
        if count >= 2:
            foreseen.add(beta, *axes.missed(off, off_g))
        sums.add(axes.gain(beta), theta, g, off * off, off_g * off_g)
        mean, mean_g, variances, variances_g = *map(sums.mean, (0, 1)), *map(sums.centred, (2, 3))
        if begun:
            axes.rescale(variances, variances_g)
            # A move that is taken back says nothing of where to go.
            if kept == 1:
                axes.renew(off, off_g)
        axes.add(off, off_g, beta)
        steady = mean_g @ mean_g
        spread, energy = spreads(variances, variances_g, steady)
        if begun:
            surprises += surprise * min(mpf(1), g @ g / (steady + energy))
        largest = max(largest, mpmath.sqrt(steady + energy))
        if kept == 1:
            m = m + (p["gamma"] if begun else 1) * (g - m)
        count += 1 if begun or length(g) else 0
        a, line = axes.scales, axes.carried.state()
        if count <= 1:
            move = -opening * m / (length(m) or mpf(1))
        else:
            scaled = spreads(variances / a**2, variances_g * a**2, sum((a * mean_g) ** 2))
            rest = left(axes.V, line, *scaled)
            seen = p["ridge"] * mpmath.sqrt(foreseen.share(count)) * scaled[0]
            line, known = axes.fit(parts, seen, share_of_spreads(*reversed(rest)))
            pairs = zip(np.diag(known["C_thetatheta"]), np.diag(known["C_gg"]), strict=True)
            along = [share_of_spreads(*two) for two in pairs] * (axes.V @ (a * m))
            beyond = share_of_spreads(*rest) * outside(axes.V, a * m)
            bound = farthest(spread, energy, steady, beta, p)
            full = within(-neutral(beta, p["gamma"]) * a * (along @ axes.V + beyond), FARTHEST)
            if length(full) > bound:
                full = full * bound / length(full)
            move = full if kept == 1 else (kept - 1) * move
        descent = g @ move
        statistics = named("model.line", line)
        fields = {"unit": unit, "opening": opening}
        fields |= {f"model.line.{name}": line[name] for name in ("beta", "weight", "scale")}
        fields |= {"mean_theta": mean, "mean_gradient": mean_g, "variance_theta": variances}
        fields |= {"variance_gradient": variances_g, "missed": foreseen.missed}
        fields |= {"met": foreseen.met, "scales": a, "momentum": m, "surprises": surprises}
        fields |= {"largest": largest, "count": mpf(count)}
        # From the statistics is the rotation that then turns them and the basis.
        fields |= statistics | {"H": axes.H, "model.V": axes.V}
        yield fields | {"move": move, "descent": descent, "theta": theta + move}

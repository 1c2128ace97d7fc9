"""The whole step of `ogr`, the robust default."""

import mpmath
import numpy as np
from mpmath import mpf

from . import regression
from .arrays import eye, length, zeros
from .family import named, outside

# Spacing of binary64 at 1: the method's floor of the spread is in its units.
EPS = mpf(2) ** -52
MARGIN = mpf("1e-6")


def share_of_spreads(a, b):
    """``sqrt(a / b)``; 0 where `b` is not above 0."""
    return mpmath.sqrt(max(a, mpf(0)) / b) if b > 0 else mpf(0)


def neutral(beta, gamma):
    """The step that keeps the spread under pure noise."""
    both = (1 - beta) * (1 - gamma)
    return mpmath.sqrt(2 * beta * (2 - gamma) / gamma * (1 - both) / (1 + both))


def apart(a, b):
    """Raise if two numbers whose order decides are too near to each other."""
    if a != b and abs(a - b) < MARGIN * max(abs(a), abs(b)):
        raise regression.MarginError("two stiffnesses are too near to each other")


def renewed(V, line, off_theta, off_gradient):
    """The row that gives way and the new one; None where all stay."""
    variances = np.diag(line["C_thetatheta"]), np.diag(line["C_gg"])
    stiffness = [b / a if a > 0 else mpf(0) for a, b in zip(*variances, strict=True)]
    least = min(stiffness)
    flattest = stiffness.index(least)
    for k, other in enumerate(stiffness):
        if k != flattest:
            apart(other, least)
    new, missed = outside(V, off_gradient), outside(V, off_theta)
    apart(new @ new, least * (missed @ missed))
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


def ogr(parts, p, start, directions, stream):
    """The robust default."""
    D = start.size
    d = min(p["dimension"], D)
    V = eye(D)[:d]
    opening = p["first"] * max(mpmath.sqrt(start @ start / D), mpf(1))
    mean, mean_g, m, unit, floors = zeros(D), zeros(D), zeros(D), None, None
    count = 0
    for pair in stream:
        if count == 0:
            # So far no gradient, so nothing seen: everything starts anew, about the last position.
            carried, sums = parts.carried(d, None, False), parts.fading()
            unit = mpf(2) ** mpmath.frexp(max(abs(x) for x in pair["gradient"]))[1]
        theta, g = pair["theta"], pair["gradient"] / unit
        off, off_g = theta - mean, g - mean_g
        if count > 0 and d < D:
            change = renewed(V, carried.state(), off, off_g)
            if change:
                keep = eye(d)
                keep[change[0], change[0]] = mpf(0)
                carried.turn(keep)
                V = V.copy()
                V[change[0]] = change[1]
        beta = p["beta_late"] + (p["beta"] - p["beta_late"]) / (1 + count / p["settle"])
        carried.add(V @ off, V @ off_g, beta)
        gain = carried.gain
        sums.add(gain, theta, g, off @ off, off_g @ off_g)
        mean, mean_g = sums.mean(0), sums.mean(1)
        # Both are 0 at first, and so the floors; later ones carry what is left of these.
        first = (EPS * opening) ** 2, EPS**2 * (mean_g @ mean_g)
        floors = [(1 - gain) * x for x in floors] if count else first
        spread, energy = floors[0] + sums.centred(2), floors[1] + sums.centred(3)
        m = m + (p["gamma"] if count else 1) * (g - m)
        line = carried.state()
        if count == 0:
            move = -opening * m / (length(m) or mpf(1))
        else:
            rest, rest_energy = left(V, line, spread, energy)
            seen, slope = p["ridge"] * spread, share_of_spreads(rest_energy, rest)
            known = with_prior(line, seen, slope)
            Q = eye(d)
            H = parts.lyapunov(known["C_thetatheta"], known["C_gtheta"])
            if p["turning"]:
                turned = parts.shifted_qr_step(H)
                Q, H = turned["rotation"], turned["rotated"]
                carried.turn(Q.T)
                V, line = Q.T @ V, carried.state(centred=True)
                known = with_prior(line, seen, slope)
            pairs = zip(np.diag(known["C_thetatheta"]), np.diag(known["C_gg"]), strict=True)
            along = (V @ m) * np.array([share_of_spreads(a, b) for a, b in pairs], dtype=object)
            share = p["eta"] * neutral(beta, p["gamma"])
            if p["row_sums"]:
                along = -parts.row_sum_bound(H, V @ m, mpf(1), mpf(0)) / share
            move = -share * (along @ V + share_of_spreads(rest, rest_energy) * outside(V, m))
            steady = mean_g @ mean_g
            size = mpmath.sqrt(spread)
            without = opening / (1 + (count + 1) / p["fade"])
            longest = p["reach"] * max(min(size, without), steady / (steady + energy) * size)
            move = move * min(mpf(1), longest / length(move))
        count += 1 if count or length(m) else 0
        statistics = named("model.line", line)
        fields = {"unit": unit, "opening": opening}
        fields |= {f"model.line.{name}": line[name] for name in ("beta", "weight", "scale")}
        fields |= {"mean_theta": mean, "mean_gradient": mean_g, "spread": spread}
        fields |= {"energy": energy, "momentum": m, "count": mpf(count)}
        # From the statistics is the rotation that then turns them and the basis.
        yield fields | statistics | {"model.V": V, "theta": theta + move}


def with_prior(line, seen, slope):
    """The statistics as if a line of this slope had been seen in every direction."""
    identity = seen * eye(len(line["C_gg"]))
    return {
        "C_thetatheta": line["C_thetatheta"] + identity,
        "C_gtheta": line["C_gtheta"] + slope * identity,
        "C_gg": line["C_gg"] + slope**2 * identity,
    }

"""The robust default once more, from its definition, in plain NumPy and SciPy; no tests."""

from typing import NamedTuple

import numpy as np
import scipy.linalg
import scipy.signal
import scipy.stats

# Nothing is left of a past that is forgotten by a twentieth a step.
LONG = 20_000


class Defined(NamedTuple):
    """A run by definition."""

    path: np.ndarray
    axes: np.ndarray
    renewals: int
    taken_back: int


def factor(A):
    """``A = Q R`` with a positive diagonal of `R`."""
    Q, R = np.linalg.qr(A)
    return Q * np.where(np.diag(R) < 0.0, -1.0, 1.0)


def impulse():
    """A one and nothing after it."""
    return np.eye(1, LONG)[0]


def response_ratio(beta, gamma):
    """Spread that white noise makes of unit steps, by summing the squares of impulse responses.

    The variance of the distances of the positions from their means, over that of the gradients.
    """
    momentum = scipy.signal.lfilter([gamma], [1.0, gamma - 1.0], impulse())
    position = scipy.signal.lfilter([1.0], [1.0, beta - 1.0], momentum)
    mean = scipy.signal.lfilter([0.0, beta], [1.0, beta - 1.0], impulse())
    return np.sum(position**2) / np.sum((impulse() - mean) ** 2)


def chance(beta):
    """Mean square of a mean of white noise, over its variance: its weights squared and summed."""
    return np.sum(scipy.signal.lfilter([beta], [1.0, beta - 1.0], impulse()) ** 2)


def keeping_length(beta, gamma):
    """Length of steps, in spreads of the positions they make, by summing impulse responses.

    A step goes on in the next ones by shares ``(1 - gamma)^k``. The covariance of the positions is
    ``1 - beta`` times their mean square distance from the mean before.
    """
    steps = scipy.signal.lfilter([1.0], [1.0, gamma - 1.0], impulse())
    distance = scipy.signal.lfilter([1.0], [1.0, beta - 1.0], steps)
    return np.sqrt(np.sum(steps**2) / ((1.0 - beta) * np.sum(distance**2)))


def batch_scales(variance_theta, variance_gradient, weights):
    """Scales of the coordinates from variances, shrunk as for pairs of these weights."""
    total, newest = weights.sum(), weights[-1]
    size = (2 - newest) / newest * total / (2 - total)
    logarithms = np.log(variance_theta / variance_gradient) / 4
    variance = np.var(logarithms)
    if size <= 1 or variance == 0:
        return np.ones(logarithms.size)
    scales = np.exp(max(0.0, 1 - 0.75 / (size - 1) / variance) * logarithms)
    return scales / scipy.stats.gmean(scales)


def smallest_fit(C, B):
    """The symmetric `H` of least norm with ``H C + C H = B + B^T``, from all its entries at once.

    A direction never visited has a variance of roundings alone, some 1e-16 of the largest.
    """
    eye = np.eye(len(C))
    entries = np.kron(C, eye) + np.kron(eye, C)
    return np.linalg.lstsq(entries, (B + B.T).ravel(), rcond=1e-12)[0].reshape(C.shape)


def secant_zero(before, after):
    """Share of a move at which the line through both slopes is 0, at most a half."""
    return min(np.interp(0.0, [before, after], [0.0, 1.0]), 0.5) if before < after else 0.0


def by_definition(theta, gradients, p):
    """A run, gradients in their own units.

    Means, variances and misses are sums with explicit weights over the whole past. The statistics
    are matrices in all coordinates, so that no axes enter; a dropped direction is projected away,
    and other scales multiply both sides, with a projection where there are fewer axes than
    coordinates.
    """
    D = theta.size
    d = min(p.dimension, D)
    V, S, B, G, H = np.eye(d, D), *np.zeros((4, D, D))
    opening = p.first * max(np.sqrt(np.mean(theta**2)), 1.0)
    path, seen, followed, misses, w, a = [theta], [], [], [], np.empty(0), np.ones(D)
    share, surprises, largest, move, renewals, taken_back = 1.0, 0.0, 0.0, np.zeros(D), 0, 0
    for t, gradient in enumerate(gradients):
        theta, beta = path[-1], p.beta_late + (p.beta - p.beta_late) / (1 + t / p.settle)
        beta /= 1 + surprises / p.patience
        g = gradient(theta)
        up = g @ move
        back = up > 0 and np.linalg.norm(g) > p.jump * largest
        seen.append(g)
        followed += [] if back else [g]
        X, Y = np.array(path), np.array(seen)
        before, w = w, np.append((1 - beta) * w, beta)
        now = w / w.sum()
        far_x, far_y = X - now @ X, Y - now @ Y
        variances, energies = now @ far_x**2, now @ far_y**2
        steady, energy = np.sum((now @ Y) ** 2), energies.sum()
        largest = max(largest, np.sqrt(steady + energy))
        if t == 0:
            move = -opening * g / np.linalg.norm(g)
            path.append(theta + move)
            continue
        old = before / before.sum()
        x, y = theta - old @ X[:-1], g - old @ Y[:-1]
        age = np.arange(len(followed))[::-1]
        m = np.where(age < age[0], p.gamma, 1.0) * (1 - p.gamma) ** age @ np.array(followed)
        P = V.T @ V
        surprises += share * min(1.0, g @ g / (steady + energy))
        if t >= 2:
            came = P @ (a * y)
            misses.append([np.sum((came - H @ (x / a)) ** 2), np.sum(came**2)])
        if t >= 4:
            missed, met = w[2:] @ np.array(misses)
            share = min(1.0, missed / met)
        if p.scaled:
            before_a, a = a, batch_scales(variances, energies, before)
            M, K = P * (before_a / a), P / (before_a / a)
            S, B, G = M @ S @ M.T, K @ B @ M.T, K @ G @ K.T
        x, y, mz, spread, loud = x / a, y * a, m * a, sum(variances / a**2), sum(energies * a**2)
        if d < D:
            outer = np.eye(D) - P
            stiff = [v @ G @ v / (v @ S @ v) if v @ S @ v > 0 else 0.0 for v in V]
            i = int(np.argmin(stiff))
            if not back and np.sum((outer @ y) ** 2) > stiff[i] * np.sum((outer @ x) ** 2):
                renewals += 1
                rest = np.eye(D) - np.outer(V[i], V[i])
                S, B, G = rest @ S @ rest, rest @ B @ rest, rest @ G @ rest
                V = V.copy()
                V[i] = outer @ y / np.linalg.norm(outer @ y)
            P, gain = V.T @ V, now[-1]
            S = (1 - gain) * (S + gain * np.outer(P @ x, P @ x))
            B = (1 - gain) * (B + gain * np.outer(P @ y, P @ x))
            G = (1 - gain) * (G + gain * np.outer(P @ y, P @ y))
            left, left_energy = spread - np.trace(S), loud - np.trace(G)
        else:
            zx, zy = far_x / a, far_y * a
            S, B, G = zx.T * now @ zx, zy.T * now @ zx, zy.T * now @ zy
            left, left_energy = spread, loud
        H = smallest_fit(S, B)
        slope, ridge = np.sqrt(left_energy / left), p.ridge * np.sqrt(share) * spread
        K, L, M = (
            V @ C @ V.T + c * np.eye(d)
            for C, c in zip((S, B, G), ridge * slope ** np.arange(3), strict=True)
        )
        if p.turning:
            fit = scipy.linalg.solve_continuous_lyapunov(K, L + L.T)
            Q = factor(fit + np.abs(fit).sum(axis=1).max() * np.eye(d))
            V, K, M = Q.T @ V, Q.T @ K @ Q, Q.T @ M @ Q
        if back:
            taken_back += 1
            move = (secant_zero(seen[-2] @ move, up) - 1) * move
        else:
            inside = V.T @ (np.sqrt(np.diag(K) / np.diag(M)) * (V @ mz))
            move = -a * (inside + (mz - V.T @ V @ mz) / slope)
            move = move / np.sqrt(response_ratio(beta, p.gamma))
            agreement = max(0.0, steady / (steady + energy) - chance(beta))
            longest = max(min(p.reach, keeping_length(beta, p.gamma)), p.reach * agreement)
            move = move * min(1.0, longest * np.sqrt(sum(variances)) / np.linalg.norm(move))
        path.append(theta + move)
    return Defined(np.array(path), V, renewals, taken_back)

// The functions, the noise, the pieces and seven methods of the book in JavaScript, for all that is
// interactive in it.
//
// A port of `refimpl`, with its names and in its order of operations: the reference outputs verify
// it through `verify.js`, and NumPy's own numbers its noise. It reads and draws nothing. Node takes
// it by `require`, a page by pasting it in.
"use strict";
const laboratory = (() => {
  const EPS = Number.EPSILON, LARGEST = Number.MAX_VALUE / 2, HUGE = 1e300;
  // Of refimpl.regression: variances that count as 0, and the scale at which products lose digits.
  const UNVISITED = 1e-12, ROUNDINGS = 2, LEAST = 2 ** 18 * Number.MIN_VALUE, SMALL = 1e-250;
  const BEYOND = 1e153; // squares of distances of numbers up to this are still finite

  const { abs, hypot, max, min, sqrt } = Math;
  const zeros = (n) => new Array(n).fill(0);
  const table = (n, m, f) => Array.from({ length: n }, (_, i) => Array.from({ length: m }, (_, j) => f(i, j)));
  const eye = (n, m = n) => table(n, m, (i, j) => +(i === j));
  const map = (x, f) => x.map((xi, i) => f(xi, i));
  const dot = (x, y) => { let sum = 0; for (let i = 0; i < x.length; i++) sum += x[i] * y[i]; return sum; };
  const total = (x) => x.reduce((sum, xi) => sum + xi, 0);
  const length = (x) => sqrt(dot(x, x));
  const plus = (x, c, y) => x.map((xi, i) => xi + c * y[i]);
  const transposed = (A) => table(A[0].length, A.length, (i, j) => A[j][i]);
  const times = (A, B) => { const T = transposed(B); return table(A.length, T.length, (i, j) => dot(A[i], T[j])); };
  const onto = (V, x) => V.map((row) => dot(row, x));
  const from = (V, y) => V[0].map((_, j) => { let sum = 0; for (let i = 0; i < V.length; i++) sum += y[i] * V[i][j]; return sum; });
  const largest = (A) => { let size = 0; for (const row of A) for (const a of row) size = max(size, abs(a)); return size; };
  const ldexp = (x, n) => x * 2 ** Math.trunc(n / 2) * 2 ** (n - Math.trunc(n / 2));

  // The exponent of the power of two above a size, as C's frexp has it; 0 for 0.
  const exponentOf = (x) => {
    if (!(x > 0 && x < Infinity)) return 0;
    if (x < 1e-300) return exponentOf(x * 2 ** 200) - 200;
    const e = Math.floor(Math.log2(x)) + 1;
    return x >= 2 ** e ? e + 1 : x < 2 ** (e - 1) ? e - 1 : e;
  };

  // ------------------------------------------------------------------------- linear algebra

  const congruence = (E, A) => { // E^T A E, symmetric to the last bit
    const d = A.length, AE = table(d, d, () => 0), result = table(d, d, () => 0);
    for (let i = 0; i < d; i++)
      for (let k = 0; k < d; k++) for (let j = 0; j < d; j++) AE[i][j] += A[i][k] * E[k][j];
    for (let i = 0; i < d; i++)
      for (let j = 0; j <= i; j++) {
        let total = 0;
        for (let k = 0; k < d; k++) total += E[k][i] * AE[k][j];
        result[i][j] = result[j][i] = total;
      }
    return result;
  };

  const rotate = (A, E, p, q) => { // overwrites both by one Jacobi rotation
    const n = A.length, difference = A[q][q] - A[p][p], twice = 2 * A[p][q];
    const radius = sqrt(difference * difference + twice * twice);
    const t = difference >= 0 ? twice / (difference + radius) : twice / (difference - radius);
    const c = 1 / sqrt(1 + t * t), s = t * c, shift = t * A[p][q];
    A[p][p] -= shift;
    A[q][q] += shift;
    A[p][q] = A[q][p] = 0;
    for (let k = 0; k < n; k++)
      if (k !== p && k !== q) {
        const a = A[k][p], b = A[k][q];
        A[k][p] = A[p][k] = c * a - s * b;
        A[k][q] = A[q][k] = s * a + c * b;
      }
    for (let k = 0; k < n; k++) {
      const a = E[k][p], b = E[k][q];
      E[k][p] = c * a - s * b;
      E[k][q] = s * a + c * b;
    }
  };

  const eigh = (matrix) => { // values, ascending, and columns E
    const d = matrix.length, negligible = 0.125 * EPS, E = eye(d);
    let A = matrix.map((row) => row.slice());
    const size = largest(A);
    const scale = size > 0 ? 2 ** min(max(exponentOf(size), -1021), 1023) : 1;
    A = A.map((row) => row.map((a) => a / scale));
    for (let sweep = 0, off = 1; sweep < 50 && off > negligible; sweep++) {
      off = 0;
      for (let p = 0; p < d; p++)
        for (let q = p + 1; q < d; q++) {
          off = max(off, abs(A[p][q]));
          if (abs(A[p][q]) > negligible) rotate(A, E, p, q);
        }
    }
    const order = map(A, (row, i) => i).sort((i, j) => A[i][i] - A[j][j] || i - j);
    return { values: order.map((i) => scale * A[i][i]), E: E.map((row) => order.map((i) => row[i])) };
  };

  const direction = (x) => { // unit vector and length
    const size = max(...x.map(abs));
    if (size === 0) return [zeros(x.length), 0];
    const n = x.map((xi) => xi / size), long = length(n);
    return [n.map((ni) => ni / long), min(size, HUGE) * long];
  };

  const straighten = (W, i) => { // row i less the rows before it; returns the share that is left
    let [row, long] = direction(W[i]);
    if (long === 0) return 0;
    for (let pass = 0; pass < 2; pass++)
      for (let j = 0; j < i; j++) row = plus(row, -dot(W[j], row), W[j]);
    const share = length(row);
    if (share <= 4 * W.length * EPS) return 0;
    W[i] = row.map((r) => r / share);
    return share;
  };

  const complete = (W, i, old) => { // by what sticks out most, else by an axis
    let best = 0, choice = 0;
    old.forEach((row, k) => {
      W[i] = row.slice();
      const share = straighten(W, i);
      if (share > best) [best, choice] = [share, k];
    });
    if (best > 0) W[i] = old[choice].slice();
    else {
      const covered = W[i].map((_, j) => W.slice(0, i).reduce((sum, row) => sum + row[j] * row[j], 0));
      W[i] = map(W[i], (_, j) => +(j === covered.indexOf(min(...covered))));
    }
    straighten(W, i);
  };

  const straightenAll = (W, old) => {
    for (let i = 0; i < W.length; i++) if (straighten(W, i) === 0) complete(W, i, old);
    return W;
  };
  const orthonormalize = (W) => straightenAll(W.map((row) => row.slice()), []);

  // ------------------------------------------------------------------ piece 1: the regression

  const begin = (D, prior) => {
    const [weight, a, b] = prior ? [1, prior[0], prior[1]] : [0, 0, 0];
    const scaled = (c) => eye(D).map((row) => row.map((e) => c * e));
    return {
      weight, beta: 0, scale: 1, mean_theta: zeros(D), mean_gradient: zeros(D),
      C_thetatheta: scaled(a), C_gtheta: scaled(0), C_gg: scaled(b),
    };
  };
  const beginDiagonal = (D, prior) => {
    const state = begin(D, prior), diagonal = (C) => C.map((row, i) => row[i]);
    for (const name of ["C_thetatheta", "C_gtheta", "C_gg"]) state[name] = diagonal(state[name]);
    return state;
  };

  // keep C + add a b^T; of a vector, which holds the diagonal, the products a_i b_i.
  const blend = (keep, C, add, a, b) => map(C, (c, i) =>
    Array.isArray(c) ? map(c, (cj, j) => keep * cj + add * (a[i] * b[j])) : keep * c + add * (a[i] * b[i]));

  // Distance from a mean; 0 where it is too short to move it.
  const apart = (x, mean, gain) => map(x, (xi, i) => {
    const off = xi - mean[i];
    return mean[i] + gain * off === mean[i] ? 0 : off;
  });

  const update = (state, theta, gradient, beta) => {
    const weight = state.weight + beta * (1 - state.weight), gain = beta / weight;
    const a = apart(theta, state.mean_theta, gain), b = apart(gradient, state.mean_gradient, gain);
    const keep = 1 - gain, add = (1 - gain) * gain;
    return {
      weight, beta, scale: 1,
      mean_theta: plus(state.mean_theta, gain, a), mean_gradient: plus(state.mean_gradient, gain, b),
      C_thetatheta: blend(keep, state.C_thetatheta, add, a, a),
      C_gtheta: blend(keep, state.C_gtheta, add, b, a), C_gg: blend(keep, state.C_gg, add, b, b),
    };
  };

  const updateNewMean = (state, theta, gradient, beta) => {
    const offTheta = apart(theta, state.mean_theta, beta), offG = apart(gradient, state.mean_gradient, beta);
    const mean_theta = plus(state.mean_theta, beta, offTheta), mean_gradient = plus(state.mean_gradient, beta, offG);
    const a = map(theta, (x, i) => (offTheta[i] === 0 ? 0 : x - mean_theta[i]));
    const b = map(gradient, (g, i) => (offG[i] === 0 ? 0 : g - mean_gradient[i])), keep = 1 - beta;
    return {
      weight: state.weight, beta, scale: 1 - beta, mean_theta, mean_gradient,
      C_thetatheta: blend(keep, state.C_thetatheta, beta, a, a),
      C_gtheta: blend(keep, state.C_gtheta, beta, b, a), C_gg: blend(keep, state.C_gg, beta, b, b),
    };
  };

  const withCovariances = (state, f) => ({
    ...state, C_thetatheta: f(state.C_thetatheta), C_gtheta: f(state.C_gtheta), C_gg: f(state.C_gg),
  });
  const centred = (state) => ({
    ...state, mean_theta: zeros(state.mean_theta.length), mean_gradient: zeros(state.mean_theta.length),
  });

  const resolution = (state) => // deviations that rounding can make
    state.mean_theta.map((m) => (state.beta === 0 ? 0 : ROUNDINGS * EPS * abs(m) / state.beta));
  const effectiveSize = ({ beta, weight }) =>
    beta === 0 ? 0 : (2 - beta) / beta * weight / (2 - weight);

  // The line of each coordinate by itself; of matrices only the diagonals count.
  const slope = (state) => {
    const n = effectiveSize(state), least = resolution(state), part = (C, i) => (Array.isArray(C[i]) ? C[i][i] : C[i]);
    const lines = map(state.mean_theta, (mean, i) => {
      const line = { curvature: 0, extremum: NaN, curvature_error: Infinity, extremum_error: Infinity };
      const variance = part(state.C_thetatheta, i), covariance = part(state.C_gtheta, i);
      // With beta = 1 in the new-mean form nothing is left of the covariances.
      if (state.scale === 0 || variance <= max(least[i] * least[i], LEAST)) return line;
      line.curvature = covariance / variance;
      const residual = max(0, part(state.C_gg, i) - line.curvature * covariance) / state.scale;
      const spread = variance / state.scale, height = sqrt(residual / (n - 2));
      if (n > 2) line.curvature_error = height / sqrt(spread);
      if (line.curvature !== 0) {
        const offset = state.mean_gradient[i] / line.curvature;
        line.extremum = mean - offset;
        if (n > 2) line.extremum_error = height / abs(line.curvature) * hypot(1, offset / sqrt(spread));
      }
      return line;
    });
    return Object.fromEntries(Object.keys(lines[0]).map((name) => [name, lines.map((line) => line[name])]));
  };

  const symmetricHessian = (state) => { // H C + C H = B + B^T in the eigenbasis of C
    const size = largest(state.C_thetatheta);
    const unit = LEAST < size && size < SMALL ? ldexp(1, Math.floor(-exponentOf(size) / 2)) : 1;
    const scaled = (C) => (unit === 1 ? C : C.map((row) => row.map((c) => c * unit * unit)));
    const { values: e, E } = eigh(scaled(state.C_thetatheta)), B = scaled(state.C_gtheta), D = e.length;
    const noise = resolution(state).map((r) => (unit === 1 ? r : min(r, 1e150 / unit) * unit));
    const least = map(e, (_, i) => noise.reduce((sum, r, k) => sum + (E[k][i] * r) * (E[k][i] * r), 0));
    const H = congruence(E, table(D, D, (i, j) => B[i][j] + B[j][i])), top = max(e[D - 1], 0);
    const divided = table(D, D, (i, j) => {
      const total = e[i] + e[j];
      return total > max(UNVISITED * top, least[i] + least[j], LEAST) ? H[i][j] / total : 0;
    });
    return congruence(transposed(E), divided);
  };

  // -------------------------------------------------------------------- piece 2: online PCA

  const over = (a, b) => (b < 1 ? min(a, HUGE * b) / b : a / b);
  const limited = (a, b) => (b > 1 ? min(a, 1e50 / b) * b : min(a * b, 1e50));
  const byLongestRow = (V) => {
    const size = largest(V), W = V.map((row) => row.map((v) => v / (size || 1)));
    const longest = size === 0 ? 1 : sqrt(max(...W.map((row) => dot(row, row))));
    return [W.map((row) => row.map((v) => v / longest)), size === 0 ? 1 : min(size, HUGE) * longest];
  };
  const leant = (old, lean, n) => { // orth(old + lean n^T), the sum never formed
    const W = old.map((row) => row.slice()), b = lean.slice(), d = W.length;
    for (let i = 0; i < d; i++) {
      const denominator = 1 + b[i] * b[i];
      for (let j = i + 1; j < d; j++) {
        W[j] = plus(W[j], -(b[i] * b[j] / denominator), W[i]);
        b[j] /= denominator;
      }
      const before = length(W[i]) + abs(b[i]);
      W[i] = plus(W[i], b[i], n);
      if (length(W[i]) <= 4 * d * EPS * before) W[i] = zeros(n.length);
    }
    return straightenAll(W, old);
  };
  const inject = (V, x, turn) => {
    const [n, long] = direction(x), [old, size] = byLongestRow(V);
    return leant(old, zeros(V.length).fill(limited(turn, over(long, size))), n);
  };
  const oja = (V, x, gamma) => {
    const [n, long] = direction(x), [old] = byLongestRow(V), rate = limited(sqrt(gamma), long) ** 2;
    return leant(old, onto(old, n).map((share) => rate * share), n);
  };
  const carried = (P, C) => { // P C P^T, symmetric where C is
    const d = C.length, half = (s) => table(d, d, (i, j) => 0.5 * C[i][j] + s * 0.5 * C[j][i]);
    const symmetric = congruence(transposed(P), half(1)), skew = times(times(P, half(-1)), transposed(P));
    return table(d, d, (i, j) => symmetric[i][j] + (0.5 * skew[i][j] - 0.5 * skew[j][i]));
  };
  const transported = (line, old, V) => {
    const P = times(V, transposed(old));
    return withCovariances(centred(line), (C) => carried(P, C));
  };
  const outside = (V, x) => V.reduce((rest, row) => plus(rest, -dot(row, x), row), x);

  // ------------------------------------------------------------------- piece 3: the QR step

  const angle = (a, b) => { // the rotation that turns (a, b) to (r, 0)
    const sign = (x, y) => (y < 0 || Object.is(y, -0) ? -x : x);
    if (abs(b) > abs(a)) {
      const t = a / b, s = sign(1 / sqrt(1 + t * t), b);
      return [s * t, s];
    }
    const t = b / a, c = sign(1 / sqrt(1 + t * t), a);
    return [c, c * t];
  };
  const orthogonalFactor = (A) => {
    const d = A.length, R = A.map((row) => row.slice()), QT = eye(d);
    for (let k = 0; k < d - 1; k++)
      for (let i = k + 1; i < d; i++)
        if (R[i][k] !== 0) {
          const [c, s] = angle(R[k][k], R[i][k]);
          for (const M of [R, QT])
            for (let j = 0; j < d; j++) {
              const a = M[k][j], b = M[i][j];
              M[k][j] = c * a + s * b;
              M[i][j] = c * b - s * a;
            }
        }
    for (let k = 0; k < d; k++) if (R[k][k] < 0) QT[k] = QT[k].map((q) => -q);
    return transposed(QT);
  };
  const qrStep = (H, shifted) => {
    const d = H.length, exponent = exponentOf(largest(H)), part = (i, j) => ldexp(H[i][j], -exponent);
    const A = table(d, d, (i, j) => 0.5 * (part(i, j) + part(j, i)));
    const mu = shifted ? max(...A.map((row) => row.reduce((sum, a) => sum + abs(a), 0))) : 0;
    const rotation = orthogonalFactor(table(d, d, (i, j) => A[i][j] + (i === j ? mu : 0)));
    return { rotation, rotated: congruence(rotation, A).map((row) => row.map((a) => ldexp(a, exponent))) };
  };
  const turned = ({ V, line }, rotation) => {
    const T = transposed(rotation);
    return { V: times(T, V), line: withCovariances(centred(line), (C) => carried(T, C)) };
  };

  // ------------------------------------------------------------------- piece 4: repulsion

  // Minus the gradient along each eigenvector over what is made of the curvature there; 0 at 0.
  const alongAxes = (H, g, made) => {
    const { values, E } = eigh(H), d = g.length, step = zeros(d);
    const rounding = d * EPS * max(abs(values[0]), abs(values[d - 1]));
    for (let i = 0; i < d; i++) {
      const curvature = made(abs(values[i]) > rounding ? values[i] : 0);
      if (curvature === 0) continue;
      const longest = LARGEST / d * min(abs(curvature), 1);
      let along = 0;
      for (let k = 0; k < d; k++) along += E[k][i] * g[k];
      along = min(max(along, -longest), longest);
      for (let k = 0; k < d; k++) step[k] -= along / curvature * E[k][i];
    }
    return step;
  };
  const newton = (H, g) => alongAxes(H, g, (lambda) => lambda);
  const saddleFree = (H, g, div, cut) =>
    alongAxes(H, g, (lambda) => max(div * min(abs(lambda), LARGEST / max(div, 1)), cut));
  const rowSumBound = (H, g, div, cut) => map(H, (row, i) => {
    const sum = row.reduce((total, h) => total + abs(h), 0);
    const bound = max(div * min(sum, LARGEST / max(div, 1)), cut), longest = LARGEST * min(bound, 1);
    return bound > 0 ? -min(max(g[i], -longest), longest) / bound : 0;
  });

  // ----------------------------------------------------------------------------- the methods

  const quotient = (a, b) => {
    const longest = LARGEST * min(b, 1);
    return b === 0 ? 0 : min(max(a, -longest), longest) / b;
  };
  const moved = (line, i, least) => line.C_thetatheta[i] > max(least[i] * least[i], LEAST);
  const fitted = (line) => {
    const least = resolution(line);
    return map(line.C_gtheta, (c, i) => (moved(line, i, least) ? quotient(c, line.C_thetatheta[i]) : 0));
  };
  const correlated = (line) => {
    const least = resolution(line);
    return map(line.C_gg, (c, i) => (moved(line, i, least) && c > LEAST ? sqrt(quotient(c, line.C_thetatheta[i])) : 0));
  };
  const divided = (m, curvature, div, cut) => map(m, (mi, i) =>
    quotient(mi, max(div * min(abs(curvature[i]), LARGEST / max(div, 1)), cut)));
  const averaged = (old, gamma, g) => map(old, (m, i) => m + gamma * (g[i] - m));

  const neutral = (beta, gamma) => {
    const both = (1 - beta) * (1 - gamma);
    return sqrt(2 * beta * (2 - gamma) / gamma * (1 - both) / (1 + both));
  };
  const ratio = (a, b) => (b > 0 ? sqrt(max(a, 0) / b) : 0);

  // The flattest direction gives way to what the others miss of a gradient, if that is stiffer.
  const renewed = (model, offTheta, offGradient) => {
    const { V, line } = model, d = V.length;
    if (d === V[0].length) return model;
    const [first, long] = direction(outside(V, offGradient)), [fresh, kept] = direction(outside(V, first));
    const missed = outside(V, offTheta);
    let flattest = 0, least = Infinity;
    for (let i = 0; i < d; i++) {
      const stiffness = line.C_thetatheta[i][i] > 0 ? line.C_gg[i][i] / line.C_thetatheta[i][i] : 0;
      if (stiffness < least) [flattest, least] = [i, stiffness];
    }
    if (long * long <= least * dot(missed, missed) || kept < 0.5) return model;
    const keep = (C) => table(d, d, (i, j) => (i === flattest || j === flattest ? 0 : C[i][j]));
    return { V: map(V, (row, i) => (i === flattest ? fresh : row)), line: withCovariances(line, keep) };
  };

  // Quotients of `(C_thetatheta / C_gg)^(1/4)`, drawn toward each other as far as chance makes them.
  const coordinateScales = (varianceTheta, varianceGradient, size) => {
    const CHANCE = 0.75, leastTheta = EPS * EPS * total(varianceTheta), leastG = EPS * EPS * total(varianceGradient);
    if (!(size > 1 && leastTheta > 0 && leastG > 0)) return varianceTheta.map(() => 1);
    const logs = map(varianceTheta, (v, i) => 0.25 * (Math.log(max(v, leastTheta)) - Math.log(max(varianceGradient[i], leastG))));
    const told = map(varianceTheta, (v, i) => v > leastTheta && varianceGradient[i] > leastG);
    const D = logs.length, few = logs.filter((_, i) => told[i]), middle = total(few) / max(few.length, 1);
    const off = logs.map((x, i) => (told[i] ? x - middle : 0));
    const variance = dot(off, off) / D, byChance = CHANCE / (size - 1);
    return off.map((x) => (variance > byChance ? Math.exp((1 - byChance / variance) * x) : 1));
  };
  // Statistics along the rows of V in coordinates of other scales.
  const rescaled = ({ V, line }, change) => {
    if (change.every((c) => c === 1)) return { V, line };
    const VT = transposed(V), M = times(V.map((row) => map(row, (v, j) => v * change[j])), VT);
    const K = times(V.map((row) => map(row, (v, j) => v / change[j])), VT);
    const between = (A, C, B) => times(times(A, C), transposed(B));
    return { V, line: {
      ...centred(line), C_thetatheta: between(M, line.C_thetatheta, M),
      C_gtheta: between(K, line.C_gtheta, M), C_gg: between(K, line.C_gg, K),
    } };
  };

  // Share of the last move that stays: less than 1 where it led up and the gradient has jumped.
  const stays = (state, g, jump) => {
    const ascent = dot(g, state.move), { descent } = state;
    if (!(ascent > 0 && length(g) > jump * state.largest)) return 1;
    return descent < 0 ? min(-descent / (ascent - descent), 0.5) : 0;
  };
  const unforeseen = ({ count, missed, met }) => (count <= 4 || met <= 0 ? 1 : min(1, missed / met));
  const memory = ({ count, surprises }, p) =>
    (p.beta_late + (p.beta - p.beta_late) / (1 + count / p.settle)) / (1 + surprises / p.patience);
  // Neither falls below what rounding can tell apart: they are the seeds of longer steps.
  const spreads = (varianceTheta, varianceGradient, meanGradient, opening) => [
    max(total(varianceTheta), EPS * EPS * opening * opening),
    max(total(varianceGradient), EPS * EPS * dot(meanGradient, meanGradient)),
  ];

  const observed = (state, theta, g, unit, back, p) => {
    const begun = state.count > 0, old = state.scales;
    let { model, missed, met, surprises, scales } = state;
    const { H } = state;
    if (!begun) model = { V: model.V, line: begin(model.V.length, null) };
    const beta = memory(state, p), weight = model.line.weight, gain = beta / (weight + beta * (1 - weight));
    const offTheta = apart(theta, state.mean_theta, gain), offG = apart(g, state.mean_gradient, gain);
    const mean_gradient = plus(state.mean_gradient, gain, offG);
    const varied = (variance, off) => map(variance, (v, i) => (1 - gain) * (v + gain * off[i] * off[i]));
    const variance_theta = varied(state.variance_theta, offTheta), variance_gradient = varied(state.variance_gradient, offG);
    if (state.count >= 2) { // two make a line
      const came = onto(model.V, map(offG, (x, i) => old[i] * x)), off = onto(model.V, map(offTheta, (x, i) => x / old[i]));
      const miss = plus(came, -1, onto(H, off));
      missed += beta * (dot(miss, miss) - missed);
      met += beta * (dot(came, came) - met);
    }
    if (begun && p.scaled) {
      scales = coordinateScales(variance_theta, variance_gradient, effectiveSize(model.line));
      model = rescaled(model, map(old, (a, i) => a / scales[i]));
    }
    const inside = map(offTheta, (x, i) => x / scales[i]), steep = map(offG, (x, i) => scales[i] * x);
    if (begun && !back) model = renewed(model, inside, steep);
    const V = model.V, line = update(centred(model.line), onto(V, inside), onto(V, steep), beta);
    const [, energy] = spreads(variance_theta, variance_gradient, mean_gradient, state.opening);
    const usual = dot(mean_gradient, mean_gradient) + energy;
    if (begun && usual > 0) surprises += unforeseen(state) * min(1, dot(g, g) / usual);
    return {
      ...state, model: { V, line }, H, scales, mean_theta: plus(state.mean_theta, gain, offTheta), mean_gradient,
      variance_theta, variance_gradient, momentum: back ? state.momentum : averaged(state.momentum, begun ? p.gamma : 1, g),
      missed, met, surprises, largest: max(state.largest, sqrt(usual)),
      count: begun || max(...g.map(abs)) > 0 ? state.count + 1 : 0, unit,
    };
  };
  const rest = (line, D, spread, energy) => {
    const d = line.mean_theta.length, trace = (C) => C.reduce((sum, row, i) => sum + row[i], 0), rounding = 1024 * d * EPS;
    const a = spread - trace(line.C_thetatheta), b = energy - trace(line.C_gg);
    return d < D && a > rounding * spread && b > rounding * energy ? [a, b] : [spread, energy];
  };
  const keeping = (beta, gamma) => {
    const r = 1 - beta, both = r * (1 - gamma);
    return r <= 0 ? Infinity : sqrt((1 - both) * (1 - r * r) / ((1 + both) * r));
  };
  const farthest = (state, p) => {
    const mean = state.mean_gradient, steady = dot(mean, mean), { beta } = state.model.line;
    const [spread, energy] = spreads(state.variance_theta, state.variance_gradient, mean, state.opening);
    if (p.reach === Infinity) return Infinity;
    const share = steady > 0 ? steady / (steady + energy) : 0, agreement = max(share - beta / (2 - beta), 0);
    return sqrt(spread) * max(min(p.reach, keeping(beta, p.gamma)), p.reach * agreement);
  };
  const ogrStep = (before, theta, gradient, p) => {
    const FAR = 1e100, FARTHEST = 1e150;
    const unit = before.count > 0 ? before.unit : 2 ** min(max(exponentOf(max(...gradient.map(abs))), -1000), 1000);
    const g = gradient.map((gi) => min(max(gi, -FAR * unit), FAR * unit) / unit), kept = stays(before, g, p.jump);
    const state = observed(before, theta, g, unit, kept < 1, p), { scales, opening } = state;
    let { model, H } = state, move;
    if (state.count <= 1) move = direction(state.momentum)[0].map((x) => -opening * x);
    else {
      const byScale = (x, power) => map(x, (xi, i) => xi * scales[i] ** power), m = byScale(state.momentum, 1);
      const [spread, energy] = spreads(byScale(state.variance_theta, -2), byScale(state.variance_gradient, 2), byScale(state.mean_gradient, 1), opening);
      const [beyond, beyondEnergy] = rest(model.line, theta.length, spread, energy);
      const seen = p.ridge * sqrt(unforeseen(state)) * spread, steep = ratio(beyondEnergy, beyond);
      const prior = (line) => {
        const more = (c) => (C) => map(C, (row, i) => map(row, (x, j) => x + (i === j ? c : 0)));
        return {
          ...line, C_thetatheta: more(seen)(line.C_thetatheta),
          C_gtheta: more(steep * seen)(line.C_gtheta), C_gg: more(steep * steep * seen)(line.C_gg),
        };
      };
      let known = prior(model.line);
      H = symmetricHessian(model.line);
      if (p.turning) {
        const { rotation } = qrStep(symmetricHessian(known), true);
        model = turned(model, rotation);
        known = prior(model.line);
        H = congruence(rotation, H);
      }
      const along = map(onto(model.V, m), (x, i) => x * ratio(known.C_thetatheta[i][i], known.C_gg[i][i]));
      const elsewhere = outside(model.V, m).map((x) => ratio(beyond, beyondEnergy) * x);
      const share = neutral(model.line.beta, p.gamma);
      move = map(from(model.V, along), (x, i) => min(max(-share * scales[i] * (x + elsewhere[i]), -FARTHEST), FARTHEST));
      const long = length(move), longest = farthest(state, p);
      if (long > longest) move = move.map((x) => x * (longest / long));
      if (kept < 1) move = before.move.map((x) => (kept - 1) * x);
    }
    return [plus(theta, 1, move), { ...state, model, H, move, descent: dot(g, move) }];
  };

  const onlineStep = (state, theta, gradient, p) => {
    const offTheta = apart(theta, state.mean_theta, p.beta), offG = apart(gradient, state.mean_gradient, p.beta);
    const momentum = averaged(state.momentum, p.gamma, gradient);
    let V = inject(state.model.V, direction(gradient)[0], p.turn), line = centred(state.model.line);
    if (p.transport) line = transported(line, state.model.V, V);
    line = update(line, onto(V, offTheta), onto(V, offG), p.beta);
    const { rotation, rotated: H } = qrStep(symmetricHessian(line), p.shifted);
    const model = turned({ V, line }, rotation), along = onto(model.V, momentum);
    const inside = (p.row_sums ? rowSumBound : saddleFree)(H, along, p.div, p.cut);
    return [plus(plus(theta, -p.alpha, outside(model.V, momentum)), 1, from(model.V, inside)), {
      model, mean_theta: plus(state.mean_theta, p.beta, offTheta),
      mean_gradient: plus(state.mean_gradient, p.beta, offG), momentum,
    }];
  };

  // The axes of the line in units of theta, which has other scales, and the statistics along them.
  const unscaled = ({ model: { V, line }, scales }) => {
    const W = V.map((row) => map(row, (v, j) => scales[j] * v)), Q = orthonormalize(W);
    const L = times(W, transposed(Q)), solved = (B) => { // L X = B, row by row
      const X = [];
      B.forEach((b, i) => X.push(X.reduce((left, x, k) => plus(left, -L[i][k], x), b).map((bj) => bj / L[i][i])));
      return X;
    };
    const seen = {
      ...line, C_thetatheta: congruence(L, line.C_thetatheta), C_gtheta: times(solved(line.C_gtheta), L),
      C_gg: solved(transposed(solved(line.C_gg))),
    };
    const E = eigh(symmetricHessian(seen)).E, axes = transposed(E);
    return { axes: times(axes, Q), line: withCovariances(seen, (C) => times(times(axes, C), E)) };
  };

  const diagonalStart = (theta, directions, p) => ({ line: beginDiagonal(theta.length, p.prior), momentum: zeros(theta.length) });
  const observedLine = (state, theta, gradient, p) => ({
    line: updateNewMean(state.line, theta, gradient, p.beta), momentum: averaged(state.momentum, p.gamma, gradient),
  });

  // Of each method the start, the step, and what is to be seen of a state: see `inside`.
  const methods = {
    momentum: {
      start: (theta) => ({ momentum: zeros(theta.length) }),
      step: (state, theta, gradient, p) => {
        const momentum = averaged(state.momentum, p.gamma, gradient);
        return [plus(theta, -p.alpha, momentum), { momentum }];
      },
      inside: () => ({}),
    },
    adam: {
      start: (theta) => ({ mean: zeros(theta.length), square: zeros(theta.length), decay1: 1, decay2: 1 }),
      step: (state, theta, gradient, { alpha, beta1, beta2, eps }) => {
        const mean = map(state.mean, (m, i) => beta1 * m + (1 - beta1) * gradient[i]);
        const square = map(state.square, (v, i) => beta2 * v + (1 - beta2) * gradient[i] * gradient[i]);
        const decay1 = state.decay1 * beta1, decay2 = state.decay2 * beta2;
        const next = map(theta, (x, i) => {
          const scale = (eps + sqrt(square[i] / (1 - decay2))) * (1 - decay1);
          return x - alpha * (scale > 0 ? mean[i] / scale : 0);
        });
        return [next, { mean, square, decay1, decay2 }];
      },
      inside: () => ({}),
    },
    fogr: {
      start: (theta, directions, p) => ({ line: begin(theta.length, p.prior), momentum: zeros(theta.length) }),
      step: (before, theta, gradient, p) => {
        const state = observedLine(before, theta, gradient, p);
        return [plus(theta, 1, saddleFree(symmetricHessian(state.line), state.momentum, p.div, p.cut)), state];
      },
      inside: ({ line, momentum }, p) => {
        const { values, E } = eigh(symmetricHessian(line)), axes = transposed(E);
        const along = withCovariances(line, (C) => times(times(axes, C), E));
        const errors = slope({ ...along, mean_theta: onto(axes, line.mean_theta) }).curvature_error;
        return { axes, values, errors, mean: line.mean_theta, gradient: line.mean_gradient, bound: length(momentum) / p.cut };
      },
    },
    dogr: {
      start: diagonalStart,
      step: (before, theta, gradient, p) => {
        const state = observedLine(before, theta, gradient, p);
        return [plus(theta, -1, divided(state.momentum, fitted(state.line), p.div, p.cut)), state];
      },
      inside: ({ line, momentum }, p) => ({
        axes: eye(momentum.length), values: fitted(line), errors: slope(line).curvature_error,
        mean: line.mean_theta, gradient: line.mean_gradient, bound: length(momentum) / p.cut,
      }),
    },
    cdogr: {
      start: diagonalStart,
      step: (before, theta, gradient, p) => {
        const state = observedLine(before, theta, gradient, p);
        const u = divided(state.momentum, correlated(state.line), p.div, p.cut);
        return [map(theta, (x, i) => x - p.eta * min(u[i], p.max_alpha)), state];
      },
      // A modulus: it has no sign, and no standard error of a slope.
      inside: ({ line, momentum }, p) => ({
        axes: eye(momentum.length), values: correlated(line), errors: momentum.map(() => Infinity),
        bound: p.eta * length(momentum) / p.cut,
      }),
    },
    online_sfn: {
      directions: true,
      start: (theta, directions, p) => ({
        model: { V: orthonormalize(directions), line: begin(directions.length, p.prior) },
        mean_theta: zeros(theta.length), mean_gradient: zeros(theta.length), momentum: zeros(theta.length),
      }),
      step: onlineStep,
      inside: ({ model, mean_theta, mean_gradient, momentum }, p) => {
        const line = slope(model.line);
        return {
          axes: model.V, values: line.curvature, errors: line.curvature_error, mean: mean_theta,
          gradient: mean_gradient, bound: length(onto(model.V, momentum)) / p.cut + p.alpha * length(outside(model.V, momentum)),
        };
      },
    },
    ogr: {
      start: (theta, directions, p) => {
        const D = theta.length, d = min(p.dimension, D), scale = max(max(...theta.map(abs)), 1);
        const mean = theta.reduce((sum, x) => sum + (x / scale) * (x / scale), 0) / D;
        return {
          model: { V: eye(d, D), line: begin(d, null) }, H: table(d, d, () => 0), scales: theta.map(() => 1),
          mean_theta: zeros(D), mean_gradient: zeros(D), variance_theta: zeros(D), variance_gradient: zeros(D),
          momentum: zeros(D), move: zeros(D), descent: 0, missed: 0, met: 0, surprises: 0, largest: 0,
          count: 0, unit: 1, opening: p.first * max(scale * sqrt(mean), 1),
        };
      },
      step: ogrStep,
      inside: (state, p) => {
        const { axes, line } = unscaled(state), fit = slope(line), scaled = (x) => x.map((xi) => xi * state.unit);
        const variances = map(line.C_thetatheta, (row, i) => row[i]), least = UNVISITED * max(...variances);
        const known = (x, nothing) => map(scaled(x), (xi, i) => (variances[i] > least ? xi : nothing));
        const bound = state.count > 1 ? farthest(state, p) : state.opening;
        return {
          axes, values: known(fit.curvature, 0), errors: known(fit.curvature_error, Infinity),
          mean: state.mean_theta, gradient: scaled(state.mean_gradient), momentum: scaled(state.momentum),
          // A longer move takes the one before it back, and there is no other bound on that.
          bound: length(state.move) > (1 + 1e-9) * bound ? undefined : bound,
        };
      },
    },
  };

  // What a state knows: `axes` (rows) with the fitted curvature `values` along them and their
  // standard `errors` (infinite where not known), the `centre` where the fitted gradient is 0, the
  // `momentum`, and the `bound` on the length of the step that was just made. A part that the
  // method does not have is undefined.
  const inside = (method, state, parameters) => {
    const { mean, gradient, ...seen } = methods[method].inside(state, parameters);
    if (mean && seen.values.every((value) => value !== 0))
      seen.centre = seen.axes.reduce((at, axis, i) => plus(at, -dot(axis, gradient) / seen.values[i], axis), mean);
    if (!(seen.bound < Infinity)) delete seen.bound;
    return { momentum: state.momentum || state.mean, ...seen };
  };

  // --------------------------------------------------------------------------- the functions

  const residuals = (u, v) => [1.5 - u + u * v, 2.25 - u + u * v * v, 2.625 - u + u * v * v * v];
  const factors = ([u, v]) => {
    const s = u + v, t = 2 * u - 3 * v;
    return [
      [1 + (s + 1) * (s + 1) * (3 * s * s - 14 * s + 19), 12 * (s + 1) * (s - 1) * (s - 2), 12 * (3 * s * s - 4 * s - 1)],
      [30 + t * t * (3 * t * t - 16 * t + 18), 12 * t * (t - 1) * (t - 3), 12 * (3 * t * t - 8 * t + 3)],
    ];
  };
  const inFrame = (rotation, x) => (rotation ? onto(rotation, x) : x);
  const outOfFrame = (rotation, y) => (rotation ? from(rotation, y) : y);
  const diagonal = (x) => table(x.length, x.length, (i, j) => (i === j ? x[i] : 0));
  const framed = (rotation, curvature) => (rotation ? congruence(rotation, diagonal(curvature)) : diagonal(curvature));

  const plain = {
    beale: {
      value: ([u, v]) => { const [a, b, c] = residuals(u, v); return a * a + b * b + c * c; },
      gradient: ([u, v]) => {
        const [a, b, c] = residuals(u, v);
        return [2 * (a * (v - 1) + b * (v * v - 1) + c * (v * v * v - 1)), 2 * u * (a + 2 * v * b + 3 * v * v * c)];
      },
      hessian: ([u, v]) => {
        const [a, b, c] = residuals(u, v), p = v - 1, q = v * v - 1, r = v * v * v - 1;
        const uv = 2 * (a + 2 * v * b + 3 * v * v * c) + 2 * u * (p + 2 * v * q + 3 * v * v * r);
        const vv = 2 * u * (u + 2 * b + 4 * u * v * v + 6 * v * c + 9 * u * v * v * v * v);
        return [[2 * (p * p + q * q + r * r), uv], [uv, vv]];
      },
      // The same gradient by another right program: terms from the last to the first.
      twin: ([u, v]) => {
        const a = u * v - u + 1.5, b = u * v * v - u + 2.25, c = u * v * v * v - u + 2.625;
        return [2 * (c * (v * v * v - 1) + b * (v * v - 1) + a * (v - 1)), 2 * u * (3 * v * v * c + 2 * v * b + a)];
      },
    },
    booth: {
      value: ([u, v]) => { const a = u + 2 * v - 7, b = 2 * u + v - 5; return a * a + b * b; },
      gradient: ([u, v]) => { const a = u + 2 * v - 7, b = 2 * u + v - 5; return [2 * a + 4 * b, 4 * a + 2 * b]; },
      hessian: () => [[10, 8], [8, 10]],
      twin: ([u, v]) => { const a = u - 7 + 2 * v, b = 2 * u - 5 + v; return [4 * b + 2 * a, 2 * b + 4 * a]; },
    },
    goldstein_price: {
      value: (x) => { const [[A], [B]] = factors(x); return A * B; },
      gradient: (x) => { const [[A, A1], [B, B1]] = factors(x); return [A1 * B + 2 * A * B1, A1 * B - 3 * A * B1]; },
      hessian: (x) => {
        const [[A, A1, A2], [B, B1, B2]] = factors(x), ss = A2 * B, st = A1 * B1, tt = A * B2;
        return [[ss + 4 * st + 4 * tt, ss - st - 6 * tt], [ss - st - 6 * tt, ss - 6 * st + 9 * tt]];
      },
    },
    himmelblau: {
      value: ([u, v]) => { const a = u * u + v - 11, b = u + v * v - 7; return a * a + b * b; },
      gradient: ([u, v]) => { const a = u * u + v - 11, b = u + v * v - 7; return [4 * u * a + 2 * b, 2 * a + 4 * v * b]; },
      hessian: ([u, v]) => [[12 * u * u + 4 * v - 42, 4 * (u + v)], [4 * (u + v), 4 * u + 12 * v * v - 26]],
    },
    matyas: {
      value: ([u, v]) => 0.26 * (u * u + v * v) - 0.48 * u * v,
      gradient: ([u, v]) => [0.52 * u - 0.48 * v, 0.52 * v - 0.48 * u],
      hessian: () => [[0.52, -0.48], [-0.48, 0.52]],
    },
    monkey_saddle: {
      value: ([u, v]) => u * (u * u - 3 * v * v),
      gradient: ([u, v]) => [3 * (u * u - v * v), -6 * u * v],
      hessian: ([u, v]) => [[6 * u, -6 * v], [-6 * v, -6 * u]],
    },
    rosenbrock: {
      value: (x) => {
        let total = 0;
        for (let i = 0; i < x.length - 1; i++) {
          const bend = x[i + 1] - x[i] * x[i];
          total += 100 * bend * bend + (1 - x[i]) * (1 - x[i]);
        }
        return total;
      },
      gradient: (x) => {
        const g = zeros(x.length);
        for (let i = 0; i < x.length - 1; i++) {
          const bend = x[i + 1] - x[i] * x[i];
          g[i] += -400 * x[i] * bend - 2 * (1 - x[i]);
          g[i + 1] += 200 * bend;
        }
        return g;
      },
      hessian: (x) => {
        const H = table(x.length, x.length, () => 0);
        for (let i = 0; i < x.length - 1; i++) {
          H[i][i] += 1200 * x[i] * x[i] - 400 * x[i + 1] + 2;
          H[i][i + 1] = H[i + 1][i] = -400 * x[i];
          H[i + 1][i + 1] += 200;
        }
        return H;
      },
    },
    styblinski_tang: {
      value: (x) => x.reduce((total, t) => total + 0.5 * t * (t * (t * t - 16) + 5), 0),
      gradient: (x) => x.map((t) => t * (2 * t * t - 16) + 2.5),
      hessian: (x) => diagonal(x.map((t) => 6 * t * t - 16)),
    },
  };
  const ofSpectrum = {
    quadratic: ({ spectrum, rotation }) => ({
      value: (x) => { const y = inFrame(rotation, x); return 0.5 * spectrum.reduce((sum, a, i) => sum + a * y[i] * y[i], 0); },
      gradient: (x) => outOfFrame(rotation, map(inFrame(rotation, x), (y, i) => spectrum[i] * y)),
      hessian: () => framed(rotation, spectrum),
    }),
    bounded_saddle: ({ spectrum, c = 1, rotation }) => ({
      value: (x) => inFrame(rotation, x).reduce((sum, y, i) => sum + y * y * (0.5 * spectrum[i] + 0.25 * c * (y * y)), 0),
      gradient: (x) => outOfFrame(rotation, map(inFrame(rotation, x), (y, i) => y * (spectrum[i] + c * y * y))),
      hessian: (x) => framed(rotation, map(inFrame(rotation, x), (y, i) => spectrum[i] + 3 * c * y * y)),
    }),
  };
  // By its name, and for the two that need it by its data: { spectrum, c, rotation }.
  const functionOf = (name, data) => (ofSpectrum[name] ? ofSpectrum[name](data) : plain[name]);

  // ------------------------------------------------------------------------------- the noise

  // NumPy's `default_rng(seed)`: SeedSequence (O'Neill's seed_seq_fe), PCG64 (XSL RR 128/64).
  const MASK64 = (1n << 64n) - 1n, MASK128 = (1n << 128n) - 1n;
  const MULTIPLIER = (2549297995355413924n << 64n) + 4865540595714422341n;
  const pool = (seed) => {
    const entropy = [];
    for (let rest = BigInt(seed); rest > 0n || !entropy.length; rest >>= 32n) entropy.push(Number(rest & 0xffffffffn));
    let constant = 0x43b0d7e5;
    const hash = (value) => {
      value = (value ^ constant) >>> 0;
      constant = Math.imul(constant, 0x931e8875) >>> 0;
      value = Math.imul(value, constant) >>> 0;
      return (value ^ (value >>> 16)) >>> 0;
    };
    const mix = (x, y) => {
      const result = (Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y)) >>> 0;
      return (result ^ (result >>> 16)) >>> 0;
    };
    const mixed = [0, 1, 2, 3].map((i) => hash(entropy[i] || 0));
    for (let i = 0; i < 4; i++) for (let j = 0; j < 4; j++) if (i !== j) mixed[j] = mix(mixed[j], hash(mixed[i]));
    for (let i = 4; i < entropy.length; i++) for (let j = 0; j < 4; j++) mixed[j] = mix(mixed[j], hash(entropy[i]));
    constant = 0x8b51f9dd;
    const words = zeros(8).map((_, i) => {
      let value = (mixed[i % 4] ^ constant) >>> 0;
      constant = Math.imul(constant, 0x58f38ded) >>> 0;
      value = Math.imul(value, constant) >>> 0;
      return BigInt((value ^ (value >>> 16)) >>> 0);
    });
    return [0, 2, 4, 6].map((i) => words[i] | (words[i + 1] << 32n));
  };

  // The widths of the 256 layers of the ziggurat of Marsaglia and Tsang under exp(-x^2 / 2), in
  // units of 2^-52. Their last digits are NumPy's, whose table was computed step by step in binary64:
  // read off its draws, since with others one number in five would differ in the last digit.
  const TAIL = 3.6541528853610088, WIDTH = `
    8.683627060801306e-16 4.779330175727737e-17 6.354352417405262e-17 7.454870481247696e-17
    8.3293668157931e-17 9.068060405059482e-17 9.714860076567762e-17 1.0294750314241019e-16
    1.0823430288447684e-16 1.131147019610903e-16 1.176635945702292e-16 1.2193617278714363e-16
    1.2597439914637093e-16 1.2981099886264032e-16 1.3347203736824123e-16 1.3697864842571203e-16
    1.4034823001242382e-16 1.4359529452056943e-16 1.4673208742364422e-16 1.4976904668391037e-16
    1.5271515003596198e-16 1.5557818169460764e-16 1.5836494009290885e-16 1.6108140175274928e-16
    1.6373285203969853e-16 1.6632399058420835e-16 1.6885901708676596e-16 1.713417017655966e-16
    1.737754436586486e-16 1.7616331923000996e-16 1.7850812316976727e-16 1.8081240285799152e-16
    1.830784876482675e-16 1.853085138861802e-16 1.8750444639373882e-16 1.896680970077476e-16
    1.918011406483862e-16 1.9390512930625104e-16 1.9598150426628824e-16 1.9803160683128174e-16
    2.000566877627333e-16 2.0205791562071654e-16 2.0403638415480212e-16 2.0599311887403706e-16
    2.079290829041402e-16 2.0984518222370352e-16 2.1174227035760342e-16 2.1362115259449868e-16
    2.1548258978581458e-16 2.1732730177564367e-16 2.191559705042727e-16 2.2096924282235318e-16
    2.2276773304789553e-16 2.2455202529414355e-16 2.263226755928568e-16 2.280802138345017e-16
    2.2982514554424684e-16 2.3155795351040804e-16 2.3327909928004356e-16 2.3498902453470955e-16
    2.3668815235791604e-16 2.3837688840454243e-16 2.4005562198135063e-16 2.4172472704675025e-16
    2.433845631371103e-16 2.4503547622614954e-16 2.466777995232705e-16 2.4831185421610877e-16
    2.4993795016204524e-16 2.515563865329658e-16 2.5316745241713583e-16 2.547714273816944e-16
    2.563685819989397e-16 2.579591783392867e-16 2.5954347043351707e-16 2.6112170470670194e-16
    2.6269412038597256e-16 2.6426094988411895e-16 2.658224191608307e-16 2.6737874806323633e-16
    2.689301506472616e-16 2.704768354811995e-16 2.720190059327732e-16 2.735568604408679e-16
    2.7509059277301666e-16 2.7662039226963903e-16 2.781464440759544e-16 2.79668929362423e-16
    2.8118802553450207e-16 2.827039064324479e-16 2.842167425218406e-16 2.8572670107546015e-16
    2.87233946347098e-16 2.887386397378482e-16 2.9024093995538423e-16 2.9174100316669455e-16
    2.9323898314471816e-16 2.947350314092935e-16 2.9622929736280665e-16 2.977219284209029e-16
    2.992130701386013e-16 3.007028663321331e-16 3.0219145919680615e-16 3.036789894211802e-16
    3.051655962978219e-16 3.0665141783089545e-16 3.081365908408297e-16 3.0962125106629225e-16
    3.111055332636893e-16 3.125895713043999e-16 3.140734982699446e-16 3.1555744654528006e-16
    3.1704154791040285e-16 3.1852593363044065e-16 3.2001073454440114e-16 3.214960811527447e-16
    3.2298210370394156e-16 3.244689322801698e-16 3.2595669688230784e-16 3.2744552751437067e-16
    3.2893555426753697e-16 3.3042690740391284e-16 3.3191971744017523e-16 3.3341411523123725e-16
    3.3491023205407785e-16 3.364081996918765e-16 3.37908150518595e-16 3.394102175841489e-16
    3.409145347003126e-16 3.424212365275018e-16 3.4393045866258313e-16 3.454423377278584e-16
    3.4695701146137835e-16 3.4847461880874137e-16 3.499953000165381e-16 3.5151919672760744e-16
    3.53046452078274e-16 3.5457721079774357e-16 3.5611161930983884e-16 3.5764982583726505e-16
    3.59191980508603e-16 3.6073823546823514e-16 3.6228874498941915e-16 3.6384366559073444e-16
    3.65403156156137e-16 3.669673780588701e-16 3.685364952894914e-16 3.7011067458828983e-16
    3.716900855823823e-16 3.7327490092779435e-16 3.7486529645684887e-16 3.7646145133120287e-16
    3.7806354820089604e-16 3.7967177336979443e-16 3.8128631696783774e-16 3.829073731305243e-16
    3.8453514018609596e-16 3.8616982085091493e-16 3.878116224335587e-16 3.894607570481926e-16
    3.9111744183782054e-16 3.9278189920805415e-16 3.944543570720877e-16 3.9613504910761354e-16
    3.9782421502646826e-16 3.995221008578565e-16 4.012289592460629e-16 4.029450497636328e-16
    4.04670639241075e-16 4.0640600211422504e-16 4.0815142079049387e-16 4.0990718603532664e-16
    4.1167359738030257e-16 4.134509635544236e-16 4.1523960294026883e-16 4.170398440568316e-16
    4.1885202607101123e-16 4.206764993399015e-16 4.2251362598620494e-16 4.243637805093078e-16
    4.262273504347798e-16 4.2810473700531167e-16 4.2999635591638323e-16 4.3190263810026294e-16
    4.338240305622791e-16 4.357609972736849e-16 4.3771402012585875e-16 4.3968359995105214e-16
    4.4167025761542035e-16 4.4367453519065673e-16 4.456969972112043e-16 4.477382320247534e-16
    4.49798853244555e-16 4.518795013130059e-16 4.539808451870034e-16 4.561035841567422e-16
    4.582484498109567e-16 4.604162081631153e-16 4.626076619547846e-16 4.648236531543207e-16
    4.670650656712631e-16 4.693328283093329e-16 4.716279179838351e-16 4.739513632325867e-16
    4.763042480533137e-16 4.786877161048723e-16 4.811029753147417e-16 4.835513029411525e-16
    4.860340511450812e-16 4.885526531353603e-16 4.91108629959527e-16 4.937035980240335e-16
    4.963392774403987e-16 4.990175013091822e-16 5.017402260718089e-16 5.045095430818727e-16
    5.073276915733542e-16 5.101970732341562e-16 5.131202686306784e-16 5.161000557743228e-16
    5.191394311757699e-16 5.222416338000234e-16 5.254101724177597e-16 5.286488569504945e-16
    5.3196183453384e-16 5.353536311816497e-16 5.388292001334053e-16 5.423939782201712e-16
    5.46053951907478e-16 5.498157350892814e-16 5.536866612467876e-16 5.576748932926576e-16
    5.617895553555417e-16 5.660408920082422e-16 5.704404621291389e-16 5.750013768919895e-16
    5.797385945724594e-16 5.846692893455479e-16 5.898133176477899e-16 5.951938149641444e-16
    6.008379696271908e-16 6.067780409333449e-16 6.130527208725282e-16 6.197089894581626e-16
    6.268046963301284e-16 6.344122407127506e-16 6.426239659548055e-16 6.515603317344994e-16
    6.613827885097664e-16 6.723150462505587e-16 6.846803417564259e-16 6.98971833638762e-16
    7.159994934830664e-16 7.372424301798799e-16 7.658936370805573e-16 8.113849337656484e-16
  `.trim().split(/\s+/).map(Number);
  const HEIGHT = WIDTH.map((w, i) => (i === 0 ? 1 : Math.exp(-0.5 * (w * 2 ** 52) ** 2)));
  // Draws below are inside the layer above too; the first layer has the tail at its side.
  const SURE = WIDTH.map((w, i) => (i === 0 ? TAIL / w : i === 1 ? 0 : Math.floor(WIDTH[i - 1] / w * 2 ** 52)));

  const generator = (seed) => {
    const [s0, s1, s2, s3] = pool(seed), increment = ((((s2 << 64n) | s3) << 1n) | 1n) & MASK128;
    let state = (increment + ((s0 << 64n) | s1)) & MASK128;
    const advance = () => { state = (state * MULTIPLIER + increment) & MASK128; };
    advance();
    const next = () => {
      advance();
      const folded = (state >> 64n) ^ (state & MASK64), by = state >> 122n;
      return ((folded >> by) | (folded << ((64n - by) & 63n))) & MASK64;
    };
    const uniform = () => Number(next() >> 11n) * 2 ** -53;
    const normal = () => {
      for (;;) {
        const bits = next(), layer = Number(bits & 255n), size = Number((bits >> 9n) & ((1n << 52n) - 1n));
        const x = (bits >> 8n) & 1n ? -size * WIDTH[layer] : size * WIDTH[layer];
        if (size < SURE[layer]) return x;
        if (layer === 0)
          for (;;) {
            const far = -Math.log1p(-uniform()) / TAIL, y = -Math.log1p(-uniform());
            if (y + y > far * far) return (bits >> 17n) & 1n ? -(TAIL + far) : TAIL + far;
          }
        if ((HEIGHT[layer - 1] - HEIGHT[layer]) * uniform() + HEIGHT[layer] < Math.exp(-0.5 * x * x)) return x;
      }
    };
    return { uniform, normal };
  };

  // deviation * default_rng(seed).standard_normal((steps, D))
  const gaussian = (seed, deviation, steps, D) => {
    const { normal } = generator(seed);
    return table(steps, D, () => deviation * normal());
  };
  // default_rng(seed).uniform(0, 1e-3, (d, D)), the first directions of a subspace
  const firstDirections = (seed, d, D) => {
    const { uniform } = generator(seed);
    return table(d, D, () => 1e-3 * uniform());
  };

  // --------------------------------------------------------------------------------- the run

  // Position, state and value at each step, until all are made or the run has diverged.
  const run = ({ value, gradient, method, parameters, start, noise, directions = [] }) => {
    const { start: first, step } = methods[method], path = [start], states = [first(start, directions, parameters)];
    const limit = min(1e8 * max(1, length(start)), 1e150), at = (x) => (length(x) <= limit ? value(x) : Infinity);
    const values = [at(start)];
    let diverged = !Number.isFinite(values[0]);
    for (let t = 0; t < noise.length && !diverged; t++) {
      const g = plus(gradient(path[t]), 1, noise[t]);
      if (!(length(g) <= 1e150)) { diverged = true; break; }
      const [theta, state] = step(states[t], path[t], g, parameters);
      path.push(theta);
      states.push(state);
      values.push(at(theta));
      diverged = !Number.isFinite(values[t + 1]);
    }
    return { path, states, values, diverged };
  };

  // The pieces, under the names that the reference outputs have for them; what a piece cannot be
  // asked is refused.
  const refuse = (wrong, why) => { if (wrong) throw new RangeError(why); };
  const everyNumber = (x, good) => (Array.isArray(x) ? x.every((part) => everyNumber(part, good)) : good(x));
  const finite = (x) => everyNumber(x, Number.isFinite);
  const shaped = (A, n, m) => A.length === n && A.every((row) => row.length === m);
  const isVector = (x, n) => x.length === n && !x.some(Array.isArray);
  const basis = ({ V, x, gamma = 0, turn = 0 }) => {
    refuse(V.length > V[0].length || !shaped(V, V.length, V[0].length), "a basis has at most as many rows as columns");
    refuse(x && !isVector(x, V[0].length), "a gradient is as long as a row of the basis");
    refuse(!finite(V) || (x && !finite(x)), "basis and gradient must be finite");
    refuse(!(gamma >= 0 && gamma < Infinity && turn >= 0 && turn < Infinity), "a rate is finite and not negative");
  };
  const curved = ({ H, g = H, div = 1, cut = 0 }) => {
    const d = g.length, size = largest(H);
    refuse(!shaped(H, d, d), "H must be square, and g as long");
    refuse(!finite(H) || !finite(g), "H and g must be finite");
    refuse(H.some((row, i) => row.some((h, j) => abs(h - H[j][i]) > 1e-6 * size)), "H must be symmetric");
    refuse(!(div > 0 && div < Infinity && cut >= 0 && cut < Infinity), "div lies above 0, cut is not negative");
  };
  const summable = (given) => { // the row sums of a QR step, and of its shift
    curved(given);
    refuse(largest(given.H) > 0.25 * Number.MAX_VALUE / given.H.length, "row sums of H may overflow");
  };
  const pair = (prior) => (typeof prior === "number" ? [prior, prior] : prior);
  const asStart = ({ D, prior }) => {
    refuse(!(D >= 1), "D must be at least 1");
    refuse(prior != null && !pair(prior).every((c) => c >= 0 && c < Infinity),
      "a prior variance must be finite and not negative");
  };
  const asState = ({ state: { weight, scale, mean_theta, mean_gradient, C_thetatheta, C_gtheta, C_gg } }) => {
    const D = mean_theta.length, all = [C_thetatheta, C_gtheta, C_gg];
    refuse(D === 0 || mean_gradient.length !== D || !(all.every((C) => isVector(C, D)) || all.every((C) => shaped(C, D, D))),
      "means are (D,), covariances (D, D) or (D,)");
    refuse(!(weight >= 0 && weight <= 1 && scale >= 0 && scale <= 1), "weight and scale lie in [0, 1]");
  };
  const observing = ({ state, theta, gradient, beta }) => {
    const D = state.mean_theta.length;
    refuse(!isVector(theta, D) || !isVector(gradient, D), "theta and gradient have the shape of the state");
    asState({ state });
    refuse(!(beta > 0 && beta <= 1), "beta must lie in (0, 1]");
    refuse(!finite(theta) || !finite(gradient), "theta and gradient must be finite");
    refuse(max(...[...theta, ...gradient].map(abs)) > BEYOND, "squares of theta and gradient overflow");
  };
  const asked = (check, answer) => (given) => { check(given); return answer(given); };
  const pieces = {
    "regression.start": asked(asStart, ({ D, prior }) => begin(D, pair(prior))),
    "regression.start_diagonal": asked(asStart, ({ D, prior }) => beginDiagonal(D, pair(prior))),
    "regression.update": asked((given) => {
      observing(given);
      refuse(given.state.scale !== 1, "this state was made by the other update");
    }, ({ state, theta, gradient, beta }) => update(state, theta, gradient, beta)),
    "regression.update_new_mean": asked((given) => {
      const { state, beta } = given;
      observing(given);
      refuse(state.weight !== 1 || (state.beta !== 0 && (state.beta !== beta || state.scale !== 1 - beta)),
        "this state was made by the other update, or with another beta");
    }, ({ state, theta, gradient, beta }) => updateNewMean(state, theta, gradient, beta)),
    "regression.slope": asked(asState, ({ state }) => slope(state)),
    "online_pca.orthonormalize": asked(({ W }) => basis({ V: W }), ({ W }) => orthonormalize(W)),
    "online_pca.oja": asked(basis, ({ V, x, gamma }) => oja(V, x, gamma)),
    "online_pca.inject": asked(basis, ({ V, x, turn }) => inject(V, x, turn)),
    "qr_step.qr_step": asked(summable, ({ H }) => qrStep(H, false)),
    "qr_step.shifted_qr_step": asked(summable, ({ H }) => qrStep(H, true)),
    "repulsion.newton": asked(curved, ({ H, g }) => newton(H, g)),
    "repulsion.saddle_free": asked(curved, ({ H, g, div, cut }) => saddleFree(H, g, div, cut)),
    "repulsion.row_sum_bound": asked((given) => {
      curved(given);
      refuse(largest(given.H) > LARGEST / given.g.length, "row sums of H would overflow");
    }, ({ H, g, div, cut }) => rowSumBound(H, g, div, cut)),
  };

  return { pieces, methods, functionOf, plain, inside, run, generator, gaussian, firstDirections, eigh, length };
})();
if (typeof module !== "undefined") module.exports = laboratory;

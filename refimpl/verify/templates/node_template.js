// A template in JavaScript, for your own `ops` and `methods`: an exception is an error, the right
// answer to wrong input. Run it by: refimpl verify --exec "node node_template.js"
"use strict";

const demand = (holds, message) => { if (!holds) throw new Error(message); };
const finite = (x) => x.flat().every(Number.isFinite), TOP = Number.MAX_VALUE / 2;
const map = (x, y, f) => x.map((xi, i) => f(xi, y[i]));

function rowSumBound({ H, g, div = 1, cut = 0 }) {
  demand(div > 0 && div < Infinity && cut >= 0 && cut < Infinity, "div or cut out of range");
  demand([H, ...H].every((row) => row.length === g.length), "H and g do not fit");
  const largest = Math.max(...H.flat().map(Math.abs));
  const skew = H.flatMap((row, i) => row.map((h, j) => Math.abs(h - H[j][i])));
  demand(Math.max(...skew) <= 1e-6 * largest, "H is not symmetric");
  const bounds = H.map((row) => Math.max(div * row.reduce((s, h) => s + Math.abs(h), 0), cut));
  demand(finite(bounds) && finite(g), "g, H or its sums are not finite");
  return { result: map(g, bounds, (x, b) => (b > 0 ? Math.max(-TOP, Math.min(TOP, -x / b)) : 0)) };
}

function update({ state, theta, gradient, beta }) {
  demand(beta > 0 && beta <= 1, "beta out of range");
  const D = state.mean_theta.length;
  demand(theta.length === D && gradient.length === D, "shapes do not fit");
  demand([...theta, ...gradient].every((x) => Math.abs(x) <= 1e153), "squares are not finite");
  demand(state.scale === 1, "a state of update_new_mean");
  const weight = state.weight + beta * (1 - state.weight), gain = beta / weight;
  // Both differences are taken from the old means.
  const dTheta = map(theta, state.mean_theta, (x, mean) => x - mean);
  const dG = map(gradient, state.mean_gradient, (x, mean) => x - mean);
  const one = (c, ai, bi) => (1 - gain) * (c + gain * ai * bi);
  const row = (ai, c, b) => map(c, b, (cj, bj) => one(cj, ai, bj));
  const blend = (C, a, b) => // of a matrix, or of a vector that holds its diagonal
    C.map((c, i) => (Array.isArray(c) ? row(a[i], c, b) : one(c, a[i], b[i])));
  const move = (mean, d) => map(mean, d, (m, x) => m + gain * x);
  return {
    weight, beta, scale: 1,
    mean_theta: move(state.mean_theta, dTheta), mean_gradient: move(state.mean_gradient, dG),
    C_thetatheta: blend(state.C_thetatheta, dTheta, dTheta),
    C_gtheta: blend(state.C_gtheta, dG, dTheta), C_gg: blend(state.C_gg, dG, dG),
  };
}

const methods = { // the state at the start, and after a step together with the next position
  momentum: [
    (theta) => ({ momentum: theta.map(() => 0) }),
    (state, { theta, gradient, alpha, gamma }) => {
      const momentum = map(state.momentum, gradient, (m, g) => m + gamma * (g - m));
      return { momentum, theta: map(theta, momentum, (x, m) => x - alpha * m) };
    },
  ],
};
function replay({ start, stream, states = [] }, params, [first, step]) {
  let state = first(start, params);
  const next = (seen, t) => (state = step(states[t] || state, { ...seen, ...params }));
  return { steps: stream.map(next) };
}

const who = { protocol: 1, name: "Node template", version: "1", language: "JS", dtype: "binary64" };
const ops = { "repulsion.row_sum_bound": rowSumBound, "regression.update": update };

function number(text) { // "-0x1.8p+3": sign, hexadecimal digits, power of two
  const parts = /^(-?)0x(\d)\.?([0-9a-f]*)p([+-]\d+)$/.exec(text);
  if (!parts) return { nan: NaN, inf: Infinity, "-inf": -Infinity }[text] ?? text;
  const size = parseInt(parts[2] + parts[3], 16) * 2 ** (parts[4] - 4 * parts[3].length);
  return parts[1] ? -size : size;
}
function answer({ op, method, params, in: given }) {
  if (ops[op]) return { out: ops[op]({ ...given, ...params }) };
  if (!methods[method]) return { skipped: `no ${method || op} here` };
  return { out: replay(given, params, methods[method]) };
}
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line, (key, value) => number(value));
  let reply = { ...who, ops: [...Object.keys(ops), "replay", "replay-forced"] };
  if (message.cmd === "stop") process.exit(0);
  if (message.cmd === "run")
    try { reply = answer(message.case); } catch (error) { reply = { errored: error.message }; }
  console.log(JSON.stringify({ seq: message.seq, ...reply }));
});

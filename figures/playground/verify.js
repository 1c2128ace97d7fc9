// The methods and pieces of the interactive figures before the reference outputs of the book:
// refimpl verify --exec "node figures/playground/verify.js"
"use strict";
const laboratory = require(process.argv[2] || "./laboratory.js");

const who = { protocol: 1, name: "the playground", version: "1", language: "JavaScript", dtype: "binary64" };
const { pieces } = laboratory;
const ops = ["replay", "replay-forced", "trajectory", "ensemble", ...Object.keys(pieces)];

function number(text) { // "-0x1.8p+3": sign, hexadecimal digits, power of two
  const parts = /^(-?)0x(\d)\.?([0-9a-f]*)p([+-]\d+)$/.exec(text);
  if (!parts) return { nan: NaN, inf: Infinity, "-inf": -Infinity }[text] ?? text;
  const size = parseInt(parts[2] + parts[3], 16) * 2 ** (parts[4] - 4 * parts[3].length);
  return parts[1] ? -size : size;
}

function nested(flat) { // "line.C_gg" of one name into an object of objects
  const state = {};
  for (const [dotted, value] of Object.entries(flat)) {
    const names = dotted.split("."), last = names.pop();
    let place = state;
    for (const name of names) place = place[name] ??= {};
    place[last] = value;
  }
  return state;
}

function replay({ start, directions, stream, states = [] }, params, method) {
  let state = method.start(start, directions, params);
  const steps = stream.map(({ theta, gradient }, t) => {
    const before = states[t] ? nested(states[t]) : state, [next, after] = method.step(before, theta, gradient, params);
    state = after;
    return { ...after, theta: next };
  });
  return { steps };
}

function answer({ op, method: name, params, in: given }) {
  if (pieces[op]) {
    const made = pieces[op]({ ...given, ...params });
    return { out: Array.isArray(made) ? { result: made } : made };
  }
  const method = laboratory.methods[name];
  if (!ops.includes(op) || !method) return { skipped: `no ${name || op} here` };
  if (op.startsWith("replay")) return { out: replay(given, params, method) };
  const { value, gradient } = laboratory.functionOf(given.function, given.data), { noise, directions } = given;
  const path = (start) => laboratory.run({ value, gradient, method: name, parameters: params, start, noise, directions }).path;
  if (op === "ensemble") {
    const ends = given.starts.map((start) => {
      const made = path(start), theta = made[made.length - 1];
      const squares = made.slice(1).map((x, t) => x.reduce((sum, xi, i) => sum + (xi - made[t][i]) ** 2, 0));
      return { value: value(theta), theta, moved: squares.reduce((a, b) => a + b, 0) / squares.length };
    });
    return { out: Object.fromEntries(["value", "theta", "moved"].map((name) => [name, ends.map((end) => end[name])])) };
  }
  return { out: { steps: path(given.start).slice(1).map((theta) => ({ theta })) } };
}

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line, (key, value) => number(value));
  let reply = { ...who, ops };
  if (message.cmd === "stop") process.exit(0);
  if (message.cmd === "run")
    try { reply = answer(message.case); } catch (error) { reply = { errored: error.message }; }
  const text = (key, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value).replace("Infinity", "inf").toLowerCase() : value);
  console.log(JSON.stringify({ seq: message.seq, ...reply }, text));
});

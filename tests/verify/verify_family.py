"""A small family made by hand, and a program that answers it rightly or wrongly; no tests."""

import json
import sys
from fractions import Fraction as F

from refimpl import vectors

# Answers the family without NumPy, so that it starts at once; `MODE` makes one of its mistakes.
PROGRAM = r"""
import json, os, subprocess, sys, time
mode = sys.argv[1] if len(sys.argv) > 1 else "right"
once = sys.argv[2] if len(sys.argv) > 2 else ""
def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
def number(text):
    return float.fromhex(text)
def double(case):
    x = [number(t) for t in case["in"]["x"]]
    if any(t != t for t in x):
        raise ValueError("NaN")
    return {"sum": sum(x), "result": [number(case["params"]["factor"]) * t for t in x]}
def replay(case):
    steps, m = [], [0.0]
    states = case["in"].get("states") or [None] * len(case["in"]["stream"])
    gamma = number(case["params"]["gamma"])
    for t, (seen, state) in enumerate(zip(case["in"]["stream"], states)):
        if state:
            m = [number(v) for v in state["momentum"]]
        g = [number(v) for v in seen["gradient"]]
        m = [a + gamma * (b - a) for a, b in zip(m, g)]
        if mode == "slip" and t == 2:
            m = [a * (1 + 1e-9) for a in m]
        steps.append({"momentum": m, "theta": [number(a) - b for a, b in zip(seen["theta"], m)]})
    return {"steps": steps}
for line in sys.stdin:
    message = json.loads(line)
    if message["cmd"] == "start":
        if mode == "bad-start":
            say({"protocol": 2})
        elif mode == "mute":
            time.sleep(60)
        else:
            say({"protocol": 1, "name": "small", "version": "1", "language": "Python",
                 "dtype": "binary64", "ops": ["small.double", "replay", "replay-forced"]})
        continue
    if message["cmd"] == "stop":
        if mode == "lingers":
            sys.exit(4)
        break
    seq, case = message["seq"], message["case"]
    hit = case["id"] == once
    if hit and mode == "garbage":
        print("Traceback: not JSON", flush=True); continue
    if hit and mode == "half-line":
        sys.stdout.write('{"seq": 1, "ou'); sys.stdout.flush(); time.sleep(60)
    if hit and mode == "half-line-and-end":
        sys.stdout.write('{"seq": 1, "ou'); sys.stdout.flush(); sys.exit(0)
    if hit and mode == "long-line":
        for _ in range(100):
            sys.stdout.write("x" * 1_000_000)
        sys.stdout.flush()
    if hit and mode == "never":
        open(sys.argv[0] + ".reached", "w").close(); time.sleep(60)
    if hit and mode == "dies":
        os.abort()
    if hit and mode == "exits":
        sys.stderr.write("out of coffee\n"); sys.stderr.flush(); os._exit(3)
    if hit and mode == "complains":
        while True:
            sys.stderr.write("y" * 100_000)
    if hit and mode == "out-of-order":
        seq += 1
    if hit and mode == "leaves-children":
        # Two leave the group, one of them without an environment; one is an orphan, as a daemon.
        wait = [sys.executable, "-S", "-c", "import time; time.sleep(300)"]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        for environment in (None, {}):
            left = subprocess.Popen(wait, start_new_session=True, env=environment)
            print(left.pid, file=sys.stderr, flush=True)
        orphan = "import subprocess; subprocess.Popen(%r, start_new_session=True)" % (wait,)
        subprocess.run([sys.executable, "-S", "-c", orphan], **quiet, stderr=subprocess.DEVNULL)
    if hit and mode == "greedy":
        kept = []
        while True:
            kept.append(bytearray(os.urandom(1 << 20) * 8)); time.sleep(0.005)
    try:
        out = replay(case) if case["op"].startswith("replay") else double(case)
    except ValueError as error:
        say({"seq": seq, "errored": str(error)}); continue
    if hit and mode == "nan":
        out["result"][1] = "nan"
    if hit and mode == "bare-nan":
        out["result"][1] = float("nan")
    if hit and mode == "shape":
        out["result"] = out["result"][:2]
    if hit and mode == "word":
        out["result"] = "many"
    if hit and mode == "missing":
        del out["sum"]
    if hit and mode == "wrong":
        out["result"] = [-t for t in out["result"]]
    if hit and mode == "nonsense":
        say({"seq": seq, "out": 3}); continue
    if hit and mode == "deep":
        deep = "[" * 500 + "]" * 500
        sys.stdout.write('{"seq": %d, "out": {"sum": 0, "result": %s}}\n' % (seq, deep))
        sys.stdout.flush(); continue
    if hit and mode == "duplicate":
        text = json.dumps({"seq": seq, "out": out}).replace('"sum"', '"result": [0, 0, 0], "sum"')
        print(text, flush=True); continue
    if hit and mode == "dotted-twice":
        out |= {"a": {"b": 1}, "a.b": 2}
    if hit and mode == "deep-objects":
        text = '{"x":' * 900 + "1" + "}" * 900
        print('{"seq": %d, "out": %s}' % (seq, text), flush=True); continue
    if hit and mode == "long-name":
        out["n" * 100000] = {"m%d" % k: 1 for k in range(100000)}
    if hit and mode == "many-numbers":
        out["result"] = [0.1] * 1_000_000
    if hit and mode == "twice":
        say({"seq": seq, "out": out})
    if mode == "twice-later" and case["id"] != once and seq > 1:
        say({"seq": seq - 1, "out": out})
    if hit and mode == "skips":
        say({"seq": seq, "skipped": "not today\n\ud800"}); continue
    say({"seq": seq, "out": out})
"""


def hexadecimal(value):
    return [hexadecimal(v) for v in value] if isinstance(value, list) else float(value).hex()


def decimals(value):
    """34 digits of fractions."""
    if isinstance(value, list):
        return [decimals(v) for v in value]
    import decimal

    context = decimal.Context(prec=34)
    parts = decimal.Decimal(value.numerator), decimal.Decimal(value.denominator)
    return str(context.divide(*parts)).lower()


def double(number, x, factor, flags=("normal",)):
    """A case of ``factor x`` and the sum of `x`."""
    return {
        "id": f"small-{number:04d}",
        "op": "small.double",
        "flags": list(flags),
        "binary32": True,
        "params": {"factor": hexadecimal(factor)},
        "in": {"x": hexadecimal(x)},
        "out": {"sum": decimals(sum(x)), "result": decimals([factor * t for t in x])},
        "compare": {"sum": "relative", "result": "relative"},
        "kappa": {"sum": 1.0, "result": 1.0},
        "K": {"sum": 2.0, "result": 1.5},
    }


def replay(number, steps=4):
    """Momentum, ``m += gamma (g - m)``, ``theta -= m``, over gradients given in advance."""
    gamma, m, theta = F(1, 2), F(0), F(1)
    stream, out = [], []
    for t in range(steps):
        g = F(3 * t - 4, 8)
        stream.append({"theta": hexadecimal([theta]), "gradient": hexadecimal([g])})
        m += gamma * (g - m)
        out.append({"momentum": decimals([m]), "theta": decimals([theta - m])})
        theta = F(float(theta - m))
    fields = ("momentum", "theta")
    return {
        "id": f"small-{number:04d}",
        "op": "replay",
        "method": "small",
        "flags": ["decay"],
        "binary32": True,
        "params": {"gamma": hexadecimal(gamma)},
        "in": {"start": hexadecimal([F(1)]), "directions": [], "stream": stream},
        "out": {"steps": out},
        "compare": dict.fromkeys(fields, "relative"),
        "kappa": {field: [1.0] * steps for field in fields},
        "K": {field: [2.0] * steps for field in fields},
    }


SPECTRUM = F(3, 4)


def positions(start, noise):
    """Momentum in closed loop with ``SPECTRUM x^2 / 2``, exactly."""
    gamma, m, theta = F(1, 2), F(0), start
    for z in noise:
        m += gamma * (SPECTRUM * theta + z - m)
        theta -= m
        yield theta


def closed_loop(number, op, given, noise):
    """What the two cases below have in common."""
    common = {"directions": [], "hessian": False, "noise": hexadecimal([[z] for z in noise])}
    data = {"spectrum": hexadecimal([SPECTRUM])}
    return {
        "id": f"small-{number:04d}",
        "op": op,
        "method": "small",
        "flags": ["decay"],
        "binary32": True,
        "params": {"gamma": hexadecimal(F(1, 2))},
        "in": given | common | {"function": "quadratic", "data": data},
    }


def trajectory(number, steps=5):
    """The same method at its own positions."""
    noise = [F(1, 8), F(-1, 4), F(1, 16), F(-1, 2), F(1, 4)][:steps]
    found = [{"theta": decimals([theta])} for theta in positions(F(1), noise)]
    return closed_loop(number, "trajectory", {"start": hexadecimal([F(1)])}, noise) | {
        "out": {"steps": found},
        "compare": {"theta": "relative"},
        "kappa": {"theta": [2.0] * len(noise)},
        "K": {"theta": [3.0] * len(noise)},
    }


def ensemble(number, runs=460):
    """The method from many starts, the value of the function at the end."""
    noise, starts = [F(1, 8), F(-1, 4)], [F(k - 200, 64) for k in range(runs)]
    ends = [list(positions(start, noise))[-1] for start in starts]
    given = {"starts": hexadecimal([[start] for start in starts])}
    return closed_loop(number, "ensemble", given, noise) | {
        "out": {"value": decimals([SPECTRUM * x * x / 2 for x in ends])},
        "compare": {"value": "distribution"},
        "kappa": {"value": 1e16},
        "K": {"value": 1e16},
    }


def with_closed_loops():
    """The family with both of them at its end."""
    whole = document()
    return whole | {"cases": [*whole["cases"], trajectory(7), ensemble(8)]}


def document():
    """The family: two plain cases, one of an error, a replay, one more plain case."""
    error = double(3, [F(1), F(2)], F(1), ["bad-input"])
    for key in ("compare", "kappa", "K"):
        del error[key]
    error["in"]["x"] = ["nan", "0x1.0000000000000p+0"]
    error["out"] = {"error": "NotFiniteError"}
    return {
        "schema": vectors.SCHEMA,
        "family": "small",
        "version": 1,
        "page": "small.html",
        "equations": ["eq-small"],
        "oracle": {"name": "fractions", "mpmath": "none", "digits": 34},
        "notes": {
            "normal": {"kind": "normal", "description": "the usual", "catches": ""},
            "bad-input": {
                "kind": "adversarial",
                "description": "a NaN goes in",
                "catches": "input that is not checked",
            },
            "decay": {
                "kind": "porting",
                "description": "a decaying average",
                "catches": "gamma and 1 - gamma exchanged",
            },
        },
        "withdrawn": [{"id": "small-0006", "reason": "two digits exchanged"}],
        "cases": [
            double(1, [F(1, 4), F(1, 2), F(3)], F(3, 2)),
            double(2, [F(5), F(-1, 8), F(7)], F(1, 4)),
            error,
            replay(4),
            double(5, [F(9), F(1), F(2)], F(1, 2), ["normal", "bad-input"]),
        ],
    }


def write(folder, whole=None, sealed=True):
    """The family as a file of the folder; its path."""
    whole = whole or document()
    path = folder / f"{whole['family']}.json"
    path.write_text(vectors.text(vectors.sealed(whole) if sealed else whole), encoding="utf-8")
    return path


def program(folder, *arguments):
    """Command of the program above."""
    path = folder / "program.py"
    path.write_text(PROGRAM, encoding="utf-8")
    return [sys.executable, "-S", str(path), *arguments]


SCHEMA = json.dumps(
    {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"cases": {"items": {"properties": {"op": {"pattern": "^[a-z]+(\\.|$)"}}}}},
    }
)

"""The playground's module run by Node; no tests."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np

import figures

FOLDER = Path(figures.__file__).parent / "playground"
MODULE, VERIFY = FOLDER / "laboratory.js", FOLDER / "verify.js"
NODE = shutil.which("node")
MISSING = "Node is not installed"
# What JSON has no number for goes there and back as a word.
TALK = """
const laboratory = require(process.argv[1]);
const finite = (key, v) => (typeof v === "number" && !Number.isFinite(v) ? String(v) : v);
const infinite = (key, v) => ({ Infinity, "-Infinity": -Infinity, NaN }[v] ?? v);
const given = JSON.parse(require("fs").readFileSync(0, "utf8"), infinite);
const answer = (() => { BODY })();
console.log(JSON.stringify(answer, finite));
"""


def evaluate(body, given=None, module=MODULE):
    """What a piece of JavaScript returns that sees `laboratory` and `given`."""
    found = subprocess.run(
        [NODE, "-e", TALK.replace("BODY", body), str(module)],
        input=json.dumps(given, default=_plain).replace("Infinity", '"Infinity"'),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def array(nested):
    """Numbers from JSON, with the words for those that it does not know."""
    return np.array(nested, dtype=float)


def _plain(x):
    return x.tolist() if isinstance(x, np.ndarray) else float(x)

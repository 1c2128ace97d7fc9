"""How many reference cases ask for what a function or an equation computes, from the files alone.

Nothing but the standard library, so that the test suite can use it.
"""

import json
from collections import Counter
from functools import cache
from pathlib import Path

# What the name of a function in the package is as an operation, where the room adds a part.
ROOMS = {
    "cubic.minimize.": "cubic.",
    "summary.definition.": "summary.",
    "taylor.functions.": "taylor.",
    "linear_algebra.gram_schmidt.": "online_pca.",
}


class Cases:
    """How many cases there are of each operation and method, and the family of an operation."""

    def __init__(self, root):
        self.ops, self.methods, self.of_op = Counter(), Counter(), {}
        for file in sorted(Path(root, "refimpl", "vectors", "v1").glob("*.json")):
            family = json.loads(file.read_text("utf-8"))
            if "cases" not in family:
                continue
            for case in family["cases"]:
                if "method" in case:
                    self.methods[case["method"]] += 1
                else:
                    self.ops[case["op"]] += 1
                    self.of_op.setdefault(case["op"], family["family"])

    def of_function(self, name):
        """How many cases ask for what a function computes, and under which name; 0 if none do."""
        name = name.removeprefix("refimpl.")
        for long, short in ROOMS.items():
            name = name.replace(long, short, 1)
        if name in self.ops:
            return self.ops[name], name
        parts = name.split(".")
        if parts[0] == "optimizers" and len(parts) == 3 and parts[2] in ("step", "start"):
            return self.methods[parts[1]], parts[1]
        return 0, ""

    def of_tie(self, tie):
        """How many cases ask for what an equation's functions compute, in words; none: empty."""
        counted = dict.fromkeys(self.of_function(name) for name in tie.functions)
        counted = [(count, name) for count, name in counted if count] or [
            (self.ops[name] or self.methods[name], name) for name in tie.cases
        ]
        return "; ".join(f"{count} of {name}" for count, name in counted)


@cache
def cases(root):
    """All of them, read once a build."""
    return Cases(root)

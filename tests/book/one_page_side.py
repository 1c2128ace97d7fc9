"""The optimizer of the book's one page as something to verify.

``refimpl verify tests.book.one_page_side:factory``, in a checkout.
"""

import importlib.util
from pathlib import Path

import numpy as np

FILE = Path(__file__).resolve().parents[2] / "book" / "one_page.py"
# What the one file leaves out: the options are always on.
ON = ("shifted", "transport", "row_sums")
LONG, SHORT = ("thetatheta", "gtheta", "gg"), ("tt", "gt", "gg")


def loaded():
    spec = importlib.util.spec_from_file_location("one_page", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


one_page = loaded()


def named(state):
    """The state under the names of the reference outputs."""
    d = len(state["V"])
    line = {"weight": 1.0, "beta": state["beta"], "scale": 1.0}
    line |= {"mean_theta": np.zeros(d), "mean_gradient": np.zeros(d)}
    line |= {f"C_{long}": state["C"][k] for long, k in zip(LONG, SHORT, strict=True)}
    rest = {name: state[name] for name in ("mean_theta", "mean_gradient", "momentum")}
    return {"model": {"V": state["V"], "line": line}} | rest


def numbers(state):
    """And back again."""
    model, line = state["model"], state["model"]["line"]
    kept = {k: line[f"C_{long}"] for long, k in zip(LONG, SHORT, strict=True)}
    return {"V": model["V"], "C": kept} | {k: v for k, v in state.items() if k != "model"}


def start(theta, directions, prior, **others):
    if not all(others[name] for name in ON):
        raise NotImplementedError("the options of the page are on")
    return named(one_page.start(theta, directions, prior) | {"beta": others["beta"]})


def step(state, theta, gradient, dimension, prior, **params):
    given = {k: v for k, v in params.items() if k not in ON}
    theta, after = one_page.step(numbers(state), theta, gradient, **given)
    return theta, named(after | {"beta": params["beta"]})


def factory():
    return {"name": "one page", "methods": {"online_sfn": (start, step)}}

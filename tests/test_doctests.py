"""Every example of every docstring, as a reader would run it."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import refimpl

pytestmark = pytest.mark.numerics

MODULES = [
    "refimpl",
    *sorted(
        module.name
        for module in pkgutil.walk_packages(refimpl.__path__, "refimpl.")
        # Templates are texts to start from, some in frameworks that are not installed.
        if not module.name.endswith("__main__") and ".templates." not in module.name
    ),
]


def examples(name):
    """Doctests of a module; those of compiled functions are found at their Python text."""
    module = importlib.import_module(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = {test.name: test for test in finder.find(module) if test.examples}
    for attribute, thing in vars(module).items():
        text = getattr(thing, "py_func", None)
        if inspect.isfunction(text) and text.__module__ == name:
            own = finder.find(text, f"{name}.{attribute}", module=module, globs=vars(module).copy())
            found.update((test.name, test) for test in own if test.examples)
    return list(found.values())


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    for test in examples(name):
        report = []
        runner = doctest.DocTestRunner(verbose=False)
        runner.run(test, out=report.append)
        assert runner.failures == 0, "".join(report)


def test_examples_are_found():
    """The search sees through the compiler: each public piece of the regression has one."""
    names = {test.name.rpartition(".")[2] for test in examples("refimpl.regression")}
    assert {"start", "update", "update_new_mean", "slope", "hessian", "symmetric_hessian"} <= names
    assert "saddle_free" in {test.name.rpartition(".")[2] for test in examples("refimpl.repulsion")}


def test_a_wrong_example_is_noticed():
    """Negative control of the runner."""
    test = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(test, out=lambda text: None)
    assert runner.failures == 1

"""What the cases say of the operations is what the operations themselves say."""

import inspect

import pytest

from refimpl import optimizers, vectors
from refimpl.vectors.signatures import signatures
from refimpl.verify import ours

pytestmark = [pytest.mark.numerics, pytest.mark.once]

REPLAYED = sorted(name for name, method in optimizers.METHODS.items() if ours.replayable(method))


@pytest.fixture(scope="module")
def found():
    """The signature of every operation, and of every method with each way to run it."""
    return {(s.op, s.method): s for s in signatures(vectors.cases())}


def arguments(piece):
    """Names of the arguments of a piece, compiled or not."""
    return set(inspect.signature(getattr(piece, "py_func", piece)).parameters)


def test_every_piece_and_every_method_has_a_signature(found):
    """The tests below go through these lists, which are known before any case is read."""
    assert {op for op, method in found if not method} >= set(ours.PIECES)
    replayed = {method for op, method in found if op == vectors.REPLAY}
    assert replayed ^ set(REPLAYED) == set(), "give replays, in oracle/cases_optimizers.py"


@pytest.mark.parametrize("op", sorted(ours.PIECES))
def test_arguments_of_an_operation_are_those_of_the_piece(op, found):
    signature = found[op, ""]
    given = {name.split(".")[0] for name in signature.inputs} | set(signature.params)
    wanted = inspect.signature(getattr(ours.PIECES[op], "py_func", ours.PIECES[op])).parameters
    optional = {name for name, p in wanted.items() if p.default is not p.empty}
    named = {name for name, p in wanted.items() if p.kind is not p.VAR_KEYWORD}
    if named == {"state"}:  # wrapped, with its other arguments by keyword
        piece = getattr(inspect.unwrap(ours.PIECES[op]), "__closure__", None)
        named = set().union(
            *(arguments(cell.cell_contents) for cell in piece if callable(cell.cell_contents))
        )
    assert given <= named
    assert named - given <= optional | {"ridge"}


@pytest.mark.parametrize("method", REPLAYED)
def test_hyperparameters_of_a_replay_are_those_of_the_method(method, found):
    assert set(found[vectors.REPLAY, method].params) == set(optimizers.get(method).defaults)


def test_every_replay_ends_each_step_with_the_position(found):
    for method in REPLAYED:
        assert list(found[vectors.REPLAY, method].out)[-1] == "theta"


def test_letters(found):
    """A few shapes as the contract and the notation have them."""
    transport = found["online_pca.transport", ""]
    assert transport.inputs == {"C": "(d, d)", "V_new": "(d, D)", "V_old": "(d, D)"}
    update = found["regression.update", ""]
    assert update.inputs["theta"] == "(D,)"
    assert update.inputs["state.C_gtheta"] == "(D, D) or (D,)"
    assert update.inputs["state.weight"] == "()"
    assert found["qr_step.qr_step", ""].out == {"rotation": "(d, d)", "rotated": "(d, d)"}
    online = found[vectors.REPLAY, "online_sfn"].out
    assert online["model.V"] == "(d, D)"
    assert online["model.line.C_gg"] == "(d, d)"
    assert found[vectors.REPLAY, "fogr"].inputs["directions"] == "(0,)"


def test_sizes_of_groups(found):
    """They are neither those of the parameters nor of a subspace; first fields come first."""
    replay = found[vectors.REPLAY, "grouped_newton"]
    assert replay.inputs["stream.summary.hessian"] == "(S, S)"
    assert replay.inputs["stream.gradient"] == replay.out["theta"] == "(D,)"
    assert replay.out["rates"] == "(S,)"
    own = [name for name in replay.out if "." not in name]
    assert own == ["outcome", "rates", "count", "theta"]
    assert replay.out["averages.hessian"] == "(W, S, S)"
    one = found["summary.summarize", ""]
    assert (one.inputs["theta"], one.inputs["groups"]) == ("(D,)", "lists of indices")
    assert list(one.out) == ["value", "gradient", "hessian", "third", "tensor"]
    assert list(one.out.values()) == ["()", "(S,)", "(S, S)", "(S,)", "(S, S, S)"]


def test_kinds_of_parameters(found):
    grouped = found[vectors.REPLAY, "grouped_newton"].params
    assert grouped["direction"] == "word"
    assert grouped["groups"] == "integer or lists of indices"
    assert found["regression.start", ""].params == {
        "D": "integer",
        "prior": "none or number or pair",
    }
    assert found[vectors.REPLAY, "online_sfn"].params["shifted"] == "boolean"


def test_sizes_of_steps_and_runs(found):
    assert found[vectors.TRAJECTORY, "sgd"].inputs["noise"] == "(steps, D)"
    ensemble = found[vectors.ENSEMBLE, "sgd"]
    assert ensemble.inputs["starts"] == "(runs, D)"
    assert ensemble.out == {"value": "(runs,)", "theta": "(runs, D)", "moved": "(runs,)"}

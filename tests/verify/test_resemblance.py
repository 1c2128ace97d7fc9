"""What a wrong number is said to be like: each relation, and silence where there is none."""

import numpy as np
import pytest

from refimpl.vectors import Case
from refimpl.verify import compare, resemblance
from refimpl.verify.resemblance import looks_like

pytestmark = pytest.mark.once

# Drawn here alone: what a test drew would depend on those its worker ran before.
A, C, OTHER = np.random.default_rng(20250310).standard_normal((3, 3, 3))
SYMMETRIC = C @ C.T + np.eye(3)
ROWS = np.linalg.qr(np.random.default_rng(4).standard_normal((4, 4)))[0][:2]
TURN = np.array([[0.6, -0.8], [0.8, 0.6]])
QUARTER = np.kron(np.eye(2), TURN)[:3, :3]
QUARTER[2, 2] = 1.0
V = np.array([1.25, -0.5, 2.0])


def texts(value):
    """As a file has certified numbers; of a word as it is."""
    if isinstance(value, str):
        return value
    value = np.asarray(value, dtype=float)
    return [texts(part) for part in value] if value.ndim else repr(float(value))


def answers(value):
    value = np.asarray(value, dtype=float)
    return [answers(part) for part in value] if value.ndim else float(value)


def told(right, wrong, params=None, inputs=None, **others):
    """What is said of a field `result` that is `wrong`, beside other certified fields."""
    out = {name: texts(value) for name, value in ({"result": right} | others).items()}
    case = Case(
        *("f", "f-1", "f.op", ("normal",), True, "", params or {}, inputs or {}, out),
        *(dict.fromkeys(out, "relative"), dict.fromkeys(out, 1.0), dict.fromkeys(out, 1.0)),
        *({}, 1),
    )
    judged = compare.FieldVerdict("result", "fail", 1.0, 1e9, 0.0, 15.0)
    return looks_like(case, judged, {"result": answers(wrong)}, "binary64")


RELATIONS = {
    "zero": (V, 0.0 * V, "it is zero"),
    "not zero": (0.0 * V, V, "it is not zero"),
    "negative": (V, -V, "it is the certified value with the opposite sign"),
    "factor": (V, 0.75 * V, "it is 0.75 times the certified value"),
    "offset": (V, V + 0.25, "it is the certified value and 0.25 in every entry"),
    "signs": (V, V * [1.0, -1.0, -1.0], "it is the certified value but for signs"),
    "square": (V, V**2, "it is the square of the certified value"),
    "root": (V**2, np.abs(V), "it is the root of the certified value"),
    "reciprocal": (V, 1.0 / V, "it is the reciprocal of the certified value"),
    "reversed": (V, V[::-1], "its entries are the certified ones in reverse order"),
    "permuted": (V, V[[1, 2, 0]], "its entries are the certified ones in another order"),
    "transpose": (A, A.T, "it is the transpose of the certified matrix"),
    "antisymmetric": (
        A,
        A + 0.5 * (A - A.T),
        "it differs from the certified matrix in the antisymmetric part alone",
    ),
    "rows reversed": (
        A,
        A[::-1],
        "its rows are those of the certified matrix in reverse order",
    ),
    "columns reversed": (
        A,
        A[:, ::-1],
        "its columns are those of the certified matrix in reverse order",
    ),
    "rows swapped": (
        A,
        A[[1, 0, 2]],
        "its rows are those of the certified matrix in another order",
    ),
    "rows negated": (
        A,
        A * [[1.0], [-1.0], [1.0]],
        "its rows are those of the certified matrix but for their signs",
    ),
    "diagonal alone": (
        A,
        np.diag(np.diag(A)),
        "its diagonal is right, the entries beside it are not",
    ),
    "before a rotation": (
        SYMMETRIC,
        QUARTER.T @ SYMMETRIC @ QUARTER,
        "it has the eigenvalues of the certified matrix, along other axes",
    ),
    "basis before a rotation": (
        ROWS,
        TURN @ ROWS,
        "its rows span what those of the certified matrix span, along other axes",
    ),
    "single precision": (V / 3.0, np.float32(V / 3.0).astype(float), resemblance.SINGLE),
}


@pytest.mark.parametrize("name", RELATIONS)
def test_each_relation_is_named_and_no_other(name):
    right, wrong, words = RELATIONS[name]
    assert words in told(right, wrong)
    # The first of the sentences; behind it may stand which entries are wrong.
    assert told(right, wrong)[0] == words


def test_nothing_is_said_where_there_is_no_relation():
    assert told(V, OTHER[0]) == []
    assert told(A, OTHER) == []
    assert told(V, V * (1.0 + 1e-11 * np.array([1.0, -0.7, 0.4]))) == []


def test_nothing_is_like_nothing():
    assert resemblance.resemblance(V, np.zeros(V.size)) == ""


def test_a_single_number_needs_a_factor_that_a_mistake_makes():
    """Negative control: any number is some multiple of another one."""
    assert told(1.25, 1.25 * 0.8371) == []
    assert told(1.25, 2.5) == ["it is 2 times the certified value"]
    beta = {"beta": (0.375).hex()}
    assert told(1.25, 1.25 * 0.625, beta) == ["it is 0.625 times the certified value: 1 - beta"]


def test_a_factor_next_to_one_is_told_by_what_it_is_off():
    assert told(V, V * (1.0 + 8e-7)) == ["it is (1 + 8e-07) times the certified value"]
    assert told(V, V * (1.0 - 8e-7)) == ["it is (1 - 8e-07) times the certified value"]


def test_rows_and_columns_exchanged():
    wide = np.random.default_rng(5).standard_normal((2, 4))
    assert told(wide, wide.T) == ["rows and columns are exchanged"]


def test_a_factor_is_told_by_the_hyperparameters_that_alone_make_it():
    params = {"beta": (0.375).hex(), "gamma": (0.875).hex()}
    for factor, words in (
        (0.375, "beta"),
        (1.0 / 0.375, "1 / beta"),
        (0.625 / 0.375, "(1 - beta) / beta, as if it weighed the other part"),
        (0.875 / 0.375, "gamma / beta, as if gamma stood for beta"),
        (0.875**2, "gamma^2"),
    ):
        [found] = told(V, factor * V, params)
        assert found == f"it is {factor:.7g} times the certified value: {words}"
    # Any two of them have a small factor by accident.
    [found] = told(V, 2.0 * V, {"beta": (0.375).hex(), "gamma": (0.75).hex()})
    assert found == "it is 2 times the certified value"
    # Two readings of one number: none is named.
    [found] = told(V, 0.5 * V, {"gamma": (0.5).hex()})
    assert found == "it is 0.5 times the certified value"


def test_another_field_of_the_same_answer():
    assert told(V, [3.5, 1.0, 4.25], other=[3.5, 1.0, 4.25]) == ["it is the certified other"]


def test_entries_that_are_wrong_alone():
    wrong = A.copy()
    wrong[2] += OTHER[2]
    assert told(A, wrong) == ["only its row 2 is wrong"]
    wrong = A + np.diag([1.0, 2.0, 3.0])
    assert told(A, wrong) == ["only its diagonal is wrong"]
    assert told(V, V + np.array([0.0, 0.5, 0.0])) == ["of its 3 entries only [1] is wrong"]


# ------------------------------------------------------------------------ states and steps


def test_what_is_kept_and_what_is_new_of_a_covariance():
    """``(1 - g) C + g d d^T`` in place of ``(1 - g) (C + g d d^T)``: the order of the decay."""
    g, before, product = 0.375, SYMMETRIC, np.outer(V, V)
    state = {"result": answers(before), "beta": g.hex()}
    right = (1.0 - g) * before + (1.0 - g) * g * product
    wrong = (1.0 - g) * before + g * product
    params = {"beta": g.hex()}
    [words] = told(right, wrong, params, {"state": state})
    assert words.startswith("it is 1.6 times the certified value and")
    # Under its own name the gain is known, and with it what is old and what is new.
    out = {"C_gg": texts(right), "beta": repr(g), "weight": "1.0"}
    case = Case(
        *("f", "f-1", "f.op", ("normal",), True, "", params),
        *({"state": {"C_gg": answers(before), "beta": g.hex()}}, out),
        *(dict.fromkeys(out, "relative"), {}, {}, {}, 1),
    )
    judged = compare.FieldVerdict("C_gg", "fail", 1.0, 1e9, 0.0, 15.0)
    [words] = looks_like(case, judged, {"C_gg": answers(wrong)}, "binary64")
    assert words == (
        "what was there before is as certified and what comes new is 1.6: 1 / (1 - gain) times "
        "what is certified"
    )


def steps_told(wrong, field="theta", step=3):
    """Three steps of a method; the answer is right but for one field of the last."""
    gamma, alpha = 0.375, 0.25
    stream, out, m = [], [], np.zeros(3)
    for theta, g in ((V, A[0]), (V + 1.0, A[1]), (V - 1.0, A[2])):
        m = m + gamma * (g - m)
        stream.append({"theta": answers(theta), "gradient": answers(g)})
        out.append({"momentum": texts(m), "theta": texts(theta - alpha * m)})
    case = Case(
        *("f", "f-1", "replay", ("normal",), True, "momentum"),
        {"alpha": alpha.hex(), "gamma": gamma.hex()},
        *({"stream": stream, "start": answers(V)}, {"steps": out}),
        *(dict.fromkeys(out[0], "relative"), {}, {}, {}, 1),
    )
    got = [{k: [float(x) for x in v] for k, v in one.items()} for one in out]
    got[step - 1][field] = answers(wrong(case, out, step))
    judged = compare.FieldVerdict(field, "fail", 1.0, 1e9, 0.0, 15.0, step=step)
    return looks_like(case, judged, {"steps": got}, "binary64")


def numbers(values):
    return np.array([float(x) for x in values])


def test_the_value_before_the_step():
    found = steps_told(lambda case, out, t: numbers(out[t - 2]["momentum"]), "momentum")
    assert found == ["it is the value before this step"]
    found = steps_told(lambda case, out, t: case.inputs["stream"][t - 1]["theta"])
    assert found == ["no step is made"]


def test_a_share_of_the_change():
    def other_convention(case, out, t):
        old, new = (numbers(out[k]["momentum"]) for k in (t - 2, t - 1))
        return old + (new - old) * 0.625 / 0.375

    [words] = steps_told(other_convention, "momentum")
    assert words.startswith("its change in this step is 1.666667 times the certified one")
    assert words.endswith("(1 - gamma) / gamma, as if it weighed the other part")


def test_the_vector_that_a_step_is_along():
    def old_momentum(case, out, t):
        theta = np.array(case.inputs["stream"][t - 1]["theta"])
        return theta - 0.25 * numbers(out[t - 2]["momentum"])

    assert steps_told(old_momentum) == ["the step is -0.25 times the momentum of the step before"]

    def uphill(case, out, t):
        theta = np.array(case.inputs["stream"][t - 1]["theta"])
        return 2.0 * theta - numbers(out[t - 1]["theta"])

    assert steps_told(uphill) == ["the step is the certified one with the opposite sign"]


def test_what_a_position_is_off_along():
    def one_more_gradient(case, out, t):
        return numbers(out[t - 1]["theta"]) + 0.4375 * np.array(
            case.inputs["stream"][t - 1]["gradient"]
        )

    assert steps_told(one_more_gradient) == ["it is off by 0.4375 times the gradient"]


def test_rows_from_one_on():
    wrong = np.concatenate([A[:1], OTHER[1:]])
    assert told(A, wrong) == ["its rows from 1 on are wrong"]


def test_whole_numbers_are_not_taken_for_another_field():
    """Negative control: a few of them agree by accident."""
    assert "it is the certified other" not in told(V, [1.0, 0.0, 1.0], other=[1.0, 0.0, 1.0])


@pytest.mark.parametrize("arithmetic", ["binary64", "binary32"])
def test_relations_hold_to_what_an_arithmetic_can_tell(arithmetic):
    """Each with an error of some roundings, of which those of binary32 are far above 1e-9."""
    unit = compare.ARITHMETIC[arithmetic].unit
    right = np.array([[2.0, 0.5, 0.25], [-1.0, 3.0, 0.75], [0.5, 1.5, -4.0]])
    noise = 1.0 + 4.0 * unit * np.random.default_rng(3).uniform(-1.0, 1.0, right.shape)
    signs = right * [[1.0], [-1.0], [1.0]] * noise
    said = resemblance.resemblance(signs, right, arithmetic)
    assert said == "its rows are those of the certified matrix but for their signs"
    symmetric = right + right.T
    turn = np.linalg.qr(right)[0]
    turned = turn @ symmetric @ turn.T * noise
    said = resemblance.resemblance(turned, symmetric, arithmetic)
    assert said == "it has the eigenvalues of the certified matrix, along other axes"

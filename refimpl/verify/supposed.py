"""Which supposition explains a wrong answer: the reference answers as if it made the mistake.

A failed case is put to this package once more, each time with one thing otherwise: a hyperparameter
at its default, left out, exchanged with another, read the wrong way round; an input transposed,
negated, of the step before. Where its answer is then the one that the program gave, to all digits
but a few, and of the other suppositions at most one gives that too, the mistake has been found.

Long: what may be supposed, one after the other.
"""

import functools
import itertools
import json
import math
import sys
import threading

import numpy as np

from ..vectors import OF_STEPS, REPLAY, TRAJECTORY
from ..vectors.settings import WEIGHTS
from . import compare, protocol, resemblance
from .program_side import Program
from .protocol import Fault
from .resemblance import number

# As plain Python: what compiled code gains the first answer would lose.
COMMAND = (
    "import os; os.environ['NUMBA_DISABLE_JIT'] = '1'\n"
    "from refimpl.verify import slipped; slipped.main()"
)
# Seconds for an answer, for the first word, and for all slips of a failure.
SECONDS, START, SEARCHING = 20.0, 120.0, 600.0
# So often it is started, and then given up.
FAULTS = 3
ROOMS = ("regression", "online_pca", "qr_step", "repulsion", "cubic", "summary", "taylor")
# Steps that are put beyond the first that diverged: what agrees there too is no accident.
BEYOND = 3
# What a hyperparameter is where it does nothing.
NOTHING = {
    "cut": 0.0,
    "div": 1.0,
    "eps": 0.0,
    "eta": 1.0,
    "gamma": 1.0,
    "alpha": 1.0,
    "damping": 1.0,
    "strength": 1.0,
    "smoothing": 0.0,
    "ridge": 0.0,
    "turn": 0.0,
    "period": 1,
    "max_alpha": math.inf,
    "jump": math.inf,
    "patience": math.inf,
}
# Inputs that may be taken for each other.
EXCHANGED = (
    ("theta", "gradient"),
    ("V_old", "V_new"),
    ("C_thetatheta", "C_gg"),
)


class Reference:
    """This package, asked over the protocol, and started anew where it did not answer.

    Parameters
    ----------
    stopped : threading.Event, optional
        Once it is set, nothing is waited for.
    quoting : bool, optional
        Whether slips in our text are looked for, which are named by a quotation of it.

    Attributes
    ----------
    lost : str
        Why it is asked no more; empty while it is.
    faults, unfinished : int
        How often it did not answer, and how many searches for slips their time has ended.
    """

    def __init__(self, stopped=None, quoting=True):
        self.stopped, self.quoting = stopped, quoting
        self.program, self.seq, self.lost, self.faults, self.unfinished = None, 0, "", 0, 0
        self.one_by_one = threading.Lock()

    def answers(self, cases):
        """Its `out` for each of some cases, or None; all are put before the first is waited for."""
        cases = list(cases)
        put = [lambda seq, case=case: protocol.question(seq, case) for case in cases]
        said = self._said(put, SECONDS)
        return [content if kind == "out" else None for kind, content in said]

    def slips(self, question):
        """What `slipped` finds; none where it is not asked or does not answer.

        Where it could not be searched to the end, `unfinished` is one more; where the search broke,
        that is a fault like others.
        """
        if not self.quoting:
            return []
        asked = {"cmd": "slips"} | question
        [(kind, content)] = self._said([lambda seq: asked | {"seq": seq}], SEARCHING)
        if kind == "errored":
            with self.one_by_one:
                self._failed(Fault("Broken", str(content)))
        found = content["slips"] if kind == "out" else []
        self.unfinished += found is None
        return found or []

    def _said(self, questions, seconds):
        """Kind and content of the answer to each question; a pair of None where there is none."""
        with self.one_by_one:
            found = []
            if not self.lost:
                try:
                    self._put(questions)
                    for seq in range(self.seq - len(questions) + 1, self.seq + 1):
                        found.append(protocol.answer(self.program.answer(seconds), seq))
                except (Fault, OSError) as fault:
                    self._failed(fault)
            return found + [(None, None)] * (len(questions) - len(found))

    def _put(self, questions):
        if self.program is None:
            self.program = Program([sys.executable, "-c", COMMAND], stopped=self.stopped)
            self.program.ask({"cmd": "start", "protocol": protocol.PROTOCOL}, START)
        for question in questions:
            self.seq += 1
            self.program.put(question(self.seq))

    def _failed(self, fault):
        self.close()
        self.faults += 1
        if self.faults == FAULTS or isinstance(fault, OSError):
            self.lost = f"{getattr(fault, 'name', type(fault).__name__)}: {fault}"

    def close(self):
        """End it."""
        if self.program is not None:
            self.program.kill()
            self.program = None


def explanation(case, failed, answer, arithmetic, reference):
    """The supposition, or the two, that make the reference answer like the program; a sentence.

    Parameters
    ----------
    case : vectors.Case
    failed : compare.FieldVerdict
        The first quantity that failed.
    answer : dict
        The program's.
    arithmetic : str
    reference : Reference

    Returns
    -------
    str
        Empty if none explains it, or more than two do.
    """
    if answer is None or not known(case):
        return ""
    short = shortened(case, failed.step)
    wanted = wanted_of(short, failed, answer)
    if wanted is None or resemblance.by_accident(wanted):
        return ""
    right = wanted_of(short, failed, _certified(short))
    fitting, matrix = [], _square(short, failed)
    supposed = list(suppositions(short))
    given_each = reference.answers(other for _, other in supposed)
    for (sentence, _), given in zip(supposed, given_each, strict=True):
        found = None if given is None else wanted_of(short, failed, given)
        if found is None or _alike(found, right, arithmetic):
            continue
        if _alike(found, wanted, arithmetic):
            fitting.append(sentence)
        elif (
            matrix
            and found.size == wanted.size
            and _alike(found.reshape(matrix).T.ravel(), wanted, arithmetic)
        ):
            fitting.append(f"{sentence}, transposed")
    # Two may say the same of one hyperparameter; more than that tell nothing.
    return f"it is the answer of {fitting[0]}" if len(fitting) == 1 else _of_several(fitting)


def known(case):
    """Whether the reference has such an operation, and its answer is one of steps or numbers."""
    if case.method:
        return case.op in OF_STEPS and bool(_defaults(case.op, case.method))
    return case.op.partition(".")[0] in ROOMS


def _of_several(fitting):
    return f"it is the answer of {' and of '.join(fitting)}" if len(fitting) == 2 else ""


def shortened(case, step, beyond=BEYOND):
    """A case of steps with those alone that matter."""
    if case.op not in OF_STEPS:
        return case
    last = step + beyond
    key = "stream" if case.op == REPLAY else "noise"
    inputs = case.inputs | {key: case.inputs[key][:last]}
    return case._replace(inputs=inputs, out={"steps": case.out["steps"][:last]})


def _square(case, failed):
    """The shape of the field, where it is a square matrix that a single operation gives."""
    shape = () if case.method else compare.flat(case.out[failed.field], compare.certified)[0]
    return shape if len(shape) == 2 and shape[0] == shape[1] > 1 else ()


def _certified(case):
    return case.out


def wanted_of(case, failed, answer):
    """The numbers of an answer that are compared: the field that failed, from its step on."""
    try:
        if case.op not in OF_STEPS:
            parts = [answer[failed.field]]
        else:
            last = failed.step + BEYOND
            parts = [step[failed.field] for step in answer["steps"][failed.step - 1 : last]]
        found = [x for part in parts for x in compare.flat(part, read)[1]]
    except (KeyError, IndexError, TypeError, ValueError, compare.Unfit, ArithmeticError):
        return None
    return np.array(found, dtype=float) if np.isfinite(found).all() else None


def read(value):
    return float(compare.number(value) if not isinstance(value, str) else _text(value))


def values_of(value):
    """Nested lists of numbers as a case holds them, as floats."""
    return [values_of(entry) for entry in value] if isinstance(value, list) else _text(value)


def _text(value):
    return float.fromhex(value) if "0x" in value else float(value)


def _alike(a, b, arithmetic):
    return resemblance.close(a, b, resemblance.NEAR[arithmetic])


# -------------------------------------------------------------------------------- suppositions


def suppositions(case):
    """Sentences, and the case as it would be put if they were so."""
    yield from _hyperparameters(case)
    yield from _operations(case)
    yield from _inputs(case)


# Operations that one may be taken for, with the hyperparameters that each has.
ALIKE = (
    {"repulsion.newton": (), "repulsion.saddle_free": ("div", "cut")}
    | {"repulsion.row_sum_bound": ("div", "cut")},
    {"qr_step.qr_step": (), "qr_step.shifted_qr_step": ()},
    {"online_pca.oja": ("gamma",), "online_pca.inject": ("turn",)},
    {"regression.hessian": (), "regression.symmetric_hessian": ("ridge",)}
    | {"regression.correlated_hessian": ()},
    {"regression.update": ("beta",), "regression.update_new_mean": ("beta",)},
)


# Methods with steps of one kind, each with what stands for a hyperparameter that it has not.
FAMILIES = (
    ("fogr", "cfogr"),
    ("dogr", "cdogr"),
    ("sogr", "csogr"),
    ("dsogr", "cdsogr"),
    ("newton", "sfn", "krylov_sfn"),
    ("sgd", "momentum"),
)


def _operations(case):
    if case.op == REPLAY:
        yield from _methods(case)
    for group in ALIKE:
        if case.op not in group:
            continue
        given = [case.params[name] for name in group[case.op] if name in case.params]
        for op, names in group.items():
            params = dict(zip(names, given or ["0x1.0p+0", "0x0.0p+0"], strict=False))
            if names == ("ridge",):
                params = {"ridge": given[0] if given else "0x0.0p+0"}
            if op != case.op:
                yield op, case._replace(op=op, params=params)


def _hyperparameters(case):
    defaults = _defaults(case.op, case.method)
    params = case.params

    def with_(**changed):
        return case._replace(params=params | changed)

    numbers = {name: number(value) for name, value in params.items()}
    numbers = {name: value for name, value in numbers.items() if value is not None}
    for name, value in params.items():
        made = {}
        if name in defaults:
            made[f"{name} = {_shown(defaults[name])}, its default"] = defaults[name]
        for method in _family(case.method):
            of_it = _defaults(REPLAY, method)
            if name in of_it:
                made[f"{name} = {_shown(of_it[name])}, the default of {method}"] = of_it[name]
        if name in NOTHING:
            made[f"{name} = {_shown(NOTHING[name])}, which does nothing"] = NOTHING[name]
        if name in numbers and name in WEIGHTS:
            made[f"1 - {name} in place of {name}"] = 1.0 - numbers[name]
        if name in numbers and not isinstance(params[name], int):
            made[f"the square of {name}"] = numbers[name] * numbers[name]
            made[f"the inverse of {name}"] = 1.0 / numbers[name] if numbers[name] else None
        if isinstance(value, bool):
            made[f"{name} {'off' if value else 'on'}"] = not value
        elif isinstance(value, int) and name != "D":
            made[f"{name} larger by 1"], made[f"{name} smaller by 1"] = value + 1, value - 1
        made |= {f"{name} {word}": word for word in _words(name)}
        if isinstance(value, list) and len(value) == 2 and name == "prior":
            made["the two variances of the prior exchanged"] = value[::-1]
            made["the prior's first variance twice"] = [value[0], value[0]]
            made["a prior of 0"] = [0.0, 0.0]
        seen = []
        for sentence, other in made.items():
            other = _plain(other)
            if other is None or other == value or other in seen:
                continue
            seen.append(other)
            yield f"{sentence} (here {_shown(number(value, value))})", with_(**{name: other})
    for one, other in itertools.combinations(numbers, 2):
        if params[one] != params[other] and type(params[one]) is type(params[other]):
            swapped = {one: params[other], other: params[one]}
            yield f"{one} and {other} exchanged", with_(**swapped)
            yield f"{other} in place of {one}", with_(**{one: params[other]})
            yield f"{one} in place of {other}", with_(**{other: params[one]})


def _family(method):
    """The other methods whose steps are of its kind."""
    return [other for family in FAMILIES if method in family for other in family if other != method]


def _methods(case):
    for other in _family(case.method):
        names = _defaults(REPLAY, other)
        params = {
            name: case.params.get(name, _plain(NOTHING.get(name, default)))
            for name, default in names.items()
        }
        yield f"{other}, as far as it has the same", case._replace(method=other, params=params)


def _inputs(case):
    inputs = case.inputs
    if case.op == REPLAY:
        yield from _of_stream(case)
        return
    if case.op == TRAJECTORY:
        yield from _of_noise(case)
        return

    def with_(**changed):
        return case._replace(inputs=inputs | changed)

    state = inputs.get("state")
    for name, value, put in _arrays(inputs, state):
        if _is_matrix(value):
            yield (
                f"{name} transposed",
                with_(**put([list(row) for row in zip(*value, strict=True)])),
            )
            yield f"{name} with its rows in reverse order", with_(**put(value[::-1]))
        yield f"{name} with the opposite sign", with_(**put(_negated(value)))
        if value and not isinstance(value[0], list) and name in ("x", "g", "gradient"):
            yield f"{name} of length 1", with_(**put(_normalised(value)))
    for one, other in EXCHANGED:
        if one in inputs and other in inputs:
            yield f"{one} and {other} exchanged", with_(**_swapped(inputs, one, other))
        if state is not None and one in state:
            swapped = state | _swapped(state, one, other)
            yield f"{one} and {other} exchanged", with_(state=swapped)
    if state is not None:
        for name in ("weight", "scale"):
            yield f"a state of {name} 1", with_(state=state | {name: (1.0).hex()})


def _swapped(part, one, other):
    return {one: part[other], other: part[one]}


def _arrays(inputs, state):
    """Name, value and how to put another in its place."""
    for name, value in inputs.items():
        if isinstance(value, list) and name != "groups":
            yield name, value, lambda new, name=name: {name: new}
    for name, value in (state or {}).items():
        if isinstance(value, list):
            yield name, value, lambda new, name=name: {"state": state | {name: new}}


def _of_stream(case):
    stream = case.inputs["stream"]

    def with_(change):
        new = [change(t, dict(seen)) for t, seen in enumerate(stream)]
        return case._replace(inputs=case.inputs | {"stream": new})

    for name in ("gradient", "hessian"):
        if name not in stream[0]:
            continue

        def before(t, seen, name=name):
            return seen | {name: stream[max(t - 1, 0)][name]}

        def negated(t, seen, name=name):
            return seen | {name: _negated(seen[name])}

        yield f"the {name} of the step before", with_(before)
        yield f"the {name} with the opposite sign", with_(negated)
    yield (
        "position and gradient exchanged",
        with_(lambda t, seen: seen | _swapped(seen, "theta", "gradient")),
    )
    if case.inputs["directions"]:
        turned = case.inputs["directions"][::-1]
        yield (
            "the first directions in reverse order",
            case._replace(inputs=case.inputs | {"directions": turned}),
        )


def _of_noise(case):
    noise, inputs = case.inputs["noise"], case.inputs
    zero = [["0x0.0p+0"] * len(noise[0])] * len(noise)
    for sentence, new in (
        ("no noise", zero),
        ("the noise with the opposite sign", _negated(noise)),
        ("the noise of the next step", [*noise[1:], zero[0]]),
        ("the noise of the step before", [zero[0], *noise[:-1]]),
        ("the noise twice", _scaled(noise, 2.0)),
    ):
        if new != noise:
            yield sentence, case._replace(inputs=inputs | {"noise": new})
    rotation = inputs["data"].get("rotation")
    if rotation is not None:
        for sentence, new in (
            ("a rotation that is transposed", _transposed(rotation)),
            ("no rotation", None),
        ):
            data = {k: v for k, v in inputs["data"].items() if k != "rotation"}
            data |= {} if new is None else {"rotation": new}
            yield sentence, case._replace(inputs=inputs | {"data": data})


def _transposed(value):
    return [list(row) for row in zip(*value, strict=True)]


def _is_matrix(value):
    return isinstance(value[0] if value else None, list) and len(value) == len(value[0])


def _scaled(value, factor):
    if isinstance(value, list):
        return [_scaled(entry, factor) for entry in value]
    return _plain(factor * _text(value))


def _normalised(value):
    length = math.hypot(*map(_text, value))
    return _scaled(value, 1.0 / length) if 0.0 < length < math.inf else value


def _negated(value):
    return _scaled(value, -1.0)


def _plain(value):
    """A hyperparameter as a case holds it."""
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    return float(value).hex() if math.isfinite(value) else str(float(value))


def _shown(value):
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return json.dumps([number(entry, entry) for entry in value])
    return str(value)


def _words(name):
    """The words that a hyperparameter may be; none where it is a number."""
    from ..optimizers.method import WORDS

    return WORDS.get(name, ())


@functools.cache
def _defaults(op, method):
    """The defaults of a method, or of a piece."""
    if method:
        from ..optimizers import METHODS

        return METHODS[method].defaults if method in METHODS else {}
    return {"repulsion": {"div": 1.0, "cut": 0.0}, "regression": {"ridge": 0.0}}.get(
        op.partition(".")[0], {}
    )

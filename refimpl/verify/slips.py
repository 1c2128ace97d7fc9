"""Slips of the pen: each way in which a formula is easily written wrongly, in a function's text.

A factor or a root that is left out, operands that are exchanged, `w` for ``1 - w``, a matrix that
is not transposed, a bound on the wrong side, a comparison that is strict or not, a count off by
one, the value of the step before, a neighbour of the function that is meant: of every place of a
text, whatever it computes.
"""

import ast
import contextlib
from typing import NamedTuple

from . import slips_of_statements

# Functions that one may be taken for.
NEIGHBOURS = (
    ("max", "min"),
    ("maximum", "minimum"),
    ("mean", "sum", "max", "min"),
    ("sqrt", "cbrt", "square"),
    ("zeros", "ones"),
)
BOUNDS = ("minimum", "min", "maximum", "max")
# Modules whose functions are taken for each other by the table alone.
TABLED = ("np", "math")
SWAPPED = {ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE)}
SWAPPED |= {ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE), ast.Eq: (ast.NotEq,)}
# What is shown of a text.
LONGEST = 110


class Slip(NamedTuple):
    """One slip: the function's code with it, and what is said."""

    code: object
    words: str
    statement: int  # its first line


def slips(
    function,
    neighbours=lambda name, given: (),
    kind=lambda name: None,
    default=lambda name: None,
    of_names=False,
):
    """Every slip in a function of one sort: in its formulas, or in the names that they have.

    Parameters
    ----------
    function : ast.FunctionDef
        As it is parsed, without decorators; it is the same again after each slip.
    neighbours : callable, optional
        ``neighbours(name, given)`` are dotted names of other functions that take as many arguments,
        and how many of them.
    kind : callable, optional
        ``kind(name)`` of a dotted name says what it stands for, "number" for a real one, None where
        that is not known.
    default : callable, optional
        ``default(name)`` of a dotted name is the number that a hyperparameter is by default, or
        None.
    of_names : bool, optional
        Another name of the same kind stands there, or one that is used twice in a statement is
        another in both places; otherwise all else.

    Yields
    ------
    Slip
    """
    seen = set()
    for site in _sites(function):
        found = _other_names if of_names else _alternatives
        for made in found(site, function, neighbours, kind, default):
            with site.holding(made):
                after = ast.unparse(made if site.node is site.statement else site.statement)
                if (site.line, after) in seen or after == site.text:
                    continue
                seen.add((site.line, after))
                code = _code(function)
            if code is not None:
                yield Slip(code, _said(site, made), site.line)


class _Site:
    """A place of a text: what holds a node, and the statement around it."""

    def __init__(self, holder, field, index, node, statement, around):
        self.holder, self.field, self.index, self.node = holder, field, index, node
        self.statement, self.around, self.line = statement, around, statement.lineno
        self.text = ast.unparse(statement)

    def put(self, node):
        """Let another node stand there."""
        if self.index is None:
            setattr(self.holder, self.field, node)
        else:
            getattr(self.holder, self.field)[self.index] = node

    @contextlib.contextmanager
    def holding(self, node):
        """The text with another node for a while."""
        self.put(node)
        try:
            yield
        finally:
            self.put(self.node)


def _sites(function):
    yield from _below(function, None, ())


def _below(node, statement, around):
    for field, value in ast.iter_fields(node):
        for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if isinstance(child, ast.keyword | ast.comprehension):
                yield from _below(child, statement, (*around, node))
            if not isinstance(child, ast.expr | ast.stmt) or field in ("annotation", "returns"):
                continue
            if isinstance(node, ast.FunctionDef) and not isinstance(child, ast.stmt):
                continue
            inner = child if isinstance(child, ast.stmt) else statement
            # A statement that holds others is shown by its head alone.
            if isinstance(child, ast.FunctionDef) or _says_nothing(child):
                continue
            if not isinstance(getattr(child, "ctx", None), ast.Store):
                yield _Site(node, field, index, child, inner, (*around, node))
            # Of a statement within another nothing around it is shown.
            kept = (*around, node) if inner is statement else ()
            yield from _below(child, inner, kept)


def _says_nothing(node):
    if isinstance(node, ast.Raise):
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _code(function):
    """The code of a function's text; None if it has none."""
    ast.fix_missing_locations(function)
    try:
        module = compile(ast.Module([function], []), "<slip>", "exec")
    except (SyntaxError, ValueError):
        return None
    return next(part for part in module.co_consts if hasattr(part, "co_varnames"))


# ------------------------------------------------------------------------------------- in words


def _said(site, made, decided=False):
    if isinstance(site.node, ast.stmt) and not isinstance(made, ast.Pass | ast.If):
        return f"`{_short(made)}` in place of `{_short(site.node)}`"
    if isinstance(site.node, ast.stmt):
        if isinstance(site.node, ast.If):
            never = isinstance(made.test, ast.Constant) and not made.test.value
            return f"`if {_short(site.node.test)}` {'never' if never else 'always'} taken"
        return f"a step without `{_short(site.node)}`"
    if isinstance(site.statement, ast.If | ast.While) and not decided:
        # Which way it goes wrong, not by what: many a threshold decides alike.
        said = _said(site, made, decided=True)
        return f"`if {_short(site.statement)}` decided otherwise, as by {said}"
    if isinstance(site.holder, ast.keyword):
        name = site.holder.arg
        return f"`{name}={_short(made)}` in place of `{name}={_short(site.node)}`"
    # A name by itself says little: what stands around it is shown.
    for around in (site.node, *reversed(site.around), site.statement):
        if isinstance(around, ast.Name | ast.Attribute | ast.Constant | ast.UnaryOp | ast.Tuple):
            continue
        if isinstance(around, ast.Subscript | ast.Starred | ast.keyword):
            continue
        break
    shown = around if not isinstance(around, ast.stmt) else site.statement
    if shown is site.node:
        return f"`{_short(made)}` in place of `{_short(site.node)}`"
    before = _short(shown)
    with site.holding(made):
        return f"`{_short(shown)}` in place of `{before}`"


def _short(node):
    if isinstance(node, ast.If | ast.For | ast.While):
        node = node.test if hasattr(node, "test") else node.iter
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


# ---------------------------------------------------------------------------------- the slips


def _alternatives(site, function, neighbours, kind, default):
    node = site.node
    if isinstance(node, ast.stmt):
        yield from slips_of_statements.left_out(node, function)
        yield from slips_of_statements.factors(node)
        return
    kinds = {
        ast.BinOp: lambda node: _of_operation(node, kind),
        ast.Compare: _of_comparison,
        ast.BoolOp: _of_words,
        ast.IfExp: lambda node: (node.body, node.orelse),
        ast.UnaryOp: lambda node: (node.operand,),
        ast.Subscript: _of_index,
        ast.Constant: _of_number,
    }
    if type(node) in kinds:
        yield from kinds[type(node)](node)
    if isinstance(node, ast.Call):
        yield from _of_call(node, neighbours)
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    if isinstance(node, ast.Attribute) and _is_chain(node):
        usual = default(ast.unparse(node))
        if usual is not None:
            yield ast.Constant(usual)
    if isinstance(node, ast.Name):
        yield from _of_next_step(node, function)


def _op(left, op, right):
    return ast.BinOp(left, op(), right)


def _call(name, *given):
    return ast.Call(ast.parse(name, mode="eval").body, list(given), [])


def _same(one, other):
    return ast.dump(one) == ast.dump(other)


def _of_operation(node, kind):
    left, op, right = node.left, type(node.op), node.right
    yield left
    yield right
    others = {
        ast.Add: (ast.Sub,),
        ast.Sub: (ast.Add,),
        ast.Mult: (ast.Div,),
        ast.Div: (ast.Mult,),
    }
    for other in others.get(op, ()):
        yield _op(left, other, right)
    if op in (ast.Sub, ast.Div, ast.MatMult) and not _same(left, right):
        yield _op(right, op, left)
    if op is ast.Div:
        yield _call("np.sqrt", node)
    if op is ast.Div and isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult):
        # Numerator and denominator exchanged.
        yield _op(_op(left.left, ast.Mult, right), ast.Div, left.right)
    if op is ast.Sub:
        yield ast.UnaryOp(ast.USub(), right)
    if op is ast.MatMult:
        for a, b in ((_transposed(left), right), (left, _transposed(right))):
            yield _op(a, op, b)
        if isinstance(left, ast.BinOp) and isinstance(left.op, ast.MatMult):
            # Neither side of a congruence.
            yield left.right
    if op in (ast.Mult, ast.Div, ast.Add, ast.Sub, ast.MatMult):
        yield from _moved(left, op, right)
    if op is ast.Div and isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add | ast.Sub):
        inner = type(left.op)
        yield _op(_op(left.left, op, right), inner, left.right)
        yield _op(left.left, inner, _op(left.right, op, right))
    if op is ast.Mult:
        # A sum that is closed too early or too late.
        for factor, total in ((left, right), (right, left)):
            if isinstance(total, ast.BinOp) and isinstance(total.op, ast.Add | ast.Sub):
                inner = type(total.op)
                yield _op(_op(factor, op, total.left), inner, total.right)
                yield _op(total.left, inner, _op(factor, op, total.right))
    for part, other in ((left, right), (right, left)):
        # Of two that are weighed, both by the one or both by the other.
        if op in (ast.Mult, ast.Div) and kind(ast.unparse(part)) == "number":
            one = ast.Constant(1.0)
            for made in (
                _op(one, ast.Sub, part),
                _op(part, ast.Mult, part),
                _op(part, ast.Add, one),
                _op(part, ast.Sub, one),
            ):
                yield _op(made, op, other) if part is left else _op(other, op, made)


def _moved(left, op, right):
    """An operand inside of a call in place of beside it, and two results for one of both."""
    if isinstance(right, ast.Call) and right.args:
        first, *rest = right.args
        yield ast.Call(right.func, [_op(left, op, first), *rest], right.keywords)
        if op in (ast.Add, ast.Mult):
            yield ast.Call(right.func, [_op(first, op, left), *rest], right.keywords)
    if isinstance(left, ast.Call) and left.args:
        first, *rest = left.args
        yield ast.Call(left.func, [_op(first, op, right), *rest], left.keywords)
        if isinstance(right, ast.Call) and _same(left.func, right.func) and right.args:
            both = _op(first, op, right.args[0])
            yield ast.Call(left.func, [both, *rest], left.keywords)


def _transposed(node):
    return ast.Attribute(node, "T", ast.Load())


def _of_comparison(node):
    for k, op in enumerate(node.ops):
        for other in SWAPPED.get(type(op), ()):
            yield ast.Compare(
                node.left, [*node.ops[:k], other(), *node.ops[k + 1 :]], node.comparators
            )


def _of_words(node):
    yield from node.values
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)


def _of_index(node):
    if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2:
        turned = ast.Tuple(node.slice.elts[::-1], ast.Load())
        yield ast.Subscript(node.value, turned, node.ctx)
    if isinstance(node.value, ast.Call):
        # Of a call that gives several things.
        yield from node.value.args
    yield node.value


def _of_number(node):
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        if isinstance(value, bool):
            yield ast.Constant(not value)
        return
    kind = type(value)
    for other in (value + 1, value - 1, 2 * value, value / 2, 0, 1, value * value):
        # Half of an odd count is none.
        if kind(other) == other and kind(other) != value:
            yield ast.Constant(kind(other))


def _of_call(node, neighbours):
    name, given = ast.unparse(node.func), node.args
    yield from given
    yield from (keyword.value for keyword in node.keywords)
    if given:
        # The default in place of the last.
        yield ast.Call(node.func, given[:-1], node.keywords)
    for k in range(len(given) - 1):
        swapped = [*given[:k], given[k + 1], given[k], *given[k + 2 :]]
        yield ast.Call(node.func, swapped, node.keywords)
    last, module = name.rpartition(".")[2], name.rpartition(".")[0]
    for group in NEIGHBOURS:
        if last in group and module in ("", *TABLED):
            for other in group:
                if other != last:
                    whole = f"{module}.{other}" if module else other
                    yield ast.Call(ast.parse(whole, mode="eval").body, given, node.keywords)
    if last == "mean" and module in TABLED and len(given) == 1:
        # As of a sample.
        less = _op(_call("np.size", *given), ast.Sub, ast.Constant(1))
        yield _op(_call("np.sum", *given), ast.Div, less)
    if last in BOUNDS and len(given) == 2:
        for inner in given:
            if isinstance(inner, ast.Call) and ast.unparse(inner.func).rpartition(".")[2] in BOUNDS:
                # Neither of two bounds.
                yield from inner.args
        for a, bound in (given, given[::-1]):
            below, above = ast.UnaryOp(ast.USub(), bound), bound
            yield _call("np.clip", a, below, above)
    if last == "hypot":
        yield _op(_call("abs", given[0]), ast.Add, _call("abs", given[1]))
    if last in ("sqrt", "abs", "cbrt") and isinstance(given[0], ast.BinOp):
        parts = given[0]
        one, other = (ast.Call(node.func, [p], []) for p in (parts.left, parts.right))
        yield ast.BinOp(one, parts.op, other)
        yield ast.BinOp(one, parts.op, parts.right)
        yield ast.BinOp(parts.left, parts.op, other)
    for k, part in enumerate(given):
        yield ast.Call(node.func, [*given[:k], _transposed(part), *given[k + 1 :]], node.keywords)
    for other, count in neighbours(name, len(given)):
        yield ast.Call(ast.parse(other, mode="eval").body, given[:count], node.keywords)


def _other_names(site, function, neighbours, kind, default):
    """Another value of the same kind that the text knows, that of the step before first."""
    node = site.node
    if isinstance(node, ast.stmt):
        yield from slips_of_statements.others(node, function, kind)
    callee = isinstance(site.holder, ast.Call) and site.field == "func"
    if callee or not isinstance(node, ast.Name | ast.Attribute) or not _is_chain(node):
        return
    mine = ast.unparse(node)
    chains = _chains(function)
    known = {f"state.{mine}": None}
    if mine.startswith("state."):
        known[mine.removeprefix("state.")] = None
    # `state.model.V` for `V`, where the text has `model.V`.
    known |= {f"state.{chain}": None for chain in chains if chain.partition(".")[2] == mine}
    wanted = kind(mine)
    for other in known | dict.fromkeys(chains):
        if other != mine and wanted is not None and kind(other) == wanted:
            yield ast.parse(other, mode="eval").body


def _of_next_step(node, function):
    """What a value would be one step later, where the text makes it of that of the step before."""
    before = ast.parse(f"state.{node.id}", mode="eval").body
    for line in ast.walk(function):
        if not isinstance(line, ast.Assign) or not isinstance(line.targets[0], ast.Name):
            continue
        made = ast.unparse(line.value)
        if line.targets[0].id == node.id and ast.unparse(before) in made:
            yield ast.parse(made.replace(ast.unparse(before), node.id), mode="eval").body


def _chains(function):
    """Names and dotted names whose values a text uses."""
    called = {id(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
    found = {}
    for node in ast.walk(function):
        read = isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
        if read and id(node) not in called and _is_chain(node):
            found[ast.unparse(node)] = None
    return [chain for chain in found if chain.partition(".")[0] not in TABLED]


def _is_chain(node):
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)

"""Slips of the pen that are of a whole statement, not of one place in it.

It is left out, or added to what was there; a name is another wherever it stands, a factor is
nowhere, or divides where it should multiply; values of the step before stand for those of this one.
"""

import ast

READING = ast.Assign | ast.AugAssign | ast.Return


def left_out(node, function):
    """The statement is not there, is always or never taken, or adds to what was there."""
    if isinstance(node, ast.If):
        for answer in (True, False):
            yield ast.If(ast.Constant(answer), node.body, node.orelse)
    elif isinstance(node, ast.AugAssign):
        yield ast.Pass()
        yield ast.copy_location(ast.Assign([node.target], node.value), node)
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        yield ast.Pass()
    elif isinstance(node, ast.Assign):
        # Where they have a value already, that stays.
        known = _known_before(node, function)
        targets = [n.id for n in ast.walk(node.targets[0]) if isinstance(n, ast.Name)]
        if all(name in known for name in targets):
            yield ast.Pass()
            if isinstance(node.targets[0], ast.Name):
                made = ast.AugAssign(node.targets[0], ast.Add(), node.value)
                yield ast.copy_location(made, node)


def _known_before(node, function):
    """Names that have a value when the function comes to a statement."""
    stored = [n for n in ast.walk(function) if isinstance(n, ast.Name | ast.arg)]
    found = {n.arg for n in stored if isinstance(n, ast.arg)}
    found |= {
        n.id
        for n in stored
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.lineno < node.lineno
    }
    return found


def factors(node):
    """One factor or divisor, more than once in the statement, is nowhere, or is the other."""
    if not isinstance(node, READING) or node.value is None:
        return
    names = dict.fromkeys(n.id for n in ast.walk(node) if isinstance(n, ast.Name))
    for name in names:
        for change in (_Without(name), _Other(name)):
            made = change.visit(_copied(node))
            if change.count > 1:
                yield made


class _Factor(ast.NodeTransformer):
    def __init__(self, name):
        self.name, self.count = name, 0

    def visit_BinOp(self, node):
        self.generic_visit(node)
        right = self._is(node.right) and isinstance(node.op, ast.Mult | ast.Div)
        if right or (self._is(node.left) and isinstance(node.op, ast.Mult)):
            self.count += 1
            return self.changed(node, node.left if right else node.right)
        return node

    def _is(self, node):
        return isinstance(node, ast.Name) and node.id == self.name


class _Without(_Factor):
    def changed(self, node, rest):
        return rest


class _Other(_Factor):
    def changed(self, node, rest):
        other = ast.Div() if isinstance(node.op, ast.Mult) else ast.Mult()
        return ast.BinOp(rest, other, ast.Name(self.name, ast.Load()))


def others(node, function, kind):
    """A name that stands twice is another of its kind, or all are those of the step before."""
    if not isinstance(node, READING) or node.value is None:
        return
    names = [n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)]
    before = {name: f"state.{name}" for name in names if _alike(kind, name, f"state.{name}")}
    if len(before) > 1:
        yield _with_names(node, before)
    names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
    known = dict.fromkeys(n.id for n in ast.walk(function) if isinstance(n, ast.Name))
    for name in dict.fromkeys(names):
        for other in known:
            if names.count(name) > 1 and other != name and _alike(kind, name, other):
                yield _with_names(node, {name: other})


def _alike(kind, name, other):
    return kind(name) is not None and kind(name) == kind(other)


def _with_names(node, others):
    """The statement with other names in its formula, and in its target where they are plain."""
    made = _copied(node)
    for part in ast.walk(made):
        if isinstance(part, ast.Name) and others.get(part.id, ".").isidentifier():
            part.id = others[part.id]
    dotted = {name: other for name, other in others.items() if not other.isidentifier()}
    return _Dotted(dotted).visit(made) if dotted else made


class _Dotted(ast.NodeTransformer):
    def __init__(self, others):
        self.others = others

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load) and node.id in self.others:
            return ast.parse(self.others[node.id], mode="eval").body
        return node


def _copied(node):
    return ast.parse(ast.unparse(node)).body[0]

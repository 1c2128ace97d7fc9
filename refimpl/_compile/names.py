"""What a text names: the functions that it calls, and whether it comes back to itself."""

import dis
import types
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def calls_itself(text):
    """Whether the function, or one that it calls, comes back to itself by way of names.

    Such code is linked to itself by a symbol that numba's cache does not keep: a caller that is
    loaded from it crashes.
    """
    done, under_way = set(), []

    def walk(text):
        if text in under_way:
            return True
        if text in done:
            return False
        under_way.append(text)
        found = any(map(walk, called(text)))
        done.add(under_way.pop())
        return found

    return walk(text)


def called(text):
    """Texts of the compiled functions that a text names, by themselves or through a module."""
    things = [cell.cell_contents for cell in text.__closure__ or ()]
    things += _named(text.__code__, text.__globals__)
    found = (getattr(thing, "py_func", None) for thing in things)
    return [text for text in found if isinstance(text, types.FunctionType)]


def _named(code, names):
    """What the global names in a code stand for, attributes of modules looked up."""
    found = []
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            found.append(names.get(instruction.argval))
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            if found and isinstance(found[-1], types.ModuleType):
                found[-1] = getattr(found[-1], instruction.argval, None)
        elif isinstance(instruction.argval, types.CodeType):
            found += _named(instruction.argval, names)
        elif instruction.opname not in ("CACHE", "PRECALL", "PUSH_NULL"):
            # Whatever follows is an attribute of something else.
            found.append(None)
    return found


def names_of(code):
    """Global names, and those of attributes, in a function and in those defined inside it."""
    inner = (names_of(part) for part in code.co_consts if isinstance(part, types.CodeType))
    return set(code.co_names).union(*inner)

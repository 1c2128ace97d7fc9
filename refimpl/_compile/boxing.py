"""How results leave compiled code, so that Ctrl-C at that moment harms nothing.

numba runs some Python while it makes Python's objects of a compiled result: it calls the class of a
named tuple, and looks up that of an array. A signal that has arrived meanwhile is handled there;
where its handler raises, as that of Ctrl-C does, numba goes on with an object that was never made,
which ends the process or turns the exception into another. The two functions here make the same
objects and run no Python; a signal waits until the compiled function has returned.
"""

from llvmlite import ir
from numba.core import boxing, cgutils, pythonapi, types

NEW = tuple.__new__


def constant(c, thing):
    """Emit the code that reads an object of Python; a borrowed reference, NULL after an error."""
    return c.env_manager.read_const(c.env_manager.add_const(thing))


def box_named_tuple(kind, value, c):
    """Emit the code that makes a named tuple of a compiled one."""
    builder, api = c.builder, c.pyapi
    made = cgutils.alloca_once(builder, api.pyobj, zfill=True)
    new, cls = constant(c, NEW), constant(c, kind.instance_class)
    items = api.tuple_new(kind.count)
    # NULL where memory is used up.
    whole = cgutils.is_not_null(builder, items)
    with builder.if_then(builder.and_(whole, cgutils.is_not_null(builder, cls)), likely=True):
        for i, part in enumerate(kind):
            item = c.box(part, builder.extract_value(value, i))
            whole = builder.and_(whole, cgutils.is_not_null(builder, item))
            api.tuple_setitem(items, i, item)
        with builder.if_then(whole, likely=True):
            builder.store(api.call_function_objargs(new, (cls, items)), made)
    # An XDECREF in spite of its name.
    api.decref(items)
    return builder.load(made)


def box_array(kind, value, c):
    """Emit the code that makes an array of a compiled one."""
    builder, api = c.builder, c.pyapi
    dtype = constant(c, boxing.numpy_support.as_dtype(kind.dtype))
    cls = constant(c, kind.box_type)
    number = ir.IntType(32)
    adapt = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(api.pyobj, [api.voidptr, api.pyobj, number, number, api.pyobj]),
        "NRT_adapt_ndarray_to_python_acqref",
    )
    place = builder.bitcast(cgutils.alloca_once_value(builder, value), api.voidptr)
    made = builder.call(adapt, [place, cls, number(kind.ndim), number(int(kind.mutable)), dtype])
    # The array of Python holds its own reference to the numbers.
    c.context.nrt.decref(builder, kind, value)
    return made


# numba's own are registered when `boxing` is imported, and nothing can be registered twice.
pythonapi._boxers.functions |= {
    types.Array: box_array,
    types.NamedTuple: box_named_tuple,
    types.NamedUniTuple: box_named_tuple,
}

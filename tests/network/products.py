"""Matrix products of the network's weights, counted as they happen; no tests."""

import numpy as np

from refimpl import partitions


def counting(add, result=lambda found: found):
    """A kind of array that tells `add` both plain factors of each matrix product it takes part in.

    What any function makes of it is plain again, unless `result` says otherwise.
    """

    class Counting(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
            plain = [np.asarray(x) for x in inputs]
            if ufunc is np.matmul:
                add(*plain)
            if out is not None:
                options["out"] = tuple(np.asarray(x) for x in out)
            return result(getattr(ufunc, method)(*plain, **options))

    return Counting


def count_weights(patch, add):
    """Let all matrices of weights count their products from now on."""
    real, kind = partitions.tensors, counting(add)

    def tensors(theta, shapes):
        return {k: v.view(kind) if v.ndim == 2 else v for k, v in real(theta, shapes).items()}

    patch.setattr(partitions, "tensors", tensors)

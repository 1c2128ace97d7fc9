"""Products ``E^T A E`` in lanes, into the eigenbasis and back."""

from .._compile.border import overwriting
from . import LANES


@overwriting
def into_basis(E, A, AE, result):
    """Overwrite the upper half of `result` with ``E^T A E``; of `A` the upper half is read."""
    d = A.shape[0]
    for i in range(d):
        for j in range(d):
            for lane in range(LANES):
                AE[i, j, lane] = A[min(i, 0), max(i, 0), lane] * E[0, j, lane]
            for k in range(1, d):
                for lane in range(LANES):
                    AE[i, j, lane] += A[min(i, k), max(i, k), lane] * E[k, j, lane]
    for i in range(d):
        for j in range(i + 1):
            for lane in range(LANES):
                result[j, i, lane] = E[0, i, lane] * AE[0, j, lane]
            for k in range(1, d):
                for lane in range(LANES):
                    result[j, i, lane] += E[k, i, lane] * AE[k, j, lane]


@overwriting
def out_of_basis(E, A, AE, result):
    """Overwrite the upper half of `result` with ``E A E^T``; of `A` the upper half is read."""
    d = A.shape[0]
    for i in range(d):
        for j in range(d):
            for lane in range(LANES):
                AE[i, j, lane] = A[min(i, 0), max(i, 0), lane] * E[j, 0, lane]
            for k in range(1, d):
                for lane in range(LANES):
                    AE[i, j, lane] += A[min(i, k), max(i, k), lane] * E[j, k, lane]
    for i in range(d):
        for j in range(i + 1):
            for lane in range(LANES):
                result[j, i, lane] = E[i, 0, lane] * AE[0, j, lane]
            for k in range(1, d):
                for lane in range(LANES):
                    result[j, i, lane] += E[i, k, lane] * AE[k, j, lane]

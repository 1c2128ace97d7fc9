"""Project `optimizer`: the four pieces in one step, the method `online_sfn`.

A few hours; it puts together what the other projects are about. The pieces need not be written
again: they are imported below, and their docstrings say what they take and give. You need chapter
"One step of the optimizer" of the book. Write the two functions, and look how far you are by

    refimpl check-project optimizer optimizer.py

The first part compares each quantity of your state at each step, so its names are given; where one
is wrong, the report says which comes first. With `refimpl vectors show optimizers-0016` you see one
stream of gradients in numbers.
"""

import numpy as np

from refimpl import online_pca, qr_step, regression, repulsion


def start(theta, directions, **settings):
    """The state before the first step, a dictionary.

    `model`: a dictionary of `V`, the directions made orthonormal, and `line`, the state of a
    regression along them (`regression.start` with the `prior` of the settings, as a dictionary by
    `._asdict()`); `mean_theta`, `mean_gradient` and `momentum`: zeros of the shape of `theta`.
    """
    raise NotImplementedError("start is not written yet")


def step(state, theta, gradient, **settings):
    """One step: the next position and the next state, a dictionary like that of `start`.

    The settings are `beta`, `gamma`, `turn`, `div`, `cut`, `alpha`, `dimension`, `prior`, and the
    switches `shifted`, `transport` and `row_sums`. In order:

    1. distances of position and gradient from their means, which then move by the share `beta`;
       the momentum moves by the share `gamma`;
    2. the basis leans toward the *normalised* gradient, and if `transport` is set the covariances
       are carried to the new basis. Means of the line are 0: it gets distances;
    3. the line gets one more observation, the distances along the basis;
    4. its symmetric Hessian, without a ridge, takes a QR step, shifted if so set, and basis and
       covariances turn along;
    5. inside the subspace a step by row sums, or by the modulus if `row_sums` is not set; outside
       of it plain descent along the momentum, at rate `alpha`.
    """
    raise NotImplementedError("step is not written yet")


def as_state(line):
    """A dictionary as the regression's own state, which the pieces take."""
    return regression.State(**line)


if __name__ == "__main__":
    # What there is to put together.
    for piece in (online_pca.inject, online_pca.transport, qr_step.rotate_statistics,
                  regression.update, repulsion.row_sum_bound):  # fmt: skip
        print(piece.__name__, "-", piece.__doc__.splitlines()[0])
    print(np.round(online_pca.orthonormalize(np.array([[3.0, 4.0]])), 2))

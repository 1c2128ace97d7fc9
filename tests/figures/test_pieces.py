"""The numbers in the figures of the chapters on the three pieces, by another route."""

import functools
import json
import re

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize

from figures import player
from figures.online_pca import online_pca, transport, turning_frame
from figures.qr_step import (
    decaying_entries,
    diagonal_overshoot,
    following_hessian,
    qr_step,
    symmetric_saddle,
)
from figures.repulsion import (
    escape_time,
    escaping_cloud,
    monkey_saddle,
    phase_plane,
    repulsion,
)
from tests.figures.saying import assert_drawn_and_said

pytestmark = [pytest.mark.numerics, pytest.mark.once]

MODULES = (
    online_pca,
    transport,
    turning_frame,
    qr_step,
    symmetric_saddle,
    following_hessian,
    diagonal_overshoot,
    decaying_entries,
    repulsion,
    phase_plane,
    escape_time,
    monkey_saddle,
    escaping_cloud,
)
INTERACTIVE = [module for module in MODULES if hasattr(module, "interactive")]


@pytest.fixture(scope="module")
def data():
    """The data of each figure, computed once, with its own settings."""
    return functools.cache(lambda module: module.compute())


# Thousands of runs, or long ones.
LONG = (online_pca, transport, diagonal_overshoot)


@pytest.mark.parametrize(
    "module",
    [pytest.param(m, marks=pytest.mark.slow if m in LONG else ()) for m in MODULES],
    ids=lambda m: m.__name__,
)
def test_drawn_and_said(module, data):
    """Each figure can be drawn, and says in words what it shows, without a missing number."""
    assert_drawn_and_said(module, data(module))


@pytest.mark.parametrize("module", INTERACTIVE, ids=lambda m: m.__name__)
def test_interactive_stands_alone(module, data):
    """No id that could clash, no address, alternative texts, data that a browser can read."""
    text = module.interactive(data(module))
    assert not re.search(r"\sid=|https?://(?!www\.w3\.org)|@(?!media)\w+@", text)
    assert re.search(r'<svg [^>]*aria-label="[^"]{80,}"', text)
    assert "<noscript><img " in text
    content = re.search(r'application/json">(.*?)</script>', text, re.S)[1]
    assert not re.search("NaN|Infinity", content)
    assert json.loads(content)
    assert text.count("<script>") == 1


def test_two_scenes_on_one_page_share_no_name(data):
    """The script starts each root once, and finds everything inside it."""
    text = turning_frame.interactive(data(turning_frame))
    assert "document.getElementById" not in text
    assert text.count("document.querySelectorAll") == 1
    assert ":not([data-started])" in text


def test_a_script_cannot_be_ended_by_data(tmp_path):
    template = tmp_path / "t.html"
    template.write_text("@data@ @name@ @grey@")
    text = player.fill(template, ["</script>"], name="x")
    assert text.startswith('["\\u003c/script>"] x #')


# Online PCA


def test_true_subspaces(data):
    """Orthonormal at every step; at rest one, after the switch another, orthogonal to it."""
    rng = np.random.default_rng(0)
    for scene, angle in (("at rest", 0.0), ("drifting", 90.0 * 39 / 40), ("switched", 90.0)):
        U = online_pca.subspaces(scene, 40, 8, 3, rng)
        np.testing.assert_allclose(
            U @ U.transpose(0, 2, 1), np.broadcast_to(np.eye(3), (40, 3, 3)), atol=1e-14
        )
        ends = np.degrees(scipy.linalg.subspace_angles(U[0].T, U[-1].T))
        np.testing.assert_allclose(ends, angle, atol=1e-5)


@pytest.mark.slow
def test_tracking_of_the_exact_reference(data):
    """At rest without noise the exact moment holds all; ranks of the rules as the text says."""
    tracking = data(online_pca)
    share = dict(zip(online_pca.RULES, tracking.mean[0, :, 0], strict=True))
    assert share["exact, fading"] == pytest.approx(1.0, abs=1e-12)
    assert share["IncrementalPCA"] == pytest.approx(1.0, abs=1e-2)
    assert share["Oja"] > 0.99
    # The finding of the chapter: injection does not converge, even at rest and without noise.
    assert share["injection, raw"] < 0.9
    assert tracking.d / tracking.D < tracking.mean.min() + 0.2
    at = list(tracking.noise).index(tracking.shown)
    switched = dict(zip(online_pca.RULES, tracking.mean[2, :, at], strict=True))
    assert switched["exact, fading"] > switched["Oja"] > switched["IncrementalPCA"] + 0.5


@pytest.mark.slow
def test_transport_within_the_plane_is_exact(data):
    """Rotated statistics are those of all pairs projected anew, to rounding; the others are not."""
    shown = data(transport)
    np.testing.assert_allclose(shown.carried[0], shown.anew[0], rtol=1e-9)
    fast = shown.speed > shown.beta
    assert np.all(shown.left[0, fast] > 2.0 * shown.carried[0, fast])
    # Out of the plane it does not help: what is new was never seen.
    assert np.all(shown.carried[1, fast] > 3.0 * shown.anew[1, fast])


# QR step


def test_seen_and_predicted_ratios(data):
    """The prediction by its definition, and what was seen where enough steps are left."""
    decay = data(qr_step)
    ordered = sorted(decay.spectrum, key=abs, reverse=True)
    for p, (i, j) in enumerate(decay.pairs):
        assert decay.ratio[0, p] == pytest.approx(abs(ordered[j] / ordered[i]))
    slow = decay.ratio > 0.3
    np.testing.assert_allclose(decay.seen[slow], decay.ratio[slow], rtol=1e-3)


def test_trap_gain_and_price(data):
    trap = data(symmetric_saddle)
    # The entry c s (1 - (-1)) at the start, and for ever after.
    np.testing.assert_allclose(trap.entry[0, 0], np.sin(2 * 0.6), rtol=1e-12)
    assert trap.entry[0, 1, 6] < 1e-12
    np.testing.assert_allclose(trap.factor, trap.predicted, atol=1e-4)


def test_following_by_the_linearised_theory(data):
    """Slow turning: first order in the angle.

    The shift is larger than the modulus by about the off-diagonal entry, which changes the ratio of
    the shifted step by 0.44 of the angle; the plain step errs in the second order.
    """
    following = data(following_hessian)
    slow = following.speed < 0.02
    error = np.abs(following.mean[:, slow] / following.predicted[:, slow] - 1.0)
    angle = np.radians(following.mean[:, slow])
    assert np.all(error < np.array([[0.0], [0.5]]) * angle + 4.0 * angle**2 + 1e-9)


@pytest.mark.slow
def test_overshoot(data):
    """The change of the model by its definition; the row-sum bound raises none."""
    shown = data(diagonal_overshoot)
    for s, change in zip(shown.step, shown.change, strict=True):
        assert change == pytest.approx(shown.g @ s + 0.5 * s @ shown.H @ s)
    assert shown.change[0] > 0.0
    assert shown.change[1] < 0.0
    np.testing.assert_array_equal(shown.raised[1], 0.0)
    np.testing.assert_allclose(np.linalg.eigvalsh(shown.H), [-1.0, 3.0], atol=1e-12)


def test_matrices_that_decay(data):
    """Every frame has the spectrum, and the size of the rest is Frobenius' without the diagonal."""
    shown = data(decaying_entries)
    values = np.sort(shown.spectrum)
    for H in shown.H[:, ::8].reshape(-1, *shown.H.shape[2:]):
        np.testing.assert_allclose(np.linalg.eigvalsh(H), values, atol=1e-12)
    rest = shown.H * (1.0 - np.eye(len(values)))
    np.testing.assert_allclose(shown.off, np.linalg.norm(rest, axis=(2, 3)), atol=1e-6)


# Repulsion


def test_portraits_end_at_stationary_points(data):
    shown = data(repulsion)
    function = repulsion.landscape()
    for minimum in shown.minima:
        found = scipy.optimize.minimize(function.value, minimum + 0.1, jac=function.gradient)
        np.testing.assert_allclose(found.x, minimum, atol=1e-4)
    newton = repulsion.RULES.index("Newton")
    assert shown.near_saddle[newton] > 0
    for k in (0, 2, 3):
        assert shown.near_saddle[k] == 0
        assert shown.near_minimum[k] == len(shown.starts)


def test_mirror_images_of_the_phase_plane(data):
    """The half that is mirrored is what the rules do there."""
    shown = data(phase_plane)
    function, n = repulsion.landscape(), shown.line.size
    for k in (0, 5, len(shown.settings) - 1):
        rule, div, cut = shown.settings[k]
        given = {"alpha": shown.alpha} if div is None else {"div": div, "cut": cut}
        for node in (0, n + 1, n * n - 2):
            x = np.array([shown.line[node % n], shown.line[node // n]])
            np.testing.assert_allclose(shown.paths[k][node][0], x, atol=1e-15)
            moved = x + repulsion.step(rule, function, x, **given)
            np.testing.assert_allclose(shown.paths[k][node][1], moved, atol=1e-12)


def test_escape_times(data):
    """Counted and predicted agree within the step that is begun, and the noise of the median.

    The median of n counts has the standard error ``sqrt(pi / 2 n)`` times their spread, which is
    about ``1.1 / log(a)`` steps, 1.1 being the deviation of the logarithm of a normal modulus; the
    mean of a whole step is lost in counting. Five standard errors and two steps.
    """
    shown = data(escape_time)
    begun = shown.steps - shown.predicted
    assert np.all((begun > -1e-9) & (begun < 1.0 + 1e-9))
    factors = [escape_time.growth(k, 1.0, shown.alpha)[0] for k in range(len(escape_time.RULES))]
    error = np.sqrt(np.pi / 2 / shown.runs) * 1.1 / np.log(factors)
    assert np.all(np.abs(shown.median - shown.predicted_median) < 2.0 + 5.0 * error[:, None])


def test_monkey_saddle_times(data):
    """Gradient descent by the integral of 1 / (3 alpha r^2), the saddle-free step by its factor."""
    shown = data(monkey_saddle)
    np.testing.assert_allclose(shown.steps[0], shown.predicted[0], rtol=0.1)
    assert np.isnan(shown.steps[1]).all()
    begun = shown.steps[2] - np.log(monkey_saddle.FAR / shown.distance) / np.log(1.5)
    assert np.all((begun > -1e-9) & (begun < 1.0 + 1e-9))
    np.testing.assert_allclose(shown.steps[3], shown.predicted[3], rtol=0.2, atol=1.0)


def test_clouds(data):
    """Newton arrives nowhere; the saddle-free share is the largest at every step."""
    shown = data(escaping_cloud)
    gradient, newton, free = shown.arrived
    np.testing.assert_array_equal(newton, 0.0)
    assert free[-1] == 1.0
    assert np.all(free >= gradient - 0.1)
    distance = np.linalg.norm(shown.positions[2, -1], axis=1)
    np.testing.assert_allclose(distance, 1.0, atol=0.15)


def test_projection_keeps_lengths_in_the_page():
    """Two orthonormal directions of view: a unit sphere becomes a unit disc."""
    axes = turning_frame.project(np.eye(3))
    np.testing.assert_allclose(axes.T @ axes, np.eye(2), atol=1e-15)

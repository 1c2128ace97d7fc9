"""Runs as one picture: what is drawn of them, and where the window ends."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

import refimpl
from figures import one_run, style
from refimpl import functions

pytestmark = [pytest.mark.numerics, pytest.mark.within, pytest.mark.once]


def made(name, start, method="ogr", steps=8):
    function = functions.get(name)
    run = refimpl.minimize(function, start, method=method, steps=steps, noise=0.1, seed=0)
    return function, one_run.Run(method, method, run.path, run.values)


@pytest.mark.parametrize(
    ("name", "start", "panels", "scale"),
    [
        ("beale", [-2.0, 1.0], 2, "log"),
        ("monkey_saddle", [0.5, 0.3], 2, "symlog"),
        ("styblinski_tang(1)", [0.5], 2, "log"),
        ("beale3", [1.0, 1.0, 1.0], 1, "log"),
    ],
)
def test_a_run_is_drawn_in_any_dimension(name, start, panels, scale):
    function, run = made(name, start)
    figure = one_run.draw(function, [run])
    assert len(figure.axes) == panels
    right = figure.axes[-1]
    assert right.get_yscale() == scale
    excess = run.values - function.minimum_value if scale == "log" else run.values
    np.testing.assert_allclose(right.lines[0].get_ydata(), excess)
    if panels == 2:
        drawn = [line.get_xydata() for line in figure.axes[0].lines]
        path = run.path if len(start) == 2 else np.column_stack((run.path[:, 0], run.values))
        assert any(np.array_equal(points, path) for points in drawn)
    style.render(figure, "png")


def test_the_window_holds_the_path_up_to_a_limit():
    function, run = made("beale", [-2.0, 1.0])
    for x, expected in ((6.0, 6.0), (-3.0, 4.5), (1e6, 4.5 + 2.0 * 9.0)):
        path = np.array([[0.0, 0.0], [x, 0.0]])
        low, high = one_run.window(function, [run._replace(path=path)])
        assert low.tolist() == [-4.5, -4.5]
        assert high.tolist() == [expected, 4.5]


def test_a_diverged_run_is_drawn_as_far_as_it_went():
    """Its last value is infinite, and no point of the curve."""
    function, run = made("goldstein_price", [-1.5, 0.75], "momentum", 30)
    assert np.isinf(run.values[-1])
    figure = one_run.draw(function, [run])
    shown = figure.axes[-1].lines[0].get_ydata()
    assert np.isnan(shown[-1])
    assert np.isfinite(shown[:-1]).all()
    style.render(figure, "svg")

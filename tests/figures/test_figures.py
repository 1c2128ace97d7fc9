"""The figures: their numbers by another route, their drawing, their words, their files.

Long: what holds for every figure stands beside the numbers of the first chapters.
"""

import collections
import html
import itertools
import json
import math
import re

import numpy as np
import pytest
import scipy.linalg
import scipy.stats

pytest.importorskip("matplotlib")

import matplotlib as mpl

import figures
import refimpl
from figures import page, style
from figures.noisy_gradients import noisy_line
from figures.published import beale_paths, figure1, sorted_values
from figures.regression import coverage, regression_line, two_means
from figures.variants import correlated
from refimpl import functions, optimizers
from refimpl.errors import NotFiniteError, RangeError, ShapeError, UnknownNameError
from tests.figures.figure_settings import SMALL

pytestmark = [pytest.mark.numerics, pytest.mark.once]

# Batch formulas and recursions differ by some hundred roundings of well-conditioned fits.
ROUNDING = 1e-10


class OnFirstUse(dict):
    """What a function makes of a name, made when it is first asked for, and once."""

    def __init__(self, made):
        self.made = made

    def __missing__(self, name):
        self[name] = self.made(name)
        return self[name]


@pytest.fixture(scope="module")
def data():
    """The data of every figure by its name, with small settings."""
    return OnFirstUse(lambda name: figures.FIGURES[name].compute(**SMALL.get(name, {})))


@pytest.fixture(scope="module")
def drawn(data):
    """A drawing of every figure."""
    return OnFirstUse(lambda name: figures.FIGURES[name].draw(data[name]))


def batch_line(theta, gradient, weight):
    """Weighted least squares as a batch, with the textbook's standard errors."""
    slope, offset = np.polyfit(theta, gradient, 1, w=np.sqrt(weight))
    w = weight / weight.sum()
    n_eff = 1.0 / np.sum(w**2)
    residual = np.sum(w * (gradient - offset - slope * theta) ** 2)
    centre = np.sum(w * theta)
    spread = np.sum(w * (theta - centre) ** 2)
    extremum = -offset / slope
    slope_error = math.sqrt(residual / ((n_eff - 2.0) * spread)) if n_eff > 2.0 else math.inf
    return (
        slope,
        extremum,
        slope_error,
        slope_error * math.hypot(math.sqrt(spread), extremum - centre) / abs(slope),
    )


# ---------------------------------------------------------------------------------------- style


def test_contrast_of_known_pairs():
    """WCAG's own examples: #767676 is the lightest grey with 4.5 on white."""
    assert style.contrast("#ffffff", "#000000") == pytest.approx(21.0)
    assert style.contrast("#767676", "#ffffff") >= 4.5 > style.contrast("#777777", "#ffffff")


@pytest.mark.parametrize("background", ["#ffffff", "#121212", "#1a1a1a"])
def test_text_and_curves_read_on_light_and_dark(background):
    """Text and axes have a contrast of 4, curves of 3.5 (WCAG asks 3 of graphics)."""
    assert style.contrast(style.GREY, background) >= 4.0
    for key in ("axes.labelcolor", "axes.titlecolor", "text.color", "xtick.color", "ytick.color"):
        assert style.RC[key] == style.GREY
    for look in style.LOOKS.values():
        assert style.contrast(look.color, background) >= 3.5


def test_no_grey_reaches_the_contrast_of_small_text_on_both():
    """Why text is content with 4: the best grey on white and #121212 stays below 4.5."""
    greys = [f"#{v:02x}{v:02x}{v:02x}" for v in range(256)]
    best = max(min(style.contrast(g, "#ffffff"), style.contrast(g, "#121212")) for g in greys)
    assert best < 4.5
    assert best < 4.35


# Linear light as a dichromat sees it (Machado, Oliveira and Fernandes 2009, severity 1).
VISION = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]
    ),
    "protanopia": np.array(
        [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(color, vision):
    """CIE Lab of a colour under one kind of vision."""
    c = np.array(mpl.colors.to_rgb(color))
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(vision @ linear, 0.0, 1.0) / (0.9505, 1.0, 1.089)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
def test_the_first_methods_are_told_apart_by_every_eye(vision):
    """Distances in Lab of at least 20, where 2.3 is just noticeable."""
    colors = [style.look(m).color for m in ("sgd", "momentum", "adam", "fogr")]
    for a, b in itertools.combinations(colors, 2):
        assert np.linalg.norm(lab(a, VISION[vision]) - lab(b, VISION[vision])) >= 20.0


def test_every_method_has_a_look_of_its_own():
    assert set(optimizers.METHODS) <= set(style.LOOKS)
    markers = collections.Counter(look.marker for look in style.LOOKS.values())
    assert max(markers.values()) == 1, f"taken twice: the marker {markers.most_common(1)[0][0]!r}"
    with pytest.raises(UnknownNameError, match="did you mean 'fogr'"):
        style.look("fogrr")


def test_the_style_leaves_nothing_changed():
    before = dict(mpl.rcParams)
    with style.use():
        assert mpl.rcParams["text.color"] == style.GREY
    assert dict(mpl.rcParams) == before


# ------------------------------------------------------------------------------------- numbers


def test_noisy_line_is_the_weighted_fit(data):
    fit = data["noisy_line"]
    beta = 0.12
    steps = fit.theta.size
    weight = beta * (1 - beta) ** np.arange(steps)[::-1]
    expected = batch_line(fit.theta, fit.gradient, weight)
    found = fit.curvature, fit.extremum, fit.curvature_error, fit.extremum_error
    np.testing.assert_allclose(found, expected, rtol=ROUNDING)
    np.testing.assert_allclose(fit.weight, weight / weight.sum(), rtol=ROUNDING)
    np.testing.assert_allclose(fit.line, fit.curvature * (fit.grid - fit.extremum), atol=ROUNDING)
    # Where the line crosses zero, its own error is the crossing's error times the slope.
    at_zero = np.interp(fit.extremum, fit.grid, fit.line_error)
    # The grid's spacing is 0.05, over which the error changes by less than 2 %.
    assert at_zero == pytest.approx(fit.extremum_error * abs(fit.curvature), rel=0.02)


def test_noisy_line_follows_gradient_descent():
    fit = noisy_line.compute(noise=0.0, alpha=0.25, start=-3.0, extremum=1.0, curvature=2.0)
    t = np.arange(fit.theta.size)
    np.testing.assert_allclose(fit.theta, 1.0 - 4.0 * 0.5**t, atol=1e-12)
    # Without noise the last digits of the fit are those of covariances of order 1.
    assert fit.curvature == pytest.approx(2.0, rel=1e-12)
    assert fit.extremum == pytest.approx(1.0, rel=1e-12)


def test_the_parabola_rests_drifts_and_jumps():
    curvature, extremum = regression_line.parabola(12)
    np.testing.assert_allclose(curvature, [1] * 4 + [1, 1.25, 1.5, 1.75] + [-1] * 4)
    np.testing.assert_allclose(extremum, [-1] * 4 + [-1, -0.5, 0, 0.5] + [0] * 4)


def test_regression_line_is_the_weighted_fit_at_every_step(data):
    fit = data["regression_line"]
    for k, beta in enumerate(fit.beta):
        for t in (4, 11, 23):
            weight = (1 - beta) ** np.arange(t, -1, -1)
            expected = batch_line(fit.theta[: t + 1], fit.gradient[: t + 1], weight)
            found = (
                fit.curvature[k, t],
                fit.extremum[k, t],
                fit.curvature_error[k, t],
                fit.extremum_error[k, t],
            )
            np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_two_means_against_batches_and_unrolled_sums():
    """The exact slope is the batch fit, the mistaken one a sum with the weights it really uses."""
    beta, steps = 0.2, 9
    fit = two_means.compute(seed=4, steps=steps, runs=3, beta=beta)
    rng = np.random.default_rng(4)
    pairs = []
    for _ in range(steps):
        theta = rng.standard_normal(3)
        pairs.append((theta, theta + rng.standard_normal(3)))
    theta, gradient = np.array(pairs).transpose(1, 0, 2)
    gain = beta / (1 - (1 - beta) ** np.arange(1, steps + 1))
    for run in range(3):
        x, g = theta[:, run], gradient[:, run]
        for row, t in enumerate(fit.step):
            weight = (1 - beta) ** np.arange(t)[::-1]
            slope = np.polyfit(x[:t], g[:t], 1, w=np.sqrt(weight))[0]
            assert fit.exact_zero_bias[row, run] == pytest.approx(slope, rel=1e-9)
            # A pair's weight is its gain times what later gains left; each is centred by the mean
            # at its own time.
            left = [gain[k] * np.prod(1 - gain[k + 1 : t]) for k in range(t)]
            mean = [
                np.average(pairs[: k + 1], axis=0, weights=weight[t - 1 - k :][: k + 1])
                for k in range(t)
            ]
            dx = [x[k] - mean[k][0, run] for k in range(t)]
            dg = [g[k] - mean[k][1, run] for k in range(t)]
            mistaken = np.dot(left, np.multiply(dx, dg)) / np.dot(left, np.square(dx))
            assert fit.mistaken_zero_bias[row, run] == pytest.approx(mistaken, rel=1e-9)


def test_two_means_agree_at_constant_gain_and_part_at_the_falling_one():
    fit = two_means.compute(runs=2000)
    same = two_means.relative_difference(fit.new_mean, fit.exact)
    # Rounding of the two sums of products, magnified where a slope happens to be near 0.
    assert np.quantile(same, 0.99) < 1e-13
    np.testing.assert_allclose(fit.ratio, 1 - fit.beta, rtol=1e-13)
    first = two_means.relative_difference(fit.mistaken_zero_bias, fit.exact_zero_bias)[0]
    assert np.quantile(first, 0.9) > 0.2
    assert np.all(fit.mistaken_ratio[0] < 1 - fit.beta)


def test_wilson_intervals_are_scipys():
    for successes, n in ((0, 20), (7, 20), (95, 100), (50, 50)):
        expected = scipy.stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
        found = coverage.wilson(successes / n, n)
        np.testing.assert_allclose(found, (expected.low, expected.high), atol=1e-12)


def test_coverage_counts_the_intervals_of_batch_fits():
    beta, runs = 0.3, 30
    found = coverage.compute(seed=5, runs=runs, betas=(beta,))
    rng = np.random.default_rng(5).spawn(1)[0]
    steps = math.ceil(12 / beta)
    draws = rng.standard_normal((steps, 2, runs))
    weight = (1 - beta) ** np.arange(steps)[::-1]
    lines = np.array([batch_line(x, x + noise, weight) for x, noise in draws.transpose(2, 1, 0)]).T
    z = scipy.stats.norm.ppf(0.975)
    assert found.share[0, 0, 0] == np.mean(np.abs(lines[0] - 1.0) <= z * lines[2])
    assert found.share[0, 1, 0] == np.mean(np.abs(lines[1]) <= z * lines[3])
    assert found.median_curvature[0, 0] == pytest.approx(np.median(lines[0]))


def test_coverage_holds_for_independent_positions_and_fails_at_rest():
    """The design's claims; with 1500 runs a share of 0.95 is seen below 0.92 once in 1e7.

    The negative control is the closed loop, whose extremum the same bound must reject.
    """
    found = coverage.compute(runs=4000, betas=(0.1, 0.4))
    assert np.all(found.share[0] >= 0.92)
    assert np.all(found.share[1, 1] < 0.92)
    assert found.median_curvature[1, 1] > 1.5


def test_correlated_error_against_scipy():
    found = correlated.compute(seed=6, trials=8, runs=5, noise=(0.1,))
    rng = np.random.default_rng(6).spawn(2)[0]
    for error in found.error:
        A, B = rng.standard_normal((2, 2, 2))
        H, C = A @ A.T, B @ B.T
        product = scipy.linalg.sqrtm(C) @ scipy.linalg.sqrtm(H @ C @ H)
        solved = scipy.linalg.solve_continuous_lyapunov(C, product + product.T)
        expected = np.linalg.norm(solved - H) / np.linalg.norm(H)
        # Square roots of nearly singular covariances lose half of the digits.
        assert error == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_correlated_shows_both_sides():
    found = correlated.compute(trials=3000, runs=4000, noise=(0.03, 1.0, 10.0))
    # The design's 24 %; the median of 400 trials has a standard deviation of about 0.03.
    assert np.median(found.error) == pytest.approx(0.24, abs=0.12)
    # Cauchy and Schwarz: the assumption is never below the slope.
    assert np.all(found.correlated >= found.plain)
    assert found.plain[0, 1] < 0.5 < found.correlated[0, 1]
    np.testing.assert_allclose(found.correlated[:, 0], 1.0, atol=0.05)
    assert found.wrong_sign[0] == 0.0 < found.wrong_sign[2]


def test_beale_paths_are_the_lattices_runs(data):
    paths = data["beale_paths"]
    for m, method in enumerate(paths.methods):
        final = refimpl.lattice(
            functions.beale,
            method,
            starts=figure1.PROGRAM,
            steps=30,
            noise=0.1,
            seeds=0,
            **figure1.METHODS[method],
        )
        # The same text in the same order: bit for bit.
        np.testing.assert_array_equal(paths.final[m], final[0])
        for start, path, value in zip(figure1.PROGRAM, paths.path[m], paths.final[m], strict=True):
            np.testing.assert_array_equal(path[0], start)
            if np.isfinite(value):
                assert path.shape == (31, 2)
                assert functions.beale(path[-1]) == value


def test_beale_paths_contours_are_the_function(data):
    paths = data["beale_paths"]
    for i, j in ((0, 0), (40, 100), (174, 220)):
        at = [paths.x[j], paths.y[i]]
        assert paths.value[i, j] == pytest.approx(functions.beale(at), rel=1e-13)


def test_figure1_lattices_and_means(data):
    draws = data["figure1"]
    program, caption = figure1.LATTICES.values()
    assert program.shape == caption.shape == (15, 2)
    assert np.abs(program).max(axis=0).tolist() == [1.0, 2.0]
    assert np.abs(caption).max(axis=0).tolist() == [2.0, 1.0]
    assert {tuple(p) for p in program} == {(x, y) for y, x in caption}
    np.testing.assert_allclose(
        draws.mean[0, :, 0], data["beale_paths"].final.mean(axis=1), rtol=1e-14
    )
    for k, m in itertools.product(range(2), range(3)):
        below = sum(mean <= draws.published[m] for mean in draws.mean[k, m])
        assert draws.quantile[k, m] == below / 2


def test_figure1_counts_infinite_means():
    mean = np.geomspace(0.01, 2.0, 60).reshape(2, 3, 10)
    mean[0, 0, :3] = np.inf
    mean[1, 0, 0] = 1e9
    draws = figure1.Draws(
        methods=tuple(figure1.METHODS),
        lattices=tuple(figure1.LATTICES),
        mean=mean,
        published=np.array([1.0, 0.5, 1e-9]),
        quantile=np.zeros((2, 3)),
        infinite=np.sum(np.isinf(mean), axis=2),
    )
    figure = figure1.draw(draws)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["infinite or beyond the axis: 3 and 1 of 10 seeds"]
    assert not figure.axes[1].texts
    assert "3 means infinite" in figure1.alt(draws)


def test_sorted_values_sorts_each_seed():
    final = {"fogr": [[3.0, np.inf, 1.0], [2.0, 0.0, 5.0]], "adam": [1.0, 2.0]}
    found = sorted_values.sort(final)
    assert found.methods == ("fogr", "adam")
    assert found.values[0].tolist() == [[1.0, 3.0, np.inf], [0.0, 2.0, 5.0]]
    assert found.values[1].tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("final", "error"),
    [([1.0, np.nan], NotFiniteError), ([1.0, -0.5], RangeError), (np.empty((2, 0)), ShapeError)],
)
def test_sorted_values_refuses_what_it_cannot_show(final, error):
    with pytest.raises(error, match="fogr"):
        sorted_values.sort({"fogr": final})


def test_sorted_values_shows_every_diverged_run():
    rng = np.random.default_rng(0)
    final = rng.exponential(size=(6, 8))
    final[0, :3] = np.inf
    final[1:, 5:] = np.inf
    data = sorted_values.sort({"fogr": final, "adam": np.full((1, 8), np.inf), "sgd": np.zeros(8)})
    figure = sorted_values.draw(data)
    crosses = [line for line in figure.axes[0].lines if line.get_marker() == "X"]
    assert [line.get_xdata().size for line in crosses] == [3, 8]
    words = " ".join(text.get_text() for text in figure.legends[0].get_texts())
    assert "(3 of 8 diverged)" in words
    assert "(8 of 8 diverged)" in words
    assert "3 of 8 diverged" in sorted_values.alt(data)
    style.render(figure)


# ------------------------------------------------------------------------------------- drawing

# The scope puts the tests of a figure next to each other, so that one worker computes and draws it.
LONG = ("fair_comparison", "verification_errors")
ONE_BY_ONE = pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow if n in LONG else ()) for n in figures.FIGURES],
    scope="module",
)


@ONE_BY_ONE
def test_every_figure_draws_and_speaks(name, data, drawn):
    """Artists on every axes, and words that say more than a title."""
    for ax in drawn[name].axes:
        # An axes that is switched off only keeps the place of a missing panel.
        assert ax.has_data() or not ax.axison
    assert drawn[name].get_facecolor()[3] == 0.0
    words = figures.FIGURES[name].alt(data[name])
    assert len(words) >= 60
    assert words.endswith(".")
    assert "nan" not in words


# Of a matplotlibrc, of every kind that is seen in a picture.
READERS = {
    "text.usetex": True,
    "xtick.direction": "in",
    "axes.prop_cycle": mpl.cycler(color=["red"]),
    "axes.titleweight": "bold",
    "figure.dpi": 50.0,
    "lines.linestyle": ":",
    "image.cmap": "gray",
    "path.simplify": False,
    "svg.fonttype": "none",
}


@pytest.mark.slow
@pytest.mark.within
@ONE_BY_ONE
def test_the_same_data_give_the_same_bytes(name, data, drawn):
    """Drawn once more, under a reader's settings."""
    first = style.render(drawn[name])
    with mpl.rc_context(READERS):
        assert style.render(figures.FIGURES[name].draw(data[name])) == first
        assert mpl.rcParams["text.usetex"]
    assert b"<dc:date>" not in first
    assert b"<text" not in first  # letters are outlines
    assert not re.search(rb"""(href|src)=["'](?!#)""", first)


@pytest.mark.slow
@pytest.mark.within
@pytest.mark.parametrize("format", ["png", "pdf"])
def test_other_formats_repeat_too(format, data):
    first, second = (style.render(noisy_line.draw(data["noisy_line"]), format) for _ in range(2))
    assert first == second


def test_a_picture_on_a_page_has_its_words(data):
    figure = noisy_line.draw(data["noisy_line"])
    shown = page.picture(figure, 'a "line" < a curve')
    assert repr(shown) == 'a "line" < a curve'
    assert html.escape('a "line" < a curve') in shown._repr_html_()
    assert shown._repr_html_().startswith('<img src="data:image/svg+xml;base64,')


def test_the_interactive_line_is_self_contained(data):
    """Its data are those computed; it asks for nothing, and two on a page cannot clash."""
    fit = data["regression_line"]
    text = regression_line.interactive(fit)
    assert not re.search(r"@\w+@", text.replace("@media", ""))
    assert " id=" not in text
    assert not re.search(r"https?:|require|import\s", text)
    assert f'aria-label="{html.escape(regression_line.alt_interactive(fit))}"' in text
    assert "<noscript><img " in text
    content = json.loads(
        re.search(r'<script type="application/json">(.*?)</script>', text, re.S)[1]
    )
    for name in ("theta", "gradient", "true_curvature", "true_extremum"):
        np.testing.assert_array_equal(content[name], getattr(fit, name))


def test_interactive_pictures_satisfy_the_books_own_check(data):
    pytest.importorskip("sphinx")
    import alt_text

    text = regression_line.interactive(data["regression_line"])
    pictures = alt_text.Pictures(text).found
    assert {tag for tag, _ in pictures} == {"svg", "img"}
    assert not any(alt_text.fault(words) for _, words in pictures)


# --------------------------------------------------------------------------------------- files


def test_save_writes_the_file_and_makes_the_folder(tmp_path):
    path = figures.save("noisy_line", tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "noisy_line.svg"
    first = path.read_bytes()
    assert figures.save("noisy_line", str(path.parent)).read_bytes() == first
    assert figures.save("noisy_line", tmp_path, format="png").read_bytes()[:4] == b"\x89PNG"


def test_save_refuses_a_folder_it_cannot_write(tmp_path, monkeypatch):
    """Before anything is computed."""
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setattr(noisy_line, "compute", lambda: pytest.fail("computed first"))
    for folder in (file, file / "below"):
        with pytest.raises(figures.FolderError, match="cannot write figures into"):
            figures.save("noisy_line", folder)
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(OSError, match="no permission to write"):
        figures.save("noisy_line", tmp_path)


def test_save_refuses_a_file_it_cannot_write(tmp_path, data):
    (tmp_path / "a.svg").mkdir()
    with pytest.raises(figures.FolderError, match="Is a directory"):
        figures.write(noisy_line.draw(data["noisy_line"]), tmp_path / "a.svg")


def test_unknown_names_come_with_the_nearest(tmp_path):
    with pytest.raises(UnknownNameError, match=r"unknown figure 'figure_1'.*'figure1'"):
        figures.save("figure_1", tmp_path)
    with pytest.raises(UnknownNameError, match="unknown format 'jpg'"):
        figures.save("noisy_line", tmp_path, format="jpg")
    with pytest.raises(UnknownNameError, match=r"known: .*regression_line"):
        figures.interactive("coverage")


@pytest.mark.slow
def test_show_and_interactive_bring_their_words():
    shown = figures.show("noisy_line", seed=2)
    assert repr(shown) == noisy_line.alt(noisy_line.compute(seed=2))
    played = figures.interactive("regression_line", steps=12)
    assert "12 steps" in repr(played)
    assert played._repr_html_().startswith('<div class="following-line">')


def test_the_readmes_picture_is_saved_where_asked(tmp_path):
    path = beale_paths.save(tmp_path / "paths.svg")
    assert path.read_bytes() == style.render(beale_paths.draw(beale_paths.compute()))

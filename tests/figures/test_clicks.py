"""The interactive figures in a real browser: they compute what the package computes, and play."""

import re

import numpy as np
import pytest

pytest.importorskip("matplotlib")

import figures
from figures.online_pca import turning_frame
from figures.qr_step import decaying_entries
from figures.regression import regression_line
from figures.repulsion import escaping_cloud, phase_plane, repulsion
from tests.figures.figure_settings import SMALL
from tests.figures.playground import browser

pytestmark = [
    pytest.mark.numerics,
    pytest.mark.within,
    pytest.mark.once,
    browser.needed,
]

PAGE = (
    "<!DOCTYPE html><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
    "<meta name='color-scheme' content='light dark'><link rel='icon' href='data:,'>"
    "<style>@media (prefers-color-scheme: dark) {{ body {{ color: #ced6dd; }} }}</style>"
    "<body>{}</body>"
)
INTERACTIVE = [name for name, module in figures.FIGURES.items() if hasattr(module, "interactive")]
PLAYED = [name for name in INTERACTIVE if name not in ("phase_plane", "playground")]
SAID = "[...document.querySelectorAll('output')].map((output) => output.textContent)"
# Least size of letters on a phone, in its pixels, and of a finger's target.
LEAST, FINGER = 11.0, 32.0


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The file of a figure that is there twice, as on any page it may be; drawn once."""
    folder, made = tmp_path_factory.mktemp("pages"), {}

    def page(name):
        if name not in made:
            piece = figures.interactive(name, **SMALL.get(name, {})).text
            made[name] = folder / f"{name}.html"
            made[name].write_text(PAGE.format(piece + piece), encoding="utf-8")
        return made[name]

    return page


@pytest.fixture
def opened(chromium, pages):
    """Opens a figure's page; nothing may be said on its console."""

    def opening(name, width=900, **window):
        chromium.size(width, **window)
        chromium.messages.clear()
        chromium.open(f"file://{pages(name)}")
        return chromium

    yield opening
    assert chromium.messages == []


def said(page):
    """The words under the first figure, with plain signs."""
    return page.run(SAID)[0].replace("\u2212", "-")


def numbers(words):
    return [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?", words)]


def data(module):
    return module.compute(**SMALL.get(module.__name__.rpartition(".")[2], {}))


def choose(page, selector, value):
    """A value of a slider, as a hand would set it."""
    page.run(
        f"""(() => {{
          const slider = document.querySelector({selector!r});
          slider.value = {value};
          slider.dispatchEvent(new Event("input"));
        }})()"""
    )


# --------------------------------------------------------------------------- what is computed


def assert_every_step(page, steps, expected, **tolerance):
    """At each step the numbers in the words are those expected of it."""
    for t in steps:
        choose(page, ".at", t)
        np.testing.assert_allclose(numbers(said(page)), expected(t), **tolerance)


def test_the_line_is_that_of_the_package(opened):
    """With the standard errors that are known; two decimals are said."""
    shown = data(regression_line)
    page, k = opened("regression_line"), 1

    def expected(step):
        t = step - 1
        found = []
        for value, error, true in (
            (shown.curvature, shown.curvature_error, shown.true_curvature),
            (shown.extremum, shown.extremum_error, shown.true_extremum),
        ):
            known = [value[k, t], error[k, t]] if t else []
            found += [x for x in known if np.isfinite(x)] + [true[t]]
        return [step, shown.theta.size, shown.beta[k], *found]

    choose(page, ".beta", shown.beta[k])
    assert_every_step(page, range(1, shown.theta.size + 1), expected, atol=0.0051, rtol=0)


def test_the_frames_are_those_of_the_package(opened):
    shown = data(turning_frame)
    last = shown.gradient.shape[0]
    page = opened("turning_frame")
    assert_every_step(
        page,
        range(last + 1),
        lambda t: [t, last, shown.gamma, shown.turn, *shown.angle[:, t]],
        atol=0.51,
        rtol=0,
    )


def test_the_matrices_are_those_of_the_package(opened):
    """Three digits are said."""
    shown = data(decaying_entries)
    last = shown.H.shape[1] - 1
    page = opened("decaying_entries")
    assert_every_step(page, range(last + 1), lambda t: [t, last, *shown.off[:, t]], rtol=5.1e-3)


def test_the_clouds_are_those_of_the_package(opened):
    """The same draws; a run may be counted the other way where it is as far as the limit."""
    shown = data(escaping_cloud)
    last = shown.positions.shape[1] - 1
    page = opened("escaping_cloud")
    assert_every_step(
        page,
        range(last + 1),
        lambda t: [t, last, shown.div, shown.cut, *(100.0 * shown.arrived[:, t])],
        atol=0.51,
        rtol=0,
    )


@pytest.mark.parametrize("rule", repulsion.RULES)
def test_the_paths_are_those_of_the_package(rule, opened):
    page = opened("phase_plane")
    page.choose(".rule", rule)
    for div, cut, start in ((1.0, 0.0, (1.3, -0.4)), (4.0, 2.0, (-0.25, 1.75))):
        given = {"alpha": 0.15} if rule == "gradient descent" else {"div": div, "cut": cut}
        positions = repulsion.path(rule, repulsion.landscape(), np.array(start), 14, **given)
        for name, value in zip(
            (".div", ".cut", ".first", ".second"), (div, cut, *start), strict=True
        ):
            choose(page, name, value)
        for t in (0, 3, 14):
            choose(page, ".at", t)
            place = re.search(r"to \(([^)]*)\)", said(page))[1]
            # Beyond the window two decimals of a large number may differ by a rounding.
            np.testing.assert_allclose(numbers(place), positions[t], atol=0.0051, rtol=1e-6)


# ------------------------------------------------------------------------------ how it is played


@pytest.mark.slow
@pytest.mark.parametrize("name", INTERACTIVE)
def test_it_plays_to_its_end_beside_another(name, opened):
    page = opened(name)
    page.run("document.querySelector('.at').focus()")
    page.key("Home", 36)
    first, other = page.run(SAID)
    assert first
    assert first != other
    # From shortly before the end, since a figure takes its time.
    page.key("End", 35)
    for _ in range(3):
        page.key("ArrowLeft", 37)
    page.click("button.play")
    page.wait("(() => { const s = document.querySelector('.at'); return s.value === s.max; })()")
    page.wait("document.querySelector('button.play').textContent === 'Play'")
    last, unmoved = page.run(SAID)
    assert last != first
    assert unmoved == other


@pytest.mark.slow
@pytest.mark.parametrize("name", INTERACTIVE)
def test_buttons_and_keys_step_and_rewind(name, opened):
    """By the mouse on the buttons, by the keyboard on the picture itself."""
    page, at = opened(name), "+document.querySelector('.at').value"
    first = page.run("+document.querySelector('.at').min")
    page.click("button.rewind")
    assert page.run(at) == first
    for button, step in (("on", 1), ("on", 2), ("back", 1)):
        page.click(f"button.{button}")
        assert page.run(at) == first + step
    page.run("document.querySelector('svg[role]').focus()")
    page.key("End", 35)
    assert page.run(at) == page.run("+document.querySelector('.at').max")
    page.key("Home", 36)
    assert page.run(at) == first
    page.key(" ", 32)
    assert page.run("document.querySelector('button.play').textContent") == "Pause"
    page.key(" ", 32)
    assert page.run("document.querySelector('button.play').textContent") == "Play"
    before = said(page)
    page.key("ArrowRight", 39)
    assert said(page) != before


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAYED)
def test_a_click_and_a_tap_on_the_picture_play_and_pause(name, opened):
    page, state = opened(name), "document.querySelector('button.play').textContent"
    for act in (page.click, page.touch):
        if act == page.touch:
            page = opened(name, 390, touch=True)
        act("svg[role]")
        page.wait(f"{state} === 'Pause'")
        act("svg[role]")
        page.wait(f"{state} === 'Play'")


def test_a_click_and_a_tap_take_the_place_under_them(opened):
    """To a hundredth of the plane, for which the slider has its steps, and half a pixel."""
    reach, page = phase_plane.REACH, opened("phase_plane")
    starts = "['.first', '.second'].map((c) => +document.querySelector(c).value)"
    for act, u, v in (("click", 0.1, 0.9), ("click", 0.75, 0.5), ("touch", 0.3, 0.2)):
        if act == "touch":
            page = opened("phase_plane", 390, touch=True)
        getattr(page, act)("svg[role] svg rect", u, 1.0 - v)
        page.wait(f"Math.abs({starts}[0] - {(2 * u - 1) * reach}) < 0.02")
        np.testing.assert_allclose(
            page.run(starts), [(2 * w - 1) * reach for w in (u, v)], atol=0.02
        )
    page.run("document.querySelector('svg[role]').focus()")
    before = page.run(starts)
    page.key("ArrowUp", 38)
    page.key("ArrowLeft", 37)
    np.testing.assert_allclose(page.run(starts), np.add(before, [-0.05, 0.05]), atol=1e-9)


@pytest.mark.slow
def test_who_wants_no_motion_gets_a_step_a_second(opened):
    page = opened("regression_line")
    page.send(
        "Emulation.setEmulatedMedia",
        features=[{"name": "prefers-reduced-motion", "value": "reduce"}],
    )
    page.click("button.rewind")
    page.click("button.play")
    # Four usual steps, and less than half of a calm one.
    page.run("new Promise((done) => setTimeout(done, 480))")
    assert page.run("+document.querySelector('.at').value") == 1
    page.click("button.play")


# ----------------------------------------------------------------- on a phone, in the dark, printed


def letters(page):
    """Sizes of all letters, in pixels of the window."""
    sizes = page.run(
        """[...document.querySelectorAll("svg[role] text, p, label, output, legend, button")]
          .filter((t) => t.textContent.trim() && t.getClientRects().length).map((t) => {
            const s = t.ownerSVGElement, size = parseFloat(getComputedStyle(t).fontSize);
            return s ? size * s.getBoundingClientRect().width / s.viewBox.baseVal.width : size;
          })"""
    )
    assert len(sizes) > 10
    return sizes


@pytest.mark.slow
@pytest.mark.parametrize("name", INTERACTIVE)
def test_letters_are_neither_small_nor_large_at_any_width(name, opened):
    """From the smallest phone to a wide page, where the usual size is 14 to 16 pixels."""
    page = opened(name)
    for width in (360, 460, 580, 620, 780, 1280):
        page.size(width)
        # Two frames, in which what has changed its size is built anew.
        page.run("new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)))")
        assert LEAST <= min(letters(page)) <= max(letters(page)) <= 20.0, width


@pytest.mark.slow
@pytest.mark.parametrize("name", INTERACTIVE)
def test_it_reads_on_a_phone(name, opened):
    """Letters large enough, nothing wider than the window, targets for a finger."""
    page = opened(name, 390, touch=True)
    assert min(letters(page)) >= LEAST
    assert page.run("document.documentElement.scrollWidth") == 390
    outside = page.run(
        """[...document.querySelectorAll("svg[role] > text")].filter((t) => {
          const a = t.getBoundingClientRect(), b = t.ownerSVGElement.getBoundingClientRect();
          const out = a.left < b.left - 1 || a.right > b.right + 1 || a.bottom > b.bottom + 1;
          return t.textContent && out;
        }).map((t) => t.textContent)"""
    )
    assert outside == []
    heights = page.run(
        """[...document.querySelectorAll(".controls button, .controls select")].map(
          (control) => control.getBoundingClientRect().height)"""
    )
    assert min(heights) >= FINGER


@pytest.mark.slow
@pytest.mark.parametrize("name", INTERACTIVE)
def test_print_shows_the_picture_and_its_words_alone(name, opened):
    page = opened(name)
    page.send("Emulation.setEmulatedMedia", media="print")
    shown = """Object.fromEntries(["svg[role]", "output", "button.play", ".gestures"].map((s) =>
      [s, document.querySelector(s).getClientRects().length > 0]))"""
    assert page.run(shown) == {
        "svg[role]": True, "output": True, "button.play": False, ".gestures": False,
    }  # fmt: skip
    page.send("Emulation.setEmulatedMedia", media="")
    assert all(page.run(shown).values())


@pytest.mark.slow
@pytest.mark.parametrize("name", INTERACTIVE)
def test_letters_follow_the_theme_and_gestures_are_said(name, opened):
    colors = [
        opened(name, dark=dark).run("getComputedStyle(document.querySelector('svg text')).fill")
        for dark in (False, True)
    ]
    assert colors[0] != colors[1]
    page = opened(name)
    words = page.run("document.querySelector('.gestures').textContent")
    assert re.search("click or tap", words)
    assert "space bar" in words
    if name != "playground":
        # Of the playground who is who stands in the picture.
        assert page.run("document.querySelectorAll('.legend span').length") >= 6


def test_all_of_them_have_one_player(pages):
    """What each page holds beside its own script is the same text."""
    texts = [pages(name).read_text(encoding="utf-8") for name in INTERACTIVE]
    player = figures.player.script(figures.player.PLAYER)
    laboratory = figures.player.script(figures.player.LABORATORY)
    for text in texts:
        assert text.count(player) == text.count(laboratory) == 2
    for name in INTERACTIVE:
        path = figures.player.HERE.joinpath(*figures.get(name).__name__.split(".")[1:])
        own = path.with_suffix(".html").read_text(encoding="utf-8")
        assert not re.search(
            r"setInterval|ResizeObserver|createElementNS|getBoundingClientRect", own
        )

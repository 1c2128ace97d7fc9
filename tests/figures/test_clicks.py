"""The interactive figures in a real browser: they play, they take a click where it is."""

import pytest

pytest.importorskip("matplotlib")

import figures
from figures.repulsion import phase_plane
from tests.figures.figure_settings import SMALL
from tests.figures.playground import browser

pytestmark = [
    pytest.mark.numerics,
    pytest.mark.within,
    pytest.mark.once,
    pytest.mark.skipif(browser.CHROMIUM is None, reason=browser.MISSING),
]

PAGE = "<!DOCTYPE html><meta charset='utf-8'><link rel='icon' href='data:,'><body>{}{}</body>"
PLAYED = [
    name
    for name, module in figures.FIGURES.items()
    if hasattr(module, "interactive") and name not in ("phase_plane", "playground")
]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser.Browser(tmp_path_factory.mktemp("profile")) as opened:
        opened.size(900)
        yield opened


def opened(chromium, name, folder):
    """The page of a figure that is there twice, as on any page it may be."""
    piece = figures.interactive(name, **SMALL.get(name, {})).text
    path = folder / "page.html"
    path.write_text(PAGE.format(piece, piece), encoding="utf-8")
    chromium.messages.clear()
    chromium.open(f"file://{path}")


@pytest.mark.parametrize("name", PLAYED)
def test_it_plays_to_its_end_beside_another(name, chromium, tmp_path):
    opened(chromium, name, tmp_path)
    words = "[...document.querySelectorAll('output')].map((output) => output.textContent)"
    chromium.run("document.querySelector('input').focus()")
    chromium.key("Home", 36)
    first, other = chromium.run(words)
    assert first
    assert first != other
    # From shortly before the end, since a figure takes its time.
    chromium.key("End", 35)
    for _ in range(3):
        chromium.key("ArrowLeft", 37)
    chromium.click("button")
    chromium.wait(
        "(() => { const s = document.querySelector('input'); return s.value === s.max; })()"
    )
    chromium.wait("document.querySelector('button').textContent === 'Play'")
    last, unmoved = chromium.run(words)
    assert last != first
    assert unmoved == other
    assert chromium.messages == []


def test_a_click_takes_the_node_under_it(chromium, tmp_path):
    """Every node of a row and of a column, by the place where it is drawn."""
    opened(chromium, "phase_plane", tmp_path)
    line, reach = phase_plane.compute(**SMALL["phase_plane"]).line, phase_plane.REACH
    share = (line + reach) / (2 * reach)
    last = line.size - 1
    for i, j in {(k, 0) for k in range(line.size)} | {(last, k) for k in range(line.size)}:
        chromium.click("svg svg rect", share[i], 1.0 - share[j])
        found = chromium.run("['.first', '.second'].map((c) => +document.querySelector(c).value)")
        assert found == [i, j]
    assert chromium.messages == []

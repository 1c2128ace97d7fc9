"""The playground's page in a real browser: what is clicked, typed, played, compared and linked."""

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

import figures
from figures.playground import playground
from tests.figures.playground import browser
from tests.figures.saying import assert_drawn_and_said

pytestmark = [
    pytest.mark.numerics,
    pytest.mark.within,
    pytest.mark.once,
]
in_chromium = browser.needed

MOST_BYTES = 200_000


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The page as a file."""
    path = tmp_path_factory.mktemp("playground") / "playground.html"
    path.write_text(playground.whole_page(), encoding="utf-8")
    return path


@pytest.fixture
def page(chromium, file):
    """The browser with the page as it begins; nothing may be said on its console."""
    chromium.messages.clear()
    chromium.size(900)
    chromium.open(f"file://{file}")
    yield chromium
    assert chromium.messages == []


def said(page):
    """The words below the picture."""
    return page.run("document.querySelector('output').textContent").replace("\u2212", "-")


def value(page, selector):
    return page.run(f"document.querySelector('{selector}').value")


def positions(words):
    """The positions and values that the words tell, to three digits."""
    found = re.findall(
        r" at (?:\(([^)]*)\)|(\S+)),(?: outside the window,)? value ([^ ]+)\. ", f"{words} "
    )
    return [([float(x) for x in (many or one).split(",")], float(v)) for many, one, v in found]


def made_in_python(page):
    """The runs of the Python call that the page gives."""
    names = {}
    exec(page.run("document.querySelector('pre').textContent"), names)
    return [names[name] for name in ("first", "second") if name in names]


def assert_the_same_runs(page):
    """The position that is told is that of the Python call, at the step that is shown."""
    told, made = positions(said(page)), made_in_python(page)
    assert len(told) == len(made) > 0
    step = int(value(page, ".at"))
    for (x, v), run in zip(told, made, strict=True):
        t = min(step, run.nit)
        # Three digits, or two where the number is very large or small.
        np.testing.assert_allclose(x, run.path[t], rtol=0.05 if min(map(abs, x)) < 1e-3 else 5e-3)
        np.testing.assert_allclose(v, run.values[t], rtol=0.05)


# ----------------------------------------------------------------------------- without a browser


def test_it_is_drawn_and_said():
    data = playground.compute()
    assert_drawn_and_said(playground, data, axes=2)
    assert repr(figures.interactive("playground")) == playground.alt_interactive(data)


def test_it_stands_alone(file):
    """No id that could clash, no address, an alternative text; module and page are small."""
    text = file.read_text(encoding="utf-8")
    assert len(text.encode()) < MOST_BYTES
    body = text.split("<h1>")[1]
    assert not re.search(r"\sid=|https?://(?!www\.w3\.org)|@\w+@", body)
    assert re.search(r'<svg [^>]*aria-label="[^"]{80,}"', body)
    assert "<noscript><img " in body
    assert body.count("<script>") == 1


def test_the_content_is_the_packages():
    """Defaults and stationary points are asked of the package, and JSON can hold them."""
    content = playground.content()
    assert content["methods"]["cdogr"]["defaults"]["max_alpha"] == "inf"
    assert content["methods"]["fogr"]["defaults"]["cut"] == 10.0
    assert content["functions"]["monkey_saddle"]["minimum"] == "-inf"
    for known in playground.FUNCTIONS.values():
        names = {"functions": playground.functions}
        made = eval(known.python, names)
        at = np.full(made.dimension, 0.7)
        assert made.value(at) == known.function.value(at)


def test_every_story_is_linked_from_a_chapter():
    book = figures.__path__[0] + "/../book"
    links = set()
    for path in Path(book).glob("*.md"):
        if path.stem != "playground":
            links |= set(re.findall(r"\{play\}`[^`]*<(\w+)>`", path.read_text(encoding="utf-8")))
    assert links == set(playground.PRESETS)


# ------------------------------------------------------------------------------------ in Chromium


@pytest.mark.slow
@in_chromium
@pytest.mark.parametrize("name", playground.PRESETS)
def test_a_story_is_told_and_its_python_call_makes_it(name, page, file):
    """By its link; on a phone nothing is wider than the window."""
    preset = playground.PRESETS[name]
    page.open(f"file://{file}#{preset.fragment}")
    assert page.run("document.querySelector('.story').textContent") == preset.story
    assert "NaN" not in said(page)
    assert "NaN" not in page.run("document.querySelector('svg').outerHTML")
    assert_the_same_runs(page)
    page.size(390, touch=True)
    page.wait("document.querySelector('svg').viewBox.baseVal.width === 380")
    assert page.run("document.documentElement.scrollWidth") == 390


@pytest.mark.slow
@in_chromium
def test_the_stories_are_true(page, file):
    """What they claim, from the runs of their Python calls."""

    def runs(name):
        page.open(f"file://{file}#{playground.PRESETS[name].fragment}")
        return made_in_python(page)

    fogr, adam = runs("figure1")
    assert fogr.fun < 0.01
    assert adam.fun > 1.0
    plain, shifted = runs("trap")
    assert shifted.values[6] < 0.5 * plain.values[6]
    ogr, momentum = runs("plateau")
    assert ogr.values[30] < -0.24
    assert momentum.fun > 0.0
    dogr, ogr = runs("ridge")
    assert 0.2 > dogr.values[10] > dogr.fun > 0.1
    assert np.abs(dogr.path).max() < 2.048  # in the picture all the time
    assert ogr.values[100:].max() < 1e-3
    one, other = runs("chaos")
    apart = np.linalg.norm(one.path - other.path, axis=1)
    assert 1e-10 < apart[60] < 2e-9
    assert apart[:130].max() < 1e-3 < 0.1 < apart[200]


@pytest.mark.slow
@in_chromium
def test_lecturers_are_told_what_will_be_seen(page, file):
    """The numbers of the lectures' pages, from the runs of the stories' Python calls."""

    def runs(name, **changed):
        fragment = playground.PRESETS[name].fragment
        for key, value in changed.items():
            fragment = re.sub(rf"\b{key.replace('_', '.')}=[^&]*", f"{key}={value}", fragment)
            fragment = fragment.replace(f"{key}=", f"{key.replace('_', '.')}=")
        page.open(f"file://{file}#{fragment}")
        return made_in_python(page)

    # Lecture 1: the first is at the same minimum with every one of eight seeds.
    right = [runs("line", seed=seed)[0].path[-1, 0] for seed in range(8)]
    np.testing.assert_allclose(right, 2.7468, atol=0.2)
    # Lecture 3
    plain, shifted = runs("trap")
    assert (round(plain.values[8]), round(shifted.values[8], 1)) == (99, 1.7)
    # Lecture 6
    one, other = runs("chaos", a_cut=10, b_cut=10)
    assert np.linalg.norm(one.path - other.path, axis=1).max() < 5e-13


@pytest.mark.slow
@in_chromium
def test_a_click_and_a_tap_choose_the_start(page):
    page.click("svg svg rect", 0.75, 0.25)
    assert float(value(page, ".x")) == pytest.approx(2.25, abs=0.03)
    assert float(value(page, ".y")) == pytest.approx(2.25, abs=0.03)
    assert_the_same_runs(page)
    page.size(390, touch=True)
    page.wait("document.querySelector('svg').viewBox.baseVal.width === 380")
    page.touch("svg svg rect", 0.25, 0.75)
    page.wait("+document.querySelector('.x').value < 0")
    assert float(value(page, ".x")) == pytest.approx(-2.25, abs=0.05)
    assert_the_same_runs(page)
    before = said(page)
    page.click("svg svg rect", 1.2, 0.5)  # beside the picture
    assert said(page) == before


@in_chromium
def test_what_is_typed_is_run_and_what_cannot_be_is_said(page):
    before = said(page)
    page.type(".seed", "7")
    page.type(".a .parameters input[name=beta]", "0.3")
    assert said(page) != before
    assert "seed=7, beta=0.3, gamma=0.9" in page.run("document.querySelector('pre').textContent")
    assert_the_same_runs(page)
    good = said(page)
    for selector, text, why in (
        (".steps", "0", "steps must be a whole number from 1 to 2000"),
        (".a .parameters input[name=beta]", "1.5", "beta must lie in (0, 1]"),
        (".a .parameters input[name=prior]", "1", "prior takes two numbers"),
        (".noise", "-1", "the deviation must be a number, 0 or more"),
    ):
        usual = value(page, selector)
        page.type(selector, text)
        assert why in page.run("document.querySelector('.fault').textContent")
        assert (
            page.run(f"document.querySelector('{selector}').getAttribute('aria-invalid')") == "true"
        )
        assert said(page) == good
        page.type(selector, usual)
        assert page.run("document.querySelector('.fault').textContent") == ""


@pytest.mark.slow
@in_chromium
def test_every_method_on_every_function(page):
    """Chosen one after the other, alone and beside another; all say the same as Python."""
    methods = list(playground.METHODS)
    for k, name in enumerate(playground.FUNCTIONS):
        page.choose(".function", name)
        page.choose(".a select", methods[k % 7])
        page.choose(".b select", methods[(3 * k + 1) % 7] if k % 3 else "")
        assert "NaN" not in page.run("document.querySelector('svg').outerHTML")
        assert_the_same_runs(page)


@pytest.mark.slow
@in_chromium
def test_it_plays_steps_and_rewinds(page):
    page.run("document.querySelector('.at').focus()")
    page.key("Home", 36)
    assert said(page).startswith("Step 0 of 30. fOGR at (-1, 2)")
    page.click(".on")
    page.click(".on")
    page.click(".back")
    assert said(page).startswith("Step 1 of 30.")
    page.run("document.querySelector('.at').focus()")
    page.key("ArrowRight", 39)
    assert said(page).startswith("Step 2 of 30.")
    assert_the_same_runs(page)
    page.click(".play")
    assert page.run("document.querySelector('.play').textContent") == "Pause"
    page.wait("document.querySelector('.at').value === '30'")
    page.wait("document.querySelector('.play').textContent === 'Play'")
    assert_the_same_runs(page)


@pytest.mark.slow
@in_chromium
def test_a_link_brings_back_exactly_this(page, file):
    """Odd settings of everything, the address they make, and the page that it opens."""
    page.choose(".function", "booth")
    page.choose(".a select", "online_sfn")
    page.choose(".b select", "cdogr")
    page.type(".b .parameters input[name=max_alpha]", "0.25")
    page.type(".a .parameters input[name=prior]", "2,0.5")
    page.click(".a .parameters input[name=shifted]")
    page.click(".twin")
    page.click(".see[value=bound]")
    page.type(".seed", "12")
    page.type(".x", "-3.5")
    page.run("document.querySelector('.at').focus()")
    page.key("ArrowLeft", 37)
    assert_the_same_runs(page)
    page.wait("location.hash.includes('at=29')")
    link, before = page.run("location.href"), said(page)
    controls = """[...document.querySelectorAll("input, select")].map(
      (control) => control.type === "checkbox" ? control.checked : control.value)"""
    settings, picture = page.run(controls), page.run("document.querySelector('svg').innerHTML")
    assert "m=online_sfn,cdogr" in link
    assert "b.max_alpha=0.25" in link
    page.open(link)
    assert said(page) == before
    assert page.run(controls) == settings
    assert page.run("document.querySelector('svg').innerHTML") == picture
    # Another one, followed within the page.
    page.run(f"location.hash = {playground.PRESETS['line'].fragment!r}")
    page.wait("document.querySelector('.function').value === 'styblinski_tang(1)'")
    assert_the_same_runs(page)


@pytest.mark.slow
@in_chromium
@pytest.mark.parametrize("button", ["link", "python"])
def test_a_copy_is_made_or_refused_in_words(button, page):
    """By the clipboard, or by a selection where that is closed; the button says so for a moment."""
    name = page.run(f"document.querySelector('.{button}').textContent")
    page.click(f".{button}")
    page.wait(f"document.querySelector('.{button}').textContent === 'Copied'")
    page.wait(f"document.querySelector('.{button}').textContent === {name!r}")
    pasted = page.run("navigator.clipboard.readText().catch(() => null)")
    wanted = "location.href" if button == "link" else "document.querySelector('pre').textContent"
    assert pasted in (None, page.run(wanted))


@in_chromium
def test_what_a_link_has_wrong_is_said_and_left_out(page, file):
    wrong = "f=beal&m=fogr,adamm&x=-1,oops&steps=1e9&a.beta=7&a.nose=1&noise=-2"
    page.open(f"file://{file}#{wrong}")
    told = page.run("document.querySelector('.fault').textContent")
    for part in ("no function beal", "no method adamm", "y cannot be oops", "steps cannot be 1e9",
                 "beta must lie in", "fogr has no nose", "noise cannot be -2"):  # fmt: skip
        assert part in told
    assert_the_same_runs(page)
    # A section of the page is no state.
    page.open(f"file://{file}#stories")
    assert page.run("document.querySelector('.fault').textContent") == ""


@in_chromium
def test_every_control_has_a_name_and_the_keyboard_reaches_it(page):
    unnamed = page.run(
        """[...document.querySelectorAll("input, select, button")].filter((control) =>
          !(control.textContent.trim() && control.tagName === "BUTTON")
          && ![...(control.labels ?? [])].some((label) => label.textContent.trim())
          || control.tabIndex < 0).map((control) => control.outerHTML)"""
    )
    assert unnamed == []


@pytest.mark.slow
@in_chromium
def test_it_reads_in_both_themes(page, file):
    """The colour of text and axes follows the theme of the page."""
    colors = []
    for dark in (False, True):
        page.size(900, dark=dark)
        page.open(f"file://{file}")
        colors.append(page.run("getComputedStyle(document.querySelector('svg text')).fill"))
    assert colors[0] != colors[1]


@pytest.mark.slow
@in_chromium
def test_a_frame_is_quick(page):
    """A step of two methods with its drawing takes less than half of a sixtieth of a second."""
    spent = page.run(
        """(async () => {
          const slider = document.querySelector(".at"), times = [];
          for (let k = 0; k < 60; k++) {
            slider.value = k % 30;
            const begun = performance.now();
            slider.dispatchEvent(new Event("input"));
            document.querySelector("svg").getBoundingClientRect();
            times.push(performance.now() - begun);
            await new Promise(requestAnimationFrame);
          }
          return times.sort((a, b) => a - b)[30];
        })()"""
    )
    assert spent < 1000.0 / 60.0 / 2.0


@in_chromium
def test_without_scripts_there_is_a_picture_and_a_sentence(page, file):
    page.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open(f"file://{file}")
        assert (
            page.run("document.querySelector('noscript img').getBoundingClientRect().width") > 300
        )
        assert "Scripts are off" in page.run("document.body.innerText")
        assert page.run("getComputedStyle(document.querySelector('.controls')).display") == "none"
    finally:
        page.send("Emulation.setScriptExecutionDisabled", value=False)


@in_chromium
def test_a_message_and_a_wrong_step_are_noticed(chromium, file, tmp_path):
    """Negative controls: a word on the console, an address, a method that is not Python's."""
    text = file.read_text(encoding="utf-8")
    right = "return x - alpha * (scale"
    assert text.count(right) == 1
    wrong = text.replace(right, "return x - 1.5 * alpha * (scale")
    wrong = wrong.replace("</h1>", "</h1><script>console.warn('a word')</script>"
                          "<img alt='none' src='http://127.0.0.1:9/none.png'>")  # fmt: skip
    path = tmp_path / "wrong.html"
    path.write_text(wrong, encoding="utf-8")
    chromium.messages.clear()
    chromium.open(f"file://{path}")
    with pytest.raises(AssertionError):
        assert_the_same_runs(chromium)
    assert any("a word" in message for message in chromium.messages)
    assert any("asked for http://127.0.0.1:9" in message for message in chromium.messages)

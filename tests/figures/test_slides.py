"""The slides of the course: each deck stands alone, turns, plays, and prints a page a slide."""

import base64
import re
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("latex2mathml")

import figures
from figures import slides
from figures.playground import playground
from refimpl import cli
from refimpl.errors import UnknownNameError
from tests.figures.figure_settings import SMALL
from tests.figures.playground import browser

pytestmark = [pytest.mark.numerics, pytest.mark.within, pytest.mark.once]
in_chromium = browser.needed

BOOK = Path(figures.__file__).parents[1] / "book"
LECTURES = slides.names()


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    """All decks as files; their figures with small settings, which are as large."""
    folder, patch = tmp_path_factory.mktemp("slides"), pytest.MonkeyPatch()
    shown = {}

    def small(kind, name):
        if (kind, name) not in shown:
            module = figures.get(name)
            data = module.compute(**SMALL.get(name, {}))
            picture = figures.page.image
            made = module.interactive if kind == "interactive" else None
            shown[kind, name] = made(data) if made else picture(module.draw(data), module.alt(data))
        return shown[kind, name]

    patch.setattr(slides, "_shown", small)
    for name in LECTURES:
        (folder / slides.file_name(name)).write_text(slides.deck(name), encoding="utf-8")
    patch.undo()
    return folder


@pytest.fixture
def opened(chromium, decks):
    def opening(name, width=1280, height=720, end="", **window):
        chromium.messages.clear()
        chromium.size(width, height, **window)
        chromium.open(f"file://{decks / slides.file_name(name)}{end}")
        return chromium

    yield opening
    assert chromium.messages == []


def text(name):
    return (slides.TEXTS / f"{name}.md").read_text("utf-8")


def count(name):
    return len(slides.BETWEEN.split(text(name)))


# --------------------------------------------------------------------------------- as files


def test_six_lectures_each_with_a_page_and_slides():
    assert [f"lecture_{k}" for k in range(1, 7)] == LECTURES
    syllabus = (BOOK / "syllabus.md").read_text("utf-8")
    for name in LECTURES:
        page = (BOOK / f"{name}.md").read_text("utf-8")
        assert f"{{slides}}`Slides <{name}>`" in page
        assert f"{{doc}}`{name}`" in syllabus
        for heading in ("Board plan", "What to show", "Check questions", "Homework"):
            assert f"## {heading}\n" in page
        assert "**Goals.**" in page
        # A question has its answer, folded.
        assert page.count("```{dropdown}") >= 3


def test_the_board_plans_take_ninety_minutes_and_name_every_slide():
    for name in LECTURES:
        page = (BOOK / f"{name}.md").read_text("utf-8")
        rows = re.findall(r"^\| (\d+) \| .* \|([\d, ]*)\|$", page, re.M)
        assert sum(int(minutes) for minutes, _ in rows) == 90
        named = [int(n) for _, shown in rows for n in re.findall(r"\d+", shown)]
        # The first has the title alone.
        assert named == list(range(2, count(name) + 1))


def test_what_is_shown_is_one_story_of_the_lecture():
    """Every preset that a lecture's page shows is on its slides too."""
    for name in LECTURES:
        page = (BOOK / f"{name}.md").read_text("utf-8")
        told = set(re.findall(r"\{play\}`[^`]*<(\w+)>`", page))
        assert told
        assert told == set(re.findall(r"\(play:(\w+)\)", text(name)))
    assert told <= set(playground.PRESETS)


@pytest.mark.slow
@pytest.mark.parametrize("name", LECTURES)
def test_a_deck_stands_alone(name, decks):
    deck = (decks / slides.file_name(name)).read_text("utf-8")
    assert not re.search(r"https?://(?!www\.w3\.org)|<link [^>]*href=\"(?!data:)|<script src", deck)
    assert not re.search(r"@(?!media|page)\w+@", deck)
    assert deck.count("<section") == count(name)
    links = set(re.findall(r'<a href="([^"#]*)', deck))
    assert links <= {"playground.html"}
    for picture in re.findall(r"<(?:img|svg)[^>]*>", deck):
        assert re.search(r'(?:alt|aria-label)="[^"]{60,}"|aria-hidden="true"', picture)
    # Every formula is set, none is left in dollars.
    words = re.sub(r"<(script|style|pre|svg).*?</\1>|<[^>]*>", "", deck, flags=re.S)
    assert "$" not in words
    assert "\\" not in words
    assert "<math" in deck


def test_what_is_not_there_is_named():
    with pytest.raises(UnknownNameError, match="did you mean 'lecture_6'"):
        slides.deck("lecture_66")
    for wrong, why in (
        ("```figure\nnoisy_lin\n```", "noisy_line"),
        ("```interactive\ncoverage\n```", "interactive figure"),
        ("[x](play:traps)", "did you mean 'trap'"),
    ):
        with pytest.raises(UnknownNameError, match=why):
            slides.slide(f"## A slide\n\n{wrong}\n", 1, 1)


def test_a_slide_of_the_words_alone():
    made = slides.slide("## Two\n\n$a_1$ and\n\n```notes\nsay it\n```\n", 2, 3)
    assert 'aria-label="slide 2 of 3"' in made
    assert "<h2>Two</h2>" in made
    assert "<msub><mi>a</mi><mn>1</mn></msub>" in made
    assert re.search(r'<div class="note" role="note"><p>say it</p>\s*</div>', made)


def test_the_command_writes_decks_and_the_playground(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(slides, "deck", lambda name: f"slides of {name}")
    assert cli.main(["slides", "--folder", str(tmp_path / "new")]) == 0
    files = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert files == [*map(slides.file_name, LECTURES), "playground.html"]
    assert capsys.readouterr().out.count("\n") == len(files)


# ------------------------------------------------------------------------------ in Chromium


@pytest.mark.slow
@in_chromium
@pytest.mark.parametrize("name", LECTURES)
def test_slides_turn_and_hold_what_is_on_them(name, opened):
    """By keys; on a projector's window nothing is cut, nothing has to be scrolled."""
    page, now = opened(name), "document.querySelector('nav output').textContent"
    total = count(name)
    for k in range(1, total + 1):
        assert page.run(now) == f"{k} / {total}"
        over = page.run(
            """[...document.querySelectorAll(".now, .now .words, .now .shown")].map((e) =>
              Math.max(e.scrollHeight - e.clientHeight, e.scrollWidth - e.clientWidth))"""
        )
        assert max(over) <= 1, (k, over)
        page.key("ArrowRight", 39)
    page.key("Home", 36)
    assert page.run(now) == f"1 / {total}"
    assert page.run("location.hash") == "#1"


@pytest.mark.slow
@in_chromium
def test_a_figure_on_a_slide_keeps_its_keys_and_plays(opened):
    page = opened("lecture_4", end="#4")
    now, step = (
        "document.querySelector('nav output').textContent",
        "document.querySelector('.now .at').value",
    )
    page.run("document.querySelector('.now svg[role]').focus()")
    page.key("Home", 36)
    assert page.run(step) == "0"
    assert page.run(now) == "4 / 9"
    page.click(".now .on")
    assert page.run(step) == "1"
    page.run("document.activeElement.blur()")
    page.key("ArrowRight", 39)
    assert page.run(now) == "5 / 9"
    page.click("nav .previous")
    assert page.run(now) == "4 / 9"


@pytest.mark.slow
@in_chromium
def test_notes_are_shown_when_asked_for(opened):
    page = opened("lecture_1")
    shown = "document.querySelector('.now .note').getClientRects().length > 0"
    assert not page.run(shown)
    page.key("n", 78)
    assert page.run(shown)
    page.click("nav .notes")
    assert not page.run(shown)


@pytest.mark.slow
@in_chromium
def test_a_phone_and_a_swipe(opened):
    page = opened("lecture_4", 390, 800, touch=True, dark=True)
    for k in range(1, count("lecture_4") + 1):
        assert page.run("document.documentElement.scrollWidth") == 390
        # A page hears of a touch some time after it was sent.
        page.wait(f"document.querySelector('nav output').textContent.startsWith('{k} ')")
        points = [{"x": 300, "y": 60}], [{"x": 100, "y": 60}]
        for kind, touched in zip(("touchStart", "touchMove"), points, strict=True):
            page.send("Input.dispatchTouchEvent", type=kind, touchPoints=touched)
        page.send("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])


@pytest.mark.slow
@in_chromium
@pytest.mark.parametrize("name", LECTURES)
def test_a_page_a_slide_is_printed(name, opened):
    page = opened(name)
    printed = page.send("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
    assert len(re.findall(rb"/Type\s*/Page\b", base64.b64decode(printed["data"]))) == count(name)
    page.send("Emulation.setEmulatedMedia", media="print")
    shown = """[...document.querySelectorAll("nav, .note, .controls")].map((e) =>
      e.getClientRects().length)"""
    assert not any(page.run(shown))
    page.send("Emulation.setEmulatedMedia", media="")


@pytest.mark.slow
@in_chromium
def test_without_scripts_all_slides_are_there(opened, chromium):
    chromium.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page = opened("lecture_4")
        heights = page.run("[...document.querySelectorAll('section')].map((s) => s.offsetHeight)")
        assert len(heights) == count("lecture_4")
        assert min(heights) > 50
        assert page.run("document.querySelector('noscript img').offsetWidth") > 300
    finally:
        chromium.send("Emulation.setScriptExecutionDisabled", value=False)

"""The checks of built pages find what is wrong, and nothing where nothing is."""

import pytest

from book import _browser

pytest.importorskip("axe_core_python")

from book._check import run

pytestmark = [
    pytest.mark.once,
    pytest.mark.within,
    pytest.mark.skipif(_browser.CHROMIUM is None, reason=_browser.MISSING),
]

HEAD = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><style>body {{ color: #222; background: #fff }}
pre {{ overflow-x: {} }} pre::-webkit-scrollbar {{ height: 9px }}
pre::-webkit-scrollbar-thumb {{ background: #555 }}
@media print {{ button, summary {{ display: none }} }}</style>
<noscript><style>.tex {{ display: none }}</style></noscript>
<main class="bd-article"><h1>A page</h1>"""
LONG = "<div class='highlight'><pre tabindex='0'>" + "a word " * 60 + "</pre></div>"
FORMULA = r"<p>So <span class='math'><span class='tex'>\(a\)</span>{}</span></p>"
MATHML = "<noscript><math><mi>a</mi></math></noscript>"
GOOD = HEAD.format("auto") + LONG + FORMULA.format(MATHML) + (
    "<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"
    "<nav><details><summary aria-label='Pages below'></summary></details></nav>"
    "<button class='toggle-button' data-toggle-hint='Show'>Play</button>"
    "<script>console.log('ready')</script>"
)  # fmt: skip
# What is changed in the good page, and the fault that it makes.
BAD = {
    "cut code at 1280 px": ("overflow-x: auto", "overflow-x: hidden"),
    "page too wide at 390 px": ("overflow-x: auto", "overflow-x: visible"),
    "empty head at 1280 px": ("<th>a</th>", "<th> </th>"),
    "nameless at 1280 px": (" aria-label='Pages below'", ""),
    "hidden number at 390 px": (
        "<table>",
        "<div class='math' style='width: 900px; overflow: visible'>"
        "<span class='eqno' style='float: right'>(1)</span><noscript><math></math></noscript></div>"
        "<table>",
    ),
    "broken number at 390 px": (
        "<table>",
        "<div class='math' style='display: flex'><span class='eqno' style='width: 2ch'>(17.5 )"
        "</span><noscript><math></math></noscript></div><table>",
    ),
    "long print at 1280 px": (
        "<table>",
        "<div class='cell_output'><pre tabindex='0'>" + "a word " * 60 + "</pre></div><table>",
    ),
    "another word for Show": ("hint='Show'", "hint='Click to show'"),
    "console": ("console.log", "console.error"),
    "axe: color-contrast, light": ("<p>So", "<p style='color: #bbb'>So"),
    "axe: color-contrast, dark": (
        "<p>So",
        "<style>@media (prefers-color-scheme: dark) { p { color: #eee } }</style><p>So",
    ),
    "control on paper": ("button, summary { display: none }", ""),
    "raw formula": (MATHML, ""),
}


@pytest.fixture(scope="module")
def checker(tmp_path_factory):
    with _browser.Browser(tmp_path_factory.mktemp("profile"), scrollbars=True) as browser:
        yield run.Checker(browser)


def found(checker, folder, text):
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    return {kind for kind, _ in checker.all(path.as_uri())}


def test_nothing_is_found_where_nothing_is_wrong(checker, tmp_path):
    assert found(checker, tmp_path, GOOD) == set()


@pytest.mark.slow
@pytest.mark.parametrize("fault", BAD)
def test_each_fault_is_found(fault, checker, tmp_path):
    good, bad = BAD[fault]
    assert good in GOOD
    assert fault in found(checker, tmp_path, GOOD.replace(good, bad))

"""Every built page in headless Chromium: wide screen and phone, both themes, paper, no scripts."""

import collections
import concurrent.futures
import contextlib
import importlib.util
import json
import os
import queue
import tempfile
from pathlib import Path

from book._browser import Browser
from book._check import notebooks
from book._edition import order

ROOT = Path(__file__).resolve().parents[2]
WIDE, PHONE = 1280, 390
MEASURES = Path(__file__).with_name("page.js")
# Words that stand in chapters and in names of the API alike.
SOUGHT = ("regression", "repulsion", "hessian", "beale")
SERIOUS = ("serious", "critical")
# Formulas are drawn as pictures of their own, which have words for those who listen.
AXE = """(async () => {
  const only = ONLY ? { runOnly: ONLY } : {};
  const context = { include: [document], exclude: ["mjx-container"] };
  const found = await axe.run(context, { resultTypes: ["violations"], ...only });
  return found.violations.map((one) => [one.impact, one.id, one.nodes.map((n) => n.html)]);
})()"""
READY = """(async () => {
  await document.fonts.ready;
  if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
})()"""
# What moves or fades in has begun, and is at its end.
SETTLED = """(async () => {
  for (let k = 0; k < 2; ++k) await new Promise(requestAnimationFrame);
  for (const one of document.getAnimations()) {
    if (Number.isFinite(one.effect.getComputedTiming().endTime)) one.finish();
  }
})()"""
# Without scripts: formulas that are not to be read, and TeX that is.
PLAIN = """(() => {
  const seen = (element) => element.getClientRects().length > 0;
  const formulas = [...document.querySelectorAll(".bd-article .math:not(math *)")];
  return formulas.filter((formula) => seen(formula) && (
    !formula.querySelector("math") || [...formula.querySelectorAll(".tex")].some(seen)
  )).map((formula) => formula.textContent.trim().slice(0, 60));
})()"""
PAPER = """[
  ...document.querySelectorAll(".bd-article :is(button, input, select, summary, .toggle-button)"),
].filter((element) => element.checkVisibility() && !element.matches(".sd-tab-set > input"))
 .map((one) => one.outerHTML.slice(0, 80))"""
SEARCH = "[...document.querySelectorAll('#search-results li a')].map((a) => a.getAttribute('href'))"


class AxeMissingError(ModuleNotFoundError):
    """The package that holds axe-core is not installed."""


def axe():
    """The text of axe-core, which looks for what keeps people out."""
    package = importlib.util.find_spec("axe_core_python")
    if package is None:
        raise AxeMissingError(
            "expected the package axe-core-python, and it is not installed: "
            '`.venv/bin/python -m pip install -e ".[lint]"`'
        )
    return Path(package.submodule_search_locations[0], "axe.min.js").read_text(encoding="utf-8")


class Checker:
    """The checks of single pages, over one browser; each yields (kind, words)."""

    def __init__(self, browser):
        self.browser = browser
        self.axe, self.measures = axe(), MEASURES.read_text(encoding="utf-8")

    def show(self, address, width, dark=False):
        self.browser.size(width, touch=width < 600, dark=dark)
        self.browser.open(address)
        self.browser.run(READY)
        # The theme is set by a script, and colours pass into each other.
        theme = "dark" if dark else "light"
        self.browser.wait(
            f"['{theme}', undefined].includes(document.documentElement.dataset.theme)"
        )
        self.browser.run(SETTLED)

    def measured(self, width):
        """What is cut, hidden or nameless, and what is said on the console."""
        found = self.browser.run(self.measures)
        for fault in found["faults"]:
            yield f"{fault['kind']} at {width} px", fault["words"]
        yield from (("console", said) for said in self.browser.errors)
        self.browser.errors.clear()
        for words in found["labels"]:
            if width == WIDE and not words.startswith("Show"):
                yield "another word for Show", words

    def accessible(self, theme, only):
        """What axe-core finds serious."""
        self.browser.run("document.querySelectorAll('details').forEach((d) => d.open = true)")
        self.browser.run(SETTLED)
        self.browser.run(f"{self.axe};0")
        for impact, name, places in self.browser.run(AXE.replace("ONLY", json.dumps(only))):
            if impact in SERIOUS:
                yield from ((f"axe: {name}, {theme}", place[:120]) for place in places)

    def printed(self):
        """Controls on paper."""
        self.browser.send("Emulation.setEmulatedMedia", media="print")
        try:
            yield from (("control on paper", words) for words in self.browser.run(PAPER))
        finally:
            self.browser.send("Emulation.setEmulatedMedia", media="")

    def without_scripts(self, address):
        """Formulas that need scripts to be read."""
        self.browser.size(WIDE)
        self.browser.send("Emulation.setScriptExecutionDisabled", value=True)
        try:
            self.browser.open(address)
            yield from (("raw formula", words) for words in self.browser.run(PLAIN))
        finally:
            self.browser.send("Emulation.setScriptExecutionDisabled", value=False)

    def all(self, address):
        """Loaded as seldom as can be: a page of many formulas takes seconds to be ready."""
        self.browser.errors.clear()
        self.show(address, PHONE)
        yield from self.measured(PHONE)
        self.show(address, WIDE)
        yield from self.measured(WIDE)
        yield from self.printed()
        self.browser.size(WIDE)
        yield from self.accessible("light", None)
        # In the dark theme only colours differ.
        self.show(address, WIDE, dark=True)
        yield from self.accessible("dark", ["color-contrast"])
        yield from self.without_scripts(address)

    def search(self, html):
        """Names of the API before chapters."""
        for words in SOUGHT:
            self.show(f"{(html / 'search.html').as_uri()}?q={words}", WIDE)
            # Results come one by one, and then the sum of them.
            self.browser.wait("/\\d/.test(document.querySelector('.search-summary')?.innerText)")
            found = [address.split("#")[0].split("?")[0] for address in self.browser.run(SEARCH)]
            if not found:
                yield "search", f"nothing found for {words!r}"
            first = found.index("api.html") if "api.html" in found else len(found)
            # Entries of the index follow once more behind all others.
            late = set(found[first:]) - set(found[:first]) - {"api.html"}
            yield from (("search", f"{words!r}: {page} behind the API") for page in sorted(late))


def main(html, only, progress):
    pages = [page.name for page in order.built(html, ROOT / "book" / "_toc.yml")] + ["search"]
    unknown = sorted(set(only or ()) - set(pages))
    if unknown:
        raise order.BookMissingError(f"expected pages of the book, got {', '.join(unknown)}")
    pages = only or pages
    faults = [("notebook", page, words) for page, words in notebooks.faults(html)]
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as open_browsers:
        # One page keeps one processor busy, and a browser holds a gigabyte.
        number = min(os.cpu_count() or 1, 2)
        free = queue.SimpleQueue()
        for k in range(number):
            browser = Browser(Path(folder, f"profile{k}"), scrollbars=True)
            open_browsers.enter_context(browser)
            # The lists of names take the checker of accessibility minutes.
            browser.patience = 600.0
            free.put(Checker(browser))

        def looked_at(page):
            checker = free.get()
            try:
                return list(checker.all((html / f"{page}.html").as_uri()))
            finally:
                free.put(checker)

        # The largest first, lest one browser be left with it at the end.
        by_size = sorted(pages, key=lambda page: -(html / f"{page}.html").stat().st_size)
        with concurrent.futures.ThreadPoolExecutor(number) as pool:
            for page, found in zip(
                progress("check")(by_size), pool.map(looked_at, by_size), strict=True
            ):
                faults += [(kind, page, words) for kind, words in found]
        if not only:
            faults += [(kind, "search", words) for kind, words in free.get().search(html)]
    for kind, page, words in sorted(faults, key=lambda fault: fault[1]):
        print(f"{page}: {kind}: {words}")
    counts = collections.Counter(kind for kind, _, _ in faults)
    print(f"{len(pages)} pages looked at; {len(faults)} faults", *counts.items(), sep="\n  ")
    return int(bool(faults))

"""The executed notebook of a page, with solutions and without, beside its source.

The outputs are those of the page itself, from the cache that the build has filled; nothing is
executed for them. The theme's download button offers both.
"""

import copy
from pathlib import Path

import nbformat
import side_by_side
import solutions
from jupyter_cache import get_cache

WITHOUT = "without_solutions"


def executed(env, docname):
    """The page as a notebook with its outputs; None if it has no cell."""
    page = side_by_side.notebook(env.doc2path(docname), env)
    if page is None:
        return None
    cache = get_cache(env.mystnb_config.execution_cache_path or ".jupyter_cache")
    _, found = cache.merge_match_into_notebook(page)
    # Where the cells stood in the page, and when they ran, is nothing to a reader.
    found.metadata.pop("source_map", None)
    for cell in found.cells:
        cell.metadata.pop("execution", None)
    return found


def versions(notebook, text, teacher):
    """The notebook as the book's reader may have it, and without any solution."""
    with_solutions = copy.deepcopy(notebook)
    if not teacher:
        homework = solutions.homework(text)
        solutions.cut_notebook(with_solutions, homework.__contains__, solutions.NOTE)
    return with_solutions, solutions.cut_notebook(copy.deepcopy(notebook), lambda label: True)


def offer(app, pagename, templatename, context, doctree):
    if app.builder.format != "html" or doctree is None:
        return
    if app.env.mystnb_config.execution_mode != "cache":
        return
    notebook = executed(app.env, pagename)
    if notebook is None:
        return
    text = Path(app.env.doc2path(pagename)).read_text(encoding="utf-8")
    names = f"{pagename}.ipynb", f"{pagename}_{WITHOUT}.ipynb"
    for name, version in zip(names, versions(notebook, text, app.config.teacher), strict=True):
        target = Path(app.outdir, "_sources", name)
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(version, target)
    # The theme makes the button from this entry, at priority 501.
    context["ipynb_source"] = names[0]


def offer_without(app, pagename, templatename, context, doctree):
    """The second notebook, below the first in the theme's list of downloads."""
    for group in context.get("header_buttons", ()):
        for place, button in enumerate(group.get("buttons", ())):
            if button.get("label") == "download-notebook-button":
                button["tooltip"] = "Download the executed notebook"
                without = dict(
                    button,
                    url=button["url"].removesuffix(".ipynb") + f"_{WITHOUT}.ipynb",
                    text=".ipynb without solutions",
                    tooltip="Download the executed notebook without solutions",
                    label="download-notebook-without-solutions-button",
                )
                group["buttons"].insert(place + 1, without)
                return


def setup(app):
    app.setup_extension("homework")
    app.connect("html-page-context", offer)
    app.connect("html-page-context", offer_without, priority=502)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

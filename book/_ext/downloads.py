"""The executed notebook of a page, beside its MyST source, under the theme's download button."""

import shutil
from pathlib import Path


def offer(app, pagename, templatename, context, doctree):
    if app.builder.format != "html" or doctree is None:
        return
    notebook = Path(app.outdir).parent / "jupyter_execute" / f"{pagename}.ipynb"
    if "kernelspec" not in app.env.metadata[pagename] or not notebook.exists():
        return
    target = Path(app.outdir, "_sources", f"{pagename}.ipynb")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(notebook, target)
    # The theme makes the button from this entry, at priority 501.
    context["ipynb_source"] = f"{pagename}.ipynb"


def setup(app):
    app.connect("html-page-context", offer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

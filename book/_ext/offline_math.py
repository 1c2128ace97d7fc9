"""MathJax served from the built book, so that formulas appear without a network."""

import importlib.util
import shutil
from pathlib import Path

SCRIPT = "mathjax/tex-svg-full.js"


def script() -> Path:
    """The one self-contained MathJax file of the package sphinx-mathjax-offline."""
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    if package is None:
        raise ModuleNotFoundError("the book needs the package sphinx-mathjax-offline")
    return Path(package.submodule_search_locations[0], "static", SCRIPT)


def copy(app):
    # Straight into the output: a folder in html_static_path would have to exist in the sources, or
    # have a temporary name, which changes the configuration and rewrites every page at every build.
    if app.builder.format == "html":
        target = Path(app.outdir, "_static", SCRIPT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(script(), target)


def configure(app, config):
    config.mathjax_path = SCRIPT


def setup(app):
    app.connect("config-inited", configure)
    app.connect("builder-inited", copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

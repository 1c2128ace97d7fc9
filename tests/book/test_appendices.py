"""Appendices have letters, wherever their equations are named."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx")
pytest.importorskip("myst_parser")
pytest.importorskip("sphinx_external_toc")

pytestmark = pytest.mark.once

EXTENSIONS = Path(__file__).resolve().parents[2] / "book" / "_ext"
TABLE = """\
format: jb-book
root: a
parts:
  - caption: Chapters
    numbered: true
    chapters:
      - file: b
  - caption: Appendices
    chapters:
      - file: c
      - file: d
      - file: e
"""
CONFIG = """\
import sys
sys.path.insert(0, {path!r})
extensions = ["myst_parser", "sphinx.ext.mathjax", "sphinx_external_toc", "appendices"]
external_toc_path = "_toc.yml"
myst_enable_extensions = ["dollarmath"]
numfig = True
root_doc = "a"
"""
EQUATION = "\n$$\nx = 1\n$$ ({})\n"


def test_equations_of_appendices_have_letters(tmp_path):
    (tmp_path / "_toc.yml").write_text(TABLE, "utf-8")
    (tmp_path / "conf.py").write_text(CONFIG.format(path=str(EXTENSIONS)), "utf-8")
    (tmp_path / "a.md").write_text("# Book\n", "utf-8")
    named = "By {eq}`one`, {eq}`two`, {eq}`three` and {eq}`four`.\n"
    (tmp_path / "b.md").write_text(f"# Chapter\n\n{named}{EQUATION.format('one')}", "utf-8")
    (tmp_path / "c.md").write_text(
        "# First\n" + EQUATION.format("two") + "\n## Below\n" + EQUATION.format("three"), "utf-8"
    )
    (tmp_path / "d.md").write_text("# No equation\n", "utf-8")
    (tmp_path / "e.md").write_text("# Second\n" + EQUATION.format("four"), "utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", tmp_path, tmp_path / "out"]
    subprocess.run(command, check=True, timeout=120)
    # Once more in the same folder, with another text.
    (tmp_path / "d.md").write_text("# No equation yet\n", "utf-8")
    subprocess.run(command, check=True, timeout=120)
    chapter = (tmp_path / "out" / "b.html").read_text("utf-8")
    assert re.findall(r'href="\w*\.?\w*#equation-\w+">\(([\w.]+)\)', chapter) == [
        "1.1",
        "A.1",
        "A.2",
        "B.1",
    ]
    first = (tmp_path / "out" / "c.html").read_text("utf-8")
    assert re.findall(r'eqno">\(([\w.]+)\)?', first) == ["A.1", "A.2"]
    words = re.sub(r"<[^>]+>", "", first)
    assert "A. First" in words
    assert "A.1. Below" in words

"""A word of the glossary links to it where the book uses it first."""

from pathlib import Path

import first_uses
import pytest

pytestmark = pytest.mark.once

BOOK = Path(__file__).resolve().parents[2] / "book"


def test_first_uses_link_to_the_glossary():
    found = first_uses.first_uses(BOOK)
    assert [use for use in found if not use.linked] == []
    # None is in the glossary that no page uses.
    assert {use.term for use in found} == set(first_uses.terms(BOOK))
    assert len(found) >= 15


def test_a_use_before_its_definition_is_noticed(tmp_path):
    (tmp_path / "_toc.yml").write_text("root: a\nchapters:\n  - file: b\n  - file: glossary\n")
    (tmp_path / "glossary.md").write_text("````{glossary}\ncut\n  A curvature.\n````\n")
    (tmp_path / "a.md").write_text("# `cut`\n\n```python\n`cut`\n```\n\nHere is $cut$.\n")
    (tmp_path / "b.md").write_text("No `cut` yet.\n\nA {term}`cut` then.\n")
    assert first_uses.first_uses(tmp_path) == [first_uses.Use("cut", "b", 1, False)]
    (tmp_path / "b.md").write_text("A {term}`cut` first, then a `cut`.\n")
    assert first_uses.first_uses(tmp_path) == [first_uses.Use("cut", "b", 1, True)]

"""The browser of the book's own tools, for the tests of figures."""

import pytest

from book._browser import CHROMIUM, Browser

__all__ = ["CHROMIUM", "Browser", "needed"]

needed = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

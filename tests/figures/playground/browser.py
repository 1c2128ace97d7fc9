"""The browser of the book's own tools, for the tests of figures."""

from book._browser import CHROMIUM, MISSING, Browser

__all__ = ["CHROMIUM", "MISSING", "Browser"]

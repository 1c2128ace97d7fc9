"""One Chromium for all tests of pages that a worker runs."""

import pytest

from tests.figures.playground import browser


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    with browser.Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened

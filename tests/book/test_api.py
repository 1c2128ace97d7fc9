"""What the API page has once listed can be imported under the name it had there."""

import importlib
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

# "module: its functions and classes" of the page before modules moved into rooms. Lines may be
# added, and none is taken away within a major version.
LISTED = dict(
    line.partition(":")[::2]
    for line in Path(__file__).with_name("api_names.txt").read_text("utf-8").splitlines()
)


@pytest.mark.parametrize("name", LISTED)
def test_every_name_of_the_page_can_be_imported(name):
    module = importlib.import_module(name)
    assert [word for word in LISTED[name].split() if not hasattr(module, word)] == []


def test_the_list_is_whole():
    assert len(LISTED) > 100
    assert {"minimize_cubic", "CubicMinimum"} <= set(LISTED["refimpl.cubic"].split())
    assert sum(len(names.split()) for names in LISTED.values()) > 300

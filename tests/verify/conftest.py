"""What explanations are asked of, one for each file of tests."""

import pytest

from refimpl.verify import supposed


@pytest.fixture(scope="module")
def reference():
    one = supposed.Reference()
    yield one
    one.close()

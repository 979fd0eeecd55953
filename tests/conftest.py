"""Property tests draw the same examples every time, and a busy machine does not fail them; missing tools skip tests."""

import pytest
from hypothesis import settings

from hwcodesign.core.errors import UserError
from hwcodesign.core.tools import find

settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`@pytest.mark.needs(tools.YOSYS, ...)`: the test is skipped where one of the tools is not installed."""
    for tool in (tool for mark in item.iter_markers("needs") for tool in mark.args):
        try:
            find(tool)
        except UserError:
            pytest.skip(f"{tool.name} is not installed")

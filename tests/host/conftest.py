"""What tests of serial lines share."""

import os
import tty
from collections.abc import Iterator

import pytest


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """The board's end of a pseudo-terminal, and the name of the host's."""
    board, host = os.openpty()
    tty.setraw(host)
    yield board, os.ttyname(host)
    os.close(host)

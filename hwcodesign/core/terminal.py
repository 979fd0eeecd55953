"""The console that everything is printed on."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_PIPE_WIDTH = 140  # a file or a pipe has no width of its own, and tables need some


def console() -> "Console":
    """Standard output, as wide as the terminal, or wide enough for the tables where it is none."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH)


def plainly(screen: "Console") -> Callable[[str], None]:
    """Prints a line on `screen` as it is: no name in it is taken for rich's markup."""
    return lambda line: screen.print(line, markup=False, highlight=False)

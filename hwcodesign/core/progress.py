"""Progress bars for long work, in one style."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LINE = 80  # characters of a tool's last line


@contextmanager
def frames_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar over `total` frames; yields what to call with the number that is done."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.update(task, completed=done)


@contextmanager
def phase(title: str) -> Iterator[Callable[[str], None]]:
    """A spinner with the time since the start of `title`; yields what to call with each line that the tool prints.

    The last line stands beside it. When the phase is over, one line with its time stays.
    """
    from rich.markup import escape
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from hwcodesign.core.terminal import console

    start, screen = time.monotonic(), console()
    what, line = TextColumn("  {task.description}"), TextColumn("{task.fields[line]}")
    with Progress(SpinnerColumn(), what, TimeElapsedColumn(), line, console=screen, transient=True) as progress:
        task = progress.add_task(title, total=None, line="")
        yield lambda line: progress.update(task, line=f"[dim]{escape(line.strip()[:_LINE])}[/]")
    screen.print(f"  {title}: {time.monotonic() - start:.1f} s")

"""Progress bars for long work, in one style."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def frames_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar over `total` frames; yields what to call with the number that is done."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.update(task, completed=done)

"""Jobs that start programs (core/tools.py), several of them at once: when one fails, the programs of all are ended."""

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

_Found = TypeVar("_Found")
_LOOK_SECONDS = 0.1


def run_all(jobs: Sequence[Callable[[], _Found]]) -> list[_Found]:
    """What each of `jobs` gives, in their order; each runs in a thread of its own.

    If one raises, or something interrupts us, the programs that the others started are ended, and that error is raised.
    """
    crew = [Worker(job) for job in jobs]
    try:
        for worker in crew:
            worker.start()
        while any(worker.is_alive() for worker in crew) and not any(worker.error for worker in crew):
            time.sleep(_LOOK_SECONDS)
    finally:
        for worker in crew:
            worker.end()
    failed = next((worker.error for worker in crew if worker.error and not worker.ended), None)
    if failed:
        raise failed
    return [worker.found[0] for worker in crew]


class Worker(threading.Thread, Generic[_Found]):
    """One job; `error` is what it raised, `ended` whether that is because it was told to end."""

    def __init__(self, job: Callable[[], _Found]) -> None:
        super().__init__(daemon=True)
        self.job, self.found = job, list[_Found]()
        self.error: BaseException | None = None
        self.ended = False
        self._programs: list[subprocess.Popen[str]] = []
        self._lock = threading.Lock()

    def run(self) -> None:
        try:
            self.found.append(self.job())
        except BaseException as error:
            self.error = error

    def has_started(self, program: "subprocess.Popen[str]") -> None:
        """A program that belongs to this job; it ends at once if the others have failed meanwhile."""
        with self._lock:
            self._programs.append(program)
            if self.ended:
                program.terminate()

    def end(self) -> None:
        """End what still runs, and wait for it."""
        if not self.is_alive():
            return
        with self._lock:
            self.ended = True
            for program in self._programs:
                program.terminate()
        self.join()

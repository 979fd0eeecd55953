"""Trials shared by workers that come, die and go: none is lost, and none counts twice.

Every worker that holds a trial lets it beat: a counter in the storage that it moves on. A trial whose counter stands
still for `GRACE` seconds, by the watch of whoever looks, has lost its worker: it is given up, and its point is put
back into the queue. A point that is already there is never tried again, so it does no harm if two put it back.
"""

import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from hwcodesign.explore.space import Params, Space, choices, count, point_at

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

BEAT = 5.0  # seconds between two beats
GRACE = 30.0  # of silence, after which a worker is taken for dead
DUPLICATES = 8  # suggestions of known points in a row, after which an unknown one is drawn


class Trials:
    """The trials of one Optuna study over a space, up to `wanted` finished ones."""

    def __init__(
        self, study: "Study", space: Space, wanted: int, seed: int, points: list[Params] | None = None
    ) -> None:
        """`points`: the only ones that there are, if given; else any point of the space."""
        self.study, self.space, self.wanted, self.points = study, space, wanted, points
        self._seen: dict[int, tuple[Any, float]] = {}  # of running trials: the last beat, and when we saw it first
        self._random = random.Random(f"{seed} {os.getpid()} {socket.gethostname()}")

    def finished(self) -> list["FrozenTrial"]:
        """Every finished trial; one that was given up is none, nor one of a point that is no longer wanted."""
        from optuna.trial import TrialState

        return self._of_wanted(self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)))

    def _of_wanted(self, trials: "list[FrozenTrial]") -> "list[FrozenTrial]":
        return [trial for trial in trials if self.points is None or trial.params in self.points]

    def done(self) -> bool:
        return len(self.finished()) >= self.wanted

    def take(self) -> "tuple[Trial, Params] | None":
        """A trial of a point that nobody has tried, or None while all that are left are in somebody's hands."""
        from optuna.trial import TrialState

        for _ in range(10 * DUPLICATES):
            trial = self.study.ask()
            params = {key: trial.suggest_categorical(key, choices(varied)) for key, varied in self.space.items()}
            held = (TrialState.COMPLETE, TrialState.RUNNING)
            others = [t for t in self.study.get_trials(deepcopy=False, states=held) if t.number < trial.number]
            known = [t.params for t in self._of_wanted(others)]
            if len(known) >= self.wanted:
                self._drop(trial)
                return None
            if params not in known and (self.points is None or params in self.points):
                return trial, cast(Params, params)
            self._drop(trial)
            unknown = self._unknown(known)
            if unknown is None:
                return None
            self.study.enqueue_trial(unknown)
        return None

    def _drop(self, trial: "Trial") -> None:
        from optuna.trial import TrialState

        self.study.tell(trial, state=TrialState.FAIL)

    def _unknown(self, known: list[dict[str, Any]]) -> Params | None:
        """A point that is not `known`: drawn, and if that fails, the first one."""
        if self.points is not None:
            return next((point for point in self.points if point not in known), None)
        total = count(self.space)
        for _ in range(DUPLICATES):
            drawn = point_at(self.space, self._random.randrange(total))
            if drawn not in known:
                return drawn
        return next((p for p in (point_at(self.space, i) for i in range(total)) if p not in known), None)

    @contextmanager
    def beating(self, trial: "Trial") -> Iterator[None]:
        """While inside, the trial shows that somebody works on it."""
        over = threading.Event()

        def beat() -> None:
            number = 0
            while not over.wait(BEAT):
                number += 1
                trial.set_user_attr("beat", number)

        trial.set_user_attr("owner", f"{socket.gethostname()}:{os.getpid()}")
        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def take_over(self) -> None:
        """Put back the points whose workers are dead: those of this machine at once, others' after their grace."""
        from optuna.trial import TrialState

        now = time.monotonic()
        running = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        for trial in running:
            beat = (trial.user_attrs.get("owner"), trial.user_attrs.get("beat"))
            seen, since = self._seen.get(trial.number, (None, now))
            self._seen[trial.number] = (beat, since if seen == beat else now)
            if _dead_here(trial.user_attrs.get("owner")) or (seen == beat and now - since > GRACE):
                self.study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
                if trial.params.keys() == self.space.keys():
                    self.study.enqueue_trial(trial.params)


def _dead_here(owner: str | None) -> bool:
    host, _, pid = (owner or "").rpartition(":")
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        return False
    return False

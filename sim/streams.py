"""The two ends of a valid/ready stream in a bench: what they offer and take in a cycle, and the rules they hold it to.

Plain Python without a simulator: `drive` says what to put on the wires for the coming cycle, `sample` is told what was
on them at its end.
"""

from collections.abc import Iterator

import numpy as np


def gaps(name: str, rng: np.random.Generator) -> Iterator[bool]:
    """Whether a port idles in each cycle: never, random (half), often (three quarters), bursts, patient.

    Patient is random; the Sink sees to the rest.
    """
    while name == "bursts":
        for idle in (False, True):
            yield from [idle] * int(rng.integers(1, 40))
    share = {"never": 0.0, "random": 0.5, "often": 0.75, "patient": 0.5}[name]
    while True:
        yield from rng.random(256) < share


class Source:
    """Offers `beats` on one stream and notes the cycle each is taken in; once offered, a beat stays until then."""

    def __init__(self, beats: list[int], idle: Iterator[bool]) -> None:
        self.beats, self.idle = beats, idle
        self.cycles: list[int] = []
        self.valid = False

    @property
    def sent(self) -> int:
        """Beats taken so far."""
        return len(self.cycles)

    def drive(self) -> tuple[bool, int]:
        """(valid, data) for the coming cycle."""
        self.valid = self.sent < len(self.beats) and (self.valid or not next(self.idle))
        return self.valid, self.beats[self.sent] if self.valid else 0

    def sample(self, cycle: int, ready: bool) -> None:
        """Note the cycle in which a beat is taken."""
        if self.valid and ready:
            self.cycles.append(cycle)
            self.valid = False


class Sink:
    """Takes beats from one stream, checks each, and notes the cycle it came in.

    A `patient` sink is ready only after valid. An `early` stream may offer more beats than its inputs account for: the
    zeros before the next frame. They are left waiting.
    """

    def __init__(self, expected: list[int], idle: Iterator[bool], patient: bool, early: bool) -> None:
        self.expected, self.idle, self.patient, self.early = expected, idle, patient, early
        self.cycles: list[int] = []
        self.ready = False
        self.waiting: int | None = None  # the beat that was offered and not taken

    @property
    def done(self) -> bool:
        return len(self.cycles) == len(self.expected)

    def drive(self) -> bool:
        """Ready for the coming cycle."""
        willing = self.waiting is not None or not self.patient
        self.ready = willing and not self.done and not next(self.idle)
        return self.ready

    def sample(self, cycle: int, beat: int | None) -> tuple[int, int] | None:
        """One cycle's offer (None: not valid). Returns (got, expected) if the beat taken is wrong."""
        assert self.waiting is None or beat is not None, "valid fell before the beat was taken"
        assert self.waiting is None or beat == self.waiting, "data changed while the beat waited"
        assert beat is None or not self.done or self.early, "a beat after the last"
        self.waiting = None if self.ready else beat
        if beat is None or not self.ready:
            return None
        wanted = self.expected[len(self.cycles)]
        self.cycles.append(cycle)
        return None if beat == wanted else (beat, wanted)

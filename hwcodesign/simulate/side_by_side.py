"""Many frames, dealt out to as many processes of one built simulation as there are cores."""

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from hwcodesign.core.crew import run_all
from hwcodesign.dataflow import IntType
from hwcodesign.simulate import network
from hwcodesign.simulate.simulator import Simulation

_WORTH_CYCLES = 2_000_000  # with fewer a process takes longer to start than to simulate
_FEWEST_FRAMES = 4  # of a share: enough to measure the pace


def shares(frames: int, cycles_per_frame: int, cores: int) -> list[slice]:
    """Consecutive shares of so many frames, as even as they can be; one where that is no work."""
    worth = max(1, frames * cycles_per_frame // _WORTH_CYCLES)
    count = max(1, min(cores, worth, frames // _FEWEST_FRAMES))
    ends = [frames * part // count for part in range(count + 1)]
    return [slice(start, end) for start, end in pairwise(ends)]


def simulate(
    simulation: Simulation,
    emitted: Path,
    frames: np.ndarray,
    int_type: IntType,
    quiet_cycles: int,
    cycles_per_frame: int,
    on_frames: Callable[[int], None] = lambda done: None,
) -> network.Simulated:
    """`network.simulate` at full speed, in shares; the clocks are those of the first, the results those of all.

    The first runs in the simulation's own folder, the others in folders in it. Raises what `network.simulate` raises,
    for the share that is wrong first.
    """
    parts = shares(len(frames), cycles_per_frame, len(os.sched_getaffinity(0)))
    done = [0] * len(parts)

    def of_share(number: int) -> network.Simulated:
        def hear(count: int) -> None:
            done[number] = count
            on_frames(sum(done))

        folder = simulation.folder / f"share{number}" if number else simulation.folder
        folder.mkdir(exist_ok=True)
        place = replace(simulation, folder=folder)
        return network.simulate(place, emitted, frames[parts[number]], int_type, quiet_cycles, hear)

    found = run_all([lambda number=number: of_share(number) for number in range(len(parts))])  # type: ignore[misc]
    values = np.concatenate([measured.results.values for measured in found])
    beats = sum(measured.results.beats for measured in found)
    return replace(found[0], results=replace(found[0].results, values=values, beats=beats))

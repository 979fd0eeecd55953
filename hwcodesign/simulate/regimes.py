"""How a design is driven in its proof: at full speed, with stalls at both ends, and with resets inside of frames.

At full speed a design shows its clocks, and little of its handshakes. So its input also starves it, so that every layer
runs dry between pixels; and its output is held up until everything inside is full, and then taken slower than the
design makes it. Resets come in the middle of frames that go in, while a frame comes out, at a random cycle, and while
the output is held up; with the first two a tlast is wrong, and the error flag must say so until the reset.
"""

from dataclasses import dataclass

import numpy as np

from hwcodesign.core.interface import Interface

NEVER = 0xFFFFFFFF
_SLOWER = 1.5  # a stalled end takes so many times the planned cycles for a frame
_STALLED_CYCLES = 1_000_000  # about how many cycles of stalls are worth their time


@dataclass(frozen=True)
class Phase:
    """What ends a run of the design: beats in or out since the reset, or a cycle. `wrong_last`: see stream_source."""

    wrong_last: int = NEVER
    stop_in: int = NEVER
    stop_out: int = NEVER
    stop_cycle: int = NEVER


@dataclass(frozen=True)
class Regime:
    """`stalls`: shares of idle cycles at the input and of not-ready cycles at the output.

    `hold`: cycles in which the first beat out waits. `resets`: what is run and broken off before the frames come, of
    which `most` are run (None: all).
    """

    name: str
    stalls: tuple[float, float] = (0.0, 0.0)
    hold: int = 0
    resets: tuple[Phase, ...] = ()
    most: int | None = None
    seed: int = 1


FREE = Regime("free running")


def regimes(interface: Interface, cycles_per_frame: int, latency_cycles: int) -> tuple[Regime, ...]:
    """The regimes of a proof, the first of which is FREE."""
    full = -(-latency_cycles // cycles_per_frame) + 3  # frames that more than fill the design
    most = max(2, min(full, _STALLED_CYCLES // cycles_per_frame))
    starved, late = (
        max(0.0, 1 - beats / (_SLOWER * cycles_per_frame)) for beats in (interface.in_beats, interface.out_beats)
    )
    hold = latency_cycles + 2 * cycles_per_frame
    return (
        FREE,
        Regime("stalls: a starving input", (max(starved, 0.25), 0.5), most=most, seed=2),
        Regime("stalls: an output held up", (0.25, max(late, 0.25)), hold, most=most, seed=3),
        Regime(
            "resets in the middle of a frame",
            hold=hold,
            resets=_resets(interface, cycles_per_frame, latency_cycles),
            most=2,
        ),
    )


def _resets(interface: Interface, cycles_per_frame: int, latency_cycles: int) -> tuple[Phase, ...]:
    before = interface.weight_frames * interface.in_beats
    middle = before + max(1, interface.in_beats // 2)
    end = before + interface.in_beats
    early, missing = Phase(wrong_last=middle - 1, stop_in=middle), Phase(wrong_last=end - 1, stop_in=end + 1)
    coming = Phase(stop_out=max(1, interface.out_beats // 2))
    somewhere = int(np.random.default_rng(1).integers(latency_cycles // 2, latency_cycles + cycles_per_frame))
    held_up = before + latency_cycles + cycles_per_frame
    return early, missing, coming, Phase(stop_cycle=before + somewhere), Phase(stop_cycle=held_up)

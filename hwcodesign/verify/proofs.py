"""The two proofs of a run: integer graph against the trained network, and hardware against the integer graph.

Both compare every score of every image, exactly.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.core.interface import Interface
from hwcodesign.dataflow import Dataflow
from hwcodesign.graph import interpreter
from hwcodesign.plan import Plan
from hwcodesign.simulate import network, side_by_side, utilisation
from hwcodesign.simulate.regimes import FREE, Regime, regimes
from hwcodesign.verify.divergence import Levels, first_divergence, first_level, levels_of
from hwcodesign.verify.emission import first_changed
from hwcodesign.verify.images import Images

RTL_SCORES = "scores.npy"  # in the stage's folder
LARGEST_PACE = 1.01  # cycles from frame to frame, of those planned
LATENCY_SLACK = 0.02
UTILISATION_SLACK = 0.01
_MOST_RECORDED = 20  # frames of which every stream is recorded
_QUIET_FRAMES = 4  # no beat at either end for so many latencies and frames is a deadlock


def verify_integers(
    graph: Dataflow,
    images: Images,
    levels: Levels | None = None,
    on_frames: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Compare the integer graph's scores with those of the trained network, which are integers too.

    `levels` gives what the other side's quantizers give, to name the first layer that differs.
    """
    assert images.scores is not None
    values = interpreter.run(graph, images.frames, on_frames=on_frames)
    wrong = np.flatnonzero((values[:, : images.scores.shape[1]] != images.scores).any(axis=1))
    summary: dict[str, Any] = {"images": len(values), "mismatches": len(wrong), **_figures(graph, values, images)}
    if len(wrong):
        first = int(wrong[0])
        found = levels_of(graph, images.frames[first])
        expected = {} if levels is None else levels(images.frames[first])
        where = first_level(found, expected) or _first_score(values[first], images.scores[first])
        summary["first_difference"] = f"image {images.number(first)}: {where}"
    return summary


def verify_hardware(
    plan: Plan,
    emitted: Path,
    images: Images,
    extremes: Images,
    folder: Path,
    wave: bool,
    on_frames: Callable[[int], None],
) -> dict[str, Any]:
    """Simulate `images` and `extremes` through the emitted design in every regime; compare with their known scores.

    Leaves what came out at full speed in RTL_SCORES, a row of scores and classes for each image, then for each extreme.
    Returns what report.json says of it: images, mismatches, accuracy, cycles and every layer's utilisation beside the
    plan's, and the regimes that ran. If hardware is wrong in one of them, the rest is left out: `failure` says how, and
    `first_difference` in which layer. Nor is it a proof of the plan if the files are not those that the plan gives.
    """
    every = Images.joined(images, extremes)
    expected = _with_classes(every, plan.design)
    bench = _Bench(plan, emitted, every, expected, folder, wave)
    summary: dict[str, Any] = {
        "images": len(images.frames),
        "extremes": len(extremes.frames),
        "origin": images.origin,
        "mismatches": 0,
        "cycles_bound": plan.cycles_per_frame,
        "latency_predicted": plan.latency_cycles,
        "regimes": [],
    }
    try:
        summary["build_seconds"] = bench.build()
        for regime in regimes(Interface.load(emitted), plan.cycles_per_frame, plan.latency_cycles):
            measured = bench.run(regime, on_frames if regime is FREE else lambda done: None)
            wrong = network.compare(measured.results.values, expected[: len(measured.results.values)])
            ran = {"regime": regime.name, "frames": len(measured.results.values), "mismatches": len(wrong)}
            summary["regimes"].append(ran | ({"resets": len(regime.resets)} if regime.resets else {}))
            summary["mismatches"] += len(wrong)
            if regime is FREE:
                used = utilisation.measured(plan, bench.simulation.folder)
                np.save(folder / RTL_SCORES, measured.results.values)
                summary |= _clocks(measured) | _figures(plan.design, measured.results.values, images)
                summary["utilisation"] = [asdict(layer) for layer in used]
            if wrong:
                where = bench.locate(regime, wrong[0] + 1) or _first_score(
                    measured.results.values[wrong[0]], expected[wrong[0]]
                )
                what = f"{regime.name}: {len(wrong)} of {ran['frames']} images differ"
                return summary | {"failure": f"{what}\n{where}", "first_difference": where}
            if regime is FREE and (slow := too_slow(plan, measured, used)):
                where = first_changed(emitted, plan) or "the plan promised what the design does not do"
                return summary | {"failure": f"{slow}\n{where}", "first_difference": where}
    except network.HardwareError as error:
        regime = bench.regime
        where = bench.locate(regime, bench.count(regime)) or "no single stream differs when recorded"
        return summary | {"failure": f"{regime.name}: {error}\n{where}", "first_difference": where}
    network.tidy(bench.simulation)
    if changed := first_changed(emitted, plan):  # what no image has shown: a threshold that no sum came near
        return summary | {"failure": f"every score is right, but {changed}", "first_difference": changed}
    return summary


def quiet_cycles(plan: Plan) -> int:
    """So many cycles without a beat at either end are a deadlock."""
    return _QUIET_FRAMES * (plan.cycles_per_frame + plan.latency_cycles) + 1000


@dataclass
class _Bench:
    """One emitted design, and how its regimes are run on the first of `images`."""

    plan: Plan
    emitted: Path
    images: Images
    expected: np.ndarray
    folder: Path
    wave: bool
    regime: Regime = FREE

    @property
    def quiet_cycles(self) -> int:
        return quiet_cycles(self.plan)

    def build(self) -> float:
        """Compile; returns the seconds."""
        start = time.monotonic()
        cycles, probes = len(self.images.frames) * self.plan.cycles_per_frame, utilisation.probes(self.plan)
        self.simulation = network.build(
            self.emitted, self.folder / "simulation", self.wave, cycles=cycles, binds=probes
        )
        return round(time.monotonic() - start, 3)

    def count(self, regime: Regime) -> int:
        """How many frames the regime takes."""
        return min(len(self.images.frames), regime.most or len(self.images.frames))

    def run(self, regime: Regime, on_frames: Callable[[int], None]) -> network.Simulated:
        """Run it. Raises HardwareError if the design breaks the rules or stands still."""
        self.regime = regime
        frames, int_type = self.images.frames[: self.count(regime)], self.plan.design.input.type
        if regime is FREE and not self.wave:
            pace = self.plan.cycles_per_frame
            return side_by_side.simulate(
                self.simulation, self.emitted, frames, int_type, self.quiet_cycles, pace, on_frames
            )
        return network.simulate(self.simulation, self.emitted, frames, int_type, self.quiet_cycles, on_frames, regime)

    def locate(self, regime: Regime, count: int) -> str | None:
        """Where it goes wrong in the first `count` frames: a layer, or a file that is not what the plan gives."""
        frames = self.images.frames[: min(count, _MOST_RECORDED)]
        place = self.folder / "probes"
        found = first_divergence(self.emitted, self.plan, frames, place, self.quiet_cycles, regime)
        return found or first_changed(self.emitted, self.plan)


def too_slow(plan: Plan, measured: network.Simulated, used: list[utilisation.Utilisation]) -> str | None:
    """Which of the planned clocks the hardware does not keep; None if it keeps all."""
    pace = measured.cycles_per_frame
    if pace is not None and pace > LARGEST_PACE * plan.cycles_per_frame:
        return f"{pace:,.1f} cycles per frame, planned {plan.cycles_per_frame:,}"
    if abs(measured.latency_cycles - plan.latency_cycles) > LATENCY_SLACK * plan.latency_cycles:
        return f"a latency of {measured.latency_cycles:,} cycles, planned {plan.latency_cycles:,}"
    for layer in used:
        # A frame ends between a kernel's first register and its last, so that a clock or two count for the next one.
        apart = abs(layer.measured - layer.planned) * plan.cycles_per_frame
        if apart > max(1.0, UTILISATION_SLACK * layer.planned * plan.cycles_per_frame):
            return f"layer {layer.layer} works {layer.measured:.4%} of the time, planned {layer.planned:.4%}"
    return None


def _clocks(measured: network.Simulated) -> dict[str, Any]:
    return {
        "cycles_per_frame": measured.cycles_per_frame,
        "latency_cycles": measured.latency_cycles,
        "cycles": measured.cycles,
        "cycles_per_second": round(measured.cycles_per_second),
    }


def _with_classes(images: Images, graph: Dataflow) -> np.ndarray:
    """What leaves the hardware for each image, (N, beats): its scores, then any classes, best first."""
    assert images.scores is not None, "hardware is compared with the trained network, not with itself"
    if graph.output.elements == graph.score_count:
        return images.scores
    expected: np.ndarray = np.hstack([images.scores, graph.score_map.ranked(images.scores)])[:, : graph.output.elements]
    return expected


def _first_score(found: np.ndarray, expected: np.ndarray) -> str:
    """Where no layer is known to differ."""
    at = int(np.flatnonzero(found[: len(expected)] != expected)[0])
    return f"score of class {at}: {found[at]}, reference {expected[at]}"


def _figures(graph: Dataflow, values: np.ndarray, images: Images) -> dict[str, float]:
    """How good it is, by the classes that the hardware itself selects: the beats after the scores, best first."""
    scores, named = np.split(values[: len(images.frames)], [graph.score_count], axis=1)
    chosen = named if named.shape[1] and graph.score_count > 1 else None  # of one score the host selects
    return images.figures(scores, graph.score_map, chosen)

"""The two proofs of a run: integer graph against the trained network, and hardware against the integer graph.

Both compare every score of every image, exactly.
"""

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.dataflow import Dataflow
from hwcodesign.graph import interpreter
from hwcodesign.plan import Plan
from hwcodesign.simulate import network, utilisation
from hwcodesign.verify.divergence import Levels, first_divergence, first_level, levels_of
from hwcodesign.verify.images import Images

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
    summary: dict[str, Any] = {"images": len(values), "mismatches": len(wrong), **_accuracy(graph, values, images)}
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
    folder: Path,
    wave: bool,
    on_frames: Callable[[int], None],
) -> dict[str, Any]:
    """Simulate `images` through the emitted design and compare with their scores: the trained network's.

    Returns what report.json says of it: images, mismatches, accuracy, cycles and every layer's utilisation beside the
    plan's, and for a mismatch the first layer, pixel and channel that differ.
    """
    expected = _with_classes(images, plan.design)
    quiet_cycles = _QUIET_FRAMES * (plan.cycles_per_frame + plan.latency_cycles) + 1000
    cycles = len(images.frames) * plan.cycles_per_frame
    start = time.monotonic()
    simulation = network.build(emitted, folder / "simulation", wave, cycles=cycles, binds=utilisation.probes(plan))
    build_seconds = time.monotonic() - start
    measured = network.simulate(simulation, emitted, images.frames, plan.design.input.type, quiet_cycles, on_frames)
    used = utilisation.measured(plan, simulation.folder)
    network.tidy(simulation)
    wrong = network.compare(measured.results.values, expected)
    summary = {
        "images": len(images.frames),
        "origin": images.origin,
        "mismatches": len(wrong),
        **_accuracy(plan.design, measured.results.values, images),
        "cycles_per_frame": measured.cycles_per_frame,
        "cycles_bound": plan.cycles_per_frame,
        "latency_cycles": measured.latency_cycles,
        "latency_predicted": plan.latency_cycles,
        "build_seconds": round(build_seconds, 3),
        "cycles": measured.cycles,
        "cycles_per_second": round(measured.cycles_per_second),
        "utilisation": [asdict(layer) for layer in used],
    }
    if wrong:
        frames = images.frames[: wrong[0] + 1]
        summary["first_difference"] = first_divergence(
            emitted, plan.design, plan.foldings, frames, folder / "probes", quiet_cycles
        ) or _first_score(measured.results.values[wrong[0]], expected[wrong[0]])
    return summary


def _with_classes(images: Images, graph: Dataflow) -> np.ndarray:
    """What leaves the hardware for each image, (N, beats): its scores, then the classes, best first."""
    assert images.scores is not None, "hardware is compared with the trained network, not with itself"
    expected: np.ndarray = np.hstack([images.scores, graph.score_map.ranked(images.scores)])[:, : graph.output.elements]
    return expected


def _first_score(found: np.ndarray, expected: np.ndarray) -> str:
    """Where no layer is known to differ."""
    at = int(np.flatnonzero(found[: len(expected)] != expected)[0])
    return f"score of class {at}: {found[at]}, reference {expected[at]}"


def _accuracy(graph: Dataflow, values: np.ndarray, images: Images) -> dict[str, float]:
    """Top-1 of the class that the hardware itself selects: the beat after the scores. One score: the host selects."""
    if images.labels is None or images.scores is None:
        return {}
    count = images.scores.shape[1]
    classes = values[:, count] if count > 1 else graph.score_map.classes(values[:, :1])
    return {"top1": float((classes == images.labels).mean())}

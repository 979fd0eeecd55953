"""The integer reference: the kinds' own arithmetic over a whole dataflow graph. What the hardware must equal."""

from collections.abc import Iterable, Mapping

import numpy as np

from hwcodesign.dataflow import Dataflow
from hwcodesign.errors import UserError
from hwcodesign.kinds import kind_of

FRAMES_AT_ONCE = 64


def run(dataflow: Dataflow, frames: np.ndarray, frames_at_once: int = FRAMES_AT_ONCE) -> np.ndarray:
    """What leaves the graph for integer `frames` (frames, H, W, C): (frames, elements) int64.

    Behind a label select these are the scores and then the classes, highest score first. Raises UserError if the
    frames do not have the graph's input shape.
    """
    last = dataflow.layers[-1].name
    return trace(dataflow, frames, [last], frames_at_once)[last][0].reshape(len(frames), dataflow.output.elements)


def trace(
    dataflow: Dataflow, frames: np.ndarray, names: Iterable[str], frames_at_once: int = FRAMES_AT_ONCE
) -> Mapping[str, list[np.ndarray]]:
    """Every output, by port, of the layers `names`: (frames, H, W, C) int64 each.

    Raises UserError if the frames do not have the graph's input shape.
    """
    if frames.shape[1:] != dataflow.input.shape:
        raise UserError(f"the frames have the shape {frames.shape[1:]}; this network takes {dataflow.input.shape}")
    wanted = set(names)
    starts = range(0, max(1, len(frames)), frames_at_once)
    batches = [_run_batch(dataflow, frames[at : at + frames_at_once].astype(np.int64), wanted) for at in starts]
    return {
        name: [np.concatenate(parts) for parts in zip(*(batch[name] for batch in batches), strict=True)]
        for name in wanted
    }


def _run_batch(dataflow: Dataflow, frames: np.ndarray, wanted: set[str]) -> dict[str, list[np.ndarray]]:
    """The outputs of the wanted layers; a stream is freed as soon as its one reader has run."""
    streams: dict[tuple[str, int], np.ndarray] = {}
    found = {}
    for layer in dataflow.layers:
        edges = dataflow.edges_into(layer.name)
        inputs = [streams.pop((edge.source, edge.source_port)) for edge in edges] or [frames]
        outputs = kind_of(layer.kind).run(layer, inputs)
        streams |= {(layer.name, port): output for port, output in enumerate(outputs)}
        if layer.name in wanted:
            found[layer.name] = outputs
    return found

"""The integer reference: the kinds' own arithmetic over a whole dataflow graph. What the hardware must equal."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from hwcodesign.dataflow import Dataflow
from hwcodesign.errors import UserError
from hwcodesign.kinds import kind_of

FRAMES_AT_ONCE = 64


@dataclass(frozen=True)
class Reference:
    """`scores` (frames, C) and `classes` (frames, top), highest score first; `kept` layers' (frames, H, W, C). int64."""

    scores: np.ndarray
    classes: np.ndarray
    kept: Mapping[str, np.ndarray]


def run(
    dataflow: Dataflow, frames: np.ndarray, keep: Collection[str] = (), frames_at_once: int = FRAMES_AT_ONCE
) -> Reference:
    """Run integer `frames` (frames, H, W, C) through the graph; `keep` names layers whose first output is wanted too.

    Raises UserError if the frames do not have the graph's input shape.
    """
    if frames.shape[1:] != dataflow.input.shape:
        raise UserError(f"the frames have the shape {frames.shape[1:]}; this network takes {dataflow.input.shape}")
    last = dataflow.layers[-1]
    wanted = {last.name, *keep}
    starts = range(0, max(1, len(frames)), frames_at_once)
    batches = [_run_batch(dataflow, frames[at : at + frames_at_once].astype(np.int64), wanted) for at in starts]
    kept = {name: np.concatenate([batch[name] for batch in batches]) for name in sorted(wanted)}
    result = kept.pop(last.name).reshape(len(frames), -1)
    top = int(last.attributes["top"])  # type: ignore[arg-type]
    return Reference(result[:, :-top], result[:, -top:], kept)


def _run_batch(dataflow: Dataflow, frames: np.ndarray, wanted: set[str]) -> dict[str, np.ndarray]:
    """First outputs of the wanted layers; every stream is freed by its one reader."""
    streams: dict[tuple[str, int], np.ndarray] = {}
    found = {}
    for layer in dataflow.layers:
        edges = dataflow.edges_into(layer.name)
        inputs = [streams.pop((edge.source, edge.source_port)) for edge in edges] or [frames]
        outputs = kind_of(layer.kind).run(layer, inputs)
        streams |= {(layer.name, port): output for port, output in enumerate(outputs)}
        if layer.name in wanted:
            found[layer.name] = outputs[0]
    return found

"""The integer reference: the kinds' own arithmetic over a whole dataflow graph. What the hardware must equal.

Whole test sets run through it: every kind works on batches of frames, each stream lies in the narrowest of numpy's
integers that holds its type, and matrix products are floating-point BLAS's where that is exact (see `largest_sum` in
kinds/mvau.py) and are quantized in the cache (kinds/shared/steps.py).
"""

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Dataflow, Layer, Stream
from hwcodesign.kinds import kind_of

BATCH_BYTES = 1 << 26  # of a batch's largest stream: it bounds the memory
MOST_FRAMES_AT_ONCE = 64
FRAMES = ("", 0)  # stands for what enters
Streams = dict[tuple[str, int], np.ndarray]  # by layer and output port, each in its own narrow type


def run(
    dataflow: Dataflow,
    frames: np.ndarray,
    frames_at_once: int | None = None,
    on_frames: Callable[[int], None] = lambda done: None,
) -> np.ndarray:
    """What leaves the graph for integer `frames` (frames, H, W, C): (frames, elements) int64.

    Behind a label select these are the scores and then the classes, highest score first. `frames_at_once` None lets
    the memory decide; `on_frames` hears how many frames are done. Raises UserError if the frames do not have the
    graph's input shape, or lie outside of its type.
    """
    last = dataflow.layers[-1].name
    found = trace(dataflow, frames, [last], frames_at_once, on_frames)[last][0]
    return found.reshape(len(frames), dataflow.output.elements)


def trace(
    dataflow: Dataflow,
    frames: np.ndarray,
    names: Iterable[str],
    frames_at_once: int | None = None,
    on_frames: Callable[[int], None] = lambda done: None,
) -> Mapping[str, list[np.ndarray]]:
    """Every output, by port, of the layers `names`: (frames, H, W, C) int64 each.

    Raises UserError if the frames do not have the graph's input shape, or lie outside of its type.
    """
    if frames.shape[1:] != dataflow.input.shape:
        raise UserError(f"the frames have the shape {frames.shape[1:]}; this network takes {dataflow.input.shape}")
    reach = dataflow.input.type.reach
    if frames.size and not (reach.low <= frames.min() and frames.max() <= reach.high):
        raise UserError(
            f"the frames hold {frames.min()} to {frames.max()}; this network takes {reach.low} to {reach.high}"
        )
    wanted, step = set(names), frames_at_once or batch_frames(dataflow)
    batches = []
    for start in range(0, max(1, len(frames)), step):
        batches.append(_run_batch(dataflow, frames[start : start + step], wanted))
        on_frames(min(start + step, len(frames)))
    return {
        name: [np.concatenate(parts, dtype=np.int64) for parts in zip(*(batch[name] for batch in batches), strict=True)]
        for name in wanted
    }


def batch_frames(dataflow: Dataflow) -> int:
    """How many frames the memory lets run together."""
    streams = [stream for layer in dataflow.layers for stream in (*layer.inputs, *layer.outputs)]
    largest = max(stream.elements * stream.type.dtype.itemsize for stream in streams)
    return min(MOST_FRAMES_AT_ONCE, max(1, BATCH_BYTES // largest))


def _run_batch(dataflow: Dataflow, frames: np.ndarray, wanted: set[str]) -> dict[str, list[np.ndarray]]:
    """The outputs of the wanted layers; a stream is freed as soon as its one reader has run."""
    there: Streams = {FRAMES: frames.astype(dataflow.input.type.dtype)}
    found = {}
    for layer in dataflow.layers:
        outputs = _outputs(layer, [there.pop(end) for end in sources(dataflow, layer.name)])
        there |= {(layer.name, port): output for port, output in enumerate(outputs)}
        if layer.name in wanted:
            found[layer.name] = outputs
    return found


def _outputs(layer: Layer, inputs: list[np.ndarray]) -> list[np.ndarray]:
    kind = kind_of(layer.kind)
    made = kind.run(layer, inputs if kind.takes_narrow else [values.astype(np.int64) for values in inputs])
    return [_narrowed(layer, *pair) for pair in zip(layer.outputs, made, strict=True)]


def _narrowed(layer: Layer, stream: Stream, values: np.ndarray) -> np.ndarray:
    """In the stream's own narrow type: nothing is lost, or a bound of ours is wrong."""
    if values.dtype == stream.type.dtype:
        return values
    inside = not values.size or (stream.type.min <= values.min() and values.max() <= stream.type.max)
    assert inside, f"{layer.name}: {values.min()} to {values.max()} leave it as {stream.type}"
    return values.astype(stream.type.dtype)


def streams(dataflow: Dataflow, frames: np.ndarray) -> Streams:
    """Every stream of one batch of `frames`, kept: mind the memory."""
    found: Streams = {FRAMES: frames.astype(dataflow.input.type.dtype)}
    for layer in dataflow.layers:
        outputs = _outputs(layer, [found[end] for end in sources(dataflow, layer.name)])
        found |= {(layer.name, port): output for port, output in enumerate(outputs)}
    return found


def rerun(dataflow: Dataflow, there: Streams, changed: Mapping[str, Layer]) -> np.ndarray:
    """What leaves the graph where other layers stand in place of some, by their names.

    `there` are the streams of the unchanged graph; only what follows from a change is computed again.
    """
    new: Streams = {}
    for layer in dataflow.layers:
        ends = sources(dataflow, layer.name)
        if layer.name in changed or any(end in new for end in ends):
            outputs = _outputs(changed.get(layer.name, layer), [new.get(end, there[end]) for end in ends])
            new |= {(layer.name, port): output for port, output in enumerate(outputs)}
    end = dataflow.layers[-1].name, 0
    return new.get(end, there[end])


def sources(dataflow: Dataflow, name: str) -> list[tuple[str, int]]:
    """Which of the streams a layer reads, by its input ports."""
    return [(edge.source, edge.source_port) for edge in dataflow.edges_into(name)] or [FRAMES]

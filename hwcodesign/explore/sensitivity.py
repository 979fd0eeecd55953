"""What a trained network loses where a layer's weights get fewer bits, from calibration images, without labels.

Every layer is rounded by itself, to every number of bits, and the integer network run with it: exact, as hardware would
be. The loss is the Kullback-Leibler divergence, in nats an image, of the scores' softmax from what the network as it
is says of the image. Losses of different layers are taken to add up, as is usual (Z. Dong et al., HAWQ-V2, 2020, rests
on the same); `divergence` of all of them together tells how far that holds.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from hwcodesign.dataflow import Dataflow, Layer
from hwcodesign.graph.interpreter import batch_frames, rerun, sources, streams
from hwcodesign.kinds import kind_of
from hwcodesign.kinds.shared.fewer_bits import Inputs

Losses = Mapping[str, Mapping[int, float]]  # by layer, by bits of its weights
LEAST_BITS = 2  # one bit, a sign, takes training
KEPT = 4  # all streams of a batch are kept, so it is smaller by as much


def losses(
    graph: Dataflow,
    frames: np.ndarray,
    least: int = LEAST_BITS,
    on_layer: Callable[[int, int], None] = lambda done, wanted: None,
) -> Losses:
    """Of every layer with bits to spare, the loss at `least` bits up to those that it has, where it is 0.

    `frames` (N, H, W, C) are integers as the graph takes them; `on_layer` hears how much is done, of how much.
    """
    rounded = _rounded(graph, frames, least)
    summed = {name: dict.fromkeys(by_bits, 0.0) for name, by_bits in rounded.items()}
    batches = list(_batches(graph, frames))
    for number, batch in enumerate(batches):
        there = streams(graph, batch)
        before = _probabilities(graph, there[_end(graph)])
        for done, (name, by_bits) in enumerate(rounded.items(), number * len(rounded) + 1):
            for bits, layer in by_bits.items():
                after = _probabilities(graph, rerun(graph, there, {name: layer}))
                summed[name][bits] += _divergence(before, after).sum()
            on_layer(done, len(batches) * len(rounded))
    found = {}
    for name, totals in summed.items():
        own = kind_of(graph.by_name[name].kind).spare_bits(graph.by_name[name])
        found[name] = {bits: float(loss) / len(frames) for bits, loss in totals.items()} | {own: 0.0}
    return found


def together(graph: Dataflow, frames: np.ndarray, bits: Mapping[str, int]) -> tuple[float, float]:
    """With all these layers at these bits at once: the loss, and the share of images whose class stays."""
    rounded = {
        name: by_bits[bits[name]]
        for name, by_bits in _rounded(graph, frames, min(bits.values(), default=LEAST_BITS)).items()
        if bits.get(name) in by_bits
    }
    loss, same = 0.0, 0
    for batch in _batches(graph, frames):
        there = streams(graph, batch)
        before, after = (_probabilities(graph, end) for end in (there[_end(graph)], rerun(graph, there, rounded)))
        loss += _divergence(before, after).sum()
        same += int((before.argmax(axis=1) == after.argmax(axis=1)).sum())
    return float(loss) / len(frames), same / len(frames)


def _rounded(graph: Dataflow, frames: np.ndarray, least: int) -> dict[str, dict[int, Layer]]:
    """Every layer with bits to spare, by its name and by the bits, fewer than its own, that it could have."""
    found = {}
    for name, inputs in _inputs(graph, frames).items():
        layer = graph.by_name[name]
        kind = kind_of(layer.kind)
        fewer = range(least, kind.spare_bits(layer))
        found[name] = {bits: kind.with_weight_bits(layer, bits, inputs) for bits in fewer}
    return found


def _inputs(graph: Dataflow, frames: np.ndarray) -> dict[str, Inputs]:
    """What every layer with bits to spare reads."""
    names = [x.name for x in graph.layers if kind_of(x.kind).spare_bits(x)]
    sums = {name: np.zeros((2, graph.by_name[name].input.channels)) for name in names}
    for batch in _batches(graph, frames):
        there = streams(graph, batch)
        for name in names:
            columns = there[sources(graph, name)[0]].reshape(-1, len(sums[name][0])).astype(np.float64)
            sums[name] += [columns.sum(axis=0), (columns**2).sum(axis=0)]
    count = {name: len(frames) * graph.by_name[name].input.pixels for name in names}
    return {name: Inputs(*(sums[name] / count[name])) for name in names}


def _batches(graph: Dataflow, frames: np.ndarray) -> Iterator[np.ndarray]:
    step = max(1, batch_frames(graph) // KEPT)
    for start in range(0, len(frames), step):
        yield frames[start : start + step].astype(np.int64)


def _end(graph: Dataflow) -> tuple[str, int]:
    return graph.layers[-1].name, 0


def _probabilities(graph: Dataflow, end: np.ndarray) -> np.ndarray:
    """(frames, classes) of what leaves the graph: the scores come first, classes behind them."""
    flat = end.reshape(len(end), -1)
    (into,) = graph.edges_into(graph.layers[-1].name)
    real = graph.score_map.affine(flat[:, : graph.stream(into).elements])
    powers = np.exp(real - real.max(axis=1, keepdims=True))
    probabilities: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def _divergence(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(frames,) in nats."""
    tiny = np.finfo(np.float64).tiny
    apart: np.ndarray = (before * (np.log(before + tiny) - np.log(after + tiny))).sum(axis=1)
    return apart

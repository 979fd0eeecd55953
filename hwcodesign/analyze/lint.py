"""ZynqNet's four rules for FPGA-friendly networks (section 6.3 of the dissertation) as a lint.

(1) the parameters fit the board's on-chip memory, (2) dimensions are powers of two, (3) strided convolutions instead of
max pools, (4) the layers' activation volumes are about equal. Each finding names the layer, the gain and the price.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from statistics import median

from hwcodesign.analyze.costs import Costs, costs
from hwcodesign.core.errors import UserError
from hwcodesign.core.windows import both, by
from hwcodesign.fpga.board import Board
from hwcodesign.nets.classifier import refitted
from hwcodesign.nets.network import Conv, MaxPool, Network, Node, Quantization

RULES = {
    1: "the parameters fit the on-chip memory",
    2: "dimensions are powers of two",
    3: "strided convolutions instead of max pools",
    4: "activation volumes are about equal",
}
# A layer is out of line if it has this many times the activations of the middle layer.
UNEQUAL = 4.0


@dataclass(frozen=True)
class Finding:
    """What breaks rule `rule` (1 to 4) at `layer`, what mending it would gain, and what that would cost."""

    rule: int
    layer: str
    finding: str
    gain: str
    price: str


def lint(
    network: Network, quantization: Quantization, board: Board | None, load_weights: bool = False
) -> list[Finding]:
    """All findings, by rule. Rule 1 needs a board; with `load_weights`, its large RAM may hold weights, too."""
    total = costs(network, quantization)
    memory = _parameters_fit(network, quantization, board, load_weights) if board else ()
    return [*memory, *_powers_of_two(network, total), *_strided(network), *_equal_volumes(total)]


def _parameters_fit(
    network: Network, quantization: Quantization, board: Board, load_weights: bool
) -> Iterator[Finding]:
    """Weights in block RAM and LUTs, and in large RAM (UltraRAM, SPRAM) where they are loaded after a reset."""
    bits = network.weight_bits(quantization)
    sizes = {conv.name: network.weights(conv) * bits[conv.name] for conv in network.convolutions}
    needed, there = sum(sizes.values()), board.memory_bits + (board.large_bits if load_weights else 0)
    memory = "memory" if load_weights else "ROM"
    if needed <= there:
        return
    for name, size in sorted(sizes.items(), key=lambda item: -item[1])[:3]:
        yield Finding(
            1, name,
            f"holds {size / 1e6:.2f} of {needed / 1e6:.2f} Mbit of weights; {board.name} can give "
            f"{there / 1e6:.2f} Mbit of {memory}, {(needed - there) / 1e6:.2f} Mbit too few",
            f"half its {bits[name]} bits, or half its filters, frees {size / 2e6:.2f} Mbit",
            "accuracy, to be trained again",
        )  # fmt: skip


def _powers_of_two(network: Network, total: Costs) -> Iterator[Finding]:
    for conv in network.convolutions:
        if not _is_power(conv.filters):
            filters = _nearest_power(conv.filters, up=conv.name in network.scoring)
            changed = _changed(network, conv, replace(conv, filters=filters))
            yield Finding(2, conv.name, f"{conv.filters} filters", f"with {filters}, folds by every power of two",
                          _price(total, changed))  # fmt: skip
    odd = [name for name, shape in network.shapes.items() if not (_is_power(shape[0]) and _is_power(shape[1]))]
    if odd:
        height, width, channels = network.input_shape
        image = (_nearest_power(height), _nearest_power(width), channels)
        yield Finding(2, odd[0], _sides(network, odd[0]) + (f" and {len(odd) - 1} feature maps" if odd[1:] else ""),
                      "pixel addresses become bit fields", _image_price(network, total, image))  # fmt: skip


def _sides(network: Network, name: str) -> str:
    height, width, _ = network.shapes[name]
    return f"{height}x{width} pixels"


def _image_price(network: Network, total: Costs, image: tuple[int, int, int]) -> str:
    if image == network.input_shape:
        return "the image has powers of two already: padding that keeps a layer's size, or halves it, keeps them"
    resized = _price(total, lambda: refitted(network, replace(network, input_shape=image)))
    return f"with an image of {image[0]}x{image[1]}: {resized}; padding must keep sizes or halve them"


def _strided(network: Network) -> Iterator[Finding]:
    """A pool's neighbour takes its window and stride: the convolutions behind it, as in ZynqNet, or the one before."""
    for pool in network.nodes:
        if not isinstance(pool, MaxPool) or pool.stride == 1:
            continue
        behind = [node for node in network.nodes if pool.name in node.inputs]
        before = {node.name: node for node in network.nodes}.get(pool.input)
        if behind and all(isinstance(node, Conv) for node in behind):
            yield _pool_into_next(network, pool, [node for node in behind if isinstance(node, Conv)])
        elif isinstance(before, Conv):
            yield _pool_into_previous(network, pool, before)


def _pool_into_next(network: Network, pool: MaxPool, behind: list[Conv]) -> Finding:
    channels = network.shapes[pool.name][2]
    weights = operations = 0
    for conv in behind:
        own = both(conv.kernel)
        grown = math.prod(max(pair) for pair in zip(own, both(pool.kernel), strict=True))
        more = conv.filters * channels // conv.groups * (grown - math.prod(own))
        weights += more
        operations += 2 * more * math.prod(network.shapes[conv.name][:2])
    price = f"{weights:+,} weights, {operations / 1e6:+.3g} M operations" if weights else "none in parameters"
    names = " and ".join(conv.name for conv in behind)
    return Finding(
        3, pool.name, _window(pool), _pool_gain(network, pool, names), f"{price}; accuracy, to be trained again"
    )


def _pool_into_previous(network: Network, pool: MaxPool, before: Conv) -> Finding:
    rows, columns, _ = network.shapes[pool.name]
    old_rows, old_columns, _ = network.shapes[before.name]
    saved = 2 * network.weights(before) * (old_rows * old_columns - rows * columns)
    gain = f"{_pool_gain(network, pool, before.name)}, and {saved / 1e6:.3g} M operations of {before.name}"
    return Finding(3, pool.name, _window(pool), gain, "none in parameters; accuracy, to be trained again")


def _window(pool: MaxPool) -> str:
    return f"{by(pool.kernel)}/{_stride(pool)} max pool"


def _stride(pool: MaxPool) -> str:
    return str(pool.stride) if isinstance(pool.stride, int) else by(pool.stride)


def _pool_gain(network: Network, pool: MaxPool, neighbour: str) -> str:
    rows, columns, channels = network.shapes[pool.name]
    operations = rows * columns * channels * math.prod(both(pool.kernel))
    return (
        f"stride {_stride(pool)} in {neighbour} saves the pool: its line buffer and {operations / 1e6:.3g} M operations"
    )


def _equal_volumes(total: Costs) -> Iterator[Finding]:
    maps = [layer for layer in total.layers if layer.activations and math.prod(layer.out_shape[:-1]) > 1]
    if not maps:
        return
    middle = median(layer.activations for layer in maps)
    for layer in maps:
        if layer.activations > UNEQUAL * middle:
            yield Finding(
                4, layer.name,
                f"{layer.activations:,} activations, {layer.activations / middle:.1f} times the middle layer's "
                f"{middle:,.0f}",
                f"twice the stride leaves {layer.activations // 4:,} here and a quarter of the work behind it",
                "resolution, and so accuracy, to be trained again",
            )  # fmt: skip


def _changed(network: Network, old: Node, new: Node) -> Callable[[], Network]:
    return lambda: replace(network, nodes=tuple(new if node is old else node for node in network.nodes))


def _price(before: Costs, change: Callable[[], Network]) -> str:
    """The difference in parameters and operations that a change makes, or why it cannot be made alone."""
    try:
        after = costs(change())
    except UserError as error:
        return f"not by itself: {error}"
    parameters = after.parameters - before.parameters
    operations = (after.operations - before.operations) / before.operations
    return f"{parameters:+,} parameters ({parameters / before.parameters:+.1%}), {operations:+.1%} operations"


def _is_power(number: int) -> bool:
    return number & (number - 1) == 0


def _nearest_power(number: int, up: bool = False) -> int:
    above = 1 << (number - 1).bit_length()
    return above if up or above - number <= number - above // 2 else above // 2

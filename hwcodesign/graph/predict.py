"""The hardware graph that lowering will give, from a network's description alone: before training, in milliseconds.

Layers, shapes, stream types and attributes are those of `lower`, with three exceptions, because they depend on weights
that are not there yet: the accumulator takes the worst case over all weights of the type; the weights have the type
they are trained in (`lower` narrows both to what the trained weights need); and every quantizer is taken to keep a base
and a step for each channel, as wide as they can get. `lower` finds out whether that is exact. It is not where a
quantizer rounds halves that its integers hit; then the layer keeps a table, which takes more.
"""

from math import prod

from hwcodesign.core.errors import UserError
from hwcodesign.core.integers import PIXEL
from hwcodesign.core.windows import both
from hwcodesign.dataflow import Dataflow, IntType, Shape, Stream
from hwcodesign.graph.builder import Assembly
from hwcodesign.graph.rearranged import Rearrangements
from hwcodesign.kinds.mvau import worst_reach
from hwcodesign.nets.network import (
    INPUT,
    Add,
    AvgPool,
    Channels,
    Concat,
    Conv,
    GlobalAvgPool,
    MaxPool,
    Network,
    PixelShuffle,
    Quantization,
    Requantize,
    Upsample,
    require_hardware,
    whole_windows,
)


def predict(network: Network, quantization: Quantization) -> Dataflow:
    """The dataflow graph of `network`, without tensors.

    Scores of several pixels all leave. Raises UserError, naming the layer, for what has no hardware: the nodes that
    `require_hardware` refuses, padded bipolar feature maps.
    """
    require_hardware(network)
    assembly = Assembly(INPUT, Stream(network.input_shape, PIXEL))
    bits_of = network.activation_bits(quantization)
    activations = {n: IntType(b, signed=b == 1 or n in network.signed_quantizers) for n, b in bits_of.items()}
    weights = {name: IntType(bits, signed=True) for name, bits in network.weight_bits(quantization).items()}
    made, moved = {INPUT: INPUT}, Rearrangements(assembly)
    for node in network.nodes:
        if isinstance(node, Channels | PixelShuffle):
            moved.note(node, network.shapes[node.input][2])
            continue
        sources = [made[moved.beneath(name)] for name in node.inputs]
        channels = [network.shapes[name][2] for name in node.inputs]
        if isinstance(node, Requantize):
            moved.keep(node, node.input)
        elif not (isinstance(node, Concat) and moved.put_off(node, channels)):
            sources = [moved.layer(name, source, node) for name, source in zip(node.inputs, sources, strict=True)]
        match node:
            case Conv():
                out_type = activations[node.quantizer] if node.quantizer else None
                made[node.name] = _convolution(assembly, node, sources[0], weights[node.name], out_type)
            case MaxPool() | AvgPool() | GlobalAvgPool():
                made[node.name] = _pool(assembly, node, sources[0], network.shapes[node.input])
            case Upsample():
                made[node.name] = _upsample(assembly, node, sources[0])
            case Concat():
                made[node.name] = assembly.concat(node.name, sources)
            case Requantize():
                made[node.name] = assembly.thresholding(node.name, sources[0], activations[node.quantizer])
            case Add():
                total = assembly.add(node.name, sources[0], sources[1])
                made[node.name] = assembly.thresholding(f"{node.name}.quantizer", total, activations[node.quantizer])
    last = network.nodes[-1]
    scores = moved.layer(last.name, made[moved.beneath(last.name)], last)
    if assembly.stream(scores).pixels == 1:
        assembly.label_select(scores)
    else:
        assembly.map_output(scores)
    return assembly.finish({})


def _upsample(assembly: Assembly, node: Upsample, source: str) -> str:
    factors = both(node.factor)
    return source if factors == (1, 1) else assembly.layer(node.name, "upsample", [source], {"factors": factors})


def _pool(assembly: Assembly, pool: MaxPool | AvgPool | GlobalAvgPool, source: str, shape: Shape) -> str:
    match pool:
        case MaxPool() | AvgPool() if (pool.kernel, pool.stride, pool.pad) == (1, 1, 0):
            return source
        case MaxPool():
            return _max_pool(assembly, pool, source, shape)
        case AvgPool() if both(pool.kernel) != shape[:2] or pool.pad:
            return _avg_pool(assembly, pool, source)
        case _:
            return source if shape[:2] == (1, 1) else assembly.global_acc_pool(pool.name, source)


def _max_pool(assembly: Assembly, pool: MaxPool, source: str, shape: Shape) -> str:
    if any(pad := whole_windows(pool, shape)):
        source = assembly.padding(f"{pool.name}.pad", source, pad, assembly.stream(source).interval.low)
    kernel, stride = both(pool.kernel), both(pool.stride)
    window = assembly.sliding_window(f"{pool.name}.window", source, kernel, stride, depthwise=True)
    return assembly.max_pool(pool.name, window, prod(kernel))


def _avg_pool(assembly: Assembly, pool: AvgPool, source: str) -> str:
    if pool.pad:
        source = _zeros_around(assembly, pool, source)
    window = assembly.sliding_window(
        f"{pool.name}.window", source, both(pool.kernel), both(pool.stride), depthwise=True
    )
    return assembly.sum_pool(pool.name, window, prod(both(pool.kernel)))


def _zeros_around(assembly: Assembly, node: Conv | AvgPool, source: str) -> str:
    if assembly.stream(source).type.bipolar:
        raise UserError(
            f"{node.name}: values of -1 and +1 cannot be padded with zeros; use pad = 0 or activations of 2 bits"
        )
    return assembly.padding(f"{node.name}.pad", source, both(node.pad) * 2)


def _convolution(assembly: Assembly, conv: Conv, source: str, weight: IntType, out_type: IntType | None) -> str:
    if conv.pad:
        source = _zeros_around(assembly, conv, source)
    channels = assembly.stream(source).channels
    depthwise = conv.groups == channels > 1
    if (conv.kernel, conv.stride) != (1, 1):
        kernel, stride, dilation = both(conv.kernel), both(conv.stride), both(conv.dilation)
        source = assembly.sliding_window(f"{conv.name}.window", source, kernel, stride, depthwise, dilation)
    if 1 < conv.groups < channels and weight.bipolar:
        weight = IntType(2, signed=True)  # of the channels of other groups the weights are 0
    stream, quantized = assembly.stream(source), out_type is not None
    window = prod(both(conv.kernel)) if depthwise else stream.channels
    sums = worst_reach(window, weight, stream.interval)
    acc_type = sums.including(sums.high + quantized).signed_type  # a threshold that is never reached lies one above
    if depthwise:
        multiplier = conv.filters // channels
        return assembly.vvau(
            conv.name, source, window, multiplier, out_type=out_type, weight_type=weight, acc_type=acc_type
        )
    return assembly.mvau(conv.name, source, conv.filters, out_type=out_type, weight_type=weight, acc_type=acc_type)

"""A float network in an ONNX file as a `Network` of our blocks and the float weights of its convolutions.

Batch norms, biases and factors are folded into the convolutions before them, ReLUs into what they follow, and what
only moves elements or belongs to the host (softmax, dropout, the pixels' normalisation) is taken off. Where quantizers
stand is decided behind that (quantizer_places.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.windows import Pair
from hwcodesign.export.float_weights import Weights
from hwcodesign.lower.arithmetic import FUNCTIONS, RISING
from hwcodesign.lower.constant_folding import fold
from hwcodesign.lower.endings import ENDINGS
from hwcodesign.lower.file_network import FileNetwork
from hwcodesign.lower.file_network import Node as FileNode
from hwcodesign.lower.layout import LAYOUTS, LayoutError, moved
from hwcodesign.lower.parts import PARTS, factors_of, order_of, parts_of
from hwcodesign.lower.problems import Problems
from hwcodesign.lower.unsupported import why_not
from hwcodesign.lower.upsampling import factors_of as upsampled_by
from hwcodesign.lower.upsampling import why_not_upsampled
from hwcodesign.lower.values import Constant
from hwcodesign.nets.build import is_taken
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
    Node,
    PixelShuffle,
    Requantize,
    Upsample,
    cuts_windows,
    may_be_negative,
    windows_on,
)
from hwcodesign.quantize.float_clips import CLIPS, LEAKS, end_of, ends_of, leak_of
from hwcodesign.quantize.float_windows import NO_BORDER, Border, centred, dilation_of, why_no_window, window_of
from hwcodesign.quantize.quantizer_places import placed

_RECTIFIERS = "use ReLU, ReLU6, LeakyReLU; before Brevitas's quantizers, any function that never falls (import QONNX)"
_PADDED = "pad by as many pixels on the left as on the right, above as below (padding=1)"


@dataclass(frozen=True)
class FloatNetwork:
    """`network` takes (pixels - `mean`) / `divisor`, each (channels,), where pixels are what the file takes."""

    network: Network
    weights: Mapping[str, Weights]
    mean: np.ndarray
    divisor: np.ndarray


@dataclass(frozen=True)
class _Pixels:
    """The input times `scale` plus `shift`, both (channels,), in an array of `shape`, behind the zeros `pad`."""

    scale: np.ndarray
    shift: np.ndarray
    shape: tuple[int, ...]
    pad: Border = NO_BORDER


@dataclass(frozen=True)
class _Map:
    """What the node `name` gives, in an array of `shape`, behind the zeros `pad`.

    `alone`: whoever reads this, nobody reads the same node by another way. `places`, in that shape: which elements of
    the node's map these are, and the layer in the file that moved them, if they are not all of them in their order.
    """

    name: str
    shape: tuple[int, ...]
    alone: bool
    pad: Border = NO_BORDER
    places: np.ndarray | None = None
    mover: FileNode | None = None


_Tensor = _Pixels | _Map | Constant | None  # None: behind a problem


def float_network(file: FileNetwork) -> FloatNetwork:
    """The network that `file` describes. Raises one UserError that lists every layer without hardware, by its path."""
    reader = _Reader(file)
    for node in file.nodes:
        reader.visit(node)
        if reader.last is not None:
            break
    return reader.result()


class _Reader:
    """A walk over the file: what each tensor is, and the nodes and weights so far."""

    def __init__(self, file: FileNetwork) -> None:
        if len(file.input_shape) != 4 or file.channels_last:
            raise UserError(f"{file.path}: its input has the shape {file.input_shape}; a float network takes "
                            "(1, channels, height, width)")  # fmt: skip
        _, channels, height, width = file.input_shape
        self.file, self.problems = file, Problems()
        self.last: str | None = None  # the tensor of the scores, where what follows belongs to the host
        self.input_shape = height, width, channels
        self.nodes: dict[str, Node] = {}
        self.weights: dict[str, Weights] = {}
        self.alone: dict[str, bool] = {}  # whether the input of a pool or a concatenation is read by it alone
        self.moved: dict[tuple[str, bytes], str] = {}  # nodes by what they read, and which elements
        self.pixels: _Pixels | None = None  # as the first convolution takes them
        self.tensors: dict[str, _Tensor] = {
            file.input: _Pixels(np.ones(channels), np.zeros(channels), file.input_shape)
        }
        self.readers = file.readers()

    def visit(self, node: FileNode) -> None:
        """Work out what the node gives."""
        inputs = [self._read(name) for name in node.inputs]
        if node.operator in ENDINGS and self._last(node):
            self.last = node.inputs[0]
            return
        try:
            found = self._result(node, inputs)
            results = found if isinstance(found, tuple) else (found,)
        except (ValueError, TypeError, IndexError, KeyError, LayoutError) as error:
            self.problems.add(node.layer, f"its inputs or attributes are not those of {node.operator} ({error})",
                              "export the model again")  # fmt: skip
            results = ()
        self.tensors |= dict.fromkeys(node.outputs)
        self.tensors |= dict(zip(node.outputs, results, strict=False))

    def result(self) -> FloatNetwork:
        """The network, its quantizers in their places. Raises UserError for the problems that were met."""
        self.problems.raise_any(self.file.path)
        scores = self._scores()
        self.problems.raise_any(self.file.path)
        if not isinstance(self.nodes.get(scores), Conv | GlobalAvgPool | Upsample | Channels | PixelShuffle):
            raise UserError(f"{self.file.path}: a network ends in a fully connected layer, a convolution or a global "
                            "average, or in what moves their results, which are its scores")  # fmt: skip
        draft = Network("graph", self.input_shape, 0, _leading_to(scores, self.nodes))
        nodes = placed(draft, self.problems)
        self.problems.raise_any(self.file.path)
        height, width, channels = draft.shapes[scores]
        pixels = self.pixels
        assert pixels is not None, "a network without convolutions has a problem"
        # Of a map, the classes are those of each pixel; a recipe has two at least.
        network = replace(draft, classes=channels if channels > 1 else height * width, nodes=nodes)
        weights = {conv.name: self.weights[conv.name] for conv in network.convolutions}
        return FloatNetwork(network, weights, -pixels.shift / pixels.scale, 1 / pixels.scale)

    def _scores(self) -> str:
        """The node that gives the scores, "" if none does; a map with its channels last is in hardware's own order."""
        tensor = self.last or self.file.output
        value = self.tensors.get(tensor)
        if not isinstance(value, _Map):
            return ""
        channels, height, width = shape = self._map_shape(value.name)
        own = np.arange(channels * height * width).reshape(shape).transpose(1, 2, 0)
        if value.places is None or np.array_equal(value.places.ravel(), own.ravel()):
            return value.name
        maker = next(node for node in self.file.nodes if tensor in node.outputs)
        arranged = self._arranged(maker, value)
        return "" if arranged is None else arranged.name

    def _read(self, name: str) -> _Tensor:
        if name in self.file.constants and name not in self.tensors:
            self.tensors[name] = Constant(self.file.constants[name])
        return self.tensors.get(name)

    def _last(self, node: FileNode) -> bool:
        waiting = list(node.outputs)
        while waiting:
            for reader in self.readers.get(waiting.pop(), ()):
                if reader.operator not in (*LAYOUTS, *ENDINGS):
                    return False
                waiting.extend(reader.outputs)
        return True

    def _result(self, node: FileNode, inputs: list[_Tensor]) -> _Tensor | tuple[_Tensor, ...]:
        given = [tensor for name, tensor in zip(node.inputs, inputs, strict=True) if name]
        if node.operator == "Shape" and isinstance(given[0], _Map):
            return Constant(np.array(given[0].shape, dtype=np.int64))
        if all(isinstance(tensor, Constant) for tensor in given):
            constants = [tensor if isinstance(tensor, Constant) else None for tensor in inputs]
            return fold(node, constants, self.file.opset)
        handler = _HANDLERS.get(node.operator)
        if handler is None:
            cause, fix = why_not(node, known=False) or ("", "")
            self._note(node, cause, _RECTIFIERS if fix == RISING or node.operator in FUNCTIONS else fix)
        elif any(isinstance(t, _Map | _Pixels) and any(t.pad) for t in given) and node.operator not in _TAKE_PADDING:
            self._note(node, "its input was padded before it", _PADDED)
        elif not any(tensor is None for tensor in given):  # what lies behind a problem is none itself
            if node.operator not in _TAKE_MOVED:
                inputs = [self._arranged(node, tensor) if isinstance(tensor, _Map) else tensor for tensor in inputs]
                if any(tensor is None for name, tensor in zip(node.inputs, inputs, strict=True) if name):
                    return None
            return handler(self, node, inputs)
        return None

    def _note(self, node: FileNode, cause: str, fix: str) -> None:
        self.problems.add(node.layer, cause, fix)

    def _gives(self, file_node: FileNode, node: Node, shape: tuple[int, ...]) -> _Map:
        self.nodes[node.name] = node
        return _Map(node.name, shape, self._read_once(file_node))

    def _read_once(self, node: FileNode) -> bool:
        return len(self.readers.get(node.outputs[0], ())) <= 1

    def _name(self, node: FileNode) -> str:
        """The layer's path, in letters that a module may have, a number behind one that is called again."""
        weights = [name.removesuffix(".weight") for name in node.inputs[1:2] if name.endswith(".weight")]
        path = (weights or [node.layer])[0]
        parts = ["".join(c if c.isascii() and c.isalnum() else "_" for c in part) for part in path.split(".")]
        parts = [f"{part}_" if is_taken(part) else part for part in parts]
        name, number = ".".join(part for part in parts if part) or node.operator.lower(), 1
        name = "layer_" + name if name == INPUT else name
        while name in self.nodes:
            number += 1
            name = f"{name.removesuffix(f'_{number - 1}')}_{number}"
        return name

    def _moved(self, node: FileNode, inputs: list[_Tensor]) -> _Tensor | tuple[_Tensor, ...]:
        first, *others = inputs
        if not isinstance(first, _Map | _Pixels):
            self._note(node, "it moves numbers that are computed at run time", "move feature maps alone")
            return None
        if node.operator in ("Identity", "Cast", "Dropout"):
            return self._passed(node, first)
        whole = np.arange(np.prod(first.shape)).reshape(first.shape)
        places = whole if isinstance(first, _Pixels) or first.places is None else first.places
        arrays = [tensor.real if isinstance(tensor, Constant) else None for tensor in others]
        if node.operator in PARTS:
            parts = parts_of(node, places, arrays)
        else:
            parts = (moved(node, places, arrays, self.file.batch),)
        return tuple(self._part(node, first, part) for part in parts)

    def _part(self, node: FileNode, value: _Map | _Pixels, places: np.ndarray) -> _Tensor:
        """Those elements of `value`."""
        size = np.prod(self._map_shape(value.name) if isinstance(value, _Map) else value.shape)
        if np.array_equal(places.ravel(), np.arange(size)):
            value = self._passed(node, value)
            unmoved: dict[str, Any] = {"places": None, "mover": None} if isinstance(value, _Map) else {}
            return replace(value, shape=places.shape, **unmoved)
        if isinstance(value, _Pixels) or any(value.pad):
            self._note(node, "it reorders the elements of its input: the pixels, or what was padded before it",
                       "begin with a convolution, and let it pad")  # fmt: skip
            return None
        alone = value.alone and len(node.outputs) == 1 and self._read_once(node)
        return replace(value, shape=places.shape, alone=alone, places=places, mover=node)

    def _arranged(self, node: FileNode, value: _Map) -> _Map | None:
        """`value` as a map of its own, of picked channels or blocks of pixels; None after noting why it is none."""
        if value.places is None or value.mover is None:
            return value
        shape = self._map_shape(value.name)
        rows, columns = factors_of(value.places, shape)
        order = order_of(value.places, shape, (rows, columns))
        if order is None or rows != columns:
            self._note(node, f"it reads what {value.mover.layer} reorders, or some rows or columns of it",
                       "reorder or take whole channels, in blocks of as many rows as columns")  # fmt: skip
            return None
        picked = order.reshape(rows * columns, -1).T.ravel()
        name = value.name
        if not np.array_equal(picked, np.arange(shape[0])):
            name = self._put(value, name, picked, Channels(self._name(value.mover), name, tuple(picked.tolist())))
        if rows > 1:
            name = self._put(value, name, np.array([rows]), PixelShuffle(self._name(value.mover), name, rows))
        return replace(value, name=name, places=None, mover=None)

    def _put(self, value: _Map, source: str, how: np.ndarray, node: Channels | PixelShuffle) -> str:
        """The name of `node`, or of one that does the same to `source` already."""
        name = self.moved.setdefault((source, how.tobytes()), node.name)
        if name == node.name:
            self.nodes[name] = node
            self.alone |= {name: value.alone}
        return name

    def _upsampled(self, node: FileNode, inputs: list[_Tensor]) -> _Tensor:
        value, *others = inputs
        if not isinstance(value, _Map) or len(value.shape) != 4:
            self._note(node, "it upsamples other things than feature maps", "begin with a convolution")
            return None
        problem = why_not_upsampled(node, value.shape, others, self.file.opset)
        if problem is not None:
            self._note(node, *problem)
            return None
        rows, columns = upsampled_by(node, value.shape, others)
        if rows == columns == 1:
            return self._passed(node, value)
        made = Upsample(self._name(node), value.name, (rows, columns))
        self.alone |= {made.name: value.alone}
        return self._gives(node, made, (*value.shape[:2], value.shape[2] * rows, value.shape[3] * columns))

    def _passed(self, node: FileNode, value: _Map | _Pixels) -> _Map | _Pixels:
        """The value itself, behind a node that does nothing with its numbers."""
        return replace(value, alone=value.alone and self._read_once(node)) if isinstance(value, _Map) else value

    def _convolution(self, node: FileNode, inputs: list[_Tensor]) -> _Tensor:
        value, weight = inputs[:2]
        if not isinstance(weight, Constant) or isinstance(value, Constant):
            self._note(node, "its weights are computed at run time", "use constant weights")
            return None
        kernel = weight.real
        window = self._window(node, kernel.shape[2:], value)
        if window is None:
            return None
        _, strides, border = window
        groups = int(node.attributes.get("group", 1))
        source, shape = self._source(value)
        if source is None or len(shape) != 4 or shape[1] != kernel.shape[1] * groups:
            self._note(node, f"its weights are for {kernel.shape[1] * groups} channels, its input is {shape}",
                       "convolve feature maps of (1, channels, height, width)")  # fmt: skip
            return None
        kernel, padding, dilation = centred(kernel, border, dilation_of(node))
        sides = kernel.shape[2], kernel.shape[3]
        conv = Conv(self._name(node), source, len(kernel), sides, strides, padding, groups, relu=False,
                    dilation=dilation)  # fmt: skip
        self.weights[conv.name] = _weights(kernel, inputs[2] if len(inputs) > 2 else None)
        return self._gives(node, conv, (1, len(kernel), *windows_on(conv, (shape[2], shape[3], shape[1]))))

    def _source(self, value: _Tensor) -> tuple[str | None, tuple[int, ...]]:
        """The node that a convolution reads, and the shape of its map."""
        if isinstance(value, _Map):
            return value.name, value.shape
        assert isinstance(value, _Pixels)
        before = self.pixels or value
        if not (np.array_equal(before.scale, value.scale) and np.array_equal(before.shift, value.shift)):
            return None, ()  # two normalisations of the same pixels
        self.pixels = value
        return INPUT, value.shape

    def _window(self, node: FileNode, kernel: tuple[int, ...], value: _Tensor) -> tuple[Pair, Pair, Border] | None:
        """(sides, strides, zeros around the map) of a window on `value`; None after noting that there is none like it.

        The zeros are its own and those that stand before it already.
        """
        if problem := why_no_window(node, kernel):
            self._note(node, *problem)
            return None
        assert isinstance(value, _Map | _Pixels)
        return window_of(node, kernel, value.shape[2:], value.pad)

    def _linear(self, node: FileNode, inputs: list[_Tensor]) -> _Tensor:
        value, matrix = inputs[:2]
        if not isinstance(matrix, Constant) or matrix.real.ndim != 2 or node.attributes.get("transA", 0):
            self._note(node, "its weights are computed at run time, or stand on the left", "use nn.Linear")
            return None
        rows = matrix.real if node.attributes.get("transB", 0) else matrix.real.T
        source, shape = self._source(value)
        channels, height, width = self._map_shape(source or INPUT)
        if isinstance(value, _Map) and value.places is not None and shape == (1, rows.shape[1]):
            rows = _in_order(rows, value.places.ravel(), channels * height * width)
            shape = (1, rows.shape[1])
        if source is None or shape != (1, rows.shape[1]) or rows.shape[1] != channels * height * width:
            self._note(node, f"its weights are for {rows.shape[1]} features, its input is {channels} maps of "
                       f"{height}x{width}", "flatten the whole map in front of it")  # fmt: skip
            return None
        kernel = float(node.attributes.get("alpha", 1.0)) * rows.reshape(len(rows), channels, height, width)
        bias = inputs[2] if len(inputs) > 2 else None
        if isinstance(bias, Constant):
            bias = Constant(float(node.attributes.get("beta", 1.0)) * bias.real)
        conv = Conv(self._name(node), source, len(rows), (height, width), relu=False)
        self.weights[conv.name] = _weights(kernel, bias)
        return self._gives(node, conv, (1, len(rows)))

    def _map_shape(self, name: str) -> tuple[int, int, int]:
        height, width, channels = Network("", self.input_shape, 0, tuple(self.nodes.values())).shapes[name]
        return channels, height, width

    def _batch_norm(self, node: FileNode, inputs: list[_Tensor]) -> _Tensor:
        parts = [tensor.real.astype(np.float64) for tensor in inputs[1:5] if isinstance(tensor, Constant)]
        factor = parts[0] / np.sqrt(parts[3] + float(node.attributes.get("epsilon", 1e-5)))
        return self._scaled(node, inputs[0], factor, parts[1] - parts[2] * factor)

    def _arithmetic(self, node: FileNode, inputs: list[_Tensor]) -> _Tensor:
        """Add, Sub, Mul, Div: of a feature map and a constant, or the sum of two feature maps."""
        value, other = inputs
        if isinstance(value, _Map) and isinstance(other, _Map):
            return self._sum(node, value, other)
        turned = isinstance(value, Constant)
        constant, value = (value, other) if turned else (other, value)
        numbers = self._by_channel(value, constant)
        if numbers is None or (turned and node.operator == "Div"):
            self._note(node, "it combines its input with other numbers than one for each channel",
                       "use one number, or one for each channel")  # fmt: skip
            return None
        one, none = np.ones_like(numbers), np.zeros_like(numbers)
        factor, shift = {
            "Add": (one, numbers),
            "Sub": (-one, numbers) if turned else (one, -numbers),
            "Mul": (numbers, none),
            "Div": (1 / np.where(numbers == 0, 1, numbers), none),
        }[node.operator]
        return self._scaled(node, value, factor, shift)

    def _by_channel(self, value: _Tensor, constant: _Tensor) -> np.ndarray | None:
        if not isinstance(constant, Constant) or not isinstance(value, _Pixels | _Map):
            return None
        shape, numbers = value.shape, np.asarray(constant.real, np.float64)
        if numbers.size == 1 and isinstance(value, _Pixels):
            return np.broadcast_to(numbers.reshape(-1), value.scale.shape)
        if numbers.ndim > len(shape) or numbers.size not in (1, shape[1]):
            return None
        wide = np.broadcast_to(numbers, np.broadcast_shapes(numbers.shape, (1, shape[1], *[1] * (len(shape) - 2))))
        return wide.reshape(-1) if wide.shape[:2] == (1, shape[1]) and wide.size == shape[1] else None

    def _scaled(self, node: FileNode, value: _Tensor, factor: np.ndarray, shift: np.ndarray) -> _Tensor:
        """The value times `factor` plus `shift`, both (channels,): of pixels, or folded into a convolution.

        Where there is none to fold it into it becomes one, of one weight for each channel.
        """
        if isinstance(value, _Pixels):
            if factor.shape != value.scale.shape:
                self._note(node, "it scales every pixel by a number of its own", "give one number for each channel")
                return None
            if np.any(factor <= 0):
                self._note(node, "it turns the pixels round, or drops a channel", "multiply by positive numbers")
                return None
            return _Pixels(value.scale * factor, value.shift * factor + shift, value.shape)
        assert isinstance(value, _Map)
        conv = self.nodes[value.name]
        if not isinstance(conv, Conv) or conv.relu or not value.alone:
            return self._by_itself(node, value, factor, shift)
        weight, bias = (part.astype(np.float64) for part in self.weights[conv.name])
        made = weight * factor[:, None, None, None], bias * factor + shift
        self.weights[conv.name] = Weights(made[0].astype(np.float32), made[1].astype(np.float32))
        return replace(value, alone=self._read_once(node))

    def _by_itself(self, node: FileNode, value: _Map, factor: np.ndarray, shift: np.ndarray) -> _Tensor:
        channels = self._map_shape(value.name)[0]
        numbers = [np.full(channels, part[0]) if np.ptp(part) == 0 else part for part in (factor, shift)]
        if any(len(part) != channels for part in numbers):
            self._note(node, "it scales every pixel by a number of its own", "give one number for each channel")
            return None
        made = Conv(self._name(node), value.name, channels, groups=channels, relu=False)
        self.weights[made.name] = _weights(numbers[0].reshape(channels, 1, 1, 1), Constant(numbers[1]))
        return self._gives(node, made, value.shape)

    def _sum(self, node: FileNode, left: _Map, right: _Map) -> _Tensor:
        if node.operator != "Add":
            self._note(node, f"{node.operator} of two feature maps has no block here", "add them")
            return None
        if left.shape != right.shape:
            self._note(node, f"it adds {left.shape} and {right.shape}", "add maps of one shape")
            return None
        made = Add(self._name(node), (left.name, right.name), "", relu=False)
        return self._gives(node, made, left.shape)

    def _concat(self, node: FileNode, inputs: list[_Tensor]) -> _Tensor:
        maps = [value for value in inputs if isinstance(value, _Map)]
        if len(maps) < len(inputs) or int(node.attributes["axis"]) not in (1, 1 - len(maps[0].shape)):
            self._note(node, "it joins other things than the channels of feature maps", "use torch.cat(maps, dim=1)")
            return None
        made = Concat(self._name(node), tuple(value.name for value in maps))
        self.alone |= {made.name: all(value.alone for value in maps)}
        channels = sum(value.shape[1] for value in maps)
        return self._gives(node, made, (1, channels, *maps[0].shape[2:]))

    def _max_pool(self, node: FileNode, inputs: list[_Tensor]) -> _Tensor:
        (value,) = inputs
        window = self._pool_window(node, value)
        if window is None or not isinstance(value, _Map):
            return None
        sides, strides, pads = window
        ceil = bool(node.attributes.get("ceil_mode", 0))
        made = MaxPool(self._name(node), value.name, sides, strides, pads, ceil)
        self.alone |= {made.name: value.alone}
        height, width = value.shape[2:]
        return self._gives(node, made, (*value.shape[:2], *windows_on(made, (height, width, value.shape[1]))))

    def _pool_window(self, node: FileNode, value: _Tensor) -> tuple[Pair, Pair, Pair] | None:
        """(sides, strides, padding) of a pool's window, with as much behind as before; None after noting why not."""
        window = self._window(node, tuple(node.attributes["kernel_shape"]), value)
        if window is None or not isinstance(value, _Map):
            if window is not None:
                self._note(node, "it pools the pixels themselves", "begin with a convolution")
            return None
        sides, strides, border = window
        if border[:2] != border[2:]:
            self._note(node, f"it pads {list(border)}", _PADDED)
            return None
        return sides, strides, border[:2]

    def _average(self, node: FileNode, inputs: list[_Tensor]) -> _Tensor:
        """ReduceMean, GlobalAveragePool: where they see the whole map."""
        value = inputs[0]
        kept = True
        if node.operator == "ReduceMean":
            axes = inputs[1].real.tolist() if len(inputs) > 1 and isinstance(inputs[1], Constant) else None
            axes = node.attributes.get("axes") if axes is None else axes
            whole = axes is not None and sorted(axis % 4 for axis in axes) == [2, 3]
            kept = bool(node.attributes.get("keepdims", 1))
        else:
            whole = True
        if not whole or not isinstance(value, _Map) or len(value.shape) != 4:
            self._note(node, "it averages over other things than windows, or all pixels, of a feature map",
                       "use nn.AvgPool2d, or average over both sides of a map")  # fmt: skip
            return None
        shape = (*value.shape[:2], 1, 1) if kept else value.shape[:2]
        return self._gives(node, GlobalAvgPool(self._name(node), value.name), shape)

    def _average_pool(self, node: FileNode, inputs: list[_Tensor]) -> _Tensor:
        """AveragePool over windows, which count the zeros that a Pad before it put there, or over the whole map."""
        (value,) = inputs
        window = self._pool_window(node, value)
        if window is None or not isinstance(value, _Map):
            return None
        sides, strides, pads = window
        if sides == value.shape[2:] and not any(pads):
            return self._gives(node, GlobalAvgPool(self._name(node), value.name), (*value.shape[:2], 1, 1))
        if pads != value.pad[:2] and not node.attributes.get("count_include_pad", 0):
            self._note(node, "its windows at the border average fewer pixels",
                       "use padding=0, or count_include_pad=True")  # fmt: skip
            return None
        made = AvgPool(self._name(node), value.name, sides, strides, pads, bool(node.attributes.get("ceil_mode", 0)))
        map_shape = value.shape[2], value.shape[3], value.shape[1]
        if cuts_windows(made, map_shape):
            self._note(node, "the border cuts windows off, which average fewer pixels", "use ceil_mode=False")
            return None
        return self._gives(node, made, (*value.shape[:2], *windows_on(made, map_shape)))

    def _relu(self, node: FileNode, inputs: list[_Tensor]) -> _Tensor:
        """Relu, and what clips at 0, at a number above, or at both: ReLU6 is Clip, or Relu and Min, or Max and Min."""
        value = next((tensor for tensor in inputs if not isinstance(tensor, Constant)), None)
        if not isinstance(value, _Map):
            self._note(node, "it stands behind the pixels themselves", "begin with a convolution")
            return None
        least, most = ends_of(node, inputs)
        rectifies = least == 0 or (least < 0 and self._already(value.name, np.inf))
        if not rectifies or not most > 0:
            self._note(node, "it clips at other ends than 0 and a number above", _RECTIFIERS)
            return None
        if self._already(value.name, most):
            return replace(value, alone=value.alone and self._read_once(node))
        if value.alone and self._rectify(value.name, most, sure=False):
            self._rectify(value.name, most, sure=True)
            return replace(value, alone=self._read_once(node))
        made = Requantize(self._name(node), value.name, f"{self._name(node)}.quantizer", most=end_of(most))
        return self._gives(node, made, value.shape)

    def _leaky(self, node: FileNode, inputs: list[_Tensor]) -> _Tensor:
        """LeakyRelu, and PRelu of one slope."""
        value, leak = inputs[0], leak_of(node, inputs)
        if not isinstance(value, _Map) or not 0 <= leak < 1:
            self._note(node, "below 0 it has several slopes, or one that is not between 0 and 1", _RECTIFIERS)
            return None
        if self._already(value.name, np.inf):
            return replace(value, alone=value.alone and self._read_once(node))
        if value.alone and self._rectify(value.name, np.inf, sure=False, leak=leak):
            self._rectify(value.name, np.inf, sure=True, leak=leak)
            return replace(value, alone=self._read_once(node))
        made = Requantize(self._name(node), value.name, f"{self._name(node)}.quantizer", leak=leak)
        return self._gives(node, made, value.shape)

    def _already(self, name: str, most: float) -> bool:
        """Whether nothing below 0, nor above `most`, comes from the node."""
        node = self.nodes[name]
        match node:
            case Conv() | Add() | Requantize():
                return not may_be_negative(node) and (node.most or np.inf) <= most
            case _:
                return all(self._already(source, most) for source in node.inputs)

    def _rectify(self, name: str, most: float, sure: bool, leak: float = 0.0) -> bool:
        """Move a ReLU behind the node to what makes its values; whether it can be (it is, if `sure`).

        One that leaks goes in front of no other.
        """
        node = self.nodes[name]
        match node:
            case Conv() | Add() | Requantize():
                if leak and node.relu:
                    return False
                if sure:
                    end = end_of(min(node.most or np.inf, most))
                    self.nodes[name] = replace(node, relu=True, most=end, leak=leak)
                return True
            case MaxPool() | Concat() | Upsample() | Channels() | PixelShuffle():
                return self.alone[name] and all(self._rectify(source, most, sure, leak) for source in node.inputs)
            case _:
                return False

    def _pad(self, node: FileNode, inputs: list[_Tensor]) -> _Tensor:
        value = inputs[0]
        given = inputs[1].real.tolist() if len(inputs) > 1 and isinstance(inputs[1], Constant) else None
        pads = list(node.attributes.get("pads", [])) if given is None else given
        filled = (
            inputs[2].real if len(inputs) > 2 and isinstance(inputs[2], Constant) else node.attributes.get("value", 0)
        )
        zero, mode = not np.any(filled), node.attributes.get("mode", "constant")
        plain = zero and mode == "constant" and len(pads) == 8 and not any(pads[:2] + pads[4:6]) and min(pads) >= 0
        if not isinstance(value, _Map | _Pixels) or len(value.shape) != 4 or not plain:
            self._note(node, "it pads otherwise than with zeros around a feature map", _PADDED)
            return None
        top, left, bottom, right = (int(n) + there for n, there in zip(pads[2:4] + pads[6:8], value.pad, strict=True))
        return replace(value, pad=(top, left, bottom, right))


def _leading_to(last: str, nodes: Mapping[str, Node]) -> tuple[Node, ...]:
    """Those of `nodes`, in their order, whose results `last` depends on, and itself."""
    needed = {last}
    for node in reversed(list(nodes.values())):
        if node.name in needed:
            needed.update(node.inputs)
    return tuple(node for node in nodes.values() if node.name in needed)


def _in_order(rows: np.ndarray, places: np.ndarray, size: int) -> np.ndarray:
    """The matrix `rows`, which reads the elements `places` of a map of `size`, as one that reads all in their order."""
    found = np.zeros((size, len(rows)), rows.dtype)
    np.add.at(found, places, rows.T)
    return found.T


def _weights(kernel: np.ndarray, bias: _Tensor) -> Weights:
    numbers = bias.real.reshape(-1) if isinstance(bias, Constant) else np.zeros(len(kernel))
    return Weights(np.asarray(kernel, np.float32), np.broadcast_to(numbers, len(kernel)).astype(np.float32))


_TAKE_PADDING = ("Conv", "AveragePool", *LAYOUTS)
_TAKE_MOVED = ("Gemm", "MatMul", *LAYOUTS, *PARTS)
_HANDLERS: Mapping[str, Callable[[_Reader, FileNode, list[Any]], _Tensor | tuple[_Tensor, ...]]] = {
    **dict.fromkeys((*LAYOUTS, *PARTS), _Reader._moved),
    **dict.fromkeys(("Resize", "Upsample"), _Reader._upsampled),
    "Conv": _Reader._convolution,
    **dict.fromkeys(("Gemm", "MatMul"), _Reader._linear),
    "BatchNormalization": _Reader._batch_norm,
    **dict.fromkeys(("Add", "Sub", "Mul", "Div"), _Reader._arithmetic),
    "Concat": _Reader._concat,
    "MaxPool": _Reader._max_pool,
    "AveragePool": _Reader._average_pool,
    **dict.fromkeys(("GlobalAveragePool", "ReduceMean"), _Reader._average),
    **dict.fromkeys(CLIPS, _Reader._relu),
    **dict.fromkeys(LEAKS, _Reader._leaky),
    "Pad": _Reader._pad,
}

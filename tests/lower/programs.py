"""Random networks written node by node, as no exporter of PyTorch writes them, and what their frames come to.

    python -m tests.lower.programs [--first 0] [--seeds 200]

tries so many and counts what became of them: exact, wrong, crashed, or refused, by the cause that the message tells.
"""

import argparse
import re
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.graph import interpreter
from hwcodesign.lower import lower
from tests.lower.by_hand import INPUT, Graph
from tests.lower.float64 import Tensors

FRAMES = 24
_FUNCTIONS = ("LeakyRelu", "Tanh", "Sigmoid", "Floor", "Ceil", "Round")
_TO_BE_QUANTIZED = ("Conv", "MatMul", "Gemm", "Sum", "Clip", "Max", "Min", *_FUNCTIONS)
_QUANTIZERS = ("Quant", "BipolarQuant", "DequantizeLinear")
_NUMBERS = {
    "Mul": (-2.0, -1.0, -0.7, -0.5, 0.0, 0.1, 0.3, 0.5, 1.0, 2.0, 3.0),
    "Add": (-50.0, -3.0, 0.0, 0.5, 7.0, 100.0),
    "Sub": (-50.0, -3.0, 0.0, 0.5, 7.0, 100.0),
    "Max": (-50.0, 0.0, 7.0),
    "Min": (-3.0, 7.0, 100.0),
    "Div": (-2.0, 0.5, 3.0, 7.0, 10.0, 49.0, 98.0),
}


class Program(Graph):
    """The network of a seed: `frames` of integers go in, `output` is its scores.

    Every node is evaluated when it is added, so that the next one knows shapes and what a quantizer's scale may be.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = np.random.default_rng(seed)
        self.shape = (self.number(1, 3), self.number(4, 8), self.number(4, 8))
        self.frames = self.random.integers(0, 256, (FRAMES, *self.shape))
        self.frames[: FRAMES // 4] //= 40
        self.tensors, self._to_be_quantized = Tensors(), set[str]()
        self.tensors.add_frames(INPUT, self.frames)
        tensor = INPUT
        for _ in range(self.number(3, 8)):
            steps = _OF_MAPS if len(self.shape_of(tensor)) == 3 else _OF_ANY
            tensor = self.pick(*steps)(self, tensor)
        self.output = _scores(self, tensor)

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.random.integers(low, high + 1))

    def pick(self, *options):
        return options[self.number(0, len(options) - 1)]

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def shape_of(self, tensor: str) -> tuple[int, ...]:
        """Without the batch."""
        return self.tensors.real(tensor).shape[1:]

    def constant(self, number: object) -> str:
        name = super().constant(number)
        self.tensors.add_constant(self.constants[-1])
        return name

    def several(self, operator: str, outputs: int, *inputs: object, **attributes: object) -> list[str]:
        made = super().several(operator, outputs, *inputs, **attributes)
        self.tensors.run(self.nodes[-1])
        maps = [name for name in self.nodes[-1].input if name and not self.tensors.is_fixed(name)]
        joined = operator in ("Add", "Sub") and len(maps) > 1
        if operator not in _QUANTIZERS and (
            joined or operator in _TO_BE_QUANTIZED or self._to_be_quantized.intersection(maps)
        ):
            self._to_be_quantized.update(made)
        return made

    def per_channel(self, tensor: str, operator: str) -> np.ndarray:
        """A constant for the operator: one number, or one for each channel."""
        channels, *sides = self.shape_of(tensor)
        shape = self.pick((), (channels, *(1 for _ in sides)), (1, channels, *(1 for _ in sides)))
        return self.random.choice(_NUMBERS[operator], shape)

    def closed(self, tensor: str) -> str:
        """Quantized, if that is still to be done; now and then it is forgotten."""
        return self.quantized(tensor) if tensor in self._to_be_quantized and not self.chance(0.03) else tensor

    def quantized(self, tensor: str) -> str:
        """By one of the dialects' quantizers, of a scale that suits the tensor's numbers."""
        signed, kind = self.chance(0.5) or np.mean(self.tensors.real(tensor) > 0) < 0.3, self.random.random()
        if kind < 0.05:
            return self.add("BipolarQuant", tensor, self.pick(1.0, 0.5, 0.3))
        if kind < 0.2:
            zero = np.int8(self.number(-5, 5)) if signed else np.uint8(self.number(0, 8))
            scale = self._scale(tensor, 8, signed)
            return self.add("DequantizeLinear", self.add("QuantizeLinear", tensor, scale, zero), scale, zero)
        bits = self.pick(1, 2, 3, 4, 4, 5, 5, 8, 8)
        signed = signed and bits > 1
        zero = float(self.number(-3, 5)) if self.chance(0.1) else 0.0
        roundings = ("ROUND", "ROUND", "ROUND", "FLOOR", "CEIL", "ROUND_TO_ZERO", "HALF_UP", "HALF_DOWN", "UP", "DOWN")
        return self.add(
            "Quant", tensor, self._scale(tensor, bits, signed), zero, float(bits), signed=int(signed),
            narrow=int(bits > 1 and self.chance(0.25)), rounding_mode=self.pick(*roundings),
        )  # fmt: skip

    def _scale(self, tensor: str, bits: int, signed: bool) -> float:
        """A power of two, a decimal number of one digit, or any."""
        largest = np.percentile(np.abs(self.tensors.real(tensor)), self.pick(70, 95, 100)) or 1.0
        scale = max(float(largest) / max(2 ** (bits - signed) - 1, 1), 1e-6)
        return self.pick(2.0 ** round(np.log2(scale)), float(f"{scale:.1g}"), scale)

    def weights(self, *shape: int) -> str:
        """Filters first."""
        numbers = self.random.uniform(-1, 1, shape)
        if self.chance(0.1):
            return self.add("BipolarQuant", numbers, 0.5)
        each = self.random.uniform(0.05, 0.3, (shape[0], *(1 for _ in shape[1:])))
        return self.quant(numbers, self.pick(0.125, 0.07, each), self.pick(2, 3, 4, 8), 1, narrow=self.number(0, 1))

    def windows(self, tensor: str, kernel: tuple[int, int], padded: float) -> dict[str, list[int]]:
        """Attributes of a window that is not larger than the map."""
        found = {"kernel_shape": list(kernel), "strides": [self.number(1, 2), self.number(1, 2)]}
        if self.chance(padded):
            found["pads"] = [self.number(0, kernel[at % 2] - 1) for at in range(4)]
        return found

    def kernel(self, tensor: str) -> tuple[int, int]:
        _, height, width = self.shape_of(tensor)
        return self.number(1, min(height, 3)), self.number(1, min(width, 3))


Step = Callable[[Program, str], str]


def _constant(operator: str) -> Step:
    """The operator of the tensor and a constant, or of a constant and the tensor."""

    def step(p: Program, x: str) -> str:
        inputs = [x, p.per_channel(x, operator)]
        return p.add(operator, *(inputs if operator == "Div" or p.chance(0.5) else reversed(inputs)))

    return step


def _plain(operator: str) -> Step:
    return lambda p, x: p.add(operator, x)


def _batch_norm(p: Program, x: str) -> str:
    channels = p.shape_of(x)[0]
    numbers = [p.random.normal(size=channels) for _ in range(3)]
    return p.add("BatchNormalization", x, *numbers, p.random.uniform(0.5, 2, channels))


def _clip(p: Program, x: str) -> str:
    return p.add("Clip", x, p.pick(-20.0, -1.0, 0.0), p.pick(3.0, 40.0, 255.0))


def _convolution(p: Program, x: str) -> str:
    x, kernel = p.closed(x), p.kernel(x)
    channels, height, width = p.shape_of(x)
    groups = p.pick(1, 1, 1, 1, channels, 2 if channels % 2 == 0 else 1)
    weights = p.weights(groups * p.number(1, 4 // groups or 1), channels // groups, *kernel)
    attributes = {"group": groups, **p.windows(x, kernel, padded=0.5)}
    if p.chance(0.1):
        attributes |= {"pads": None, "auto_pad": p.pick("SAME_UPPER", "SAME_LOWER", "VALID")}
    elif p.chance(0.2) and 2 * kernel[0] - 1 <= height and 2 * kernel[1] - 1 <= width:
        attributes["dilations"] = [2, 2]
    given = {key: number for key, number in attributes.items() if number is not None}
    bias = [p.random.normal(size=p.tensors.real(weights).shape[0]) * 20] if p.chance(0.3) else []
    return p.add("Conv", x, weights, *bias, **given)


def _linear(p: Program, x: str) -> str:
    x = p.closed(x)
    shape, features = p.shape_of(x), int(np.prod(p.shape_of(x)))
    if len(shape) == 3:
        x = p.pick(
            lambda: p.add("Flatten", x, axis=1),
            lambda: p.add("Reshape", x, [-1, features]),
            lambda: p.add("Flatten", p.add("Transpose", x, perm=[0, 2, 3, 1]), axis=1),
            lambda: p.add("Reshape", p.add("Transpose", x, perm=[0, 1, 3, 2]), [0, -1]),
        )()
    weights = p.weights(p.number(2, 6), features)
    if p.chance(0.5):
        return p.add("MatMul", x, p.add("Transpose", weights, perm=[1, 0]))
    bias = [p.random.normal(size=p.tensors.real(weights).shape[0]) * 5] if p.chance(0.5) else []
    return p.add("Gemm", x, weights, *bias, transB=1, alpha=p.pick(1.0, 0.5, -1.0), beta=p.pick(1.0, 2.0))


def _max_pool(p: Program, x: str) -> str:
    window = p.windows(x, p.kernel(x), padded=0.4)
    return p.add("MaxPool", x, ceil_mode=int("pads" not in window and p.chance(0.5)), **window)


def _average_pool(p: Program, x: str) -> str:
    return p.add("AveragePool", x, count_include_pad=1, **p.windows(x, p.kernel(x), padded=0.4))


def _pad(p: Program, x: str) -> str:
    top, left, bottom, right = (p.number(0, 2) for _ in range(4))
    before, after = (p.number(0, 1), p.number(0, 2)) if p.chance(0.3) else (0, 0)
    fill = [p.pick(0.0, 5.0, -10000.0)] if p.chance(0.3) else []
    return p.add("Pad", x, [0, before, top, left, 0, after, bottom, right], *fill)


def _branches(p: Program, x: str) -> list[str]:
    """Two or three maps of the same shape."""
    found = []
    for _ in range(p.number(2, 3)):
        y, channels = x, p.shape_of(x)[0]
        if len(p.shape_of(x)) == 3 and p.chance(0.7):
            y = p.quantized(p.add("Conv", x, p.weights(channels, channels, 1, 1), kernel_shape=[1, 1]))
        found.append(p.pick(*_SMALL)(p, y) if p.chance(0.4) else y)
    return found


def _concat(p: Program, x: str) -> str:
    return p.add("Concat", *_branches(p, p.closed(x)), axis=1)


def _sum(p: Program, x: str) -> str:
    total, *others = _branches(p, p.closed(x))
    for other in others:
        total = p.add(p.pick("Add", "Sub"), *p.pick((total, other), (other, total)))
    return total


def _split(p: Program, x: str) -> str:
    channels = p.shape_of(x)[0]
    if channels == 1:
        return x
    first = p.number(1, channels - 1)
    parts = p.several("Split", 2, x, [first, channels - first], axis=1)
    a, b = (p.quantized(part) if p.chance(0.5) else part for part in parts)
    return p.pick(lambda: a, lambda: p.add("Concat", p.closed(b), p.closed(a), axis=1))()


def _slice(p: Program, x: str) -> str:
    return p.add("Slice", x, [0], [p.number(1, p.shape_of(x)[0])], [1])


def _pixels(p: Program, x: str) -> str:
    _, height, width = p.shape_of(x)
    starts = [p.number(0, (height - 1) // 2), p.number(0, (width - 1) // 2)]
    ends = [p.number(start + 1, side) for start, side in zip(starts, (height, width), strict=True)]
    return p.add("Slice", x, starts, ends, [2, 3], [p.number(1, 2), p.number(1, 2)])


def _whole(p: Program, x: str) -> str:
    operator = p.pick("GlobalMaxPool", "GlobalAveragePool", "ReduceMax", "ReduceMean")
    return p.add(operator, x, **({"axes": [2, 3], "keepdims": 1} if operator.startswith("Reduce") else {}))


def _shuffle(p: Program, x: str) -> str:
    return p.add("Gather", x, p.random.permutation(p.shape_of(x)[0]), axis=1)


def _there_and_back(p: Program, x: str) -> str:
    channels, height, width = p.shape_of(x)
    if p.chance(0.5):
        return p.add("Transpose", p.add("Transpose", x, perm=[0, 2, 3, 1]), perm=[0, 3, 1, 2])
    return p.add("Reshape", p.add("Reshape", x, [0, channels, -1]), [0, channels, height, width])


def _resize(p: Program, x: str) -> str:
    _, height, width = p.shape_of(x)
    rows, columns = p.number(1, 2), p.number(1, 2)
    scales = np.float32([1, 1, rows, columns])
    told = p.pick(("", scales), ("", "", [1, p.shape_of(x)[0], rows * height, columns * width]))
    asked = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return p.add("Resize", x, *told, mode="nearest", **asked)


def _scores(p: Program, x: str) -> str:
    """From whatever is there: of the whole map, of its pixels, or a map of them."""
    x = p.closed(x)
    if len(p.shape_of(x)) == 3:
        kernel = {"kernel_shape": [1, 1]}
        y = p.add("Conv", x, p.weights(5, p.shape_of(x)[0], 1, 1), **kernel)
        pool = p.pick("GlobalAveragePool", "GlobalMaxPool")
        x = p.pick(lambda: y, lambda: p.add("Flatten", p.add(pool, y)), lambda: _linear(p, x))()
    else:
        x = _linear(p, x)
    for _ in range(p.number(0, 2)):
        x = p.pick(_constant("Mul"), _constant("Add"), _plain("Neg"))(p, x)
    return x


_SMALL: tuple[Step, ...] = (_constant("Mul"), _constant("Add"), _plain("Neg"), _plain("Relu"))
_OF_ANY: tuple[Step, ...] = (
    *_SMALL, *(_constant(operator) for operator in ("Div", "Sub", "Max", "Min")), _plain("Identity"), _clip,
    _batch_norm, lambda p, x: _plain(p.pick(*_FUNCTIONS))(p, x), *[Program.quantized] * 3, _linear, _concat, _sum,
    _slice,
)  # fmt: skip
_OF_MAPS: tuple[Step, ...] = (
    *_OF_ANY, *[_convolution] * 5, _max_pool, _max_pool, _average_pool, _pad, _pixels, _whole, _split, _shuffle,
    _there_and_back, _resize,
)  # fmt: skip


def outcome(program: Program, folder: Path) -> tuple[str, str]:
    """Whether lowering finds the program's scores, "exact" or "wrong", or why it has refused it."""
    path = folder / "model.onnx"
    program.save(program.output, path, shape=program.shape)
    try:
        made = lower(path, folder, input_scale=1.0).dataflow
    except UserError as error:
        return "refused", str(error)
    meant, real = made.score_map, program.tensors.real(program.output)
    wanted = np.stack([meant.in_order(frame[None]) for frame in real])
    scores = interpreter.run(made, program.frames.transpose(0, 2, 3, 1))[:, : made.score_count]
    step = np.broadcast_to(np.abs(meant.scale), scores.shape)
    allowed = np.where(step > 0, step / 4, 1e-6 * np.maximum(1, np.abs(wanted)))
    differ = ~(np.abs(meant.affine(scores) - wanted) <= allowed)
    return ("wrong", f"{differ.any(axis=1).sum()} of {FRAMES} frames differ") if differ.any() else ("exact", "")


def causes(message: str) -> list[str]:
    """What a refusal tells, without names and numbers."""
    told = [line.split(": ", 1)[1] for line in message.splitlines()[1:] if "->" not in line]
    return [re.sub(r"(\bn|-)?\d[\d.,_]*\w*", "#", cause) for cause in told]


def main() -> None:
    """Try the seeds, name those that are wrong or crash, and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=200)
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    outcomes, refusals = Counter[str](), Counter[str]()
    for seed in range(given.first, given.first + given.seeds):
        with tempfile.TemporaryDirectory() as folder:
            try:
                found, message = outcome(Program(seed), Path(folder))
            except Exception:  # a crash is a result, too
                found, message = "crashed", traceback.format_exc(limit=-3)
        outcomes[found] += 1
        if found == "refused":
            refusals.update(causes(message))
        elif found != "exact":
            print(seed, found, message, flush=True)
    print(dict(outcomes), *(f"{count:4} {cause}" for cause, count in refusals.most_common()), sep="\n")


if __name__ == "__main__":
    main()

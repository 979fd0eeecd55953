"""What every kind of hardware layer tells about itself: the one interface between software and hardware.

A kind is one module here, one SystemVerilog file of the same name in `hls/`, and one bench of the same name in `sim/`.

Ports of every kernel (the emitter needs no knowledge of the kind): `clk_i`, `rst_ni` (synchronous, active low);
`in_data_i`, `in_valid_i`, `in_ready_o`; `out_data_o`, `out_valid_o`, `out_ready_i`. A kernel with several inputs or
outputs has them side by side in the same flat vectors, port 0 lowest. One beat carries `lanes` elements, element 0
lowest; a frame is sent row by row, pixel by pixel, channels innermost.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds.motion import Buffer, Motion, Pipeline, turns
from hwcodesign.kinds.shared.fewer_bits import Inputs


@dataclass(frozen=True, order=True)
class Folding:
    """How parallel a layer works. `pe`: outputs at a time; `simd`: inputs at a time of each.

    Kinds without a matrix use `pe` alone (elements of a beat) and leave `simd` at 1; but a sliding window may send
    `simd` pixels at a time. `packed`: how many products at most share one hardware multiplier; 0: multipliers, if
    there are any, are made of LUTs.
    """

    pe: int = 1
    simd: int = 1
    packed: int = 0


class Memory(NamedTuple):
    """A memory of `words` x `width` bits, of which `bits` are useful. `name` says what it is for: weights, ...

    `loadable`: a ROM whose words may be loaded after reset instead, so that it can lie in large RAM.
    """

    name: str
    words: int
    width: int
    writable: bool = False
    loadable: bool = False

    @property
    def bits(self) -> int:
        return self.words * self.width


@dataclass(frozen=True)
class Logic:
    """Estimated LUTs and flip-flops, and multipliers (DSP) by arithmetic, without the memories.

    `parts` are the LUTs by what they are for, where families of devices differ in more than one factor.
    """

    lut: int
    ff: int
    dsp: int = 0
    parts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class MemoryImage:
    """Contents of a ROM: `words` as non-negative integers of `width` bits, address 0 first."""

    words: Sequence[int]
    width: int


class Storage(NamedTuple):
    """Where a memory lies: the first `words` words of its first `width` columns in block RAM, the rest in LUTs.

    `large`: all of it in large RAM instead (URAM, SPRAM), where the family has it and the memory is written or loaded.
    `way`: how a loaded memory uses the ports of large RAM, as hls/cells/loaded_memory.sv says; 0: it is not loaded.
    """

    words: int = 0
    width: int = 0
    large: bool = False
    way: int = 0

    @classmethod
    def whole(cls, memory: Memory, large: bool = False) -> "Storage":
        """All of `memory` in block RAM, or in large RAM."""
        return cls(memory.words, memory.width, large)

    @property
    def block_bits(self) -> int:
        """Bits in block RAM."""
        return 0 if self.large else self.words * self.width

    @property
    def finn_style(self) -> str:
        """FINN puts a memory wholly into block RAM, into UltraRAM, or into LUTs."""
        if self.large:
            return "ultra"
        return "block" if self.block_bits else "distributed"


IN_LUTS = Storage()


@dataclass(frozen=True)
class OnnxNode:
    """An operator of ONNX, QONNX or FINN that computes a layer on integers, channels last.

    `constants` are its other inputs. An attribute may be an IntType, which FINN writes in its own way.
    """

    operator: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    constants: Sequence[np.ndarray] = ()
    domain: str = ""


class Role(Enum):
    """What a kind is for: a layer of a network, or what the planner puts between two of them."""

    LAYER = auto()
    FIFO = auto()
    CONVERTER = auto()


class Kind(ABC):
    """One kind of hardware layer. Stateless: everything is a function of the layer and its folding.

    All that is known of a kind stands in its class; nobody outside of this folder asks for a kind's name. The defaults
    are those of a kind that takes and gives `pe` channels of a pixel a beat.
    """

    name: ClassVar[str]
    role: ClassVar[Role] = Role.LAYER
    folded_with_reader: ClassVar[bool] = False  # its beats must be its reader's, so that both are folded together
    sized_by: ClassVar[str] = ""  # the attribute that says how deep its buffer is, if it has one
    sources: ClassVar[Path | None] = None  # the folder of its SystemVerilog, if that is not `hls/`
    takes_narrow: ClassVar[bool] = False  # `run` is exact on arrays of the streams' own types, not on int64 alone
    leaves_early: ClassVar[bool] = False  # all of an output pixel may have left before its input pixel is whole
    finn_operators: ClassVar[tuple[str, ...]] = ()  # FINN's nodes that are this kind
    finn_thresholds: ClassVar[int] = 0  # which input of FINN's node the thresholds are
    finn_shape: ClassVar[bool] = True  # FINN's node has our output's shape
    finn_type: ClassVar[bool] = False  # and its type, too (bipolar ones aside: FINN joins those as INT2)
    cells: ClassVar[tuple[str, ...]] = ()  # the modules in `hls/` that the kernel is built from, besides its own
    loading_cells: ClassVar[tuple[str, ...]] = ()  # and those that it needs besides where a memory is loaded

    def module(self, folding: Folding) -> str:
        """The kernel's module: the kind's name, unless that is a keyword of SystemVerilog or one cannot do it all."""
        del folding
        return self.name

    def output(self, layer: Layer) -> Stream:
        """What follows from the layer's inputs and attributes: the shape, type and bounds of what leaves it.

        Where a quantizer chooses the type the graph says it. The default is what came in.
        """
        return layer.input

    def require_output(self, layer: Layer, told: str, bounds: bool = False) -> None:
        """Raise UserError unless the layer puts out what follows from it: shape and type, and with `bounds` these too.

        `told` begins the message, such as "the windows are".
        """
        made, given = self.output(layer), layer.output
        if (made.shape, made.type) != (given.shape, given.type) or (bounds and made.bounds != given.bounds):
            raise UserError(f"{layer.name}: {told} {made.shape} {made.type}, not {given.shape} {given.type}")

    @abstractmethod
    def check(self, layer: Layer) -> None:
        """Raise UserError (naming the layer, the limit and the fix) if the kernel cannot compute this layer."""

    def completed(self, layer: Layer) -> Layer:
        """The layer with the attributes that follow from its tensors; without tensors, the most they may come to."""
        return layer

    def random_tensors(self, layer: Layer, rng: "np.random.Generator", even: bool) -> dict[str, np.ndarray]:
        """Tensors of the declared types, with which random inputs stay apart all the way to the scores.

        For tests and for calibration. `even`: thresholds are evenly spaced, else anywhere.
        """
        del layer, rng, even
        return {}

    @abstractmethod
    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The integer reference: arrays (frames, H, W, C), one per input, to one per output. Exact.

        They are int64, or of any of numpy's integers where the kind `takes_narrow`: a sum of uint8 must not wrap. What
        it returns may be of any that holds the output's type.
        """

    def foldings(self, layer: Layer) -> list[Folding]:
        """Every legal folding, sorted."""
        return [Folding(pe) for pe in divisors(layer.input.channels)]

    def operand_bits(self, layer: Layer, folding: Folding) -> int:
        """Bits of the widest signed operand of its hardware multipliers; 0 if it has none."""
        del layer, folding
        return 0

    def lanes(self, layer: Layer, folding: Folding) -> tuple[int, int]:
        """Elements per beat (of each input, of each output)."""
        del layer
        return folding.pe, folding.pe

    def cycles(self, layer: Layer, folding: Folding) -> int:
        """Initiation interval: cycles per frame in the steady state with no stall at either end. Exact."""
        return layer.input.elements // folding.pe

    @abstractmethod
    def motion(self, layer: Layer, folding: Folding) -> Motion:
        """How it moves, clock by clock. `pixel_by_pixel` is that of many kinds, but each kind says so itself."""

    def pixel_by_pixel(self, layer: Layer, folding: Folding) -> Pipeline:
        """The motion of a kind that takes a pixel from every input and puts one out, the slower side at full pace."""
        in_lanes, out_lanes = self.lanes(layer, folding)
        beats = layer.input.channels // in_lanes, layer.output.channels // out_lanes
        return Pipeline(tuple(turns(len(layer.inputs), *beats)))

    def buffer(self, layer: Layer, folding: Folding) -> Buffer | None:
        """What of it the planner may make smaller as long as the rate is kept; None: nothing."""
        del layer, folding
        return None

    def takes_bursts(self, layer: Layer, folding: Folding) -> bool:
        """Whether it takes a pixel in less than its turn, so that the next one had better wait in front of it."""
        del layer, folding
        return False

    def takes_whole_windows(self, layer: Layer, folding: Folding) -> bool:
        """Whether a window in front of it may send all channels of all its elements at once, one element after another.

        What it does not take at once waits in front of a width converter.
        """
        del layer, folding
        return False

    def waiting(self, layer: Layer, frame_cycles: float, pixel_cycles: int) -> int:
        """Output pixels that wait behind it at most, where a frame takes `frame_cycles` and its reader `pixel_cycles`.

        An estimate, for a kind that is folded with its reader and has no buffer of its own. The default is none.
        """
        del layer, frame_cycles, pixel_cycles
        return 0

    @abstractmethod
    def latency(self, layer: Layer, folding: Folding) -> int:
        """Cycles from the beat that completes an output pixel's inputs to that pixel's first output beat.

        For an MVAU this counts the pipeline alone, not the folds; see `pixel_cycles`.
        """

    def needs(self, layer: Layer, port: int) -> np.ndarray:
        """For each output pixel (row by row), the index of the last pixel of input `port` that it needs.

        The default is a pixel-by-pixel kind. Shape: (output pixels,).
        """
        del port
        return np.arange(layer.output.pixels)

    def pixel_cycles(self, layer: Layer, folding: Folding) -> int:
        """Cycles between two output pixels when neither end stalls (for a kind that only reads: between two inputs)."""
        return layer.input.channels // folding.pe

    def input_slot(self, layer: Layer, folding: Folding, port: int) -> tuple[int, int]:
        """(start, cycles): when a pixel of input `port` is taken, from the start of the output pixel's turn.

        The default spreads it over the whole turn. An MVAU takes it in its first fold, a concat one port after the
        other. A kind with `room` takes inputs ahead, a beat a cycle; this is when it reads the last one it needs.
        """
        del port
        return 0, self.pixel_cycles(layer, folding)

    def elastic(self, layer: Layer, folding: Folding) -> bool:
        """Whether pixels may wait inside, in a buffer that goes on taking inputs, for their reader to work them off."""
        del layer, folding
        return False

    def room(self, layer: Layer, folding: Folding) -> np.ndarray | None:
        """For each input pixel, the output pixel that must have been sent before there is room to take it.

        Shape: (input pixels,). Negative numbers count back into earlier frames: -1 is the last output pixel of the
        frame before. The default, None, means no room: an input pixel is taken only in the turn of the first output
        pixel that needs it.
        """
        del layer, folding
        return None

    def working(self, layer: Layer, folding: Folding) -> tuple[str, ...]:
        """The signals of the kernel's module that are all high in exactly the `cycles` of a frame that it works."""
        del layer, folding
        return ("take",)

    def to_wire(self, layer: Layer, folding: Folding, array: np.ndarray, side: Literal["in", "out"]) -> np.ndarray:
        """An input or output array (frames, H, W, C) of `run`, its elements in the order in which beats carry them.

        The default is the array's own order.
        """
        del layer, folding, side
        return array

    @abstractmethod
    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        """Every memory of the kernel. Works on a predicted graph too (no tensors)."""

    @abstractmethod
    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Logic by its structure, without the memories; `hwcodesign.fpga.calibration` makes it a family's LUTs."""

    @abstractmethod
    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        """The kernel's integer parameters by their SystemVerilog names."""

    def spare_bits(self, layer: Layer) -> int:
        """Bits of its weights, if they can be given fewer after training (see `with_weight_bits`); 0 if not."""
        del layer
        return 0

    def with_weight_bits(self, layer: Layer, bits: int, inputs: Inputs) -> Layer:
        """The layer with its trained weights in `bits` bits, at least 2, so that its outputs stay near on `inputs`."""
        raise NotImplementedError(f"{self.name} has no bits to spare")

    def histogram(self, layer: Layer) -> tuple[np.ndarray, IntType] | None:
        """The numbers that a histogram of the layer counts, and their type; None if it has none."""
        del layer
        return None

    def finn_attributes(self, layer: Layer, folding: Folding, storage: Mapping[str, Storage]) -> dict[str, int | str]:
        """The attributes of FINN's node that stand for the folding, and for where the memories lie."""
        del layer, storage
        return {"PE": folding.pe}

    def in_onnx(self, layer: Layer) -> OnnxNode:
        """The layer in the canonical graph, for a kind that reads feature maps and has no weights."""
        raise NotImplementedError(f"{self.name} is written by lower/canonical.py")

    def images(self, layer: Layer, folding: Folding) -> Mapping[str, MemoryImage]:
        """Contents of the kernel's ROMs (every Memory that is not writable) by the Memory's name.

        The kernel's file-name parameter is NAME_FILE.
        """
        del layer, folding
        return {}


def depthwise_order(array: np.ndarray, channels: int, pe: int) -> np.ndarray:
    """From (channel, window element) within a pixel to (block of `pe` channels, window element, channel in block).

    `array` is (frames, H, W, channels * window elements); the shape stays.
    """
    split = array.reshape(*array.shape[:3], channels // pe, pe, -1)
    return split.swapaxes(4, 5).reshape(array.shape)


def divisors(number: int) -> list[int]:
    """All divisors of `number`, rising."""
    return [d for d in range(1, number + 1) if number % d == 0]

"""The serial link of a design: its kernels in `hls/`, their parameters, and what a host gets to talk to it.

`serial_accelerator` is the network with the link around it: clock, reset and the two wires of a UART.
"""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.interface import WEIGHTS, Interface
from hwcodesign.core.picture_task import PictureTask
from hwcodesign.core.run_folder import digest
from hwcodesign.dataflow import Dataflow
from hwcodesign.fpga import uart_rate
from hwcodesign.graph import interpreter
from hwcodesign.host.contract import SELFTEST, Contract, digest_of
from hwcodesign.host.packets import OVERHEAD_BYTES, SEQUENCES
from hwcodesign.plan import Plan
from hwcodesign.plan.link_cost import ANSWERS

TOP = "serial_accelerator"
MODULES = (
    "crc32",
    "fifo",
    "frame_last",
    "link_receiver",
    "link_transmitter",
    "ram",
    "ram_bank",
    TOP,
    "serial_link",
    "uart_rx",
    "uart_tx",
    "width_converter",
)
SELFTEST_IMAGES = 16
_STALL_SECONDS = 0.05  # operating systems pause in the middle of what they send
_BITS_PER_BYTE = 10


def design_hash(emitted: Path) -> str:
    """What names an emitted design: 16 hexadecimal digits of the SHA-256 of its sources, memory images and weights.

    What other build systems take it by lies there, too, and makes no other design of it.
    """
    return digest(part for part in (emitted / "rtl", emitted / "memory", emitted / WEIGHTS) if part.exists())[:16]


@dataclass(frozen=True)
class UartTiming:
    """The UART's timing in clocks of the design. `timeout_clocks` is the longest pause within a packet."""

    clocks_per_bit: int
    timeout_clocks: int

    @classmethod
    def at(cls, clock_mhz: float, baud: int) -> "UartTiming":
        """The divider that comes nearest to `baud`. Raises UserError if it is more than 2 % off, or below 4."""
        uart_rate.require(clock_mhz, baud)
        return cls(uart_rate.divider(clock_mhz, baud), round(_STALL_SECONDS * clock_mhz * 1e6))

    def clocks(self, count: int) -> int:
        """Those that so many bytes take on the line."""
        return _BITS_PER_BYTE * self.clocks_per_bit * count


def parameters(interface: Interface, timing: UartTiming, design: str) -> dict[str, str]:
    """The parameters of `serial_accelerator`, as SystemVerilog literals. `design` is its `design_hash`.

    Raises UserError for more packets of weights than can be numbered.
    """
    if interface.weight_frames >= SEQUENCES:
        raise UserError(
            f"the weights to load are {interface.weight_frames} packets of an image's {interface.frame_bytes} bytes, "
            f"the link numbers {SEQUENCES - 1}: plan without load_weights"
        )
    weights = {"WEIGHT_FRAMES": str(interface.weight_frames)} if interface.weight_frames else {}
    return {
        "CLOCKS_PER_BIT": str(timing.clocks_per_bit),
        "TIMEOUT_CLOCKS": str(timing.timeout_clocks),
        "IN_BYTES": str(interface.in_bytes),
        "IN_BEATS": str(interface.in_beats),
        "OUT_BYTES": str(interface.out_bytes),
        "OUT_BEATS": str(interface.out_beats),
        **weights,
        "DESIGN_HASH": f"64'h{design}",
    }


def contract_of(
    network: str, made: Plan, emitted: Path, baud: int, timing: UartTiming, task: PictureTask | None = None
) -> Contract:
    """The contract of a planned and emitted design behind a UART."""
    contract = dma_contract(network, made, emitted, task)
    line_cycles = timing.clocks(contract.image_bytes + OVERHEAD_BYTES)
    # A network that keeps up with the line has read an image before the next can overtake it.
    window = ANSWERS if made.cycles_per_frame <= line_cycles else 1
    return replace(contract, link="uart", baud=baud, window=window)


def dma_contract(network: str, made: Plan, emitted: Path, task: PictureTask | None = None) -> Contract:
    """The contract of a planned and emitted design behind the DMA of a Zynq. `task`: what pictures mean to it."""
    design = made.design
    return Contract(
        network=network,
        design_hash=design_hash(emitted),
        in_shape=design.input.shape,
        in_type=design.input.type,
        input_scale=design.contract.get("input_scale", 1.0),
        classes=design.score_count,
        top=design.output.elements - design.score_count,
        score_map=design.score_map,
        interface=Interface.load(emitted),
        link="axi-dma",
        weights_sha256=digest_of(weights.read_bytes()) if (weights := emitted / WEIGHTS).exists() else "",
        task=task,
    )


def hand_over(folder: Path, contract: Contract, design: Dataflow, emitted: Path, images: np.ndarray) -> None:
    """Write into `folder` what a host needs: `contract.json`, `selftest.npz` and, of loaded memories, WEIGHTS.

    The self-test holds the first `images` (N, H, W, C) and the scores and classes that the hardware must give for them.
    """
    contract.save(folder)
    if contract.weights_sha256:
        shutil.copyfile(emitted / WEIGHTS, folder / WEIGHTS)
    chosen = images[:SELFTEST_IMAGES]
    np.savez_compressed(folder / SELFTEST, images=chosen, values=interpreter.run(design, chosen))

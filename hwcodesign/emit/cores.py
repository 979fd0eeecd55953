"""What other people's build systems take the emitted network by: a FuseSoC core file and a LiteX module.

Both lie beside `rtl/` and `memory/` and name the files there relative to themselves. Kernels open their memory images
by bare names, so both put a copy of those where the tools run.
"""

from collections.abc import Sequence

from hwcodesign.core.interface import Interface

CORE, LITEX = "accelerator.core", "litex_accelerator.py"


def fusesoc_core(top: str, rtl: Sequence[str], memory: Sequence[str]) -> str:
    """A core in FuseSoC's CAPI2 with the files `rtl` and the memory images `memory`.

    https://fusesoc.readthedocs.io/en/stable/ref/capi2.html
    """
    images = [f"      - {name}: {{copyto: {name.rsplit('/', maxsplit=1)[-1]}}}" for name in memory]
    lines = [
        "CAPI=2:",
        "# Emitted by hwcodesign; do not edit.",
        f"name: hwcodesign:network:{top}:0",
        "description: A neural network whose weights lie on the chip, with AXI4-Stream in and out",
        "",
        "filesets:",
        "  rtl:",
        "    files:",
        *(f"      - {name}" for name in rtl),
        "    file_type: systemVerilogSource",
        *(["  memory:", "    files:", *images, "    file_type: mem"] if images else []),
        "",
        "targets:",
        "  default: &default",
        f"    filesets: [rtl{', memory' if images else ''}]",
        "  lint:",
        "    <<: *default",
        "    flow: lint",
        "    flow_options:",
        "      tool: verilator",
        "      verilator_options: [-Wno-fatal]",
        f"    toplevel: {top}",
    ]
    return "\n".join(lines) + "\n"


def litex_module(top: str, interface: Interface, rtl: Sequence[str], memory: Sequence[str]) -> str:
    """A Python module with the LiteX module `Accelerator`, whose two streams are the top level's."""
    return f'''\
"""The network as a LiteX module. Emitted by hwcodesign; do not edit.

    from litex_accelerator import Accelerator
    self.network = Accelerator(platform)
    self.comb += [camera.source.connect(self.network.sink), self.network.source.connect(uart.sink)]
"""

from pathlib import Path

from litex.soc.interconnect import stream
from migen import ClockSignal, Instance, Module, ResetSignal, Signal

RTL = {_listed(rtl)}
MEMORY = {_listed(memory)}


class Accelerator(Module):
    """A frame is {interface.in_beats} beats into `sink` and {interface.out_beats} beats out of `source`, `last` with \
the final one.

    In a beat lie {interface.in_lanes} element(s) of {interface.in_element_bits} bits, the first one lowest; out comes \
one score or class a beat, sign-extended.
    `frame_error` goes up and stays up when a frame's `last` stands in the wrong place.
    """

    def __init__(self, platform):
        self.sink = sink = stream.Endpoint([("data", {8 * interface.in_bytes})])
        self.source = source = stream.Endpoint([("data", {8 * interface.out_bytes})])
        self.frame_error = Signal()
        self.specials += Instance(
            "{top}",
            i_aclk=ClockSignal(),
            i_aresetn=~ResetSignal(),
            i_s_axis_tdata=sink.data,
            i_s_axis_tvalid=sink.valid,
            o_s_axis_tready=sink.ready,
            i_s_axis_tlast=sink.last,
            o_m_axis_tdata=source.data,
            o_m_axis_tvalid=source.valid,
            i_m_axis_tready=source.ready,
            o_m_axis_tlast=source.last,
            o_frame_error_o=self.frame_error,
        )
        folder = Path(__file__).resolve().parent
        for name in RTL:
            platform.add_source(str(folder / name))
        for name in MEMORY:  # opened by their bare names, where the tools run
            platform.add_source(str(folder / name), copy=True)
'''


def _listed(names: Sequence[str]) -> str:
    return "[\n" + "".join(f'    "{name}",\n' for name in names) + "]"

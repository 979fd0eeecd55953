"""Writes the SystemVerilog of a planned design: one top level, the kernels it uses, and the memory images.

The top level `accelerator` has AXI4-Stream in (one beat: the first layer's lanes of pixels, padded to bytes) and out
(one score or class index a beat, sign-extended to bytes; a frame is all scores, then the classes), with tlast on a
frame's final beat. `frame_error_o` goes up and stays up when an input tlast stands in the wrong place. The same design
gives the same bytes.

A design with loaded memories (weights in large RAM) takes their words over the same stream: after every reset the beats
of WEIGHTS, a whole number of frames, come before the first frame. They are answered by nothing.
"""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hwcodesign.core.assets import hls_source
from hwcodesign.core.interface import WEIGHTS, Interface
from hwcodesign.dataflow import Dataflow
from hwcodesign.emit.cores import CORE, LITEX, fusesoc_core, litex_module
from hwcodesign.emit.identifiers import identifiers, wires
from hwcodesign.emit.instance import (
    SIGNALS,
    instance,
    is_loaded,
    loaded_beats,
    loader,
    with_words,
    write_images,
)
from hwcodesign.graph.interface import interface_of
from hwcodesign.kinds import Folding, Storage, kind_of

TOP = "accelerator"


Stored = Mapping[str, Mapping[str, Storage]]  # by layer, then by memory name


def modules_of(design: Dataflow, loaded: bool) -> list[str]:
    """The files in `hls/` that the design is built from, without their suffix, sorted; `loaded`: memories are."""
    kinds = [kind_of(name) for name in {layer.kind for layer in design.layers}]
    found = {"frame_last"} | {module for kind in kinds for module in (kind.name, *kind.cells)}
    if loaded:
        found |= {"loader", *(module for kind in kinds for module in kind.loading_cells)}
    return sorted(found)


def own_sources(design: Dataflow) -> list[Path]:
    """The folders of kinds that bring their SystemVerilog themselves."""
    found = {kind_of(layer.kind).sources for layer in design.layers}
    return sorted(folder for folder in found if folder is not None)


def loaded_layers(design: Dataflow, storage: Stored) -> list[str]:
    """The layers with a loaded memory, in the order in which they are loaded."""
    return [layer.name for layer in design.layers if is_loaded(storage.get(layer.name, {}))]


def emit(design: Dataflow, foldings: Mapping[str, Folding], storage: Stored, out_folder: Path) -> Interface:
    """Write the design into `out_folder`.

    `rtl/` (accelerator.sv and the kernels), `memory/` (images for $readmemh), `sources.f`, `interface.json`, CORE and
    LITEX for other build systems and, where memories are loaded, WEIGHTS. `foldings` and `storage` are the plan's, for
    every layer of the design.
    """
    names = identifiers(design)
    rtl, memory = out_folder / "rtl", out_folder / "memory"
    rtl.mkdir(parents=True)
    memory.mkdir()
    modules = modules_of(design, loaded=bool(loaded_layers(design, storage)))
    for module in modules:
        shutil.copyfile(hls_source(module, more=own_sources(design)), rtl / f"{module}.sv")
    for layer in design.layers:
        write_images(layer, foldings[layer.name], storage.get(layer.name, {}), names[layer.name], memory)
    last = design.layers[-1]
    assert kind_of(last.kind).lanes(last, foldings[last.name])[1] == 1, "the output carries one score a beat"
    interface = _write_weights(design, foldings, storage, out_folder)
    (rtl / f"{TOP}.sv").write_text(_top_level(design, foldings, storage, interface))
    sources = [f"rtl/{name}.sv" for name in [*modules, TOP]]
    (out_folder / "sources.f").write_text("".join(f"{name}\n" for name in sources))
    images = sorted(f"memory/{image.name}" for image in memory.iterdir())
    (out_folder / CORE).write_text(fusesoc_core(TOP, sources, images))
    (out_folder / LITEX).write_text(litex_module(TOP, interface, sources, images))
    interface.save(out_folder)
    return interface


def _write_weights(design: Dataflow, foldings: Mapping[str, Folding], storage: Stored, out_folder: Path) -> Interface:
    """Write what the loaded memories are loaded with, filled up with zeros to whole frames; the whole interface."""
    interface, size = interface_of(design, foldings), 0
    layers = loaded_layers(design, storage)
    if not layers:
        return interface
    with (out_folder / WEIGHTS).open("wb") as file:
        for name in layers:
            beats = loaded_beats(design.by_name[name], foldings[name], storage[name], 8 * interface.in_bytes)
            size += file.write(b"".join(beat.to_bytes(interface.in_bytes, "little") for beat in beats))
        frames = -(-size // interface.frame_bytes)
        file.write(bytes(frames * interface.frame_bytes - size))
    return replace(interface, weight_frames=frames)


def _top_level(
    design: Dataflow,
    foldings: Mapping[str, Folding],
    storage: Stored,
    interface: Interface,
) -> str:
    names, streams = identifiers(design), wires(design)
    loaded = loaded_layers(design, storage)
    parts = [_header(design, interface), _frame_ends(interface, len(loaded))]
    for edge in design.edges:
        source = design.by_name[edge.source]
        _, lanes = kind_of(source.kind).lanes(source, foldings[source.name])
        parts.append(_stream_declaration(streams[edge], lanes * design.stream(edge).type.bits))
    for layer in design.layers:
        inputs = [streams[edge] for edge in design.edges_into(layer.name)] or ["from_host"]
        outputs = [streams[edge] for edge in design.edges_from(layer.name)] or ["to_host"]
        signals = _signals(inputs, outputs)
        if layer.name in loaded:
            signals = with_words(signals, loaded.index(layer.name))
        name, places = names[layer.name], storage.get(layer.name, {})
        parts.append(instance(layer, foldings[layer.name], places, name, signals, 8 * interface.in_bytes))
    return "\n".join([*parts, "endmodule", ""])


def _signals(inputs: list[str], outputs: list[str]) -> dict[str, str]:
    """What connects to the streams of a kernel between these wires."""

    def joined(wires: list[str], suffix: str) -> str:
        names = [f"{name}_{suffix}" for name in reversed(wires)]  # port 0 in the lowest bits
        return names[0] if len(names) == 1 else "{" + ", ".join(names) + "}"

    ends = {"in": inputs, "out": outputs}
    return {signal: joined(ends[signal.split("_")[0]], signal.split("_")[1]) for signal in SIGNALS}


def _stream_declaration(name: str, width: int) -> str:
    return f"""\
  logic [{width - 1}:0] {name}_data;
  logic {name}_valid, {name}_ready;
`ifdef HWCODESIGN_PROBE
  stream_probe #(.WIDTH({width}), .NAME("{name}")) u_probe_{name} (
    .clk_i(aclk), .rst_ni(aresetn), .data_i({name}_data), .valid_i({name}_valid), .ready_i({name}_ready)
  );
`endif
"""


def _header(design: Dataflow, interface: Interface) -> str:
    rows, columns, channels = design.input.shape
    return f"""\
// Emitted by hwcodesign; do not edit.
//
// Frame in: {rows} x {columns} pixels of {channels} channel(s), {design.input.type}, row by row, channels innermost,
// {interface.in_lanes} element(s) a beat, {interface.in_beats} beats. Frame out: {interface.out_beats} beats of one
// {design.output.type} each: the scores, then the classes, best first.
module {TOP} (
  input  logic aclk,
  input  logic aresetn,
  input  logic [{8 * interface.in_bytes - 1}:0] s_axis_tdata,
  input  logic s_axis_tvalid,
  output logic s_axis_tready,
  input  logic s_axis_tlast,
  output logic [{8 * interface.out_bytes - 1}:0] m_axis_tdata,
  output logic m_axis_tvalid,
  input  logic m_axis_tready,
  output logic m_axis_tlast,
  output logic frame_error_o
);
"""


def _frame_ends(interface: Interface, loaded: int) -> str:
    """The two ends of the network, and the check of tlast; with `loaded` memories, the loader in front."""
    in_width, out_width = interface.in_lanes * interface.in_element_bits, interface.out_element_bits
    valid, ready = ("s_axis_tvalid", "s_axis_tready") if loaded else ("from_host_valid", "from_host_ready")
    extension = 8 * interface.out_bytes - out_width
    extended = f"{{{{{extension}{{to_host_data[{out_width - 1}]}}}}, to_host_data}}" if extension else "to_host_data"
    return f"""\
  logic [{in_width - 1}:0] from_host_data;
  logic from_host_valid, from_host_ready, from_host_last;
  logic [{out_width - 1}:0] to_host_data;
  logic to_host_valid, to_host_ready;

  assign from_host_data = s_axis_tdata[{in_width - 1}:0];
{_in_front(interface, loaded) if loaded else _STRAIGHT}\
  assign m_axis_tdata = {extended};
  assign m_axis_tvalid = to_host_valid;
  assign to_host_ready = m_axis_tready;

  frame_last #(.BEATS({interface.in_beats})) u_in_last (
    .clk_i(aclk), .rst_ni(aresetn), .valid_i({valid}), .ready_i({ready}), .last_o(from_host_last)
  );
  frame_last #(.BEATS({interface.out_beats})) u_out_last (
    .clk_i(aclk), .rst_ni(aresetn), .valid_i(to_host_valid), .ready_i(to_host_ready), .last_o(m_axis_tlast)
  );

  always_ff @(posedge aclk) begin
    if (!aresetn) frame_error_o <= 1'b0;
    else if ({valid} && {ready} && (s_axis_tlast != from_host_last)) frame_error_o <= 1'b1;
  end
"""


_STRAIGHT = """\
  assign from_host_valid = s_axis_tvalid;
  assign s_axis_tready = from_host_ready;
"""


def _in_front(interface: Interface, loaded: int) -> str:
    ends = {
        "in_data_i": "s_axis_tdata",
        "in_valid_i": "s_axis_tvalid",
        "in_last_i": "from_host_last",
        "in_ready_o": "s_axis_tready",
        "out_valid_o": "from_host_valid",
        "out_ready_i": "from_host_ready",
    }
    comment = (
        f"  // The first {interface.weight_frames} frames after a reset are the words of {loaded} loaded memories.\n"
    )
    return comment + loader(8 * interface.in_bytes, loaded, ends)

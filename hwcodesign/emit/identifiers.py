"""Names in generated files: of each layer of a design one SystemVerilog identifier, whatever its own name is.

A layer's own name may hold anything and be of any length: it comes from somebody's file. What goes into SystemVerilog,
file names, scripts and constraints is made here alone: ASCII letters, digits and underscores, at most LONGEST of them,
distinct within a design, and neither a keyword nor a name that the top level uses itself.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping

from hwcodesign.dataflow import Dataflow, Edge, Layer

LONGEST = 100
_KEPT = 40  # of a name that a digest follows
_PLAIN = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST - 1}}}")
# The top level's own streams and instances, as they are named before their endings (_data, _valid) and behind u_; and
# how the names of probes begin.
_OURS = {
    "accelerator", "aclk", "aresetn", "frame_error_o", "from_host", "in_last", "load", "loader",
    "loading", "m_axis", "out_last", "s_axis", "to_host",
}  # fmt: skip
_PREFIXES = ("probe_", "work_")
# IEEE 1800-2017, annex B (which contains those of Verilog).
_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        """
        accept_on alias always always_comb always_ff always_latch and assert assign assume automatic before begin
        bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle checker class clocking cmos
        config const constraint context continue cover covergroup coverpoint cross deassign default defparam design
        disable dist do edge else end endcase endchecker endclass endclocking endconfig endfunction endgenerate
        endgroup endinterface endmodule endpackage endprimitive endprogram endproperty endspecify endsequence
        endtable endtask enum event eventually expect export extends extern final first_match for force foreach
        forever fork forkjoin function generate genvar global highz0 highz1 if iff ifnone ignore_bins illegal_bins
        implements implies import incdir include initial inout input inside instance int integer interconnect
        interface intersect join join_any join_none large let liblist library local localparam logic longint
        macromodule matches medium modport module nand negedge nettype new nexttime nmos nor noshowcancelled not
        notif0 notif1 null or output package packed parameter pmos posedge primitive priority program property
        protected pull0 pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase
        randsequence rcmos real realtime ref reg reject_on release repeat restrict return rnmos rpmos rtran rtranif0
        rtranif1 s_always s_eventually s_nexttime s_until s_until_with scalared sequence shortint shortreal
        showcancelled signed small soft solve specify specparam static string strong strong0 strong1 struct super
        supply0 supply1 sync_accept_on sync_reject_on table tagged task this throughout time timeprecision timeunit
        tran tranif0 tranif1 tri tri0 tri1 triand trior trireg type typedef union unique unique0 unsigned until
        until_with untyped use uwire var vectored virtual void wait wait_order wand weak weak0 weak1 while wildcard
        wire with within wor xnor xor
        """,
    )
)


def identifiers(design: Dataflow) -> dict[str, str]:
    """By layer name, its identifier: fire2.expand3x3 becomes fire2_expand3x3, 3 becomes layer_3.

    A name that cannot be kept so is cut, and a digest of it follows. The same design gives the same identifiers.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for layer in design.layers:
        plain = _plainly(layer.name)
        unique = f"{plain[:_KEPT]}_{hashlib.sha256(layer.name.encode()).hexdigest()[:10]}"
        good = _is_good(plain, layer.name) and taken.isdisjoint(_streams(layer, plain))
        found[layer.name] = plain if good else unique
        taken |= set(_streams(layer, found[layer.name]))
    return found


def wires(design: Dataflow) -> Mapping[Edge, str]:
    """By edge, the name of its stream inside the top level: its source's, with a number for a fork's other outputs."""
    names = identifiers(design)
    return {edge: _wire(names[edge.source], edge.source_port) for edge in design.edges}


def _plainly(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name) or "_"
    return plain if plain[0].isalpha() else f"layer_{plain}"


def _is_good(plain: str, name: str) -> bool:
    """Whether the identifier stands for the name: no letter of it was lost, and it is nobody's."""
    kept = name.isascii() and _PLAIN.fullmatch(plain) is not None
    return kept and plain not in _KEYWORDS | _OURS and not plain.startswith(_PREFIXES)


def _streams(layer: Layer, identifier: str) -> Iterator[str]:
    return (_wire(identifier, port) for port in range(len(layer.outputs)))


def _wire(identifier: str, port: int) -> str:
    return f"{identifier}_{port}" if port else identifier

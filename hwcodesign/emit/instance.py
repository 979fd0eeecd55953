"""SystemVerilog text of one kernel instance, and the files of its memory images."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from hwcodesign.dataflow import Layer
from hwcodesign.kinds import Folding, Memory, MemoryImage, Storage, kind_of
from hwcodesign.kinds.shared.per_input import Words

SIGNALS = ("in_data", "in_valid", "in_ready", "out_data", "out_valid", "out_ready")
_LARGEST_INTEGER = (1 << 31) - 1


def beat_bits(layer: Layer, folding: Folding) -> tuple[list[int], list[int]]:
    """Bits of one beat of each input and of each output."""
    in_lanes, out_lanes = kind_of(layer.kind).lanes(layer, folding)
    return [s.type.bits * in_lanes for s in layer.inputs], [s.type.bits * out_lanes for s in layer.outputs]


def modules_of(kind: str) -> tuple[str, ...]:
    """Every module in `hls/` that an instance of the kind may be built from."""
    return kind, *kind_of(kind).cells, *kind_of(kind).loading_cells


def is_loaded(storage: Mapping[str, Storage]) -> bool:
    """Whether one of a layer's memories is loaded after reset."""
    return any(place.way for place in storage.values())


def loaded_beats(layer: Layer, folding: Folding, storage: Mapping[str, Storage], bits: int) -> Iterator[int]:
    """The beats of `bits` bits that load the layer's memories: word by word, the lowest bits first."""
    images = kind_of(layer.kind).images(layer, folding)
    for image in (images[name] for name, place in storage.items() if place.way):
        for word in image.words:
            for at in range(0, image.width, bits):
                yield word >> at & (1 << bits) - 1


def instance(
    layer: Layer,
    folding: Folding,
    storage: Mapping[str, Storage],
    name: str,
    signals: Mapping[str, str],
    load_bits: int = 0,
) -> str:
    """The instantiation of the layer's kernel as `u_<name>`, with a line feed at the end.

    `name` is an identifier (see identifiers.py), by which the layer's images are called, too.
    `storage` says for each Memory of the kind where it lies; `signals` gives the expression that connects to each of
    SIGNALS. The surrounding module's clock is `aclk` and its reset `aresetn`. ROMs read the files of `write_images`. A
    kernel with a loaded memory takes its words, `load_bits` a beat, from one more input: see `with_words`.
    """
    kind = kind_of(layer.kind)
    parameters = {key: _literal(value) for key, value in kind.parameters(layer, folding).items()}
    memories = kind.memories(layer, folding)
    for memory in memories:
        parameters |= _place(memory, storage[memory.name])
    for rom in (memory.name for memory in memories if not memory.writable and not storage[memory.name].way):
        parameters[f"{rom.upper()}_FILE"] = f'"{name}.{rom}"'
    connections = {"clk_i": "aclk", "rst_ni": "aresetn"}
    if is_loaded(storage):
        assert load_bits, "the words of a loaded memory come in beats"
        parameters["LOAD_BITS"] = str(load_bits)
    connections |= {signal + ("_o" if _driven(signal) else "_i"): signals[signal] for signal in SIGNALS}
    return f"  {kind.module(folding)} #(\n{_named(parameters)}\n  ) u_{name} (\n{_named(connections)}\n  );\n"


def with_words(signals: Mapping[str, str], number: int) -> dict[str, str]:
    """The signals of a kernel whose memory is the loader's number `number`: its words are one more input."""
    words = {"in_data": "load_data", "in_valid": f"load_valid[{number}]", "in_ready": f"loading[{number}]"}
    return {**signals, **{name: f"{{{word}, {signals[name]}}}" for name, word in words.items()}}


def loader(bits: int, count: int, ends: Mapping[str, str]) -> str:
    """The loader of `count` memories, `bits` a beat, with the signals that `with_words` names.

    `ends` connects its other ports.
    """
    connections = {"clk_i": "aclk", "rst_ni": "aresetn", **ends}
    connections |= {"load_data_o": "load_data", "load_valid_o": "load_valid", "loading_i": "loading"}
    return f"""\
  logic [{bits - 1}:0] load_data;
  logic [{count - 1}:0] load_valid, loading;
  loader #(
    .BITS({bits}),
    .COUNT({count})
  ) u_loader (
{_named(connections)}
  );
"""


def write_images(layer: Layer, folding: Folding, storage: Mapping[str, Storage], name: str, folder: Path) -> None:
    """Write every ROM of the layer, instantiated by `name`, into `folder`: a file for each part (see `parts_of`).

    A loaded memory has none. One hexadecimal word a line, address 0 first. A kernel opens its files by their bare
    names: simulate and synthesize where the files lie.
    """
    for memory, image in kind_of(layer.kind).images(layer, folding).items():
        parts = {} if storage[memory].way else parts_of(image, storage[memory])
        for part, contents in parts.items():
            (folder / f"{name}.{memory}.{part}.hex").write_text(_hexadecimal(contents))


def parts_of(image: MemoryImage, storage: Storage) -> dict[str, MemoryImage]:
    """The parts of a ROM that lie in different places, as rom.sv has them; only those that are not empty.

    `block` in block RAM; in LUTs `words`, the last words of its columns, and `columns`, those beyond it.
    """
    mask = (1 << storage.width) - 1
    low = [word & mask for word in image.words]
    parts = {
        "block": MemoryImage(low[: storage.words], storage.width),
        "words": MemoryImage(low[storage.words :], storage.width),
        "columns": MemoryImage([word >> storage.width for word in image.words], image.width - storage.width),
    }
    return {name: part for name, part in parts.items() if part.words and part.width}


def _place(memory: Memory, storage: Storage) -> dict[str, str]:
    """The parameters that say where a memory lies."""
    name = memory.name.upper()
    if storage.way:
        return {f"{name}_WAY": str(storage.way)}
    place = {f"{name}_BLOCK_WORDS": str(storage.words), f"{name}_BLOCK_WIDTH": str(storage.width)}
    return place | ({f"{name}_LARGE": str(int(storage.large))} if memory.writable else {})


def _driven(signal: str) -> bool:
    return signal in ("in_ready", "out_data", "out_valid")


def _literal(value: int) -> str:
    # A plain number is 32 bits in SystemVerilog; a vector of such numbers needs its width.
    bits = value.bits if isinstance(value, Words) else -(-value.bit_length() // 32) * 32
    return str(value) if abs(value) <= _LARGEST_INTEGER else f"{bits}'h{value:x}"


def _named(pairs: Mapping[str, str]) -> str:
    return ",\n".join(f"    .{key}({value})" for key, value in pairs.items())


def _hexadecimal(image: MemoryImage) -> str:
    digits = (image.width + 3) // 4
    return "".join(f"{word:0{digits}x}\n" for word in image.words)

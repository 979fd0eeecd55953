"""Instance text and memory images."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.core.bit_packing import unpack
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.emit.instance import SIGNALS, beat_bits, instance, parts_of, write_images
from hwcodesign.kinds import IN_LUTS, Folding, MemoryImage, Storage, kind_of

STREAM = Stream((2, 2, 4), IntType(3, signed=False))
SIGNAL_NAMES = {signal: f"wire_{signal}" for signal in SIGNALS}


def test_instance_names_parameters_storage_and_ports() -> None:
    fifo = Layer("a.to.b.fifo", "fifo", (STREAM,), (STREAM,), {"depth": 8})
    text = instance(fifo, Folding(2), {"buffer": Storage(6, 5)}, "fifo", SIGNAL_NAMES)
    assert text == (
        "  fifo #(\n    .WIDTH(6),\n    .DEPTH(8),\n    .BUFFER_BLOCK_WORDS(6),\n    .BUFFER_BLOCK_WIDTH(5),\n"
        "    .BUFFER_LARGE(0)\n  ) u_fifo (\n"
        "    .clk_i(aclk),\n    .rst_ni(aresetn),\n"
        "    .in_data_i(wire_in_data),\n    .in_valid_i(wire_in_valid),\n    .in_ready_o(wire_in_ready),\n"
        "    .out_data_o(wire_out_data),\n    .out_valid_o(wire_out_valid),\n    .out_ready_i(wire_out_ready)\n  );\n"
    )


def test_a_long_parameter_has_its_width_and_a_module_its_own_name() -> None:
    wide = Stream((2, 2, 8), STREAM.type)
    concat = Layer("cat", "concat", (STREAM, STREAM), (wide,))
    assert ".BEATS(64'h400000004)" in instance(concat, Folding(1), {}, "cat", SIGNAL_NAMES)
    fork = Layer("fork", "fork", (STREAM,), (STREAM, STREAM), {"outputs": 2})
    assert instance(fork, Folding(1), {}, "fork", SIGNAL_NAMES).startswith("  stream_fork #(")


def test_beats_of_every_port() -> None:
    fork = Layer("fork", "fork", (STREAM,), (STREAM, STREAM), {"outputs": 2})
    assert beat_bits(fork, Folding(4)) == ([12], [12, 12])


def test_images_are_one_hexadecimal_word_a_line(tmp_path: Path) -> None:
    thresholds = np.array([[1, 5, 9], [-2, 0, 3]])
    attributes = {"thresholds": 3}
    source, target = Stream((1, 1, 2), IntType(5, signed=True)), Stream((1, 1, 2), IntType(2, signed=False))
    layer = Layer("conv1.quantizer", "thresholding", (source,), (target,), attributes, {"thresholds": thresholds})
    write_images(layer, Folding(1), {"thresholds": IN_LUTS}, "conv1_quantizer", tmp_path)
    lines = (tmp_path / "conv1_quantizer.thresholds.columns.hex").read_text().splitlines()
    (memory,) = kind_of("thresholding").memories(layer, Folding(1))
    assert {len(line) for line in lines} == {-(-memory.width // 4)}
    element = IntType(memory.width // 3, signed=True)
    words = unpack([int(line, 16) for line in lines], 3, element.bits)
    np.testing.assert_array_equal(element.decode(words), thresholds)
    text = instance(layer, Folding(1), {"thresholds": IN_LUTS}, "conv1_quantizer", SIGNAL_NAMES)
    assert '.THRESHOLDS_FILE("conv1_quantizer.thresholds")' in text


@given(st.data(), st.integers(1, 40), st.integers(1, 70))
def test_a_split_memory_keeps_its_contents(data: st.DataObject, words: int, width: int) -> None:
    """Put together again as rom.sv does."""
    image = MemoryImage([data.draw(st.integers(0, (1 << width) - 1)) for _ in range(words)], width)
    storage = data.draw(st.builds(Storage, st.integers(1, words), st.integers(1, width)) | st.just(IN_LUTS))
    parts = parts_of(image, storage)
    assert all(len(part.words) and part.width for part in parts.values())
    nothing = MemoryImage([0] * words, 0)
    low = [word for name in ("block", "words") for word in parts.get(name, MemoryImage([], 0)).words]
    high = parts.get("columns", nothing).words
    assert [a | b << storage.width for a, b in zip(low or nothing.words, high, strict=True)] == image.words

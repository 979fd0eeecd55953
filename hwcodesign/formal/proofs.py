"""The table of what is proven of which module, with which parameters, how deep; and faults that must be found."""

from collections.abc import Mapping
from dataclasses import dataclass

from hwcodesign.formal.prover import Proof

_RAM = ("ram", "ram_bank")
_ROM = ("rom", "rom_bank")
_THRESHOLDS = ("threshold_unit", "threshold_count", "threshold_search", "adder_tree", *_ROM)
_MATRIX = ("lut_multiplier", "packed_multiplier", "accumulator", "loaded_memory")
_TABLE = {"table.columns.hex": "39\n34\n"}  # thresholds 1, 2, 3 and 0, 1, 3, the first lowest
_LINES = {"lines.columns.hex": "11\n12\n"}  # base 1 step 1 and base 2 step 1
_WEIGHTS = {"weights.columns.hex": "1\n2\n3\n1\n"}  # 1, -2, -1, 1

# Feature maps that are small enough, and sizes that still show every corner: more than a row of windows, strides that
# leave something over, several words.
PROOFS = (
    Proof("fifo", ("fifo", *_RAM), parameters={"DEPTH": 2}, induction=True),
    Proof("fifo", ("fifo", *_RAM), parameters={"DEPTH": 4}, induction=True),
    Proof("stream_fork", ("fork",), induction=True),
    Proof("width_converter", ("width_converter",), parameters={"IN_WIDTH": 2, "OUT_WIDTH": 6}, induction=True),
    Proof("width_converter", ("width_converter",), parameters={"IN_WIDTH": 6, "OUT_WIDTH": 2}, induction=True),
    Proof("concat", ("concat",), induction=True),
    Proof("add", ("add",), parameters={"IN_SIGNED": 0}, induction=True),
    Proof("add", ("add",), parameters={"IN_SIGNED": 1}, induction=True),
    Proof("add", ("add",), parameters={"IN_BIPOLAR": 1}, induction=True),
    Proof("padding", ("padding",), 24, {"TOP": 1, "BOTTOM": 1, "LEFT": 1, "RIGHT": 1}, induction=True),
    Proof("padding", ("padding",), 24, {"BEATS": 2, "BOTTOM": 0, "LEFT": 0, "IN_HEIGHT": 1}, induction=True),
    Proof("max_pool", ("max_pool",), parameters={"SIGNED": 0}, induction=True),
    Proof("max_pool", ("max_pool",), parameters={"SIGNED": 1}, induction=True),
    Proof("sum_pool", ("sum_pool",), parameters={"IN_SIGNED": 0}, induction=True),
    Proof("sum_pool", ("sum_pool",), parameters={"IN_SIGNED": 1}, induction=True),
    Proof("sum_pool", ("sum_pool",), parameters={"IN_BITS": 1, "IN_SIGNED": 1}, induction=True),
    Proof("weighted_sum", ("weighted_sum",), induction=True),
    Proof("map_output", ("map_output",), induction=True),
    Proof("gather", ("gather",), induction=True),
    Proof("upsample", ("upsample", *_RAM), 24),
    Proof("frame_last", ("frame_last",), induction=True),
    Proof("loader", ("loader",), induction=True),
    Proof("loaded_memory", ("loaded_memory", *_RAM), 24, {"WAY": 1}),
    Proof("loaded_memory", ("loaded_memory", *_RAM), 24, {"WAY": 2}),
    Proof("loaded_memory", ("loaded_memory", *_RAM), 24, {"WAY": 3}),
    Proof("label_select", ("label_select", "ranking")),
    Proof("global_acc_pool", ("global_acc_pool", *_RAM), parameters={"PIXELS": 2, "FOLDS": 2}),
    Proof("thresholding", ("thresholding", *_THRESHOLDS), images=_TABLE),
    Proof("thresholding", ("thresholding", *_THRESHOLDS), parameters={"STEP_BITS": 2}, images=_LINES),
    Proof("mvau", ("mvau", *_MATRIX, *_THRESHOLDS, *_RAM), images=_WEIGHTS),
    Proof("vvau", ("vvau", "lut_multiplier", "accumulator", *_THRESHOLDS), images=_WEIGHTS),
    Proof("parallel_window", ("parallel_window", *_RAM), parameters={"HEIGHT": 2, "WIDTH": 3}),
    Proof(
        "sliding_window", ("sliding_window", *_RAM), 20, {"HEIGHT": 2, "WIDTH": 3, "BUFFER_WORDS": 5}, induction=True
    ),
    Proof(
        "sliding_window",
        ("sliding_window", *_RAM),
        20,
        {"HEIGHT": 1, "WIDTH": 5, "KERNEL_H": 1, "WORDS": 2, "DEPTHWISE": 1, "STRIDE_W": 2, "BUFFER_WORDS": 6},
        induction=True,
    ),
    Proof(
        "sliding_window",
        ("sliding_window", *_RAM),
        20,
        {"HEIGHT": 3, "WIDTH": 2, "KERNEL_W": 1, "DILATION_H": 2, "BUFFER_WORDS": 5},
        induction=True,
    ),
    Proof(
        "sliding_window",
        ("sliding_window", *_RAM),
        20,
        {"HEIGHT": 1, "WIDTH": 6, "KERNEL_H": 1, "DILATION_W": 2, "BUFFER_WORDS": 5},
        induction=True,
    ),
    Proof("crc32", ("crc32",), induction=True),
    Proof("link_receiver", ("link_receiver", *_RAM), free_checksum=True),
    Proof("link_transmitter", ("link_transmitter", "fifo", *_RAM), free_checksum=True),
)


@dataclass(frozen=True)
class Fault:
    """A change to the text of a source that its proof must find."""

    right: str
    wrong: str


# By module: (source, fault). Each is one that a stream's user could suffer from and a simulation overlook.
FAULTS: Mapping[str, tuple[str, Fault]] = {
    "fifo": ("fifo", Fault("assign in_ready_o = !spare_valid_q;", "assign in_ready_o = 1'b1;")),
    "stream_fork": (
        "fork",
        Fault("else out_valid_o <= out_valid_o & ~out_ready_i;", "else out_valid_o <= out_valid_o;"),
    ),
    "width_converter": ("width_converter", Fault("!last || !out_valid_o || out_ready_i", "1'b1")),
    "concat": ("concat", Fault("in_ready_o[turn_q] = move;", "in_ready_o[turn_q] = 1'b1;")),
    "add": ("add", Fault("take       = move && (&in_valid_i)", "take       = move && (|in_valid_i)")),
    "padding": ("padding", Fault("in_frame ? in_data_i : {", "1'b1 ? in_data_i : {")),
    "max_pool": ("max_pool", Fault("take && (first || larger)", "take && larger")),
    "sum_pool": ("sum_pool", Fault("element + (first ? '0 : sum)", "element + (1'b0 ? '0 : sum)")),
    "weighted_sum": ("weighted_sum", Fault("valid_q <= take;", "valid_q <= in_valid_i[0];")),
    "map_output": ("map_output", Fault("in_data_i[IN_BITS-1], in_data_i", "1'b0, in_data_i")),
    "gather": ("gather", Fault("out_valid_o <= in_valid_i && kept;", "out_valid_o <= in_valid_i;")),
    "upsample": ("upsample", Fault("from_row_q <= !fresh;", "from_row_q <= row_q != '0;")),
    "frame_last": ("frame_last", Fault("valid_i && ready_i", "valid_i")),
    "loader": ("loader", Fault("if (take) end_q <= in_last_i;", "end_q <= in_last_i;")),
    "loaded_memory": ("loaded_memory", Fault("take && whole;", "take;")),
    "label_select": ("ranking", Fault("$signed(key_i) > $signed(", "$signed(key_i) >= $signed(")),
    "global_acc_pool": ("global_acc_pool", Fault("element + (first_q ? '0 :", "element + (1'b0 ? '0 :")),
    "thresholding": ("thresholding", Fault("assign in_ready_o = move;", "assign in_ready_o = 1'b1;")),
    "mvau": ("mvau", Fault("if (step && fresh) fresh_q", "if (fresh) fresh_q")),
    "vvau": ("vvau", Fault("if (in_valid_i) word_q", "word_q")),
    "parallel_window": ("parallel_window", Fault("if (column_last) next_column_q <=", "if (1'b0) next_column_q <=")),
    "crc32": ("crc32", Fault("i < 8; i++", "i < 7; i++")),
    "link_receiver": ("link_receiver", Fault("!is_frame && type_q != Identify", "!is_frame && type_q == Identify")),
    "link_transmitter": ("link_transmitter", Fault("out_ready_i && (!special || escaped_q)", "out_ready_i")),
    "sliding_window": ("sliding_window", Fault("assign in_ready_o = (kept_q <", "assign in_ready_o = (kept_q <=")),
}

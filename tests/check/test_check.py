"""The memory budget: full SqueezeNet's verdicts, totals against independent counts, the changes that are offered."""

import json
import re
import tomllib
from dataclasses import replace

import pytest

from hwcodesign.check.check import check, check_recipe, measure
from hwcodesign.check.suggestions import changes_to_recipe, predicted
from hwcodesign.check.table import text
from hwcodesign.core.strict_toml import validated
from hwcodesign.fpga.board import load_board
from hwcodesign.fpga.calibration import measured_error
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import kind_of
from hwcodesign.plan import plan
from hwcodesign.plan.memory import memory_resources
from hwcodesign.recipe import Recipe, load_recipe, with_keys
from tests.finn_rule import finn_bram18
from tests.graphs import tiny_squeezenet


def on(recipe: Recipe, **hardware) -> Recipe:
    return recipe.model_copy(update={"hardware": recipe.hardware.model_copy(update=hardware)})


def with_bits(recipe: Recipe, **bits) -> Recipe:
    return recipe.model_copy(update={"quantization": recipe.quantization.model_copy(update=bits)})


FULL = load_recipe("squeezenet-v1.0")


@pytest.fixture(scope="module")
def on_zcu104():
    return check_recipe(FULL)


@pytest.fixture(scope="module")
def on_pynq():
    return check_recipe(on(FULL, board="pynq-z1"))


def test_full_squeezenet_fits_a_zcu104(on_zcu104):
    assert on_zcu104.fits and not on_zcu104.over and not on_zcu104.changes
    assert on_zcu104.verdict().startswith("fits zcu104 at 3")
    bottleneck = r"slowest layer is \S+, the fullest resource (LUT|BRAM18), at \d+% of its limit$"
    assert re.search(bottleneck, on_zcu104.verdict())
    assert on_zcu104.frame_rate >= 30


def test_full_squeezenet_does_not_fit_a_pynq_z1(on_pynq):
    assert not on_pynq.fits and "block_ram" in on_pynq.over
    assert on_pynq.verdict().startswith("does not fit pynq-z1")


def test_weights_are_all_of_squeezenets_weights(on_zcu104):
    """Table 5.1 of the dissertation: 1,248,424 parameters, of which 3,976 are biases; 4 bits each."""
    biases = sum(conv.filters for conv in FULL.describe().convolutions)
    assert on_zcu104.bits["weights"] == 4 * (1_248_424 - biases)


def test_rows_add_up_to_the_total(on_zcu104):
    planned = plan(predicted(FULL), on_zcu104.board, frame_rate=FULL.hardware.frame_rate)
    assert on_zcu104.total == planned.total
    assert sum((layer.resources for layer in on_zcu104.layers), Resources()) == planned.resources


def test_block_ram_is_at_least_what_the_bits_take(on_zcu104):
    """A floor: bits in blocks / 18 Kb. And no layer's weights take more than FINN's BRAM18 rule gives for its shape."""
    planned = plan(predicted(FULL), on_zcu104.board, frame_rate=FULL.hardware.frame_rate)
    in_blocks = sum(
        planned.storage[layer.name][memory.name].block_bits
        for layer in planned.design.layers
        for memory in kind_of(layer.kind).memories(layer, planned.foldings[layer.name])
    )
    assert in_blocks / 18432 <= on_zcu104.total.block_ram <= 1.5 * in_blocks / 18432
    for layer in planned.design.layers:
        for memory in kind_of(layer.kind).memories(layer, planned.foldings[layer.name]):
            if memory.name == "weights":
                taken = memory_resources(on_zcu104.board.device, memory, planned.storage[layer.name][memory.name])
                assert taken.block_ram <= finn_bram18(memory.words, memory.width), layer.name


def test_how_full_the_blocks_are(on_zcu104):
    """Blocks in their deepest use hold 18 Kb, parity bits included; no layer can fill them more than wholly."""
    for layer in on_zcu104.layers:
        filled = on_zcu104.filled([layer])
        assert (filled is None) == (layer.resources.block_ram == 0)
        assert filled is None or filled == layer.block_bits / (18 * 1024 * layer.resources.block_ram) <= 1
    useful = sum(layer.block_bits for layer in on_zcu104.layers)
    assert on_zcu104.summary()["block_ram_filled"] == useful / (18 * 1024 * on_zcu104.total.block_ram)


def test_every_row_is_a_layer_of_the_network(on_zcu104):
    assert [row.name for row in on_zcu104.layers] == [layer.name for layer in predicted(FULL).layers]


def test_the_changes_are_three_ordered_and_true(on_pynq):
    assert [change.size for change in on_pynq.changes] == sorted(change.size for change in on_pynq.changes)
    assert len(on_pynq.changes) == 3
    weights = next(c for c in on_pynq.changes if c.what.startswith("quantization.weight_bits") and "," not in c.what)
    bits = int(weights.what.split()[2])
    assert check_recipe(with_bits(on(FULL, board="pynq-z1"), weight_bits=bits)).fits
    assert not measure_on_pynq(weight_bits=bits + 1).fits


def measure_on_pynq(**bits):
    board = load_board("pynq-z1")
    return measure(plan(predicted(with_bits(FULL, **bits)), board, frame_rate=FULL.hardware.frame_rate), board)


def test_a_lower_squeeze_ratio_is_tried():
    whats = [change.what for change in changes_to_recipe(on(FULL, board="ultra96-v2"), 30.0)]
    assert any(re.fullmatch(r"network\.SR = 0\.0\d+ instead of 0\.125", what) for what in whats)


def test_weights_in_large_ram_are_the_smallest_change():
    recipe = load_recipe("digits-icebreaker-loaded")
    without, report = check_recipe(on(recipe, load_weights=False)), check_recipe(recipe)
    assert not without.fits and report.fits
    assert without.changes[0].what.startswith("hardware.load_weights = true")
    assert report.loaded_bits == report.summary()["loaded_bits"] > 100_000
    assert f"{report.loaded_bits:,} bits of weights in SPRAM are loaded after every reset" in report.verdict()


def test_at_most_leaves_the_rest_of_the_board_to_others():
    """Here all memories go to LUTs but what the link takes; and where the user leaves too little, that is offered."""
    recipe = load_recipe("digits-squeezenet")
    whole, left = check_recipe(recipe), check_recipe(on(recipe, at_most={"block_ram": 1, "dsp": 1000}))
    assert whole.fits and whole.total.block_ram > 1
    assert left.fits and left.total.block_ram == left.board.usable["block_ram"] == 1
    assert left.board.usable["dsp"] == whole.board.usable["dsp"]
    assert left.total.lut > whole.total.lut
    assert "at_most" in text(left) and "at_most" not in text(whole)
    short = check_recipe(on(recipe, at_most={"lut": 100}))
    assert short.over == ("lut",) and short.changes[0].what == "hardware.at_most left out"


def test_what_is_offered_fits_with_all_else_that_the_recipe_says():
    recipe = load_recipe("digits-squeezenet")
    for held in (
        {"at_most": {"lut": 5000}},
        {"at_most": {"lut": 0, "block_ram": 0}},
        {"board": "ulx3s-12f", "frame_rate": 1000, "fold": {"fire4.expand3x3": {"pe": 16, "simd": 72}}},
        {"board": "icebreaker", "clock_mhz": 12.0, "frame_rate": 30_000},
    ):
        asked = on(recipe, **held)
        report = check_recipe(asked)
        assert not report.fits and report.changes
        for change in report.changes:
            assert check_recipe(followed(asked, change.what)).fits, change.what


def followed(recipe, what):
    """The recipe with a change made as its words say."""
    if left_out := re.fullmatch(r"hardware\.(\w+) left out", what):
        return on(recipe, **{left_out[1]: {}})
    pairs = re.findall(r"(\w+\.\w+) = (\[[^\]]*\]|'[^']*'|[\w.]+)", what)
    changes = {key: tomllib.loads(f"value = {value}")["value"] for key, value in pairs}
    if "hardware.frame_rate" in changes:
        changes["hardware.frame_rate"] = float(changes["hardware.frame_rate"])
    return validated(Recipe, with_keys(recipe.model_dump(), changes), what)


def test_the_network_is_offered_to_change_before_another_board(on_pynq):
    whats = [change.what for change in on_pynq.changes]
    assert whats[0].startswith(("quantization.", "network.", "data.size"))
    boards = [number for number, what in enumerate(whats) if what.startswith("hardware.board")]
    assert boards in ([], [len(whats) - 1])
    assert all(change.size > 10 for change in on_pynq.changes if change.what.startswith("hardware.board"))


def test_the_solver_takes_nothing_of_what_is_not_there():
    recipe = on(load_recipe("digits-squeezenet"), exact=True, frame_rate=1000)
    assert check_recipe(on(recipe, at_most={"dsp": 0, "block_ram": 1})).total.dsp == 0
    none = check_recipe(on(recipe, at_most={"block_ram": 0}))  # the link takes one
    assert none.over == ("block_ram",) and none.total.block_ram == 1


def test_a_finished_model_is_offered_boards_and_frame_rates():
    board = load_board("icebreaker")
    graph = tiny_squeezenet(bits=8)
    report = check(graph, plan(graph, board, frame_rate=1000), board)
    assert not report.fits
    assert report.changes
    assert all(change.what.startswith("hardware.") for change in report.changes)


def test_saved_report(tmp_path, on_pynq):
    on_pynq.save(tmp_path)
    document = json.loads((tmp_path / "check.json").read_text())
    assert document["fits"] is False
    assert document["used"]["block_ram"] == on_pynq.total.block_ram
    assert document["layers"][0]["name"] == "conv1.window"
    assert document["estimate_error"] == measured_error(on_pynq.board.device)


def test_the_text_has_every_layer_and_the_verdict(on_zcu104):
    printed = text(on_zcu104)
    assert all(layer.name in printed for layer in on_zcu104.layers)
    assert "~LUT" in printed and "fits zcu104" in printed
    assert f"estimate ± {measured_error(on_zcu104.board.device)['lut']:.0%}" in printed
    assert printed.count("│ counted") == 3, "block RAM, URAM and DSP"


def test_an_estimate_that_was_never_measured_says_so(monkeypatch):
    monkeypatch.setattr("hwcodesign.fpga.calibration.costs", dict)
    board = load_board("icebreaker")
    graph = tiny_squeezenet(bits=8)
    report = check(graph, plan(graph, board, frame_rate=1000), board)
    assert report.estimate_error is None
    assert "estimate, not calibrated" in text(report)


def test_the_fastest_that_fits_comes_with_its_proof():
    report = check_recipe(on(load_recipe("digits-squeezenet"), frame_rate="max"))
    assert report.fits
    assert report.frame_rate > 10_000
    assert "(proven: no faster design fits)" in report.verdict()
    assert "a host gets" in report.verdict(), "its UART is slower"


def test_nothing_fits_says_so(on_pynq):
    hopeless = replace(on_pynq, changes=())
    assert "no change of bits, network, frame rate or board that was tried makes it fit" in hopeless.verdict()

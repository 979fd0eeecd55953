"""Weights made small, and counted: against the file itself, and against Huffman's own example of optimality."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from hwcodesign.cli.compress import command
from hwcodesign.core.errors import UserError
from hwcodesign.export.deep_compression import read, write
from hwcodesign.export.float_weights import Weights
from hwcodesign.export.weight_file import read_weights
from hwcodesign.quantize.compression import fixed_point, huffman_bits, pruned, shared, size_of, sparse_bytes
from hwcodesign.recipe import load_recipe
from tests.quantize.small import images, network, weights

NETWORK = network()
WEIGHTS = weights(NETWORK)


@pytest.mark.parametrize("keep", [0.1, 0.5, 1.0])
def test_the_largest_are_kept(keep: float) -> None:
    made = pruned(WEIGHTS, keep)
    left = sum(np.count_nonzero(w.weight) for w in made.values())
    assert left == round(keep * sum(w.weight.size for w in WEIGHTS.values()))
    for name, (weight, bias) in made.items():
        gone = weight == 0
        assert np.array_equal(weight[~gone], WEIGHTS[name].weight[~gone]) and np.array_equal(bias, WEIGHTS[name].bias)
        if gone.any() and not gone.all():
            assert np.abs(WEIGHTS[name].weight[gone]).max() <= np.abs(weight[~gone]).min()


def test_a_layer_that_is_pruned_already_is_not_taken_for_one_of_large_weights() -> None:
    weight = WEIGHTS["fire2.expand3x3"].weight
    sparse = np.where(np.abs(weight) < np.quantile(np.abs(weight), 0.9), 0, weight)
    given = {"sparse": Weights(sparse, np.zeros(8)), "dense": Weights(sparse[sparse != 0], np.zeros(8))}
    made = pruned(given, 0.5 * 2 * np.count_nonzero(sparse) / (sparse.size + np.count_nonzero(sparse)))
    assert np.count_nonzero(made["sparse"].weight) == np.count_nonzero(made["dense"].weight)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_few_values_near_the_weights(bits: int) -> None:
    made = shared(pruned(WEIGHTS, 0.5), bits)
    for name, (weight, _) in made.items():
        before = pruned(WEIGHTS, 0.5)[name].weight
        assert len(np.unique(weight[weight != 0])) <= 2**bits - 1
        assert np.array_equal(weight == 0, before == 0)
        assert np.abs(weight - before).mean() < (np.ptp(before) / 2**bits)
    assert all(np.array_equal(w.weight, shared(made, bits)[name].weight) for name, w in made.items())


def test_fixed_point_is_the_finest_power_of_two_that_holds_the_largest() -> None:
    made = fixed_point({"x": Weights(np.array([[[[0.9, -0.31, 0.0]]]], np.float32), np.zeros(1, np.float32))}, 4)
    assert made["x"].weight.ravel().tolist() == [1.0, -0.25, 0.0]  # steps of 1/4: 7/8 would not hold 0.9
    for name, (weight, _) in fixed_point(WEIGHTS, 8).items():
        assert np.abs(weight - WEIGHTS[name].weight).max() <= np.abs(WEIGHTS[name].weight).max() / 127


def test_bytes_are_those_of_the_file(tmp_path) -> None:
    made = shared(pruned(WEIGHTS, 0.2), 8)
    size = size_of(made, 8)
    assert size.file == write(tmp_path / "a.net", NETWORK, made) == (tmp_path / "a.net").stat().st_size
    assert size.weights <= size.entries and size.dense(8) < size.as_float32 == 4 * size.parameters
    assert size.parameters == sum(w.weight.size + w.bias.size for w in WEIGHTS.values())
    assert size_of(shared(made, 4), 4).file < size.file
    codebooks = 4 * 257 * len(NETWORK.convolutions)  # and counts; a code takes a byte where a float32 takes four
    assert abs(sparse_bytes(made) - 3 * size.entries - (size.file - codebooks)) == 0


@pytest.mark.parametrize("counts", [[5], [1, 1], [45, 13, 12, 16, 9], [7, 0, 1, 1, 3]])
def test_huffman_is_the_best_prefix_code(counts: list[int]) -> None:
    """Against every set of code lengths that Kraft's inequality allows."""
    there = [count for count in counts if count]
    lengths = itertools.product(range(1, len(there) + 1), repeat=len(there))
    costs = [sum(map(np.prod, zip(there, code, strict=True))) for code in lengths if sum(2.0**-n for n in code) <= 1]
    assert huffman_bits(counts) == min(costs)


@pytest.fixture
def small_recipe(tmp_path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(
        '[network]\nfamily = "squeezenet"\nbase_e = 16\nincr_e = 0\nfire_modules = 2\nSR = 0.5\nconv1_filters = 8\n'
        'conv1_kernel = 3\npool_after = ["conv1"]\n[data]\ndataset = "none"\nsize = [20, 20]\nchannels = 3\n'
        'classes = 5\n[hardware]\nboard = "none"\n'
    )
    return path


def test_the_command_writes_what_quantize_reads(small_recipe, tmp_path) -> None:
    write(tmp_path / "given.net", NETWORK, shared(WEIGHTS, 8))
    given = [str(small_recipe), "--weights", str(tmp_path / "given.net")]
    made = CliRunner().invoke(command, [*given, "--keep", "0.3", "--bits", "4", "--out", str(tmp_path / "made.net")])
    assert made.exit_code == 0 and "4-bit codes" in made.output and "made.net" in made.output
    for weight, _ in read(tmp_path / "made.net", NETWORK).values():
        assert len(np.unique(weight[weight != 0])) <= 15
    with pytest.raises(UserError, match="one of the two"):
        CliRunner().invoke(command, [*given, "--bits", "4", "--fixed-point", "4"], catch_exceptions=False)
    for wrong, said in {
        ("--out", "a.bin"): r"named \*.net or \*.safetensors",
        ("--svd", "0.9", "--bits", "4"): "not pruned, shared, rounded or trained on",
        ("--svd", "0.9", "--svd-weights", "400"): "one of the three",
        ("--epochs", "2"): "--keep or --bits",
        ("--keep", "0.5", "--distil"): "give --epochs, too",
        ("--rank", "conv1"): "LAYER=RANK",
        ("--rank", "conv1=99"): "take 1 to 6",
        ("--out", str(tmp_path / "nowhere" / "a.net")): "cannot write",
    }.items():
        with pytest.raises(UserError, match=said):
            CliRunner().invoke(command, [*given, *wrong], catch_exceptions=False)
    for outside in ("0", "1.5", "-1"):
        ran = CliRunner().invoke(command, [*given, "--keep", outside])
        assert ran.exit_code == 2 and "0<x<=1" in ran.output


def test_the_command_makes_layers_of_low_rank(small_recipe, tmp_path) -> None:
    write(tmp_path / "given.net", NETWORK, shared(WEIGHTS, 8))
    out = tmp_path / "low.safetensors"
    given = [str(small_recipe), "--weights", str(tmp_path / "given.net"), "--rank", "fire2.expand3x3=2"]
    made = CliRunner().invoke(command, [*given, "--out", str(out)], catch_exceptions=False)
    assert made.output.split().count("576") == 3 and "2 of 8" in made.output and "160" in made.output.split()
    found = read_weights(out, load_recipe(str(tmp_path / "low.toml")).describe())
    assert found["fire2.expand3x3_low"].weight.shape == (2, 8, 3, 3)
    with pytest.raises(UserError, match=r"name it \*.safetensors"):
        CliRunner().invoke(command, [*given, "--out", "low.net"], catch_exceptions=False)


def test_the_command_trains_on(small_recipe, tmp_path) -> None:
    """Without labels, on photographs of no class."""
    write(tmp_path / "given.net", NETWORK, shared(WEIGHTS, 8))
    (tmp_path / "data" / "calibration").mkdir(parents=True)
    for number, picture in enumerate(images(24)):
        Image.fromarray(picture).save(tmp_path / "data" / "calibration" / f"{number}.png")
    given = [str(small_recipe), "--weights", str(tmp_path / "given.net"), "--data", str(tmp_path / "data")]
    small_recipe.write_text(small_recipe.read_text().replace('"none"\nsize', '"folder"\nsize'))
    out = tmp_path / "made.net"
    asked = [*given, "--keep", "0.4", "--bits", "3", "--epochs", "1", "--distil", "--out", str(out)]
    made = CliRunner().invoke(command, asked)
    assert "weights left, epoch 1 of 1" in made.output and "shared values, epoch 1 of 1" in made.output
    found = read(out, NETWORK)
    assert sum(np.count_nonzero(w.weight) for w in found.values()) <= 0.4 * sum(w.weight.size for w in found.values())
    assert all(len(np.unique(w.weight[w.weight != 0])) <= 7 for w in found.values())

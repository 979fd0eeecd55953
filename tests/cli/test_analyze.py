"""`hwcodesign analyze` and `hwcodesign paper` from the outside."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from hwcodesign.cli.analyze import command as analyze
from hwcodesign.cli.paper import command as paper
from hwcodesign.core.errors import UserError


def output(command, *arguments):
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def refused(*arguments):
    with pytest.raises(UserError) as error:
        CliRunner().invoke(analyze, arguments, catch_exceptions=False)
    return str(error.value)


def test_json_has_layers_and_total():
    document = json.loads(output(analyze, "NiN", "--json"))
    assert document["total"]["parameters"] == 7_595_176
    for key in ("parameters", "operations", "activations"):
        assert document["total"][key] == sum(layer[key] for layer in document["layers"])
    conv1 = document["layers"][0]
    assert (conv1["name"], conv1["output"], conv1["operations"]) == ("conv1", [55, 55, 96], 2 * 55 * 55 * 34848)
    assert {finding["rule"] for finding in document["lint"]} == {2, 3, 4}


def test_the_terminal_shows_layers_metrics_and_rules(tmp_path):
    text = output(analyze, "zynqnet-nano", "--runs", str(tmp_path))
    for expected in ("fire2.squeeze", "3x3/2 conv", "10,946", "hwcodesign run zynqnet-nano --to export", "kept"):
        assert expected in text


def test_a_what_if_shows_ratios_and_the_verdict():
    text = output(analyze, "NiN", "--what-if", "conv7.kernel=6,pad=2")
    assert "13x13x384" in text and "12x12x384" in text
    assert "global: the dimensions of conv9, pool9 change, too" in text
    document = json.loads(output(analyze, "NiN", "--what-if", "conv8.filters*=4", "--json"))
    assert document["verdict"] == "local"
    assert document["after"]["total"]["parameters"] == 7_595_176 + 3 * 384 * (385 + 384)
    assert document["ratios"]["parameters"] == document["after"]["total"]["parameters"] / 7_595_176


@pytest.mark.parametrize(("name", "begins"), [("costs.png", b"\x89PNG"), ("costs.svg", b"<?xml")])
def test_a_picture_is_written(tmp_path, name, begins):
    output(analyze, "lenet", "--plot", str(tmp_path / name))
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_a_board_brings_the_rule_about_memory():
    document = json.loads(output(analyze, "squeezenet", "--board", "icebreaker", "--json"))
    assert "icebreaker can give" in document["lint"][0]["finding"]
    assert "the parameters fit the on-chip memory" in output(analyze, "lenet", "--board", "pynq-z1")
    assert "the parameters fit the on-chip memory" not in output(analyze, "lenet")


def test_bytes_at_the_given_precision():
    def sizes(*arguments):
        total = json.loads(output(analyze, *arguments, "--json"))["total"]
        return total["parameter_bytes"], total["activation_bytes"]

    parameters, activations, scores = 61_706, 8_094, 10
    assert sizes("lenet") == (4 * parameters, 4 * activations)
    assert sizes("lenet", "--weight-bits", "8") == (parameters, 4 * activations)
    assert sizes("lenet", "--activation-bits", "8") == (4 * parameters, activations + 3 * scores)
    assert sizes("zynqnet-nano")[0] == 10_946 / 2
    assert sizes("zynqnet-nano", "--weight-bits", "2")[0] == 10_946 / 4


def test_the_paper_command_prints_tables():
    assert "215.9 GF" in output(paper, "--table", "4.2")
    assert len(json.loads(output(paper, "--json"))) == 12
    with pytest.raises(UserError, match=r"no table '4.9': did you mean '4.8'"):
        CliRunner().invoke(paper, ["--table", "4.9"], catch_exceptions=False)


def test_options_that_do_not_go_together_are_refused(tmp_path):
    assert "--shape is for ONNX files" in refused("nin", "--shape", "1x3x8x8")
    assert "--what-if needs a network's description, not a file" in refused("net.onnx", "--what-if", "classes=3")
    assert "--weight-bits needs a network's description" in refused("net.onnx", "--weight-bits", "8")
    assert "--shape 1xbx3: must be numbers with x between them" in refused("net.onnx", "--shape", "1xbx3")
    assert "the name must end in .png" in refused("lenet", "--plot", str(tmp_path / "costs.bmp"))
    assert "there is no board 'zcu': did you mean 'zcu104'" in refused("lenet", "--board", "zcu")
    assert "there is no network or recipe 'lennet'" in refused("lennet")


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "onnx", None)
    for name in ("onnx_costs", "onnx_graph", "onnx_bits"):
        monkeypatch.delitem(sys.modules, f"hwcodesign.analyze.{name}", raising=False)
    assert "--plot needs matplotlib, which is not installed" in refused("lenet", "--plot", str(tmp_path / "costs.svg"))
    assert "reading net.onnx needs onnx: pip install 'hwcodesign[analyze]'" in refused("net.onnx")


def test_nothing_heavy_is_imported():
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from hwcodesign.cli.analyze import command\n"
        "assert CliRunner().invoke(command, ['googlenet']).exit_code == 0\n"
        "print([name for name in ('torch', 'finn', 'qonnx', 'onnx', 'scipy', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

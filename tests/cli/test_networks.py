from click.testing import CliRunner

from hwcodesign.cli.networks import command
from hwcodesign.nets import families


def test_every_family_and_its_metaparameters_are_listed() -> None:
    shown = CliRunner().invoke(command, []).stdout
    assert all(name in shown for name in families())


def test_a_familys_defaults_are_shown() -> None:
    shown = CliRunner().invoke(command, ["squeezenet"]).stdout
    assert "SR" in shown
    assert "0.125" in shown

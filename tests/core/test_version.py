"""The version: one, wherever it is asked for."""

from click.testing import CliRunner
from packaging.version import Version

import hwcodesign
from hwcodesign.cli import cli
from hwcodesign.core.version import __version__


def test_package_and_command_line_have_the_same() -> None:
    assert hwcodesign.__version__ == __version__ == str(Version(__version__))
    assert __version__ in CliRunner().invoke(cli, ["--version"]).output

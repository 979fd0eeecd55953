"""The command line: one module here per command, each with a click command named `command`.

Modules here import nothing heavy at their top, so that `hwcodesign --help` stays fast.
"""

import atexit
import gc
import importlib
import os
import pkgutil
import signal
import sys

import click

from hwcodesign.core import packages
from hwcodesign.core.errors import UserError
from hwcodesign.core.version import __version__

INTERRUPTED = 130  # what a shell reports for a program ended by Ctrl-C


class _Commands(click.Group):
    """Finds the commands by the modules of this folder; an underscore in a file's name is a dash in the command's."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(
            module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__) if module.name != "options"
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__)
def cli() -> None:
    """From a CNN idea to FPGA hardware that is proven bit for bit.

    \b
    Examples:
      hwcodesign run digits-squeezenet              the whole path: train, compile, check, emit, simulate
      hwcodesign check squeezenet-v1.0              does it fit the board? (seconds, before any training)
      hwcodesign run --model their.onnx --board ulx3s-85f
      hwcodesign doctor                             are all tools there, and how to mend what is not
    """


def main() -> None:
    """Entry point: a UserError is one message and its exit code; Ctrl-C and a full disk are no tracebacks either.

    SIGTERM, which batch systems send, is taken for Ctrl-C: programs that we started end with us.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _start_fast()
    try:
        cli.main(standalone_mode=False)
    except UserError as error:
        _fail(str(error), error.exit_code)
    except ModuleNotFoundError as error:
        known = packages.explained(error)
        if known is None:
            raise
        _fail(str(known), known.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(2)
    except click.UsageError as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _fail("stopped; the same command goes on from here", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        _fail(f"{error.filename or 'a file'}: {error.strerror or error}", UserError.exit_code)


def _start_fast() -> None:
    """Less of what takes a quarter of a short command.

    That is looking for garbage, also at the end, when everything goes, and for pydantic's plugins in every package.
    """
    gc.set_threshold(200_000)
    atexit.register(gc.freeze)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _fail(message: str, exit_code: int) -> None:
    click.secho("error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(message, err=True)
    sys.exit(exit_code)

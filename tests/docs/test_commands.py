"""Every command that README and pages name is one, with options that it has; the guide's blocks are run elsewhere."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from hwcodesign.cli import cli

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands(page: Path) -> Iterator[str]:
    """`hwcodesign ...` in code, inline and in blocks, a line each; what is behind a shell's operators is not ours."""
    text = page.read_text()
    blocks = re.findall(r"^```(?:bash)?\n(.*?)^```", text, flags=re.S | re.M)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    code = [line for block in blocks for line in block.splitlines()]
    code += [" ".join(each.split()) for each in re.findall(r"`(hwcodesign [^`]*)`", rest)]
    for line in code:
        if line.startswith("hwcodesign "):
            yield re.split(r" (?:\|\||&&|[|;>#]) ", line)[0]


def options(command: click.Command) -> Iterator[str]:
    """Its own; of a group that is called without a name, those of what it stands for."""
    yield from (option for one in command.params for option in (*one.opts, *one.secondary_opts))
    if isinstance(command, click.Group) and command is not cli:
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from options(command.get_command(context, name) or click.Command(name))


def faults(command: str) -> Iterator[str]:
    """Options that no command of that name has."""
    words = shlex.split(re.sub(r"\.\.\.|\[.*?\]", "", command))[1:]
    group: click.Command = cli
    while words and isinstance(group, click.Group):
        inner = group.get_command(click.Context(group), words[0])
        if inner is None:
            break
        group = inner
        words.pop(0)
    known = set(options(group)) | {"--help"}
    yield from (f"{command}: {word}" for word in words if word.startswith("--") and word.split("=")[0] not in known)
    if group is cli and words and not words[0].startswith("-"):
        yield f"{command}: no command {words[0]}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_are_there(page: Path) -> None:
    assert [fault for command in commands(page) for fault in faults(command)] == []


def test_some_are_looked_at_and_a_wrong_one_is_found() -> None:
    assert sum(1 for page in PAGES for _ in commands(page)) > 50
    assert list(faults("hwcodesign check digits-squeezenet --frame-rates 3"))
    assert list(faults("hwcodesign chekc digits-squeezenet"))

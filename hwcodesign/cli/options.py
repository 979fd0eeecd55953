"""Options that several commands share, and the job that they describe."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from hwcodesign.core.errors import UserError

_LEAST_SCALE = 1e-9  # of an input: real numbers of the network stay far from the ends of float32
_F = TypeVar("_F", bound=Callable[..., Any])


class Positive(click.ParamType[Any]):
    """A positive number, and a finite one."""

    name = "NUMBER"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = click.FLOAT.convert(value, param, ctx)
        if not 0 < number < math.inf:
            self.fail(f"{value}: must be a positive number", param, ctx)
        return number


class FrameRate(click.ParamType[Any]):
    """A positive number, or max."""

    name = "FPS|max"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if value == "max" else Positive().convert(value, param, ctx)


class Amounts(click.ParamType[Any]):
    """RESOURCE=N, several joined by commas."""

    name = "RESOURCE=N,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from hwcodesign.core.errors import did_you_mean
        from hwcodesign.fpga.board import RESOURCES

        found = {}
        for part in value.split(","):
            name, _, amount = part.strip().partition("=")
            if name not in RESOURCES:
                self.fail(f"{name!r}: {did_you_mean(name, RESOURCES)}", param, ctx)
            if not amount.isdecimal():
                self.fail(f"{part!r}: a whole number of them, such as {name}=40", param, ctx)
            if name in found:
                self.fail(f"{name} is there twice: say which amount is meant", param, ctx)
            found[name] = int(amount)
        return found


class KeyValue(click.ParamType[Any]):
    """TABLE.KEY=VALUE, the value as TOML has it; what is no TOML is a text."""

    name = "TABLE.KEY=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        import tomllib

        if isinstance(value, tuple):
            return value
        key, equals, text = value.partition("=")
        if not equals or "." not in key or not all(key.split(".")):
            self.fail(f"{value!r}: say TABLE.KEY=VALUE, such as train.epochs=5", param, ctx)
        try:
            return key, tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return key, text


# What options are about: each command shows those of what it does.
CHANGES = (
    click.option("--set", "changes", multiple=True, type=KeyValue(), help="Another value for a key of the recipe."),
)
BATCH = (
    click.option("--batch-size", type=click.IntRange(2), help="Train with another; the learning rate scales with it."),
)
TRAINING = (
    *BATCH,
    click.option("--epochs", type=click.IntRange(1), help="Train for so many epochs (train.epochs)."),
    click.option("--device", default="auto", show_default=True, help="Where to train: auto, cpu, cuda, cuda:1."),
)
UNTRAINED = (
    click.option("--untrained", is_flag=True, help="Random weights instead of training (results: NAME-untrained)."),
)
DATA = (click.option("--data", type=click.Path(path_type=Path), help="Folder with the images (digits needs none)."),)
MODEL_INPUT = (
    click.option("--input", "input_type", default="uint8", show_default=True, help="Integer type of a model's input."),
    click.option("--input-scale", help="Real value of one step of a model's input, such as 1/255."),
)
LOWERING = (
    *MODEL_INPUT,
    click.option("--output", help="Which output of a model that has several; of some, with commas between."),
)
PLANNING = (
    click.option("--frame-rate", type=FrameRate(), help="Frames per second to plan for; max: as many as fit."),
    click.option("--exact/--quick", default=None, help="Let a solver find the cheapest design, with a proof."),
    click.option(
        "--load-weights/--no-load-weights", default=None, help="Weights may lie in URAM or SPRAM; the host loads them."
    ),
    click.option("--solver-seconds", type=Positive(), help="Time for it; 10 if not given."),
    click.option("--at-most", type=Amounts(), help="Leave the rest of the board to others, such as block_ram=40."),
)
GATE = (click.option("--force", is_flag=True, help="Go on with a design that does not fit the board."),)
SIMULATION = (
    click.option("--images", type=click.Path(path_type=Path), help="An .npy file (N, H, W, C) of frames to simulate."),
    click.option("--frames", type=click.IntRange(1), help="Simulate at most so many frames."),
    click.option("--wave", is_flag=True, help="Write every signal to an FST file while simulating (slow)."),
)
PLACEMENT = (
    click.option("--seed", type=click.IntRange(0), default=1, help="Of the placement: another may reach more."),
    click.option(
        "--backend", type=click.Choice(["own", "finn"]), default="own", help="Whose flow makes the bitstream."
    ),
)

# What every job needs: what it works on, for which board, and where its results lie.
_OF_ANY_JOB = (
    click.argument("recipe", required=False),
    click.option("--model", type=click.Path(path_type=Path), help="Somebody's QONNX file instead of a recipe."),
    *CHANGES,
    click.option("--board", help="The board; a recipe names its own."),
    click.option("--clock-mhz", type=Positive(), help="The board's own if not given."),
    click.option("--runs", default=Path("runs"), type=click.Path(path_type=Path), show_default=True),
    click.option("--wait/--no-wait", default=True, help="For another process that works in the run's folder."),
)
OF_A_RUN = (*UNTRAINED, *TRAINING, *DATA, *LOWERING, *PLANNING, *GATE, *SIMULATION)
_OF_A_STAGE = {
    "train": (*TRAINING, *DATA, *PLANNING, *GATE),  # nothing is trained that does not fit
    "export": DATA,
    "lower": (*DATA, *LOWERING),
    "plan": PLANNING,
    "emit": (),
    "simulate": SIMULATION,
}

_BOARD = (
    click.option("--port", required=True, help="The board's serial port, such as /dev/ttyUSB0."),
    click.option("--run", "run", help="The run whose design is on the board, or a bitstream's folder."),
    click.option("--runs", default=Path("runs"), type=click.Path(path_type=Path), show_default=True),
)


def board_options(command: _F) -> _F:
    """The options that say which board, and which designs may be on it, on a click command."""
    return _with(_BOARD, command)


def designs_folder(run: str | None, runs: Path) -> Path:
    """Where the contracts of the designs lie that may be on the board. Raises UserError if that is no folder."""
    named = runs / run if run else runs
    folder = named if named.is_dir() or not run else Path(run)
    if not folder.is_dir():
        what = f"there is no run {run!r} in {runs}" if run else f"there is no folder {runs}"
        raise UserError(f"{what}: build a bitstream first, or name its folder (--run FOLDER)")
    return folder


def model_input_options(command: _F) -> _F:
    """The options that say what the integers are that a model's host sends, on a click command."""
    return _with(MODEL_INPUT, command)


def model_input(given: dict[str, Any]) -> tuple[Any, float | None]:
    """The IntType and the scale that these options say; takes both out of `given`. Raises UserError for no such."""
    from hwcodesign.dataflow import IntType

    return _int_type(given.pop("input_type"), IntType), _fraction(given.pop("input_scale"))


def job_options(*about: Callable[[Any], Any]) -> Callable[[_F], _F]:
    """What every job needs and `about`, the options of what this one does, on a click command."""
    return lambda command: _with((*_OF_ANY_JOB, *about), command)


def recipe_options(command: _F) -> _F:
    """The options that change a recipe's keys, on a click command."""
    return _with(CHANGES, command)


def planning_options(command: _F) -> _F:
    """The options that say what to plan for, on a click command."""
    return _with(PLANNING, command)


def _with(options: Sequence[Callable[[_F], _F]], command: _F) -> _F:
    for option in reversed(options):
        command = option(command)
    return command


def make_job(recipe: str | None, model: Path | None, runs: Path, **given: Any) -> Any:
    """The Job that the options describe. Raises UserError for options that contradict or lack each other."""
    from hwcodesign.core.input_file import require_file
    from hwcodesign.core.names import made_legal
    from hwcodesign.core.run_folder import RunFolder
    from hwcodesign.core.strict_toml import validated
    from hwcodesign.job import Job
    from hwcodesign.recipe import HardwareTable, load_recipe, shipped_with

    if (recipe is None) == (model is None):
        raise UserError("give a recipe (hwcodesign run digits-squeezenet) or --model FILE.onnx, one of the two")
    wishes = ("board", "clock_mhz", "frame_rate", "exact", "solver_seconds", "load_weights", "at_most")
    wanted = {key: value for key in wishes if (value := given.pop(key, None)) is not None}
    batch_size, changes = given.pop("batch_size", None), recipe_changes(given)
    loaded = load_recipe(recipe, changes) if recipe else None
    if loaded:
        hardware = loaded.hardware.with_wishes(wanted)
        schedule = loaded.train.at_batch(batch_size) if batch_size else loaded.train
        loaded = loaded.model_copy(update={"hardware": hardware, "train": schedule})
    elif "board" in wanted:
        hardware = validated(HardwareTable, wanted, "the options")
    else:
        raise UserError("--model needs --board NAME too (say --board ulx3s-85f)")
    if model and batch_size:
        raise UserError("--model brings its own weights: --batch-size goes with a recipe")
    if model and changes:
        raise UserError(f"--model is no recipe: {', '.join(changes)} cannot be set")
    if model and given.get("untrained"):
        raise UserError("--model brings its own weights: --untrained goes with a recipe")
    name = loaded.name if loaded else made_legal(Path(str(model)).stem)
    untrained = given.get("untrained", False)
    name += "-untrained" if untrained else ""
    given["data_folder"] = given.pop("data", None)
    same = all(key.startswith("hardware.") for key in changes)  # the trained files are of the recipe as it is
    given["shipped"] = shipped_with(recipe) if recipe and same and not untrained else None
    if "input_type" in given:
        given["input_type"], given["input_scale"] = model_input(given)
    for given_file in (model, given.get("images")):
        if given_file is not None:
            require_file(given_file)
    return Job(run=RunFolder(runs / name), hardware=hardware, recipe=loaded, model=model, **given)


def recipe_changes(given: dict[str, Any]) -> dict[str, Any]:
    """What --set and --epochs change of the recipe, by key; takes both out of `given`."""
    changes, epochs = dict(given.pop("changes")), given.pop("epochs", None)
    return changes | ({} if epochs is None else {"train.epochs": epochs})


def _int_type(text: str, parse: Any) -> Any:
    try:
        return parse.parse(text)
    except ValueError:
        raise UserError(f"--input {text}: must be bipolar, or uint or int with 1 to 64 bits, such as uint8") from None


def _fraction(text: str | None) -> float | None:
    if text is None:
        return None
    over, slash, under = text.partition("/")
    try:
        value = float(over) / (float(under) if slash else 1.0)
    except (ValueError, ZeroDivisionError):
        value = 0.0
    if not _LEAST_SCALE <= value <= 1 / _LEAST_SCALE:
        raise UserError(f"--input-scale {text}: must be a positive number or fraction, such as 1/255 or 0.5, from "
                        f"{_LEAST_SCALE:g} to {1 / _LEAST_SCALE:g}")  # fmt: skip
    return value


def stage_command(stage: str, help_text: str, example: str = "") -> click.Command:
    """The command that runs one stage of a job again, from the results of the stages before it."""

    @click.command(stage, help=f"{help_text}\n\n\b\nExample:\n  {example or f'hwcodesign {stage} digits-squeezenet'}")
    @job_options(*UNTRAINED, *_OF_A_STAGE[stage])
    def command(**options: Any) -> None:
        from hwcodesign.core.terminal import console
        from hwcodesign.flow.pipeline import run_job

        run_job(make_job(**options), console(), first=stage, last=stage)

    return command

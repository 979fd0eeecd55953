"""A recipe that runs, sized to somebody's data: the largest network of a short list that fits his board at his rate.

How large a network may be for so many training images is a rule of thumb: some tens of parameters an image.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwcodesign.check.check import CheckReport, measure
from hwcodesign.check.suggestions import predicted
from hwcodesign.core.errors import DoesNotFitError, UserError
from hwcodesign.core.strict_toml import validated
from hwcodesign.data import cifar10, digits, idx
from hwcodesign.data.dataset import Dataset
from hwcodesign.data.survey import survey
from hwcodesign.fpga.board import load_board
from hwcodesign.plan import plan
from hwcodesign.recipe import Recipe

PARAMETERS_PER_IMAGE = 40
SIDES = (96, 64, 48, 32, 28, 24, 16)  # pixels of what the network takes
LARGE = 40  # pixels of a side; such images are halved by the first convolution
MANY_IMAGES = 1_000
SEEN_IN_ALL = 60_000  # images in a training, as far as that makes 10 to 100 epochs
# Fire modules, the expand filters of the first, and how many more each second one has.
LIST = ((6, 96, 96), (6, 64, 64), (4, 80, 80), (4, 48, 48), (4, 32, 32), (3, 24, 24), (3, 16, 16), (2, 16, 16),
        (1, 16, 0), (1, 8, 0))  # fmt: skip
_TEXT = """# {name}: a SqueezeNet of {fire_modules} Fire modules, {parameters:,} parameters, 4 bits throughout, sized to
# {to_train:,} training images and to {board} at {frame_rate:g} frames per second.
# Every key and what it means: hwcodesign recipe {name}.toml --explain
[network]
family = "squeezenet"
fire_modules = {fire_modules}
base_e = {base_e}
incr_e = {incr_e}
SR = 0.25
conv1_filters = {conv1_filters}
conv1_kernel = 3
conv1_stride = {conv1_stride}
conv1_pad = 1
pool_after = {pool_after}
pool_kernel = 2
bypass = {bypass}

[data]
{data}

[train]
epochs = {epochs}
batch_size = {batch_size}
shift = {shift}
flip = {flip}    # true only if a mirrored picture is as good as the picture

[hardware]
board = "{board}"
frame_rate = {frame_rate:g}
"""


@dataclass(frozen=True)
class Images:
    """What a recipe is sized to: its [data] table, the number of training images, and lines that tell of them."""

    table: dict[str, Any]
    to_train: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class FirstRecipe:
    """The recipe as the text of its file, and how it fits its board."""

    text: str
    report: CheckReport


def images_in(folder: Path | None) -> Images:
    """What lies in the folder: IDX files, CIFAR-10 or pictures; the handwritten digits for None.

    Raises UserError if it is none of these, or has no training images.
    """
    kind = dataset_in(folder)
    if folder is None:
        return _of_arrays("digits", digits.read(1), size=(16, 16))
    match kind:
        case "idx":
            return _of_arrays("idx", idx.read(folder, 1))
        case "cifar10":
            return _of_arrays("cifar10", cifar10.read(folder, 3))
        case _:
            return _of_pictures(folder)


def dataset_in(folder: Path | None) -> str:
    """The recipe's key data.dataset for what lies there. Raises UserError if there is no such folder."""
    if folder is None:
        return "digits"
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}: say where the pictures are (--data FOLDER)")
    if any(folder.glob("*-images[-.]idx*")):
        return "idx"
    if any(folder.glob("cifar*10*")) or any(folder.glob("data_batch_*")):
        return "cifar10"
    return "folder"


def first_recipe(name: str, images: Images, board: str, frame_rate: float) -> FirstRecipe:
    """The largest network of the list that so many images can train and that fits the board.

    Raises DoesNotFitError if none does, UserError for a board that is not there.
    """
    load_board(board)  # says which boards there are
    reason = ""
    for shape in LIST:
        text, recipe, parameters = candidate(name, shape, images, board, frame_rate)
        if parameters > PARAMETERS_PER_IMAGE * images.to_train and shape != LIST[-1]:
            continue
        hardware = recipe.hardware
        try:
            planned = plan(predicted(recipe), hardware.load_board(), **hardware.wishes())
        except UserError as error:  # so many frames per second are out of its reach
            reason = str(error)
            continue
        report = measure(planned, hardware.load_board())
        if report.fits:
            return FirstRecipe(text, report)
        reason = report.verdict().splitlines()[0]
    raise DoesNotFitError(
        f"not even the smallest network of the list goes: {reason}\n"
        "Ask for fewer frames per second (--frame-rate), or take another board (hwcodesign boards)"
    )


def candidate(
    name: str, shape: tuple[int, int, int], images: Images, board: str, frame_rate: float
) -> tuple[str, Recipe, int]:
    """The recipe of one network of the list: its text, what it says, and the network's parameters."""
    import tomllib

    modules, base, more = shape
    side = min(images.table["size"])
    halves = [f"fire{i}" for i in (3, 5) if i <= modules]  # fire2 is the first
    values = {
        "name": name,
        "fire_modules": modules,
        "base_e": base,
        "incr_e": more,
        "conv1_filters": min(32, base),
        "conv1_stride": 2 if side >= LARGE else 1,
        "bypass": _toml("simple" if modules > 1 else "none"),
        "pool_after": _toml(["conv1", *halves]),
        "data": "\n".join(f"{key} = {_toml(value)}" for key, value in images.table.items()),
        "epochs": max(10, min(100, SEEN_IN_ALL // max(1, images.to_train))),
        "batch_size": 64 if images.to_train >= MANY_IMAGES else 16,
        "shift": max(1, side // 16),
        "flip": _toml(images.table["dataset"] in ("folder", "cifar10") and images.table["channels"] == 3),
        "board": board,
        "frame_rate": frame_rate,
        "to_train": images.to_train,
    }
    made = tomllib.loads(_TEXT.format(**values, parameters=0))
    recipe = validated(Recipe, {"name": name, **made}, "the first recipe")
    network = recipe.describe()
    parameters = sum(network.parameters(conv) for conv in network.convolutions)
    return _TEXT.format(**values, parameters=parameters), recipe, parameters


def _of_arrays(kind: str, dataset: Dataset, size: tuple[int, int] | None = None) -> Images:
    height, width, channels = dataset.train_images.shape[1:]
    classes, images = len(dataset.classes), len(dataset.train_labels)
    table = {"dataset": kind, "size": list(size or (height, width)), "channels": channels, "classes": classes}
    colour = "grey" if channels == 1 else "colour"
    told = f"{images:,} training images of {classes} classes, {width}x{height} pixels, in {colour}"
    return Images(table, images, (told,))


def _of_pictures(folder: Path) -> Images:
    found = survey(folder)
    if not found.to_train:
        raise UserError(f"{folder} has no folder train: there is nothing to train with")
    if len(found.classes) < 2:
        raise UserError(f"{folder} holds pictures of one class, {found.classes[0]}: a network tells at least two apart")
    median = min(found.sizes[1])
    side = next((side for side in SIDES if side <= median), SIDES[-1])
    table: dict[str, Any] = {"dataset": "folder", "size": [side, side], "channels": 3 if found.colour else 1}
    table["classes"] = len(found.classes)
    if found.sizes[0] != found.sizes[2] or found.sizes[1][0] != found.sizes[1][1]:  # the centre, undistorted
        table |= {"resize": "shorter side", "resize_to": side}
    return Images(table, found.to_train, tuple(found.lines()))


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)

"""A recipe: one TOML file that says everything from the network to the board's frame rate."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)

from hwcodesign.core.assets import asset_folder
from hwcodesign.core.errors import UserError, did_you_mean
from hwcodesign.core.log_mel import LogMel
from hwcodesign.core.names import RULE, is_legal, made_legal
from hwcodesign.core.preprocessing import ChannelOrder, Preprocessing, Resize
from hwcodesign.core.strict_toml import StrictModel, read_toml, validated
from hwcodesign.core.tasks import DEFAULT, TASKS, Task, TaskName
from hwcodesign.core.version import __version__
from hwcodesign.dataflow import Shape
from hwcodesign.fpga.board import MOST_OF_A_RESOURCE, Board, Megahertz, Resource, load_board
from hwcodesign.nets import metaparameters
from hwcodesign.nets.network import MOST_SIDE, LayerBits, Network, Quantization

Bits = Field(default=None, ge=1, le=8)
WARMUP_EPOCHS = 5.0  # of a training whose batch was made larger
MOST_PIXELS = 16_384  # along one side of an image
MOST_EPOCHS = 1_000_000
BY_LAYER = (("quantization", "layers"), ("hardware", "fold"))  # tables whose keys are names of layers
Side = Annotated[int, Field(ge=1, le=MOST_PIXELS)]
AnchorSide = Annotated[float, Field(gt=0.0, le=MOST_PIXELS)]
Pixels = Annotated[int, Field(ge=0, le=MOST_PIXELS)]
Level = Annotated[float, Field(ge=0.0, le=255.0)]
Divisor = Annotated[float, Field(ge=1e-6, le=1e6)]


def _one_message(allowed: str) -> WrapValidator:
    """In place of one message for each type that a value can have."""

    def check(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
        try:
            return validate(value)
        except ValidationError:
            raise ValueError(allowed) from None

    return WrapValidator(check)


FrameRate = Annotated[  # per second
    Annotated[float, Field(ge=1e-3, le=1e9)] | Literal["max"],
    _one_message("a positive number, or max; 0.001 to 1,000,000,000"),
]
Levels = Annotated[Level | tuple[Level, Level, Level], _one_message("a number from 0 to 255, or three of them")]
Divisors = Annotated[
    Divisor | tuple[Divisor, Divisor, Divisor],
    _one_message("a positive number from 0.000001 to 1,000,000, or three of them"),
]


def _legal_name(name: str) -> str:
    if not is_legal(name):
        raise ValueError(RULE)
    return name


class LayerBitsTable(StrictModel):
    """Bits of one layer, or of all layers of a module, where they are not the network's."""

    weight_bits: int | None = Bits
    activation_bits: int | None = Bits


class QuantizationTable(StrictModel):
    """Bits of weights and activations: 1 (bipolar) to 8. The first and last layers' weights have their own.

    `layers` overrules them by the name of a layer or a module: layers = { conv10 = { activation_bits = 8 } }.
    """

    weight_bits: int = Field(default=4, ge=1, le=8, description="of every layer but where another key says so")
    activation_bits: int = Field(default=4, ge=1, le=8, description="behind every layer, unsigned after ReLU")
    first_weight_bits: int | None = Field(default=None, ge=1, le=8, description="of the first convolution's weights")
    last_weight_bits: int | None = Field(default=None, ge=1, le=8, description="of the last convolution's weights")
    layers: dict[str, LayerBitsTable] = Field(default_factory=dict, description="bits of single layers or modules")
    stored_scales: bool = Field(default=False, description="of weights, apart from the weights: hwcodesign quantize")

    def to_quantization(self) -> Quantization:
        layers = {name: LayerBits(**bits.model_dump()) for name, bits in self.layers.items()}
        return Quantization(**self.model_dump(exclude={"layers"}), layers=layers)


class AudioTable(StrictModel):
    """How sound becomes whole numbers: log-mel energies of windows, as hwcodesign/core/log_mel.py has them."""

    rate: int = Field(default=16_000, ge=1_000, le=192_000, description="samples per second")
    window_ms: float = Field(default=40.0, gt=0.0, le=1_000.0, description="length of a window in milliseconds")
    hop_ms: float = Field(default=20.0, gt=0.0, le=1_000.0, description="from one window to the next in milliseconds")
    low_hz: float = Field(default=20.0, ge=0.0, le=90_000.0, description="where the lowest mel filter begins")
    low: float = Field(default=4.0, ge=-50.0, le=50.0, description="logarithm of an energy that level 0 stands for")
    step: float = Field(default=0.08, gt=0.0, le=10.0, description="from one level to the next, of the logarithm")


class DataTable(StrictModel):
    """The images: which set, at which size, and how a pixel becomes a number: (raw - mean) / divisor.

    A raw pixel is 0 to 255 whatever the image file holds, on white where the image is transparent: see `read_image`.
    One mean and one divisor, or one for each channel, in the network's own order of channels. `resize_to`: images are
    scaled so that both sides (`resize` = "stretch") or the shorter one have so many pixels; their centre is cut out.
    `border` pixels of the colour `mean`, rounded, come around them: padding for a first convolution that has none
    itself, since hardware pads with black. They are part of `size`.
    """

    dataset: Literal["digits", "idx", "cifar10", "folder", "speech", "arrays", "boxes", "none"] = Field(
        description="digits come with scikit-learn; none has no data; all others are read from --data FOLDER"
    )
    size: tuple[Side, Side] = Field(description="(height, width) in pixels; images are scaled to it")
    channels: Side = Field(default=1, description="1 grey, 3 colour; of arrays and of no data any number")
    classes: int = Field(ge=2, le=MOST_SIDE, description="as many as the images have; to classify, a score each")
    task: TaskName = Field(
        default=DEFAULT, description="classify; reconstruct: find anomalies by giving the input back; detect: boxes"
    )
    normal: tuple[str, ...] = Field(default=(), description="of reconstruct: classes trained on; others are anomalies")
    anchors: tuple[tuple[AnchorSide, AnchorSide], ...] = Field(
        default=(), description="of detect: (height, width) in pixels of the boxes that each place of the map has"
    )
    mean: Levels = Field(default=0.0, description="taken off every raw pixel of 0 to 255")
    divisor: Divisors = Field(default=255.0, description="what remains is divided by it")
    channel_order: ChannelOrder = Field(default="rgb", description="of the pixels that the network takes")
    resize: Resize = Field(default="stretch", description="both sides to resize_to, or the shorter one")
    resize_to: Side | None = Field(default=None, description="before the centre is cut out; left out: nothing is cut")
    border: Pixels = Field(default=0, description="pixels of the colour mean around every image, part of size")
    top5: bool = Field(default=False, description="count, too, how often the label is among the five best classes")
    audio: AudioTable = Field(default_factory=AudioTable, description="how speech becomes pixels of (windows, bins)")

    @field_validator("channels")
    @classmethod
    def _of_pictures(cls, channels: int, info: ValidationInfo) -> int:
        """Pictures are grey or in colour, sound is one map."""
        dataset = info.data.get("dataset")
        if dataset == "speech" and channels != 1:
            raise ValueError("1: sound is one map of log-mel levels")
        if dataset not in ("speech", "arrays", "none", None) and channels not in (1, 3):
            raise ValueError("1 (grey) or 3 (colour)")
        return channels

    @field_validator("resize_to")
    @classmethod
    def _holds_the_centre(cls, side: int | None, info: ValidationInfo) -> int | None:
        size = info.data.get("size")
        if side is not None and size and side < max(size):
            raise ValueError(f"at least {max(size)}, so that {size[0]}x{size[1]} pixels can be cut out")
        return side

    @field_validator("border")
    @classmethod
    def _leaves_an_image(cls, border: int, info: ValidationInfo) -> int:
        size = info.data.get("size")
        if size and 2 * border >= min(size):
            raise ValueError(f"at most {(min(size) - 1) // 2}, so that something is left of {size[0]}x{size[1]} pixels")
        return border

    @property
    def image(self) -> Shape:
        """(height, width, channels) of what the network takes."""
        return *self.size, self.channels

    @property
    def scalars(self) -> tuple[float, float]:
        """(mean, divisor) of the quantized network; it takes pixels / 255 where each channel has its own.

        Those its first convolution takes in, in its weights and biases.
        """
        if isinstance(self.mean, tuple) or isinstance(self.divisor, tuple):
            return 0.0, 255.0
        return self.mean, self.divisor

    @property
    def log_mel(self) -> LogMel | None:
        """How sound becomes pixels; None where there is none."""
        windows, bins = self.size
        return LogMel(windows=windows, bins=bins, **self.audio.model_dump()) if self.dataset == "speech" else None

    @property
    def preprocessing(self) -> Preprocessing:
        """How an image becomes pixels."""
        means = self.mean if isinstance(self.mean, tuple) else (self.mean,) * self.channels
        colour = tuple(round(mean) for mean in means) if self.border else ()
        return Preprocessing(
            self.size, self.channels, self.channel_order, self.resize, self.resize_to, self.border, colour
        )


class TrainTable(StrictModel):
    """The training schedule: `float_epochs` with the quantizers off, then `epochs` with them on.

    Between them, if wanted, dense-sparse-dense: `sparse_epochs` in which the share `sparsity` of all weights but the
    first layer's is 0, and `dense_epochs` with all of them again.
    """

    epochs: int = Field(default=30, ge=1, le=MOST_EPOCHS, description="with quantizers on")
    float_epochs: int = Field(default=0, ge=0, le=MOST_EPOCHS, description="before them, with quantizers off")
    batch_size: int = Field(default=64, ge=2, le=2**24, description="images in one step")
    optimizer: Literal["sgd", "nesterov", "rmsprop", "adagrad", "adam"] = Field(
        default="sgd", description="what a step makes of the gradients"
    )
    schedule: Literal["linear", "cosine"] = Field(default="linear", description="how the learning rate falls to zero")
    learning_rate: float = Field(default=0.04, gt=0.0, le=1e6, description="the highest")
    quantized_rate: float = Field(
        default=0.1, gt=0.0, le=1e6, description="learning rate behind float_epochs, a fraction"
    )
    warmup_epochs: float = Field(
        default=0.0, ge=0.0, le=MOST_EPOCHS, description="in which the learning rate rises, in each phase"
    )
    momentum: float = Field(default=0.9, ge=0.0, lt=1.0, description="of sgd, nesterov, rmsprop")
    weight_decay: float = Field(default=0.0002, ge=0.0, le=1e6, description="share of each weight taken off a step")
    initial: Literal["pytorch", "gaussian", "xavier", "msra"] = Field(default="pytorch", description="random weights")
    start_from: str | None = Field(
        default=None, description="whose weights to begin with: a run's checkpoint, its model.onnx, or a trained recipe"
    )
    sparse_epochs: int = Field(default=0, ge=0, le=MOST_EPOCHS, description="behind float_epochs, small weights 0")
    dense_epochs: int = Field(default=0, ge=0, le=MOST_EPOCHS, description="behind sparse_epochs, all weights again")
    sparsity: float = Field(default=0.3, gt=0.0, lt=1.0, description="share of a layer's weights in sparse_epochs")
    dense_rate: float = Field(default=0.1, gt=0.0, le=1e6, description="learning rate in dense_epochs, a fraction")
    label_smoothing: float = Field(default=0.0, ge=0.0, lt=1.0, description="share given to all classes alike")
    mixup: float = Field(
        default=0.0, ge=0.0, le=1e6, description="alpha of the Beta distribution of shares; 0 mixes nothing"
    )
    cutmix: float = Field(
        default=0.0, ge=0.0, le=1e6, description="the same of rectangles, pasted; with mixup half of the batches each"
    )
    distillation: float = Field(default=0.0, ge=0.0, le=1.0, description="share of the float network's answer")
    teacher: str | None = Field(
        default=None,
        min_length=1,
        description="the checkpoint whose answer it is, in every phase; else the float phase's, behind it",
    )
    learn_scales: bool = Field(default=True, description="of activation quantizers; else they stay as measured")
    average: float = Field(
        default=0.0, ge=0.0, lt=1.0, description="decay of the float weights' moving average; 0: none"
    )
    shift: Pixels = Field(default=0, description="pixels that a training image is moved by at most")
    flip: bool = Field(default=False, description="mirror half of the training images left to right")
    cutout: Pixels = Field(default=0, description="side in pixels of a black square in every training image")
    zoom: float = Field(default=1.0, gt=0.0, le=1.0, description="least share of an image's area, made as large as all")
    contrast: float = Field(
        default=0.0, ge=0.0, le=9.0, description="contrast and brightness change by factors up to 1 + this"
    )
    sharpness: float = Field(
        default=0.0, ge=0.0, le=9.0, description="an image's difference from its blur is added up to so many times"
    )
    float_precision: Literal["float32", "bfloat16"] = Field(
        default="float32",
        description="of float_epochs, and of quantize --distil; bfloat16 only where the processor has instructions",
    )
    seed: int = Field(default=1, ge=0, lt=2**32, description="of weights, order and augmentation")
    threads: int = Field(
        default=1, ge=1, le=1024, description="of the CPU; another number rounds otherwise, so it is fixed"
    )

    @field_validator("sparse_epochs")
    @classmethod
    def _has_weights_to_choose(cls, epochs: int, info: ValidationInfo) -> int:
        if epochs and not (info.data.get("float_epochs") or info.data.get("start_from")):
            raise ValueError("0 without float_epochs or start_from: the smallest of random weights say nothing")
        return epochs

    @field_validator("dense_epochs")
    @classmethod
    def _has_weights_to_bring_back(cls, epochs: int, info: ValidationInfo) -> int:
        if epochs and not info.data.get("sparse_epochs"):
            raise ValueError("0 without sparse_epochs, which it comes behind")
        return epochs

    @field_validator("teacher")
    @classmethod
    def _is_heard(cls, teacher: str | None, info: ValidationInfo) -> str | None:
        if teacher and not info.data.get("distillation"):
            raise ValueError("left out without train.distillation, the share of its answer: nobody learns from it")
        return teacher

    def at_batch(self, batch_size: int) -> "TrainTable":
        """The same training with another (global) batch: the learning rate grows or falls with it.

        A larger one warms up over some epochs first (P. Goyal et al., Accurate, large minibatch SGD, 2017).
        """
        factor = batch_size / self.batch_size
        warmup = max(self.warmup_epochs, WARMUP_EPOCHS) if factor > 1 else self.warmup_epochs
        scaled = {"batch_size": batch_size, "learning_rate": factor * self.learning_rate, "warmup_epochs": warmup}
        return self.model_copy(update=scaled)


class HardwareTable(StrictModel):
    """The board, its clock, the frame rate to reach, and folding constraints by layer name: {pe = 8, simd = 4,
    packed = 2}; packed is how many products share a hardware multiplier, 0 stands for multipliers of LUTs.

    `exact` asks a solver for the cheapest design; frame_rate = "max" asks it for the fastest that fits the board.
    `load_weights` lets weights lie in URAM or SPRAM, which power up empty: the host loads them after every reset.
    `at_most` leaves resources to the rest of a user's design: {block_ram = 40} in the board's unit, lut, ff, dsp.
    """

    board: str = Field(description="a name of hwcodesign boards, or a TOML file of your own")
    clock_mhz: Megahertz | None = Field(default=None, description="None means the board's own")
    frame_rate: FrameRate = Field(default=30.0, description="per second, at least; max: as many as fit")
    exact: bool = Field(default=False, description="a solver finds the cheapest design, with a proof")
    solver_seconds: float = Field(default=10.0, gt=0.0, le=1e6, description="after so long the best found is taken")
    load_weights: bool = Field(default=False, description="large RAM may hold weights, which the host loads")
    fold: dict[str, dict[Literal["pe", "simd", "packed"], Annotated[int, Field(ge=0, le=MOST_SIDE)]]] = Field(
        default_factory=dict, description="parallelism of single layers, by name: {pe = 8, simd = 4}"
    )
    at_most: dict[Resource, Annotated[int, Field(ge=0, le=MOST_OF_A_RESOURCE)]] = Field(
        default_factory=dict, description="what this design may use of the board: {block_ram = 40}"
    )

    def load_board(self) -> Board:
        """The board, with what a design shall not use taken off. Raises UserError if there is none of that name."""
        return load_board(self.board).leaving(self.at_most)

    def with_wishes(self, given: Mapping[str, Any]) -> "HardwareTable":
        """This table with what the options of a command say instead. Raises UserError for values out of range."""
        return validated(HardwareTable, {**self.model_dump(), **given}, "the options")

    def wishes(self) -> dict[str, Any]:
        """What `plan` shall reach on that board, by the names of its arguments."""
        return self.model_dump(exclude={"board", "at_most"})


class Recipe(StrictModel):
    """Everything a run needs. `network` holds `family` and that family's metaparameters."""

    name: Annotated[str, AfterValidator(_legal_name)] = ""
    network: dict[str, Any]
    quantization: QuantizationTable = QuantizationTable()
    data: DataTable
    train: TrainTable = TrainTable()
    hardware: HardwareTable

    @classmethod
    def trained(cls, tables: Mapping[str, Any]) -> "Recipe":
        """The recipe that a training's `tables` are of, on no board. A key that is younger has its default.

        Raises ValueError if they have keys of another version.
        """
        return cls.model_validate({"hardware": {"board": "none"}, **tables})

    @model_validator(mode="after")
    def _suits_its_task(self) -> "Recipe":
        name, task, values = self.data.task, self.task, {"data": self.data, "train": self.train}
        for key in (*task.needed, *task.unused):
            table, field = key.split(".")
            there = getattr(values[table], field) != type(values[table]).model_fields[field].default
            if there and key in task.unused:
                raise ValueError(f"{key} means nothing to the task {name!r} (data.task): leave it out")
            if not there and key in task.needed and self.data.dataset != "none":
                raise ValueError(f"{key} must be given: the task {name!r} (data.task) cannot do without it")
        return self

    @property
    def task(self) -> Task:
        """What the network is trained for."""
        return TASKS[self.data.task]

    @property
    def outputs(self) -> int:
        """How many scores the network gives: see `Task.outputs`."""
        return self.task.outputs(self.data.image, self.data.classes)

    def require_task(self, name: TaskName, command: str) -> None:
        """Raise UserError where `command` knows networks of the task `name` alone, and this is of another."""
        if self.data.task != name:
            raise UserError(
                f"{command}: the recipe {self.name} is of the task {self.data.task!r} (data.task), and this command is "
                f"for {name!r} alone; train it: hwcodesign run"
            )

    def describe(self) -> Network:
        """The network that this recipe describes.

        Raises UserError for an unknown family or metaparameter, or one of the wrong type.
        """
        values = dict(self.network)
        if "family" not in values:
            raise UserError(f"recipe {self.name}: [network] needs the key 'family'")
        chosen = metaparameters(values.pop("family"), values, f"recipe {self.name}: ")
        return chosen.describe(self.data.image, self.outputs)


def find_recipe(name_or_path: str) -> Path:
    """The file of a recipe: a path that exists, or the name of one in `models/`. Raises UserError if there is none."""
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.is_file():
        return path
    shipped = {p.stem: p for p in sorted(asset_folder("models").glob("*.toml"))}
    if name_or_path not in shipped:
        raise UserError(f"there is no recipe {name_or_path!r}: {did_you_mean(name_or_path, shipped)}")
    return shipped[name_or_path]


def shipped_with(name_or_path: str) -> Path | None:
    """The folder of trained files beside a recipe, if there is one. Raises UserError as `find_recipe`."""
    folder = find_recipe(name_or_path).with_suffix("")
    return folder if (folder / "model.onnx").is_file() else None


def require_room(path: Path) -> None:
    """Raise UserError, before the work, if no recipe can be written to `path` with --recipe."""
    if path.exists():
        raise UserError(f"{path} exists: say another file with --recipe")
    if not is_legal(path.stem):
        near = path.with_stem(made_legal(path.stem))
        raise UserError(f"{path}: a recipe is called as its file, and its name has {RULE}; say --recipe '{near}'")


def load_recipe(name_or_path: str, changes: Mapping[str, Any] = MappingProxyType({})) -> Recipe:
    """Read a recipe strictly, with `changes` by key (see `with_keys`); its name defaults to the file's.

    Raises UserError on any fault.
    """
    path = find_recipe(name_or_path)
    values = {"name": path.stem, **with_keys(read_toml(path), changes)}
    try:
        return validated(Recipe, values, str(path))
    except UserError as error:
        if "unknown key" not in str(error):
            raise
        raise UserError(f"{error}\n(this is hwcodesign {__version__}: another version may have other keys)") from None


def with_keys(tables: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's tables with other values at keys such as "network.SR"; `tables` stay as they are.

    In "quantization.layers.fire2.squeeze.weight_bits" fire2.squeeze is one name, that of a layer.
    """
    result = {name: dict(value) if isinstance(value, Mapping) else value for name, value in tables.items()}
    for key, value in changes.items():
        *path, last = key.split(".")
        if tuple(path[:2]) in BY_LAYER and len(path) > 3:
            path = [*path[:2], ".".join(path[2:])]
        table = result
        for part in path:
            inner = table.get(part)
            table[part] = dict(inner) if isinstance(inner, Mapping) else {}
            table = table[part]
        table[last] = value
    return result

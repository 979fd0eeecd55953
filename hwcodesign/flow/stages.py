"""The stages from recipe to proof, in order: what each reads, and how its module is called.

A stage reads the folders of the stages before it and writes its own (see run.py). What it returns is its part of
report.json.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hwcodesign.core.assets import asset_folder
from hwcodesign.core.errors import DoesNotFitError
from hwcodesign.core.onnx_file import external_files
from hwcodesign.core.run_folder import RunFolder, Stage, Summary, listing
from hwcodesign.dataflow import Dataflow, IntType
from hwcodesign.fpga.board import Board
from hwcodesign.recipe import HardwareTable, Recipe

if TYPE_CHECKING:
    from hwcodesign.quantize.stage import Request
    from hwcodesign.verify.images import Images

UINT8 = IntType(8, signed=False)
PHASES = "bitstream-phases"  # a run folder in the run folder: what the tools made on the way to a bitstream


@dataclass(frozen=True)
class Job:
    """What a run works on: a recipe, or (`model`) somebody's QONNX file; the hardware it is for; and how to run it.

    `input_scale` is the real value of one step of the model's input (None: the model's own default). `images` is an
    .npy file of frames (N, H, W, C) to simulate instead of the default; `frames` bounds how many. `untrained` puts
    random weights in place of training. `seed` is that of the placement; `backend`: our own bitstream flow, or FINN's.
    `wait`: until another process is done with the run folder. `quantize`: float weights in place of training.
    """

    run: RunFolder
    hardware: HardwareTable
    recipe: Recipe | None = None
    model: Path | None = None
    input_type: IntType = UINT8
    input_scale: float | None = None
    data_folder: Path | None = None
    device: str = "auto"
    images: Path | None = None
    frames: int | None = None
    wave: bool = False
    untrained: bool = False
    shipped: Path | None = None
    force: bool = False
    seed: int = 1
    backend: str = "own"
    wait: bool = True
    quantize: "Request | None" = None

    @cached_property
    def board(self) -> Board:
        return self.hardware.load_board()

    @cached_property
    def data(self) -> str | None:
        """What tells the data from other data: the names and sizes of the files, wherever the folder lies."""
        return None if self.data_folder is None else listing(self.data_folder)

    @property
    def held_out(self) -> Path | None:
        """The images that a recipe's reference is measured on, with their scores, once they are exported."""
        path = self.run.stage("export") / "reference.npz"
        return path if self.model is None and path.exists() else None

    @property
    def qonnx(self) -> Path:
        """The file that lowering starts from."""
        return self.model or self.run.stage("export") / "model.onnx"


def stage_of(job: Job, name: str) -> Stage:
    """The stage `name` as this job runs it."""
    return _MAKERS[name](job)


def stage_names(job: Job) -> tuple[str, ...]:
    """The stages of the job, in order."""
    return tuple(name for name in STAGE_NAMES if job.model is None or name not in _TRAINING)


def _train(job: Job) -> Stage:
    recipe = _recipe(job)

    def random(folder: Path) -> Summary:
        from hwcodesign.training.random_weights import describe, initialise

        initialise(recipe, folder)
        return {"weights": describe(recipe)}

    def work(folder: Path) -> Summary:
        from hwcodesign.training.loop import train

        trained = train(recipe, job.data_folder, folder, job.device)
        return {"epoch": trained.epoch, "validation_top1": trained.validation_top1}

    tables = recipe.model_dump(include={"network", "quantization", "data", "train"})
    if job.untrained:
        return Stage("train", (), tables, random)
    if job.quantize:
        return _quantize(job, job.quantize)
    return Stage("train", (), [tables, job.data], work, resumable=True)


def _quantize(job: Job, request: "Request") -> Stage:
    """In place of training: float weights, and images that need no labels."""
    recipe = _recipe(job)

    def work(folder: Path) -> Summary:
        from hwcodesign.quantize.stage import run
        from hwcodesign.quantize.table import layers_bar

        with layers_bar(len(recipe.describe().convolutions)) as on_layer:
            return run(recipe, request, job.data_folder, folder, on_layer)

    images = None if request.calibration is None else listing(request.calibration)
    tables = recipe.model_dump(include={"network", "quantization", "data"})
    return Stage("train", (request.weights,), [tables, request.images, request.equalization, images, job.data], work)


def _export(job: Job) -> Stage:
    recipe, checkpoint = _recipe(job), job.run.stage("train") / "best.pt"

    def work(folder: Path) -> Summary:
        from hwcodesign.export.qonnx import export

        exported = export(recipe, checkpoint, folder, job.data_folder, job.untrained)
        return {"model": exported.model.name, "bytes": exported.model.stat().st_size}

    return Stage("export", (checkpoint,), [recipe.data.model_dump(), job.data, job.untrained], work)


def shipped_export(job: Job) -> Stage:
    """In place of training and export: the trained files that come with the recipe."""
    recipe, shipped = _recipe(job), job.shipped
    assert shipped is not None

    def work(folder: Path) -> Summary:
        from hwcodesign.data import load_dataset
        from hwcodesign.export.pretrained import unpack

        at_hand = job.data_folder is not None or recipe.data.dataset == "digits"
        dataset = load_dataset(recipe.data, job.data_folder, training=False) if at_hand else None
        unpack(shipped, recipe, dataset, folder)
        return {
            "model": "model.onnx",
            "bytes": (folder / "model.onnx").stat().st_size,
            "from": "the recipe's own files",
        }

    return Stage("export", (shipped,), [recipe.data.model_dump(), job.data], work)


def _lower(job: Job) -> Stage:
    def work(folder: Path) -> Summary:
        from hwcodesign.core.progress import frames_bar
        from hwcodesign.lower import lower
        from hwcodesign.verify.chain import GRAPH, graph_digest
        from hwcodesign.verify.images import Images
        from hwcodesign.verify.proofs import verify_integers
        from hwcodesign.verify.reference import CHOSEN, compare_with_file

        lowered = lower(job.qonnx, folder, job.input_type, job.input_scale)
        graph = lowered.dataflow
        summary = {"layers": len(graph.layers), **lowered.report, GRAPH: graph_digest(graph)}
        with frames_bar("the file in float64", CHOSEN) as on_frames:
            by_file = compare_with_file(job.qonnx, graph, folder, job.model is not None, on_frames)
        if job.held_out and not by_file["mismatches"]:
            images = Images.held_out(job.held_out)
            with frames_bar("integer reference", len(images.frames)) as on_frames:
                return summary | verify_integers(graph, images, on_frames=on_frames)
        return summary | by_file

    settings = [str(job.input_type), job.input_scale]
    beside = external_files(job.model) if job.model else ()  # our own export keeps everything in one file
    return Stage("lower", (job.qonnx, *beside, *_given(job.held_out)), settings, work)


def _plan(job: Job) -> Stage:
    lowered, hardware = job.run.stage("lower"), job.hardware

    def work(folder: Path) -> Summary:
        from hwcodesign.plan import plan
        from hwcodesign.plan.buffer_sizing import shrunk
        from hwcodesign.verify.chain import GRAPH, SOURCE, graph_digest

        graph = Dataflow.load(lowered)
        made = shrunk(plan(graph, job.board, **hardware.wishes()), job.board)
        made.save(folder)
        return {**made.summary(), SOURCE: graph_digest(graph), GRAPH: graph_digest(made.design)}

    return Stage("plan", (lowered,), [hardware.model_dump(), job.board.model_dump()], work)


def _check(job: Job) -> Stage:
    lowered, planned = job.run.stage("lower"), job.run.stage("plan")

    def work(folder: Path) -> Summary:
        from hwcodesign.check.check import check
        from hwcodesign.check.table import text
        from hwcodesign.plan import Plan

        report = check(Dataflow.load(lowered), Plan.load(planned), job.board, job.hardware.fold)
        report.save(folder)
        if not report.fits and not job.force:
            raise DoesNotFitError(text(report))
        return report.summary()

    return Stage("check", (lowered, planned), [job.board.model_dump(), job.force], work)


def _emit(job: Job) -> Stage:
    planned = job.run.stage("plan")

    def work(folder: Path) -> Summary:
        from hwcodesign.emit.top_level import emit
        from hwcodesign.plan import Plan
        from hwcodesign.verify.chain import SOURCE, graph_digest

        made = Plan.load(planned)
        interface = emit(made.design, made.foldings, made.storage, folder)
        return {**asdict(interface), SOURCE: graph_digest(made.design)}

    return Stage("emit", (planned, asset_folder("hls")), None, work)


def _simulate(job: Job) -> Stage:
    lowered, planned, emitted = (job.run.stage(name) for name in ("lower", "plan", "emit"))

    def work(folder: Path) -> Summary:
        from hwcodesign.core.progress import frames_bar
        from hwcodesign.plan import Plan
        from hwcodesign.verify.chain import proven_by, require_chain
        from hwcodesign.verify.proofs import verify_hardware
        from hwcodesign.verify.reference import file_of, scored

        require_chain(job.run)
        made = Plan.load(planned)
        images = _images(job, made.design)
        if images.scores is None:
            images = scored(images, file_of(job.run), made.design)
        with frames_bar("simulate", len(images.frames)) as on_frames:
            summary = verify_hardware(made, emitted, images, folder, job.wave, on_frames)
        return {**summary, "proves": proven_by(job.run)}

    inputs = (lowered, planned, emitted, asset_folder("sim"), *_given(job.held_out), *_given(job.images))
    return Stage("simulate", inputs, [job.frames, job.wave], work)


def _bitstream(job: Job) -> Stage:
    planned, emitted, board = job.run.stage("plan"), job.run.stage("emit"), job.board

    def work(folder: Path) -> Summary:
        from hwcodesign.bitstream import serial_link
        from hwcodesign.bitstream.build import build
        from hwcodesign.bitstream.flow import Request
        from hwcodesign.bitstream.toolchain import toolchain_of
        from hwcodesign.bitstream.xilinx.stage import build_amd, for_vivado
        from hwcodesign.plan import Plan

        made, phases = Plan.load(planned), RunFolder(job.run.path / PHASES)
        request, images = Request(board, emitted, made.clock_mhz, job.seed), _images(job, made.design).frames
        if for_vivado(board):
            return build_amd(request, made, job.run.path.name, images, phases, folder)
        toolchain_of(board)
        contract = serial_link.contract_of(job.run.path.name, made, emitted, request.baud, request.line)
        serial_link.hand_over(folder, contract, made.design, emitted, images)
        return build(request, made, phases, folder)

    def hand_to_finn(folder: Path) -> Summary:
        from hwcodesign.bitstream import finn
        from hwcodesign.plan import Plan

        return finn.hand_over(job.run.stage("lower"), Plan.load(planned), board, folder)

    if job.backend == "finn":
        return Stage("bitstream", (planned, job.run.stage("lower")), [board.model_dump(), "finn"], hand_to_finn)
    inputs = (planned, emitted, asset_folder("hls"), asset_folder("boards"), *_given(job.held_out))
    return Stage("bitstream", inputs, [board.model_dump(), job.seed, job.frames, _vivado()], work)


def require_buildable(job: Job) -> None:
    """Raise UserError before anything is trained if the board's tools, clock or link cannot make the bitstream."""
    from hwcodesign.bitstream import serial_link
    from hwcodesign.bitstream.flow import Request
    from hwcodesign.bitstream.toolchain import toolchain_of
    from hwcodesign.bitstream.xilinx.stage import for_vivado

    board = job.board
    if not for_vivado(board):
        toolchain_of(board)
    if board.link and board.link.kind == "uart":
        request = Request(board, job.run.path, job.hardware.clock_mhz or board.clock_mhz, job.seed)
        serial_link.Timing.at(request.clock.mhz, request.baud)


def _vivado() -> bool:
    """A project that was written without Vivado is built once it is there."""
    from hwcodesign.bitstream.xilinx.vivado import vivado_is_there

    return vivado_is_there()


def _images(job: Job, graph: Dataflow) -> "Images":
    from hwcodesign.verify.images import Images

    if job.images:
        return Images.from_file(job.images, graph).first(job.frames)
    if job.held_out:
        return Images.held_out(job.held_out).to_simulate(job.frames)
    return Images.random(graph, job.frames)


def _recipe(job: Job) -> Recipe:
    assert job.recipe is not None, "only a job with a recipe trains"
    return job.recipe


def _given(path: Path | None) -> tuple[Path, ...]:
    return (path,) if path else ()


_MAKERS: Mapping[str, Callable[[Job], Stage]] = {
    "train": _train,
    "export": _export,
    "lower": _lower,
    "plan": _plan,
    "check": _check,
    "emit": _emit,
    "simulate": _simulate,
    "bitstream": _bitstream,
}
STAGE_NAMES = tuple(_MAKERS)
PROVEN = "simulate"  # a run ends here unless it is asked for more
_TRAINING = ("train", "export")  # a job with a model of its own starts after these

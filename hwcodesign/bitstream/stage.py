"""The stage bitstream."""

from functools import partial
from pathlib import Path

from hwcodesign.core import packages, tools
from hwcodesign.core.assets import asset_folder
from hwcodesign.core.errors import VerificationError
from hwcodesign.core.run_folder import RunFolder, Stage, Summary
from hwcodesign.export.picture_task import REFERENCE, picture_task
from hwcodesign.fpga.board import Board
from hwcodesign.job import Job
from hwcodesign.verify.stage import images_of

PHASES = "bitstream-phases"  # a run folder in the run folder: what the tools made on the way to a bitstream
CODE = ("bitstream", "host", "fpga", "plan/link_cost.py", "plan/plan.py", "core/interface.py")


def bitstream_stage(job: Job) -> Stage:
    """Writes the bitstream and what a host needs, or the project or the build that makes it."""
    planned, emitted, board = job.run.stage("plan"), job.run.stage("emit"), job.board
    reference = job.run.stage("export") / REFERENCE
    described = (reference,) if job.model is None and reference.exists() else ()

    def work(folder: Path) -> Summary:
        from hwcodesign.bitstream import serial_link
        from hwcodesign.bitstream.build import build
        from hwcodesign.bitstream.flow import BuildRequest
        from hwcodesign.bitstream.toolchain import toolchain_of
        from hwcodesign.bitstream.xilinx.stage import build_amd, for_vivado
        from hwcodesign.plan import Plan

        made, phases = Plan.load(planned), RunFolder(job.run.path / PHASES)
        request, images = BuildRequest(board, emitted, made.clock_mhz, job.seed), images_of(job, made.design).frames
        task = picture_task(job.run) if described else None
        if for_vivado(board):
            return build_amd(request, made, job.run.path.name, images, phases, folder, task)
        toolchain_of(board)
        contract = serial_link.contract_of(job.run.path.name, made, emitted, request.baud, request.line, task)
        serial_link.hand_over(folder, contract, made.design, emitted, images)
        return build(request, made, phases, folder)

    def hand_to_finn(folder: Path) -> Summary:
        from hwcodesign.bitstream import finn
        from hwcodesign.plan import Plan

        return finn.hand_over(job.run.stage("lower"), Plan.load(planned), board, folder)

    if job.backend == "finn":
        inputs, settings = (planned, job.run.stage("lower")), [board.model_dump(), "finn"]
        ready = partial(packages.require, "finn")
        return Stage("bitstream", inputs, settings, hand_to_finn, ready=ready, code=CODE)
    needed = (planned, emitted, asset_folder("hls"), asset_folder("boards"), *job.reference_files, *described)
    return Stage(
        "bitstream",
        needed,
        [board.model_dump(), job.seed, job.frames, *_made_by(board)],
        work,
        ready=partial(require_buildable, job),
        verdict=require_timing,
        code=CODE,
    )


def require_buildable(job: Job) -> None:
    """Raise UserError if the board's tools are missing, or its clock or link cannot make the bitstream."""
    from hwcodesign.bitstream import serial_link
    from hwcodesign.bitstream.flow import BuildRequest
    from hwcodesign.bitstream.toolchain import toolchain_of
    from hwcodesign.bitstream.xilinx.stage import for_vivado

    board = job.board
    if not for_vivado(board):
        for tool in (tools.YOSYS, *toolchain_of(board).programs):
            tools.require(tool)
    else:
        packages.require("edalize")
    if board.link and board.link.type == "uart":
        request = BuildRequest(board, job.run.path, job.hardware.clock_mhz or board.clock_mhz, job.seed)
        serial_link.UartTiming.at(request.clock.mhz, request.baud)


def require_timing(summary: Summary) -> None:
    """Raise VerificationError if the bitstream is slower than its clock."""
    if not summary.get("timing_met", True):
        missed = f"planned for {summary['clock_mhz']:g} MHz, reached {summary['fmax_mhz']:g} MHz"
        raise VerificationError(f"timing missed: {missed}\n{summary['timing']}")


def _made_by(board: Board) -> tuple[bool, bool]:
    """A project that was written without Vivado is built once it, or an open toolchain, is there."""
    from hwcodesign.bitstream.xilinx.stage import for_vivado
    from hwcodesign.bitstream.xilinx.vivado import vivado_is_there

    return for_vivado(board), vivado_is_there()

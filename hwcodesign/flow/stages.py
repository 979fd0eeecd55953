"""The stages from recipe to bitstream, in order. Each room makes its own, in its stage.py.

A stage reads the folders of the stages before it and writes its own (see core/run_folder.py). What it returns is its
part of report.json. Here is only what needs two rooms: lowering is proven by verify, training is gated by check.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from hwcodesign.bitstream.stage import bitstream_stage
from hwcodesign.check.stage import check_stage, require_fit
from hwcodesign.core.run_folder import Stage
from hwcodesign.emit.stage import emit_stage
from hwcodesign.export.stage import export_stage
from hwcodesign.job import Job
from hwcodesign.lower.stage import lower_stage
from hwcodesign.plan.stage import plan_stage
from hwcodesign.quantize.stage import quantize_stage
from hwcodesign.training.stage import train_stage
from hwcodesign.verify.stage import prove_lowering, require_equality, simulate_stage


def stage_of(job: Job, name: str) -> Stage:
    """The stage `name` as this job runs it."""
    return _MAKERS[name](job)


def stage_names(job: Job) -> tuple[str, ...]:
    """The stages of the job, in order."""
    return tuple(name for name in STAGE_NAMES if job.model is None or name not in _TRAINING)


def _gated_train(job: Job) -> Stage:
    made = quantize_stage(job) if job.quantize else train_stage(job)
    return replace(made, gate=partial(require_fit, job))


def _proven_lower(job: Job) -> Stage:
    return replace(lower_stage(job, partial(prove_lowering, job)), verdict=require_equality)


_MAKERS: Mapping[str, Callable[[Job], Stage]] = {
    "train": _gated_train,
    "export": export_stage,
    "lower": _proven_lower,
    "plan": plan_stage,
    "check": check_stage,
    "emit": emit_stage,
    "simulate": simulate_stage,
    "bitstream": bitstream_stage,
}
STAGE_NAMES = tuple(_MAKERS)
PROVEN = "simulate"  # a run ends here unless it is asked for more
_TRAINING = ("train", "export")  # a job with a model of its own starts after these

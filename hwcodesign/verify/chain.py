"""Each stage's graph is the one that the stage before it wrote: what a stage leaves is digested, what it reads, too.

Fingerprints say that a stage is newer than its inputs. They do not say that an input is what its stage wrote: a file
that is changed by hand, or by a failing disk, would only make the next stages run again, on the changed graph.
"""

import numpy as np

from hwcodesign.core.errors import VerificationError
from hwcodesign.core.run_folder import RunFolder, digest
from hwcodesign.dataflow import Dataflow, Layer
from hwcodesign.graph.digest import GRAPH, SOURCE, graph_digest
from hwcodesign.plan.insert_streams import inserted


def proven_by(run: RunFolder) -> str:
    """What a simulation proves something of: the lowered graph, the plan and the RTL that there is now."""
    return digest([folder for name in ("lower", "plan", "emit") if (folder := run.stage(name)).exists()])


def require_chain(run: RunFolder) -> None:
    """Raise VerificationError, naming the file and the layer, unless the run's graphs follow from each other."""
    if not run.finished("lower"):
        return
    lowered = Dataflow.load(run.stage("lower"))
    _require(run, "lower", GRAPH, lowered, "lower")
    if not run.finished("plan"):
        return
    planned = Dataflow.load(run.stage("plan"))
    _require_same_layers(run, lowered, planned)
    _require(run, "plan", SOURCE, lowered, "plan")
    _require(run, "plan", GRAPH, planned, "plan")
    if run.finished("emit"):
        _require(run, "emit", SOURCE, planned, "emit")


def _require(run: RunFolder, stage: str, key: str, graph: Dataflow, first: str) -> None:
    if run.summary(stage).get(key) == graph_digest(graph):
        return
    whose = "wrote" if key == GRAPH else "read"
    raise VerificationError(
        f"{run.path}: the stage {stage} {whose} another graph than the one that lies there now "
        f"({run.stage('lower' if stage == 'lower' or (stage, key) == ('plan', SOURCE) else 'plan')}/dataflow.npz or "
        f"dataflow.json was changed): hwcodesign {first} {run.path.name} makes it anew"
    )


def _require_same_layers(run: RunFolder, lowered: Dataflow, planned: Dataflow) -> None:
    """A plan adds FIFOs and width converters, and changes nothing else."""
    kept = {layer.name: layer for layer in planned.layers if not inserted(layer)}
    for layer in lowered.layers:
        difference = "is not in it" if layer.name not in kept else _difference(layer, kept[layer.name])
        if difference:
            raise VerificationError(
                f"{run.stage('plan') / 'dataflow.npz'}: layer {layer.name} {difference}: that is not the lowered "
                f"network; hwcodesign plan {run.path.name} makes the plan anew"
            )


def _difference(lowered: Layer, planned: Layer) -> str | None:
    if (lowered.kind, lowered.inputs, lowered.outputs) != (planned.kind, planned.inputs, planned.outputs):
        return "has another kind or other streams"
    for name, tensor in lowered.tensors.items():
        if name not in planned.tensors or not np.array_equal(tensor, planned.tensors[name]):
            return f"has other {name}"
    return None

"""What the hardware said of each picture that a run was simulated with: classes by name, as a person reads them.

    python benchmarks/photographs.py runs/squeezenet-v1.1-imagenet

The scores are those that came out of the RTL, not the reference's; both are compared once more.
"""

from pathlib import Path

import click
import numpy as np

from benchmarks.history import record
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.dataflow import Dataflow
from hwcodesign.export.picture_task import picture_task
from hwcodesign.verify.images import Images
from hwcodesign.verify.proofs import RTL_SCORES

SHOWN = 5


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def main(folder: Path) -> None:
    """Print each picture's number among the held-out ones, its label, and the five best classes."""
    run = RunFolder(folder)
    graph, task = Dataflow.load(run.stage("plan")), picture_task(run)
    simulated = run.summary("simulate")
    images = Images.held_out(run.stage("export") / "reference.npz").to_simulate(simulated["images"])
    assert task is not None and images.labels is not None and images.scores is not None
    classes = images.scores.shape[1]
    scores = np.load(run.stage("simulate") / RTL_SCORES)[: len(images.frames), :classes]
    names, real, ranked = task.names(classes), graph.score_map.affine(scores), graph.score_map.ranked(scores)
    for i, label in enumerate(images.labels):
        print(f"picture {images.number(i)}: it is {names[label]}")
        for klass in ranked[i, :SHOWN]:
            print(f"  {'*' if klass == label else ' '} {real[i, klass]:9.3f}  {names[klass]}")
    differ = int((scores != images.scores).any(axis=1).sum())
    figures = {"pictures": len(scores), "differ": differ, "cycles per second": simulated["cycles_per_second"]}
    record("photographs", {f"{folder.name}, {name}": value for name, value in figures.items()})
    print(f"{len(scores)} pictures in RTL, {differ} differ from the reference in any of {classes} scores")
    print(f"cycles per frame {simulated['cycles_per_frame']}, planned {simulated['cycles_bound']}; latency "
          f"{simulated['latency_cycles']}, predicted {simulated['latency_predicted']}")  # fmt: skip
    print(f"build {simulated['build_seconds']} s, {simulated['cycles_per_second']:,} cycles per second in one process")


if __name__ == "__main__":
    main()

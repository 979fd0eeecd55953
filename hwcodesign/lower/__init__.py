"""From a QONNX file to a graph of hardware layers on integers only. The only package that imports finn and qonnx."""

import json
from collections.abc import Callable
from pathlib import Path

from hwcodesign.dataflow import Dataflow, IntType

PIXEL = IntType(8, signed=False)


def lower(
    model_path: Path,
    out_folder: Path,
    input_type: IntType = PIXEL,
    input_scale: float | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Dataflow:
    """Lower the QONNX file `model_path`; write dataflow.json, dataflow.npz, lowered.onnx, lower.json to `out_folder`.

    The host sends integers of `input_type`; integer * `input_scale` is the real number that the network takes. The
    default is 1/255 for a network that begins with its own input quantizer (images in 0..1), which becomes an exact
    thresholding, and 1 for any other (raw pixels). `progress` is told the name of each step.

    Raises one UserError for a file that is no QONNX, and one that lists EVERY layer that cannot become hardware: its
    PyTorch path, the cause and the fix.
    """
    # Imported late: FINN and QONNX take seconds, and FINN reads its folders from the environment when imported.
    from hwcodesign.lower.environment import finn_environment

    with finn_environment(out_folder / "finn"):
        from hwcodesign.lower.exact import exact_meaning
        from hwcodesign.lower.finn import to_hardware
        from hwcodesign.lower.fully_connected import as_convolutions
        from hwcodesign.lower.problems import Problems
        from hwcodesign.lower.read import read_qonnx
        from hwcodesign.lower.to_dataflow import to_dataflow

        progress("reading the file")
        model = read_qonnx(model_path)
        as_convolutions(model)
        progress("exact meaning")
        problems = Problems()
        exact = exact_meaning(model, input_type, input_scale, problems)
        problems.raise_any(model_path)
        hardware = to_hardware(model, input_type, exact.input_scale, progress)
        hardware.save(str(out_folder / "lowered.onnx"))
    contract = {"input_scale": exact.input_scale, "score_scale": exact.score_scale}
    lowered = to_dataflow(hardware, exact, contract)
    lowered.dataflow.save(out_folder)
    report = {"layers": len(lowered.dataflow.layers), "thresholds": lowered.thresholds, "corrected": lowered.corrected}
    (out_folder / "lower.json").write_text(json.dumps(report, indent=1) + "\n")
    return lowered.dataflow

"""From a QONNX file to a graph of hardware layers on integers only. The only package that imports finn and qonnx."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Dataflow, IntType
from hwcodesign.graph.threshold_bits import threshold_bits

PIXEL = IntType(8, signed=False)


@dataclass(frozen=True)
class Lowered:
    """The graph, and what lowering has to report: `thresholds`, and how many of FINN's were `corrected`; their bits."""

    dataflow: Dataflow
    report: Mapping[str, int]


def lower(
    model_path: Path,
    out_folder: Path,
    input_type: IntType = PIXEL,
    input_scale: float | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Lowered:
    """Lower the QONNX file `model_path`; write dataflow.json, dataflow.npz, lowered.onnx to `out_folder`.

    The host sends integers of `input_type`; integer * `input_scale` is the real number that the network takes. The
    default is 1/255 for a network that begins with its own input quantizer (images in 0..1), which becomes an exact
    thresholding, and 1 for any other (raw pixels). `progress` is told the name of each step.

    Raises one UserError for a file that is no QONNX, and one that lists EVERY layer that cannot become hardware: its
    PyTorch path, the cause and the fix. One too for what FINN itself gives up on, which no check here foresaw.
    """
    # Imported late: FINN and QONNX take seconds, and FINN reads its folders from the environment when imported.
    from hwcodesign.lower.environment import finn_environment

    with finn_environment():
        from hwcodesign.lower.exact import exact_meaning
        from hwcodesign.lower.finn import to_hardware
        from hwcodesign.lower.problems import Problems
        from hwcodesign.lower.rank4 import as_maps, drop
        from hwcodesign.lower.read import read_qonnx
        from hwcodesign.lower.to_dataflow import to_dataflow

        progress("reading the file")
        model = read_qonnx(model_path)
        as_maps(model)
        progress("exact meaning")
        problems = Problems()
        exact = exact_meaning(model, input_type, input_scale, problems)
        problems.raise_any(model_path)
        assert exact is not None
        for node in exact.idle:
            drop(model, node)
        try:
            hardware = to_hardware(model, input_type, exact.input_scale, progress)
        except Exception as error:  # FINN asserts and raises of many kinds on a graph that it does not foresee
            raise UserError(f"{model_path}: FINN cannot lower this network: {error!r}") from error
        dataflow, thresholds = to_dataflow(hardware, exact, {"input_scale": exact.input_scale})
        hardware.save(str(out_folder / "lowered.onnx"))
    dataflow.save(out_folder)
    counts = {"thresholds": thresholds.count, "corrected": thresholds.corrected}
    return Lowered(dataflow, counts | threshold_bits(dataflow))

"""From an ONNX file to a graph of hardware layers on integers only: read, understood, written down.

The network's *meaning* (`meaning.py`) is worked out from its file alone: which integers flow, and what they stand for.
Our graph is that, written down. So is a canonical graph in FINN's terms (`canonical.py`), which FINN converts to its
own hardware layers (`finn.py`), where it is installed; those are compared with ours, node for node.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hwcodesign.core import packages
from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Dataflow, IntType
from hwcodesign.graph.threshold_bits import threshold_bits

if TYPE_CHECKING:
    from qonnx.core.modelwrapper import ModelWrapper

    from hwcodesign.lower.meaning import Meaning
PIXEL = IntType(8, signed=False)


@dataclass(frozen=True)
class Lowered:
    """The graph, and what lowering has to report: the number of `thresholds`, and of FINN's layers; and their bits.

    `not_in_finn`: operations that FINN has no hardware layer for; without FINN, neither stands there. `scale_told`:
    whether the caller or the file says what one step of the input stands for.
    """

    dataflow: Dataflow
    report: Mapping[str, int]
    scale_told: bool = True


def lower(
    model_path: Path,
    out_folder: Path,
    input_type: IntType = PIXEL,
    input_scale: float | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Lowered:
    """Lower the ONNX file `model_path`; write dataflow.json, dataflow.npz, lowered.onnx to `out_folder`.

    The host sends integers of `input_type`; integer * `input_scale` is the real number that the network takes. The
    default is 1/255 for a network that begins with its own input quantizer (images in 0..1), which becomes an exact
    thresholding, and 1 for any other (raw pixels). `progress` is told the name of each step.

    Raises one UserError for a file that is no quantized network, and one that lists EVERY layer that cannot become
    hardware: its PyTorch path, the cause and the fix.
    """
    progress("exact meaning")
    meant, dataflow = understand(model_path, input_type, input_scale)
    progress("hardware layers")
    # Imported late: FINN and QONNX take seconds, and FINN reads its folders from the environment when imported.
    from hwcodesign.lower.environment import finn_environment

    with finn_environment():
        from hwcodesign.lower.canonical import canonical_graph

        model, in_finn = canonical_graph(meant, dataflow), dict[str, int]()
        if packages.installed("finn"):
            model, in_finn = _converted(model, lambda: canonical_graph(meant, dataflow), dataflow)
        model.save(str(out_folder / "lowered.onnx"))
    dataflow.save(out_folder)
    levels = [layer.tensors["thresholds"].size for layer in dataflow.layers if "thresholds" in layer.tensors]
    counts = {"thresholds": sum(levels)} | in_finn
    told = input_scale is not None or meant.input_scale != 1.0 or _takes_integers(model_path)
    return Lowered(dataflow, counts | threshold_bits(dataflow), told)


def _converted(
    model: "ModelWrapper", anew: Callable[[], "ModelWrapper"], dataflow: Dataflow
) -> tuple["ModelWrapper", dict[str, int]]:
    """FINN's layers in place of the canonical `model`'s nodes, or the model made `anew`, and how many it has."""
    from hwcodesign.lower.finn import DifferenceError, left_over, to_hardware

    try:
        found = to_hardware(model, dataflow)
    except DifferenceError:
        raise
    except Exception:  # FINN raises of many kinds; our hardware does not need it, and the graph can be executed
        found = anew()  # what FINN has left of the other is not to be trusted
    not_in_finn = len(left_over(found))
    return found, {"finn_layers": len(found.graph.node) - not_in_finn, "not_in_finn": not_in_finn}


def _takes_integers(model_path: Path) -> bool:
    """Whether the file says that its input is integers: by its type in ONNX, or by QONNX's annotation."""
    from onnx import TensorProto

    from hwcodesign.core.onnx_file import load_model

    graph = load_model(model_path).graph
    constants = {tensor.name for tensor in graph.initializer}
    (frames,) = (tensor for tensor in graph.input if tensor.name not in constants)
    real = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16)
    annotated = [a for a in graph.quantization_annotation if a.tensor_name == frames.name]
    kinds = [entry.value for a in annotated for entry in a.quant_parameter_tensor_names if entry.key == "finn_datatype"]
    return frames.type.tensor_type.elem_type not in real or any("INT" in kind or "BI" in kind for kind in kinds)


def understand(
    model_path: Path,
    input_type: IntType = PIXEL,
    input_scale: float | None = None,
) -> tuple["Meaning", Dataflow]:
    """What the ONNX file `model_path` means, and our graph of it: `lower` without FINN, in a second or two.

    Raises UserError as `lower` does.
    """
    from hwcodesign.lower.meaning import meaning
    from hwcodesign.lower.problems import Problems
    from hwcodesign.lower.read import read_network
    from hwcodesign.lower.to_dataflow import to_dataflow

    problems = Problems()
    meant = meaning(read_network(model_path), input_type, input_scale, problems)
    problems.raise_any(model_path)
    assert meant is not None
    return meant, to_dataflow(meant, {"input_scale": meant.input_scale})


def one_output(model_path: Path, output: str, folder: Path) -> Path:
    """The ONNX file `model_path` with its output `output` alone, as a file in `folder`.

    Of several, with commas between them, each pixel has the first one's scores, then the second one's, and so on.
    Raises UserError if it is no ONNX file, has no such output, or if their pixels are not equally many.
    """
    import onnx

    from hwcodesign.core.onnx_file import load_model

    model = load_model(model_path)
    there = {tensor.name: tensor for tensor in model.graph.output}
    wanted = [there[name] for name in (name.strip() for name in output.split(",")) if name in there]
    if len(wanted) != output.count(",") + 1:
        raise UserError(f"--output {output}: {model_path} has no such output; it has {', '.join(there)}")
    sides = [[axis.dim_value for axis in tensor.type.tensor_type.shape.dim] for tensor in wanted]
    if len({(len(some), *some[2:]) for some in sides}) > 1:
        shown = " and ".join(f"{tensor.name} {some}" for tensor, some in zip(wanted, sides, strict=True))
        raise UserError(f"--output {output}: they have other pixels, {shown}: choose one of them")
    del model.graph.output[:]
    if len(wanted) > 1:
        joined = "_and_".join(tensor.name for tensor in wanted)
        model.graph.node.append(
            onnx.helper.make_node(
                "Concat", [tensor.name for tensor in wanted], [joined], name="/outputs/Concat", axis=1
            )
        )
        shape = [sides[0][0], sum(some[1] for some in sides), *sides[0][2:]]
        wanted = [onnx.helper.make_tensor_value_info(joined, wanted[0].type.tensor_type.elem_type, shape)]
    model.graph.output.extend(wanted)
    path = folder / "one_output.onnx"
    onnx.save(model, str(path))
    return path

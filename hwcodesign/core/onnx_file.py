"""Opens an ONNX file of unknown origin: nothing in it is executed, followed out of its folder, or taken on trust.

QONNX imports a node's domain as a Python module, and the file's other readers crash or hang on some numbers. So every
ONNX file comes in through `load_model`, which looks at the plain data of the file and refuses the rest of it by name.
"""

from pathlib import Path, PurePosixPath
from typing import Any

from hwcodesign.core.errors import UserError
from hwcodesign.core.input_file import read_input
from hwcodesign.core.layer_name import layer_name
from hwcodesign.core.onnx_nodes import every_node, every_tensor, raise_faults
from hwcodesign.core.onnx_numbers import require_numbers

# ONNX's own operators, and the Python modules of QONNX and FINN that hold operators (with their former names).
DOMAINS = (
    "",
    "ai.onnx",
    "ai.onnx.ml",
    "finn",
    "finn.custom_op.fpgadataflow",
    "finn.custom_op.fpgadataflow.hls",
    "finn.custom_op.fpgadataflow.rtl",
    "finn.custom_op.general",
    "onnx.brevitas",
    "qonnx.custom_op.channels_last",
    "qonnx.custom_op.general",
)
MOST_BYTES = 2**31 - 1  # of a file in Protocol Buffers, and here of its tensors together
_QUANTIZER_INPUTS = {"Quant": 4, "IntQuant": 4, "BipolarQuant": 2, "Trunc": 4}  # QONNX's, which ONNX has no schema of
_MOST_VERSION = 1_000
_SHOWN = 8  # names in one message


def load_model(path: Path) -> Any:
    """The `onnx.ModelProto` of `path`, its external data loaded, its domains, structure and numbers checked.

    What it imports without an operator of it (as onnxruntime's optimizer does) falls away.

    Raises UserError, naming layers, if the file is no ONNX, holds no graph, names an operator of another domain or
    functions of its own, keeps tensors outside its folder, or has numbers that no network can have (`onnx_numbers`).
    """
    model = _parse(path)
    _require_graph(model, path)
    _require_domains(model, path)
    _load_external(model, path)
    _require_structure(model, path)
    require_numbers(model.graph, path)
    return model


def external_files(path: Path) -> tuple[Path, ...]:
    """The files beside `path` that hold some of its tensors: they are inputs as much as `path` is.

    Those alone that are there and may be read; of everything else `load_model` speaks.
    """
    try:
        found = {place for tensor in _external(_parse(path)) if (place := _beside(path, tensor)).is_file()}
    except UserError:
        return ()
    return tuple(sorted(found))


def _parse(path: Path) -> Any:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    content = read_input(path, MOST_BYTES)
    if not content:
        raise UserError(f"{path} is empty")
    try:
        return onnx.load_model_from_string(content)
    except DecodeError:
        raise UserError(f"{path} is no ONNX file, or is truncated") from None


def _require_graph(model: Any, path: Path) -> None:
    import onnx

    if not _is_text(model):
        raise UserError(f"{path} is damaged: it holds names that are not in UTF-8")
    if not model.graph.node or not model.graph.output:
        raise UserError(f"{path} holds no ONNX graph: it is something else, or truncated")
    if model.functions:
        names = ", ".join(sorted(function.name for function in model.functions)[:_SHOWN])
        raise UserError(f"{path} defines operators of its own ({names}): write them out with "
                        "onnx.inliner.inline_local_functions, and save it again")  # fmt: skip
    newest = onnx.defs.onnx_opset_version()
    versions = [opset.version for opset in model.opset_import if opset.domain in ("", "ai.onnx")]
    if not versions or not 1 <= min(versions) <= max(versions) <= newest:
        asked = ", ".join(map(str, versions)) or "none"
        raise UserError(f"{path}: its opset_import asks for version {asked} of ONNX's operators; "
                        f"versions 1 to {newest} are known: export it with one of them")  # fmt: skip
    for what, version in (("ir_version", model.ir_version), *((o.domain, o.version) for o in model.opset_import)):
        if not 1 <= version <= _MOST_VERSION:
            raise UserError(f"{path} is damaged: its version of {what!r} is {version}")


def _is_text(message: Any) -> bool:
    """Whether all strings of a message, and of those in it, can be read; others come as bytes."""
    for field, value in message.ListFields():
        for item in value if field.label == field.LABEL_REPEATED else [value]:
            if field.type == field.TYPE_MESSAGE and not _is_text(item):
                return False
            if field.type == field.TYPE_STRING and not isinstance(item, str):
                return False
    return True


def _require_domains(model: Any, path: Path) -> None:
    faults = [
        f"{layer_name(node)}: its operator {node.op_type} is of the domain {node.domain!r}"
        for node in every_node(model.graph)
        if node.domain not in DOMAINS
    ]
    if any("com.microsoft" in fault for fault in faults):
        faults.append("-> quantize with quant_format=QuantFormat.QDQ, and without onnxruntime's optimizations")
    elif faults:
        faults.append(f"-> known domains: {', '.join(DOMAINS[1:])}, and none at all for ONNX's own operators")
    raise_faults(path, faults)
    known = [opset for opset in model.opset_import if opset.domain in DOMAINS]
    del model.opset_import[:]
    model.opset_import.extend(known)


def _external(model: Any) -> list[Any]:
    return [tensor for tensor in every_tensor(model.graph) if tensor.data_location == tensor.EXTERNAL]


def _beside(path: Path, tensor: Any) -> Path:
    """The file that holds `tensor`. Raises UserError if that is not in the model's folder."""
    location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
    inside = PurePosixPath(location.replace("\\", "/"))
    folder = path.resolve().parent
    place = folder / inside
    allowed = location and "\0" not in location and not inside.is_absolute() and ".." not in inside.parts
    if not allowed or not place.resolve().is_relative_to(folder):
        raise UserError(f"{path}: the tensor {tensor.name!r} lies in {location!r}, out of the model's folder; "
                        "external data must be in a file beside the model")  # fmt: skip
    return place


def _load_external(model: Any, path: Path) -> None:
    """Put the external tensors into `model`, so that nobody after this looks for them anywhere else."""
    contents: dict[Path, bytes] = {}
    total = 0
    for tensor in _external(model):
        place = _beside(path, tensor)
        if place not in contents:
            contents[place] = read_input(place, MOST_BYTES)
        start, length = _extent(path, tensor, len(contents[place]))
        total += length
        if total > MOST_BYTES:
            raise UserError(f"{path}: its external data are longer than {MOST_BYTES:,} bytes in all")
        tensor.raw_data = contents[place][start : start + length]
        tensor.ClearField("data_location")
        del tensor.external_data[:]


def _extent(path: Path, tensor: Any, size: int) -> tuple[int, int]:
    """Where in its file of `size` bytes the tensor starts, and its length in bytes."""
    entries = {entry.key: entry.value for entry in tensor.external_data}
    try:
        start = int(entries.get("offset", "0"))
        length = int(entries.get("length", size - start))
    except ValueError:
        start = length = -1
    if not 0 <= start <= start + length <= size:
        raise UserError(f"{path}: the tensor {tensor.name!r} asks for {entries.get('length', 'all')} bytes from "
                        f"{entries.get('offset', 0)} on of {entries['location']}, which has {size}")  # fmt: skip
    return start, length


def _require_structure(model: Any, path: Path) -> None:
    """Raise UserError if tensors are damaged or made twice, or a node of ONNX's is not as its operator's definition."""
    from onnx import checker, defs, numpy_helper

    faults = []
    for tensor in every_tensor(model.graph):
        try:
            if any(side < 0 for side in tensor.dims):  # numpy takes the first of them for "whatever is left"
                raise ValueError("a side is negative")
            numpy_helper.to_array(tensor)
        except Exception as error:  # of many kinds, by what is damaged
            faults.append(f"the tensor {tensor.name!r} of shape {list(tensor.dims)} is damaged: {error}")
    known = {tensor.name for tensor in model.graph.initializer}
    for node in model.graph.node:
        for name in node.output:
            if name and name in known:
                faults.append(f"{layer_name(node)}: its result {name!r} is made elsewhere, too")
            known.add(name)
    context = checker.C.CheckerContext()
    context.ir_version = model.ir_version
    context.opset_imports = {opset.domain: opset.version for opset in model.opset_import}
    for node in every_node(model.graph):
        least = _QUANTIZER_INPUTS.get(node.op_type, 0)
        if len(node.input) < least or not all(node.input[:least]) or not node.output:
            faults.append(f"{layer_name(node)}: its operator {node.op_type} has {len(node.input)} inputs and "
                          f"{len(node.output)} outputs; it needs {least or 'some'} and one")  # fmt: skip
        if node.domain in ("", "ai.onnx") and defs.has(node.op_type, ""):
            try:
                checker.check_node(node, context)
            except Exception as error:  # ValidationError, and what its C++ has no name for
                faults.append(f"{layer_name(node)}: {str(error).splitlines()[0]}")
    raise_faults(path, faults)

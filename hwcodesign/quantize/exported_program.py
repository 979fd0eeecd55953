"""A `torch.export` program (.pt2) as an ONNX file, by PyTorch's own exporter: so there is one door for float networks.

PyTorch's reader runs what pickles in such an archive say, and evaluates its symbolic sizes as Python. So the archive is
looked at first, and refused if it holds anything but tensors as plain bytes, a graph, and sizes that are plain symbols.
"""

import io
import json
import logging
import re
import warnings
import zipfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from hwcodesign.core.errors import UserError

_SYMBOL = re.compile(r"Symbol\('\w+'(, (positive|integer)=True)*\)")
_GRAPH, _SAMPLES = "models/model.json", "data/sample_inputs/model.pt"
_CONFIGS = ("data/weights/model_weights_config.json", "data/constants/model_constants_config.json")
_MOST_BYTES = 2**31  # of the archive's tables, unpacked


def to_onnx(path: Path, made: Path) -> Path:
    """Write the program in `path` as the ONNX file `made`. Raises UserError if it is none, or not to be trusted.

    PyTorch's exporter takes about 20 s to load.
    """
    _require_harmless(path)
    import torch

    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            logging.getLogger("torch.onnx").setLevel(logging.ERROR)
            torch.onnx.export(torch.export.load(path), f=made, dynamo=True, external_data=False)
    except Exception as error:  # of many kinds, by what the program holds
        why = str(error).strip().splitlines() or [type(error).__name__]
        raise UserError(f"{path} cannot be written as ONNX by PyTorch: {why[0]}") from None
    return made


def _require_harmless(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            fault = _fault(archive)
    except FileNotFoundError:
        raise UserError(f"there is no file {path}") from None
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"{path} is no program of torch.export.save, or damaged: {error}") from None
    if fault:
        raise UserError(f"{path} {fault}")


def _fault(archive: zipfile.ZipFile) -> str | None:
    names = {name.partition("/")[2]: name for name in archive.namelist()}
    if sum(entry.file_size for entry in archive.infolist() if entry.filename.endswith((".json", ".pt"))) > _MOST_BYTES:
        return "is longer than any network's"
    if "archive_format" not in names or _GRAPH not in names:
        return "is of an older PyTorch, which wrote Python objects: save it anew with torch.export.save of version 2.8"
    odd = [name for name in names if name.endswith(".pt") and name != _SAMPLES]
    others = [name for name in names if name.startswith("models/") and name != _GRAPH]
    for config in _CONFIGS:
        for tensor, entry in json.loads(archive.read(names[config]))["config"].items():
            if entry["use_pickle"] or not re.fullmatch(r"(weight|tensor)_\d+", entry["path_name"]):
                odd.append(tensor)
    if odd or not _plain_samples(archive.read(names[_SAMPLES]) if _SAMPLES in names else b""):
        what = ", ".join(odd) or "sample inputs"
        return f"holds Python objects ({what}), which could run anything: export tensors alone"
    graph = json.loads(archive.read(names[_GRAPH]))
    if others or graph.get("guards_code") or not all(map(_SYMBOL.fullmatch, _expressions(graph))):
        return "computes sizes of its tensors: export it for images of one size"
    return None


def _plain_samples(content: bytes) -> bool:
    import torch

    if not content:
        return True
    try:
        torch.load(io.BytesIO(content), weights_only=True)
    except Exception:  # whatever the bytes lead to
        return False
    return True


def _expressions(value: Any) -> list[str]:
    """All texts in the graph that PyTorch would evaluate."""
    if isinstance(value, dict):
        own = [str(value["expr_str"])] if "expr_str" in value else []
        return own + [text for part in value.values() for text in _expressions(part)]
    return [text for part in value for text in _expressions(part)] if isinstance(value, list) else []

"""Python packages that are not installed with the least of us: which of our extras brings one, and whether it is there.

Nothing is imported to find out.
"""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from hwcodesign.core.errors import UserError

# The module that is imported: the extra of pyproject.toml that brings it.
EXTRAS = {
    "torch": "train",
    "brevitas": "train",
    "onnxoptimizer": "train",
    "sklearn": "train",
    "PIL": "train",
    "tensorboard": "train",
    "onnx": "compile",
    "onnxruntime": "compile",
    "qonnx": "compile",
    "finn": "finn",
    "cocotb": "simulate",
    "cocotb_tools": "simulate",
    "edalize": "bitstream",
    "serial": "host",
    "kaldi_native_fbank": "audio",
    "pycocotools": "detect",
    "matplotlib": "analyze",
    "moocore": "explore",
    "optuna": "explore",
    "plotly": "explore",
    "tomlkit": "explore",
}
# One line brings them; that of torch by itself may be the build without a GPU, which is a twentieth of the other.
_MEND = "pip install 'hwcodesign[{extra}]'"
CPU_TORCH = "pip install torch --index-url https://download.pytorch.org/whl/cpu"


# What the drivers of NVIDIA's and AMD's GPUs make.
_GPUS = (Path("/dev/nvidiactl"), Path("/dev/kfd"))
_OF_CUDA = "nvidia-cublas"  # installed with torch's build for GPUs alone, whatever its suffix


def torch_advice() -> str:
    """What to do where torch is the build for a GPU, gigabytes of it, and there is no GPU; else ""."""
    if not installed("torch") or any(path.exists() for path in _GPUS):
        return ""
    from importlib import metadata

    names = (distribution.metadata["Name"] or "" for distribution in metadata.distributions())
    if not any(name.startswith(_OF_CUDA) for name in names):
        return ""
    return (
        "torch is the build for a GPU, of several gigabytes, and there is no GPU here. In a fresh environment, before "
        f"everything else: {CPU_TORCH}"
    )


def installed(module: str) -> bool:
    """Whether the top-level `module` could be imported."""
    return find_spec(module) is not None


def require(*modules: str) -> None:
    """Raises UserError if one of the modules, all of EXTRAS, is not installed: which, and what brings them."""
    missing = [module for module in modules if not installed(module)]
    if missing:
        raise UserError(_said(missing))


def explained(error: ModuleNotFoundError) -> UserError | None:
    """In words for a user, if what could not be imported is of one of our extras."""
    module = (error.name or "").partition(".")[0]
    return UserError(_said([module])) if module in EXTRAS and not installed(module) else None


def _said(missing: Iterable[str]) -> str:
    names = list(missing)
    verb = "is" if len(names) == 1 else "are"
    extras = ",".join(dict.fromkeys(EXTRAS[name] for name in names))
    advice = f" (without a GPU, before it: {CPU_TORCH})" if "torch" in names else ""
    return f"{', '.join(names)} {verb} not installed: {_MEND.format(extra=extras)}{advice}"

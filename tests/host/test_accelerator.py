"""The host's package is light: what runs beside a board has numpy and little else."""

import subprocess
import sys


def test_the_host_needs_numpy_alone() -> None:
    program = "import sys; from hwcodesign.host import Accelerator; print(*{n.split('.')[0] for n in sys.modules})"
    loaded = set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )
    others = {
        "torch",
        "brevitas",
        "finn",
        "qonnx",
        "onnx",
        "scipy",
        "cocotb",
        "pydantic",
        "rich",
        "click",
        "serial",
        "PIL",
    }
    assert "numpy" in loaded and not loaded & others

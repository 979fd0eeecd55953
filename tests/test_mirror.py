"""Tests mirror the modules: `hwcodesign/plan/fifo.py` has `tests/plan/test_fifo.py`. What has none has a reason."""

from fnmatch import fnmatch
from pathlib import Path

TESTS = Path(__file__).resolve().parent
PACKAGE = TESTS.parent / "hwcodesign"

# Folders in which a module is one of many alike: one test walks over all of them, so that a new one is tested, too.
WALKED = {
    "fpga/families/*": "fpga/test_family.py",
    "fpga/shapes.py": "fpga/test_family.py",  # data of several families
    "report/sections/*": "report/test_page.py",
    "nets/alexnet.py": "nets/test_published.py",
    "nets/autoencoder.py": "nets/test_published.py",
    "nets/dscnn.py": "nets/test_published.py",
    "nets/googlenet.py": "nets/test_published.py",
    "nets/lenet.py": "nets/test_published.py",
    "nets/mobilenet.py": "nets/test_published.py",
    "nets/mobilenetv2.py": "nets/test_published.py",
    "nets/nin.py": "nets/test_published.py",
    "nets/resnet.py": "nets/test_published.py",
    "nets/squeezedet.py": "nets/test_published.py",
    "nets/vgg.py": "nets/test_published.py",
    "nets/vgg1d.py": "nets/test_published.py",
    "nets/zynqnet.py": "nets/test_published.py",
    "analyze/paper/*": "analyze/test_paper.py",
    "pictures/*": "pictures/test_pictures.py",
    "quantize/float_tensors.py": "quantize/test_float_graph.py",  # two records
    "training/criteria/criterion.py": "training/criteria/test_classify.py",  # a protocol
    "*/stage.py": "flow/test_stages.py",
    "cli/*": "cli/test_cli.py",  # commands without logic of their own
}


def modules() -> list[str]:
    """Every module but the packages' own, as a path from the package."""
    found = (path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
    return sorted(path.as_posix() for path in found if not path.name.startswith("__"))


def mirror(module: str) -> Path:
    path = Path(module)
    return TESTS / path.parent / f"test_{path.name}"


def walkers(module: str) -> list[str]:
    return [test for pattern, test in WALKED.items() if fnmatch(module, pattern)]


def test_every_module_has_its_test() -> None:
    assert [module for module in modules() if not mirror(module).exists() and not walkers(module)] == []


def test_every_exemption_is_used_and_its_test_is_there() -> None:
    bare = [module for module in modules() if not mirror(module).exists()]
    for pattern, test in WALKED.items():
        assert (TESTS / test).exists(), test
        assert any(fnmatch(module, pattern) for module in bare), pattern

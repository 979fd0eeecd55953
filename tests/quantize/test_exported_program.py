"""A torch.export program is the same float network as PyTorch runs; what could run code is refused, unread."""

import io
import json
import pickle
import zipfile

import pytest
import torch
from torch import nn

from hwcodesign.core.errors import UserError
from hwcodesign.quantize.exported_program import to_onnx
from hwcodesign.quantize.float_file import read_model
from tests.quantize.float_onnx import scores


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn, self.fc = nn.Conv2d(2, 4, 3, bias=False), nn.BatchNorm2d(4), nn.Linear(4, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(torch.relu(self.bn(self.conv(x))).mean((2, 3)))


@pytest.fixture
def program(tmp_path):
    torch.manual_seed(0)
    module = Small().eval()
    torch.export.save(torch.export.export(module, (torch.rand(1, 2, 6, 6),)), tmp_path / "small.pt2")
    return tmp_path / "small.pt2", module


@pytest.mark.slow  # PyTorch's exporter takes 20 s to load
def test_it_is_read(program):
    path, module = program
    pixels = torch.rand(3, 2, 6, 6)
    with torch.no_grad():
        assert torch.allclose(scores(read_model(path), pixels.numpy()), module(pixels), atol=1e-5)


def changed(path, name, content):
    """The archive with another `content` of the file called `name`, or one more."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w") as new:
        for entry in old.namelist():
            if not entry.endswith(name):
                new.writestr(entry, old.read(entry))
        new.writestr(f"{path.stem}/{name}", content)
    path.write_bytes(buffer.getvalue())


class Harm:
    def __reduce__(self):
        return pytest.fail, ("the file was run",)


def with_entry(key, value):
    entry = {"path_name": "weight_0", "is_param": True, "use_pickle": False, "tensor_meta": None}
    return json.dumps({"config": {"conv.weight": entry | {key: value}}})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("data/sample_inputs/model.pt", pickle.dumps(Harm()), r"holds Python objects \(sample inputs\)"),
        ("data/weights/model_weights_config.json", with_entry("use_pickle", True), r"Python objects \(conv.weight\)"),
        ("data/weights/model_weights_config.json", with_entry("path_name", "custom_obj_0"), r"\(conv.weight\)"),
        ("data/weights/model.pt", pickle.dumps(Harm()), r"Python objects \(data/weights/model.pt\)"),
        ("models/model.json", '{"a": [{"expr_str": "__import__(1)"}]}', "export it for images of one size"),
        ("models/model.json", '{"guards_code": ["boom()"]}', "export it for images of one size"),
        ("models/other.json", "{}", "export it for images of one size"),
        ("data/constants/model_constants_config.json", "{", "no program of torch.export.save, or damaged"),
    ],
)
def test_what_could_run_code_is_refused(program, tmp_path, name, content, message):
    path, _ = program
    changed(path, name, content)
    with pytest.raises(UserError, match=message):
        to_onnx(path, tmp_path / "made.onnx")


def test_other_files_are_told(tmp_path):
    (tmp_path / "a.pt2").write_bytes(b"no archive")
    with pytest.raises(UserError, match=r"is no program of torch.export.save"):
        to_onnx(tmp_path / "a.pt2", tmp_path / "made.onnx")
    with pytest.raises(UserError, match="there is no file"):
        to_onnx(tmp_path / "b.pt2", tmp_path / "made.onnx")

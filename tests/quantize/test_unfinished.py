"""What was kept is there again; what is damaged, or was never kept, is not."""

import torch

from hwcodesign.quantize.quantized import QuantizedLayer
from hwcodesign.quantize.unfinished import Unfinished, packed, unpacked


def test_it_is_there_until_it_is_forgotten(tmp_path):
    layer = QuantizedLayer(torch.tensor([[[[-7.0]]]]).double(), torch.tensor([0.1]).double(), torch.zeros(1), 0.2, 0.1)
    file = Unfinished(tmp_path / "state.pt")
    assert file.state() is None
    file.keep({"layers": packed({"a": layer}), "steps": {"a.quantizer": 0.3}})
    state = Unfinished(tmp_path / "state.pt").state()
    again = unpacked(state["layers"])["a"]
    assert torch.equal(again.weight, layer.weight) and again.integers.dtype == torch.float64
    assert (again.error, again.rounding, state["steps"]) == (0.2, 0.1, {"a.quantizer": 0.3})
    file.forget()
    file.forget()
    assert file.state() is None and not list(tmp_path.iterdir())


def test_a_damaged_file_is_as_none(tmp_path):
    for content in (b"", b"PK\x03\x04 no more", b"text"):
        (tmp_path / "state.pt").write_bytes(content)
        assert Unfinished(tmp_path / "state.pt").state() is None


def test_without_a_place_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Unfinished(None).keep({"a": 1})
    assert Unfinished(None).state() is None and not list(tmp_path.iterdir())

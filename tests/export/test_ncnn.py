"""ncnn's two files: read in order, refused with the place."""

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.export.weight_file import read_weights
from hwcodesign.nets.squeezenet import SqueezeNet
from tests.export.weight_files import NETWORK, dense, same, write_ncnn

OTHER = SqueezeNet(base_e=16, incr_e=8, fire_modules=2, SR=0.5, conv1_filters=4, conv1_kernel=3,
                   pool_after=("conv1",)).describe((20, 20, 3), 5)  # fmt: skip


@pytest.mark.parametrize("half", [True, False])
def test_ncnn(tmp_path, half):
    write_ncnn(tmp_path / "net.bin", dense(), half)
    assert same(read_weights(tmp_path / "net.bin", NETWORK), dense())


def test_ncnn_faults(tmp_path):
    path = tmp_path / "net.bin"
    write_ncnn(path, dense())
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(UserError, match=r"net.bin ends in the (weights|biases) of convrelu_7"):
        read_weights(path, NETWORK)
    path.write_bytes(whole + b"1234")
    with pytest.raises(UserError, match=r"4 bytes behind its last convolution"):
        read_weights(path, NETWORK)
    path.write_bytes(b"\x01" + whole[1:])
    with pytest.raises(UserError, match=r"convrelu_0 begin with the tag 0x1306b01 at byte 0"):
        read_weights(path, NETWORK)
    path.write_bytes(whole)
    with pytest.raises(UserError, match=r"is of another network: convrelu_1 .*\(1 convolutions before it match\)"):
        read_weights(path, OTHER)
    param = path.with_suffix(".param").read_text()
    path.with_suffix(".param").write_text(param.replace("0=4 ", "0=-4 ", 1))
    with pytest.raises(UserError, match=r"convrelu_0 has 108 weights; they must be a multiple of -4x3x3"):
        read_weights(path, NETWORK)
    path.with_suffix(".param").unlink()
    with pytest.raises(UserError, match=r"there is no .*net.param beside it"):
        read_weights(path, NETWORK)

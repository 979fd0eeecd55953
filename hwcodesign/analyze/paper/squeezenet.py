"""Tables 5.1 and 5.3: SqueezeNet's parameters, and the model sizes with bypass connections."""

from collections.abc import Iterator
from fractions import Fraction

from hwcodesign.analyze.costs import costs
from hwcodesign.analyze.paper.row import PaperRow, PaperTable
from hwcodesign.analyze.tables import dims
from hwcodesign.nets import metaparameters
from hwcodesign.nets.network import Network

_PARAMETERS = {
    "conv1": "14,208", "fire2": "11,920", "fire3": "12,432", "fire4": "45,344", "fire5": "49,440",
    "fire6": "104,880", "fire7": "111,024", "fire8": "188,992", "fire9": "197,184", "conv10": "513,000",
}  # fmt: skip
_MIB = Fraction(4, 2**20)


def table_5_1() -> PaperTable:
    """SqueezeNet's first feature map and its parameters, module by module."""
    network = _squeezenet("none")
    counts: dict[str, int] = {}
    for conv in network.convolutions:
        module = conv.name.split(".")[0]
        counts[module] = counts.get(module, 0) + network.parameters(conv)
    wider = metaparameters("squeezenet", {}).describe((227, 227, 3), 1000)
    why = f"a 227x227 image gives {dims(wider.shapes['conv1'])}; the table says 224x224"
    rows = [PaperRow("conv1 output for a 224x224 image", dims(network.shapes["conv1"]), "111x111x96", "", why)]
    rows += [PaperRow(f"{name} parameters", f"{count:,}", _PARAMETERS[name]) for name, count in counts.items()]
    rows.append(PaperRow("total parameters", f"{sum(counts.values()):,}", "1,248,424"))
    return PaperTable("5.1", "SqueezeNet", "weights and biases", rows)


def table_5_3() -> PaperTable:
    """The sizes of SqueezeNet without, with simple and with complex bypass."""
    return PaperTable("5.3", "SqueezeNet's bypasses", "32 bits; the printed MB are of 2^20 bytes", list(_sizes()))


def _sizes() -> Iterator[PaperRow]:
    for bypass, printed in (("none", "4.8"), ("simple", "4.8"), ("complex", "7.7")):
        parameters = costs(_squeezenet(bypass)).parameters
        yield PaperRow(f"bypass {bypass}", parameters * _MIB, printed, "MiB", _why_complex(parameters))


def _why_complex(parameters: int) -> str:
    plain = _squeezenet("none")
    around_all = sum(plain.shapes[f"fire{i}.concat"][2] * (_channels_into(plain, i) + 1) for i in range(2, 10))
    total = costs(plain).parameters + around_all
    return (f"a 1x1 convolution with biases around fire2, 4, 6 and 8 makes {parameters:,} parameters; around all eight "
            f"modules it would make {total:,}, {float(total * _MIB):.1f} MiB; 7.7 follows from neither")  # fmt: skip


def _channels_into(network: Network, module: int) -> int:
    squeeze = next(conv for conv in network.convolutions if conv.name == f"fire{module}.squeeze")
    return network.shapes[squeeze.input][2]


def _squeezenet(bypass: str) -> Network:
    return metaparameters("squeezenet", {"bypass": bypass}).describe((224, 224, 3), 1000)

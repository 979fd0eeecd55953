"""Small weight files in the formats that others write."""

import json

import numpy as np

from hwcodesign.export.float_weights import Weights, shape_of
from hwcodesign.nets.network import Network
from hwcodesign.nets.squeezenet import SqueezeNet

NETWORK: Network = SqueezeNet(base_e=8, incr_e=8, fire_modules=2, SR=0.5, conv1_filters=4, conv1_kernel=3,
                              pool_after=("conv1",)).describe((20, 20, 3), 5)  # fmt: skip


def sparse(seed=0, keep=0.1, values=40) -> dict[str, Weights]:
    """Weights of NETWORK, most of them 0, the others of few values."""
    random = np.random.default_rng(seed)
    found = {}
    for conv in NETWORK.convolutions:
        shape = shape_of(NETWORK, conv)
        codebook = random.normal(size=values).astype(np.float32)
        weight = codebook[random.integers(0, values, shape)] * (random.random(shape) < keep)
        found[conv.name] = Weights(weight.astype(np.float32), random.normal(size=shape[0]).astype(np.float32))
    return found


def dense(seed=0) -> dict[str, Weights]:
    """Weights of NETWORK that float16 holds."""
    random = np.random.default_rng(seed)
    return {
        conv.name: Weights(random.normal(size=shape_of(NETWORK, conv)).astype(np.float16).astype(np.float32),
                           random.normal(size=conv.filters).astype(np.float32))
        for conv in NETWORK.convolutions
    }  # fmt: skip


def write_ncnn(path, weights: dict[str, Weights], half=True) -> None:
    """.bin and .param as ncnn's converter writes them; the two halves of a Fire module in the other order."""
    lines, parts = ["7767517", "3 3", "Input in0 0 1 in0"], []
    names = list(weights)
    for i in [i for i, name in enumerate(names) if name.endswith("expand1x1")]:
        names[i], names[i + 1] = names[i + 1], names[i]
    for i, name in enumerate(names):
        weight, bias = weights[name]
        lines.append(
            f"Convolution convrelu_{i} 1 1 {i} {i + 1} 0={len(weight)} 1={weight.shape[2]} 5=1 6={weight.size}"
        )
        lines.append(f"Pooling pool_{i} 1 1 {i} {i + 1} 0=0 1=3")
        data = weight.astype("<f2" if half else "<f4").tobytes()
        tag = np.array([0x01306B47 if half else 0], "<u4").tobytes()
        parts += [tag, data + bytes(-len(data) % 4), bias.astype("<f4").tobytes()]
    path.write_bytes(b"".join(parts))
    path.with_suffix(".param").write_text("\n".join(lines) + "\n")


def write_safetensors(path, tensors: dict[str, np.ndarray]) -> None:
    """As the safetensors library writes them: float32, sorted by name."""
    header, data = {}, b""
    for name in sorted(tensors):
        blob = tensors[name].astype("<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(tensors[name].shape),
            "data_offsets": [len(data), len(data) + len(blob)],
        }
        data += blob
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def same(found, wanted) -> bool:
    """Whether all weights and biases are equal."""
    return list(found) and all(
        np.array_equal(found[name].weight, wanted[name].weight) and np.array_equal(found[name].bias, wanted[name].bias)
        for name in wanted
    )

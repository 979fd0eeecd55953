"""Where feature maps of a float network come together."""

from hwcodesign.lower.file_network import Node as FileNode
from hwcodesign.nets.network import Add, Concat
from hwcodesign.quantize.float_reader import Reader
from hwcodesign.quantize.float_tensors import Map, Tensor


def added(reader: Reader, node: FileNode, left: Map, right: Map) -> Tensor:
    """Add of two feature maps."""
    if node.operator != "Add":
        reader.note(node, f"{node.operator} of two feature maps has no block here",
                    "add maps; for a difference, negate the weights in front of one")  # fmt: skip
        return None
    if left.shape != right.shape:
        reader.note(node, f"it adds {left.shape} and {right.shape}", "add maps of one shape")
        return None
    made = Add(reader.name(node), (left.name, right.name), "", relu=False)
    return reader.gives(node, made, left.shape)


def concat(reader: Reader, node: FileNode, inputs: list[Tensor]) -> Tensor:
    """Concat of channels."""
    maps = [value for value in inputs if isinstance(value, Map)]
    if len(maps) < len(inputs) or int(node.attributes["axis"]) not in (1, 1 - len(maps[0].shape)):
        reader.note(node, "it joins other things than the channels of feature maps", "use torch.cat(maps, dim=1)")
        return None
    made = Concat(reader.name(node), tuple(value.name for value in maps))
    reader.alone |= {made.name: all(value.alone for value in maps)}
    channels = sum(value.shape[1] for value in maps)
    return reader.gives(node, made, (1, channels, *maps[0].shape[2:]))

"""What the hardware cannot compute: collected over the whole network, and told all at once."""

from dataclasses import dataclass, field

from hwcodesign.core.errors import UserError


@dataclass
class Problems:
    """Everything found so far: a layer's PyTorch path, what is wrong there, and what to do."""

    found: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, layer: str, cause: str, fix: str) -> None:
        """Note one problem; the same one in the same layer counts once."""
        if (layer, cause, fix) not in self.found:
            self.found.append((layer, cause, fix))

    def raise_any(self, path: object) -> None:
        """Raises one UserError that lists them all, if there are any."""
        if not self.found:
            return
        lines = [f"  {layer}: {cause}\n    -> {fix}" for layer, cause, fix in self.found]
        count = len(lines)
        head = f"{path}: {count} thing{'s' if count > 1 else ''} in this network cannot become hardware:"
        raise UserError("\n".join([head, *lines]))

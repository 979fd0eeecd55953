"""Of one worker's whole batch, shared batch norm is PyTorch's; that several workers' is too: test_workers.py."""

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn

from hwcodesign.training.shared_norm import SharedBatchNorm, share_statistics

SHAPE = (6, 5, 4, 3)


def step(norm: nn.Module, dtype: torch.dtype) -> dict[str, Tensor]:
    """What comes of one training step on values whose channels are far from 0 and of unlike spreads."""
    random = torch.Generator().manual_seed(1)
    channel = torch.arange(1.0, SHAPE[1] + 1)[:, None, None]
    values = (channel**2 + channel * torch.randn(SHAPE, generator=random)).to(dtype)
    values = values.to(memory_format=torch.channels_last).requires_grad_()
    normalised = norm(values)
    normalised.backward(torch.randn(SHAPE, generator=random).to(normalised))
    assert values.grad is not None
    gradients = {f"d {name}": parameter.grad for name, parameter in norm.named_parameters()}
    return {"y": normalised.detach(), "d x": values.grad, **gradients, **dict(norm.named_buffers())}


def norms(monkeypatch: pytest.MonkeyPatch) -> tuple[nn.Module, nn.Module]:
    """PyTorch's batch norm and the shared one of a single worker, with the same weights."""
    monkeypatch.setattr(dist, "all_reduce", lambda own: None)
    plain, shared = nn.BatchNorm2d(SHAPE[1]), nn.Sequential(nn.BatchNorm2d(SHAPE[1]))
    share_statistics(shared)
    for norm in (plain, shared[0]):
        norm.weight.data = torch.linspace(-1.0, 2.0, SHAPE[1])
        norm.bias.data = torch.linspace(3.0, -1.0, SHAPE[1])
    return plain, shared[0]


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5), (torch.bfloat16, 2e-2)]
)
def test_a_training_step_is_that_of_batch_norm(
    dtype: torch.dtype, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """bfloat16 values with float32 weights are what autocast gives."""
    plain, shared = norms(monkeypatch)
    if dtype == torch.float64:
        plain, shared = plain.double(), shared.double()
    expected, found = step(plain, dtype), step(shared, dtype)
    assert isinstance(shared, SharedBatchNorm) and expected.keys() == found.keys() and len(found) == 7
    for name, value in expected.items():
        assert found[name].dtype == value.dtype, name
        assert (found[name] - value).abs().max() <= tolerance * value.abs().max(), name


def test_in_evaluation_it_is_batch_norm(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, shared = (norm.eval() for norm in norms(monkeypatch))
    values = torch.randn(SHAPE, generator=torch.Generator().manual_seed(2))
    assert torch.equal(plain(values), shared(values))

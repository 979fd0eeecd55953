"""A step is the best of all, for each row by itself."""

import torch

from hwcodesign.quantize.best_steps import best_steps
from hwcodesign.quantize.quantized import Grid


def test_it_is_no_worse_than_its_neighbours():
    values = torch.rand((1, 10_000), generator=torch.Generator().manual_seed(0)) ** 4
    step, grid = float(best_steps(values, values, Grid.of(4, False))), Grid.of(4, False)
    errors = [float((grid.rounded(values, s) - values).square().mean()) for s in (0.9 * step, step, 1.1 * step)]
    assert errors[1] == min(errors)


def test_rows_do_not_know_of_each_other():
    values = torch.randn((3, 2_000), generator=torch.Generator().manual_seed(0)) * torch.tensor([[1.0], [0.0], [9.0]])
    steps = best_steps(values, values, Grid.of(3, True))
    alone = torch.cat([best_steps(row[None], row[None], Grid.of(3, True)) for row in values])
    assert torch.equal(steps, alone) and steps[1] == 0
    assert 7 < steps[2] / steps[0] < 11


def test_what_goes_along_with_the_values_may_count_more():
    values = torch.empty((1, 10_000)).exponential_(generator=torch.Generator().manual_seed(0))
    grid, centred = Grid.of(3, False), values - values.mean()

    def lost(step):
        return float(-((grid.rounded(values, float(step)) - values) * centred).mean())

    plain, heavier = best_steps(values, values, grid), best_steps(values, values, grid, 100.0)
    assert abs(lost(heavier)) < 0.5 * abs(lost(plain)) and heavier > plain

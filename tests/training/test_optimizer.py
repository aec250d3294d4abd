from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from miniature_memory.training.model import Model, Shape
from miniature_memory.training.optimizer import Optimizer, Rates, orthogonal, rate_factor


@pytest.mark.parametrize("size", [(3, 16, 16), (2, 48, 16), (2, 16, 48)])
def test_the_muon_direction_is_nearly_orthogonal(size: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    singular = torch.linalg.svdvals(orthogonal(torch.randn(size)))
    assert singular.min() > 0.4
    assert singular.max() < 1.3


def test_it_turns_every_direction_as_its_input_did() -> None:
    torch.manual_seed(1)
    matrix = torch.randn(1, 12, 20)
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    assert (orthogonal(matrix) - u @ v).abs().max() < 0.2


def test_the_rate_warms_up_stays_and_decays_to_nothing() -> None:
    trunk = [rate_factor(step, 4, 0, 0) for step in range(10)]
    assert trunk == sorted(trunk)
    assert trunk[0] > 0 and trunk[4:] == [1.0] * 6
    decay = [rate_factor(step, 0, 0, 10) for step in range(10)]
    assert decay == sorted(decay, reverse=True)
    assert decay[0] < 1 and 0 < decay[-1] < 0.1


@pytest.mark.parametrize("name", ["muon", "adamw"])
def test_both_optimizers_learn_a_line_by_heart(name: str) -> None:
    torch.manual_seed(0)
    model = Model(Shape(1, 32, 2, 2, 48, match_features=False))
    rates = Rates(name, matrix=0.02 if name == "muon" else 0.003)
    optimizer = Optimizer(model, rates)
    ids = torch.randint(4, 170, (2, 33))
    losses = []
    for _ in range(60):
        model.zero_grad()
        loss = model.loss(ids[:, :-1], None, ids[:, 1:])
        loss.backward()
        optimizer.step(1.0, 1 / 64)
        losses.append(loss.item() / 64)
    assert losses[0] > 5
    assert losses[-1] < 1.0


def test_rows_of_the_table_that_were_not_met_stay_and_the_others_move_less_each_time() -> None:
    model = Model(Shape(1, 16, 2, 1, 24, ngram_rows=400))
    assert model.ngram is not None
    optimizer, table = Optimizer(model, Rates(ngram=0.3)), model.ngram.embed.weight
    ids = torch.randint(4, 170, (1, 20))
    moved = []
    for _ in range(4):
        before = table.detach().clone()
        (model.ngram(ids) * torch.ones(16)).sum().backward()
        optimizer.step(1.0, 1.0)
        model.zero_grad()
        moved.append((table.detach() - before).abs().amax(1))
    met = moved[0] > 0
    assert 60 < int(met.sum()) <= 100
    assert all(not bool(m[~met].any()) for m in moved)
    assert float(moved[0].max()) == pytest.approx(0.3, abs=1e-4)
    assert float(moved[3].max()) == pytest.approx(0.15, abs=1e-4)


def test_its_state_is_all_it_needs() -> None:
    def fresh() -> tuple[Model, Optimizer]:
        model = Model(Shape(1, 16, 2, 1, 24, match_features=True), seed=3)
        return model, Optimizer(model, Rates())

    def step(model: Model, optimizer: Optimizer) -> None:
        generator = torch.Generator().manual_seed(optimizer.steps)
        for weight in model.parameters():
            weight.grad = torch.randn(weight.shape, generator=generator)
        optimizer.step(1.0, 1.0)

    one, its = fresh()
    for _ in range(3):
        step(one, its)
    other, others = fresh()
    other.load_state_dict(one.state_dict())
    others.load({n: t.clone() for n, t in its.state().items()}, its.steps)
    step(one, its)
    step(other, others)
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)

"""Muon for the matrices of the body, Adagrad for the n-gram table, Adam for the rest, and how the rate goes.

Muon (Jordan et al. 2024): the momentum of a matrix is replaced by the nearest orthogonal matrix, so that
every direction learns equally fast. The nearest orthogonal matrix comes from a few steps of an odd
polynomial iteration; its coefficients are those of Polar Express (Amsel et al. 2025), which is optimal for
the given number of steps. Embeddings, the head and the match gates aren't maps between activations of one
kind, so Adam takes them. With ``optimizer: adamw`` Adam takes all of these. A row of the n-gram table is met
seldom, so it gets Adagrad (Duchi et al. 2011): large first steps that shrink as the row is met more often,
and no work for rows that a step didn't meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

#: three steps, the best that bring every singular value from [0.01, 1] to 1 ± 0.27
POLAR_EXPRESS = (
    (8.093369023017967, -23.62043158572789, 17.446152492952088),
    (3.6365856685953397, -2.7219268620085963, 0.5365463117003111),
    (2.6613000545279455, -1.9771546191942115, 0.45261643462078266),
)
BETAS = (0.9, 0.99)
MOMENTUM = 0.95
#: numbers that go through the iteration at once
GROUP = 1_000_000


@dataclass(frozen=True)
class Rates:
    """What the optimizer needs of a recipe. ``matrix`` is Muon's rate (or AdamW's for the same matrices)."""

    optimizer: str = "muon"
    matrix: float = 0.02
    embedding: float = 0.02
    head: float = 0.004
    ngram: float = 0.3
    weight_decay: float = 0.05


def orthogonal(matrices: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """The nearest orthogonal matrix of each of ``matrices`` [N, rows, columns], nearly."""
    x = matrices.to(dtype)
    wide = x.shape[1] <= x.shape[2]
    if not wide:
        x = x.mT
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) * 1.02 + 1e-6)
    if dtype == torch.float32 and x.shape[2] >= 1.5 * x.shape[1]:
        x = _polynomial(x @ x.mT) @ x
    else:
        for a, b, c in POLAR_EXPRESS:
            square = x @ x.mT
            x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return (x if wide else x.mT).to(matrices.dtype)


def _polynomial(square: Tensor) -> Tensor:
    """All steps of the iteration on x as one factor of x, from x·xᵀ alone: fewer products where x is long
    (Gram Newton-Schulz; Amsel, Chen, Dao et al. 2026), but too many roundings for half precision."""
    factor = one = torch.empty(0)
    for step, (a, b, c) in enumerate(POLAR_EXPRESS):
        if step:
            square = one @ square @ one
        one = torch.baddbmm(square, square, square, beta=b, alpha=c)
        one.diagonal(dim1=1, dim2=2).add_(a)
        factor = one @ factor if step else one
    return factor


def rate_factor(step: int, warmup: int, decay_from: int, decay_steps: int) -> float:
    """Warm-up, stable, decay: from 0 to 1 over ``warmup`` steps, then 1; to 0 from ``decay_from`` on."""
    if decay_steps and step >= decay_from:
        return max(0.0, 1.0 - (step - decay_from + 1) / (decay_steps + 1))
    return min(1.0, (step + 1) / (warmup + 1))


class Optimizer:
    """Updates a model's weights in place from their gradients; its whole state is ``state()``."""

    def __init__(self, model: nn.Module, rates: Rates, dtype: torch.dtype = torch.float32) -> None:
        self.rates, self.dtype = rates, dtype
        self.weights = dict(model.named_parameters())
        matrices = [n for n, w in self.weights.items() if ".layers." in n and w.ndim == 2]
        self.muon = matrices if rates.optimizer == "muon" else []
        self.adagrad = [n for n in self.weights if n.startswith("ngram.")]
        self.adam = [n for n in self.weights if n not in self.muon and n not in self.adagrad]
        self.groups = list(_groups({name: self.weights[name] for name in self.muon}))
        self.first = {n: torch.zeros_like(self.weights[n]) for n in (*self.muon, *self.adam)}
        self.second = {n: torch.zeros_like(self.weights[n]) for n in (*self.adam, *self.adagrad)}
        self.steps = 0

    def state(self) -> dict[str, Tensor]:
        """The moments by name, as they are (not copies)."""
        moments = {f"first.{n}": t for n, t in self.first.items()}
        return moments | {f"second.{n}": t for n, t in self.second.items()}

    def load(self, state: dict[str, Tensor], steps: int) -> None:
        """Takes over the moments that ``state()`` gave after ``steps`` steps."""
        with torch.no_grad():
            for name, tensor in self.state().items():
                tensor.copy_(state[name])
        self.steps = steps

    def rate_of(self, name: str) -> float:
        if ".layers." in name:
            return self.rates.matrix
        return self.rates.head if name.startswith("lm_head") else self.rates.embedding

    @torch.no_grad()
    def step(self, factor: float, scale: float) -> None:
        """One update. ``factor`` is the schedule's; gradients are multiplied by ``scale`` first."""
        self.steps += 1
        for names in self.groups:
            self._muon(names, factor)
        self._adam(self.adam, factor, scale)
        self._adagrad(self.adagrad, factor, scale)

    def _muon(self, names: list[str], factor: float) -> None:
        shape = self.weights[names[0]].shape
        rate = self.rates.matrix * factor
        gradients = torch.stack([_gradient(self.weights[n]) for n in names])
        momenta = torch.stack([self.first[n] for n in names])
        # the direction has no length, so a gradient's scale doesn't matter; keep it near one all the same
        gradients /= gradients.square().mean((1, 2), keepdim=True).sqrt_().add_(1e-12)
        momenta.lerp_(gradients, 1 - MOMENTUM)
        update = orthogonal(torch.lerp(gradients, momenta, MOMENTUM), self.dtype)
        grow = max(1.0, shape[0] / shape[1]) ** 0.5
        for name, momentum, direction in zip(names, momenta, update, strict=True):
            self.first[name].copy_(momentum)
            weight = self.weights[name]
            weight.mul_(1 - rate * self.rates.weight_decay).add_(direction, alpha=-rate * grow)

    def _adam(self, names: Iterable[str], factor: float, scale: float) -> None:
        correct_first, correct_second = (1 - beta**self.steps for beta in BETAS)
        for name in names:
            weight, first, second = self.weights[name], self.first[name], self.second[name]
            gradient = _gradient(weight) * scale
            first.lerp_(gradient, 1 - BETAS[0])
            second.lerp_(gradient.square_(), 1 - BETAS[1])
            rate = self.rate_of(name) * factor
            if ".layers." in name:
                weight.mul_(1 - rate * self.rates.weight_decay)
            denominator = (second / correct_second).sqrt_().add_(1e-8)
            weight.addcdiv_(first, denominator, value=-rate / correct_first)

    def _adagrad(self, names: Iterable[str], factor: float, scale: float) -> None:
        for name in names:
            weight, second = self.weights[name], self.second[name]
            gradient = _gradient(weight).to_sparse(1).coalesce()
            rows, values = gradient.indices()[0], gradient.values() * scale
            sums = second[rows].addcmul_(values, values)
            second[rows] = sums
            step = values.div_(sums.sqrt_().add_(1e-8))
            weight.index_add_(0, rows, step, alpha=-self.rates.ngram * factor)


def _groups(weights: dict[str, Tensor]) -> Iterator[list[str]]:
    """Matrices of one shape go through the iteration together, but not so many that it takes much memory."""
    by_shape: dict[torch.Size, list[str]] = {}
    for name, weight in weights.items():
        by_shape.setdefault(weight.shape, []).append(name)
    for shape, names in by_shape.items():
        size = max(1, GROUP // shape.numel())
        yield from (names[at : at + size] for at in range(0, len(names), size))


def _gradient(weight: Tensor) -> Tensor:
    return weight.grad if weight.grad is not None else torch.zeros_like(weight)

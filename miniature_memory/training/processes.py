"""Several training processes as one: started by `torchrun`, each takes its share of every step's rows.

Each process holds the whole model; gradients are summed before the update, so all stay equal, and the
losses are those of one process with the same rows. Alone, everything here does nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch import distributed as dist


@dataclass(frozen=True)
class Processes:
    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """The one that logs and writes."""
        return self.rank == 0

    def rows(self, total: int) -> range:
        """This process's rows of a step."""
        return range(self.rank * total // self.count, (self.rank + 1) * total // self.count)

    def sum(self, tensors: Iterable[Tensor]) -> None:
        """Adds up each tensor over the processes, in place."""
        if self.count == 1:
            return
        tensors = list(tensors)
        flat = torch.cat([t.reshape(-1) for t in tensors])
        dist.all_reduce(flat)
        for tensor, part in zip(tensors, torch.split(flat, [t.numel() for t in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))

    def agree(self, yes: bool) -> bool:
        """Whether any process says yes."""
        if self.count == 1:
            return yes
        flag = torch.tensor([float(yes)])
        if dist.get_backend() == "nccl":
            flag = flag.cuda()
        dist.all_reduce(flag)
        return bool(flag.item())

    def wait(self) -> None:
        """Until all are here."""
        if self.count > 1:
            dist.barrier()


@contextmanager
def joined() -> Iterator[Processes]:
    """The processes that `torchrun` started, or just this one."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes()
        return
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield Processes(dist.get_rank(), count)
    finally:
        dist.destroy_process_group()

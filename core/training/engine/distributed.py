"""Several processes, started by torchrun, that train one model: the step of one process, shared out.

Every process holds the whole model and computes the logits of its share of each batch. The logits are gathered, so
that every process computes the loss of the whole batch: sums that run over the batch, like Dice's, are the same as in
one process. Its gradient reaches a process's own logits only; the sum over the processes is the gradient of the step.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from core.errors import RefusedError
from core.training.engine.recovery import split_evenly

if TYPE_CHECKING:
    import torch

LONGEST_WAIT = timedelta(hours=24)  # the others wait while the first validates


@dataclass(frozen=True, slots=True)
class World:
    """Which of how many processes this is.

    Attributes:
        rank: from 0; the process of rank 0 writes, validates and listens.
        size: how many there are.
        local: the number of this process on its machine.
    """

    rank: int = 0
    size: int = 1
    local: int = 0

    @property
    def leads(self) -> bool:
        """Whether this process speaks for all."""
        return self.rank == 0

    def device(self, asked: str) -> str:
        """Return the device of this process: a GPU of its own where the run may have any."""
        if self.size == 1 or asked not in ("auto", "cuda"):
            return asked
        import torch

        return f"cuda:{self.local}" if torch.cuda.is_available() else asked

    def share(self, count: int) -> slice:
        """Return which of `count` samples this process computes.

        Raises:
            RefusedError: there are fewer samples than processes.
        """
        if count < self.size:
            raise RefusedError(
                f"a batch of {count} cannot be shared by {self.size} processes; raise train.batch_size or start fewer"
            )
        return split_evenly(count, self.size)[self.rank]

    def gather(self, own: torch.Tensor, count: int) -> torch.Tensor:
        """Return the samples of all processes in their order; the gradient flows into this one's only.

        Args:
            own: (n, ...) this process's share.
            count: samples of all.
        """
        if self.size == 1:
            return own
        import torch
        from torch import distributed

        shares = split_evenly(count, self.size)
        most = shares[0].stop
        mine = own.detach().contiguous()
        if len(mine) < most:
            mine = torch.cat([mine, mine.new_zeros((most - len(mine), *mine.shape[1:]))])
        everyone = [torch.empty_like(mine) for _ in shares]
        distributed.all_gather(everyone, mine)
        parts = [part[: share.stop - share.start] for part, share in zip(everyone, shares, strict=True)]
        parts[self.rank] = own
        return torch.cat(parts)

    def add_up(self, gradients: Iterable[torch.Tensor], statistics: Iterable[torch.Tensor]) -> None:
        """Sum gradients over the processes and average the running statistics of their norms, in place."""
        if self.size == 1:
            return
        import torch
        from torch import distributed

        summed, averaged = list(gradients), list(statistics)
        flat = torch.cat([tensor.detach().reshape(-1) for tensor in (*summed, *averaged)])
        distributed.all_reduce(flat)
        start = 0
        with torch.no_grad():
            for number, tensor in enumerate((*summed, *averaged)):
                total = flat[start : start + tensor.numel()].view(tensor.shape)
                tensor.copy_(total if number < len(summed) else total / self.size)
                start += tensor.numel()

    def told(self, values: Callable[[], Sequence[float]], count: int) -> list[float]:
        """Return numbers that the first process found, at every process.

        Args:
            values: finds them; called in the first process only.
            count: how many.
        """
        if self.size == 1:
            return list(values())
        import torch
        from torch import distributed

        message = torch.zeros(count, dtype=torch.float64)
        if self.leads:
            message.copy_(torch.tensor(list(values()), dtype=torch.float64))
        distributed.broadcast(message, 0)
        found: list[float] = message.tolist()
        return found

    def told_text(self, text: Callable[[], str]) -> str:
        """Return a text that the first process found, at every process."""
        if self.size == 1:
            return text()
        content = text().encode() if self.leads else b""
        (length,) = self.told(lambda: [len(content)], 1)
        return bytes(int(byte) for byte in self.told(lambda: list(content), int(length))).decode()

    def wait(self) -> None:
        """Wait until every process has come here."""
        if self.size > 1:
            import torch
            from torch import distributed

            distributed.all_reduce(torch.zeros(1))


ALONE = World()


@contextlib.contextmanager
def joined() -> Iterator[World]:
    """Join the other processes where torchrun has started several; alone otherwise, and torch is not loaded."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield ALONE
        return
    import torch
    from torch import distributed

    world = World(int(os.environ["RANK"]), size, int(os.environ.get("LOCAL_RANK", os.environ["RANK"])))
    if torch.cuda.is_available():
        torch.cuda.set_device(world.local)
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    distributed.init_process_group(backend, timeout=LONGEST_WAIT)
    try:
        yield world
    finally:
        distributed.destroy_process_group()

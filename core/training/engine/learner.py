"""One optimiser step: forward, loss and backward over the batches of a step, and the change of the weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.inference.device import Compute
from core.recipe import Recipe
from core.training.batches.sampling import Batch
from core.training.engine.averaging import WeightAverage
from core.training.engine.batch_scores import PixelCounter
from core.training.engine.distributed import ALONE, World
from core.training.engine.optimisation import Descent
from core.training.engine.readback import Readback
from core.training.engine.recovery import TrainingFailedError, is_out_of_memory, split_evenly
from core.training.engine.undo import Undo
from core.training.runs.resume import load_resume, resume_files

if TYPE_CHECKING:
    import torch
    from torch import nn

    from core.losses.spec import Loss

Note = Callable[[int, str, str], None]


class Learner:
    """Changes a model's weights step by step.

    Attributes:
        model: raw weights, on the device.
        models: all that a step changes: the raw weights', and their average's where there is one.
        average: their moving average, where the recipe asks for one.
        descent: the optimiser.
        splits: into how many pieces each batch is cut, because memory was short.
    """

    def __init__(
        self,
        recipe: Recipe,
        model: nn.Module,
        compute: Compute,
        loss: Loss,
        counter: PixelCounter,
        note: Note,
        world: World = ALONE,
    ) -> None:
        import torch

        self._recipe = recipe
        self._compute = compute
        self._loss = loss
        self._counter = counter
        self._note = note
        self._world = world
        self._layout = torch.channels_last if compute.channels_last else torch.contiguous_format
        self.model = model.to(compute.device).to(memory_format=self._layout)
        self.descent = Descent(recipe.optim, self.model, compute)
        decay = recipe.train.ema_decay
        self.average = WeightAverage(self.model, decay) if decay else None
        self._net: nn.Module = torch.compile(self.model) if recipe.train.compile else self.model  # type: ignore[assignment]
        self.models = [self.model, *([self.average.model] if self.average else [])]
        self._undo = Undo(self.models)
        self.splits = 1

    @property
    def shown(self) -> nn.Module:
        """The model that is validated, saved and used for inference."""
        return self.average.model if self.average else self.model

    def step(self, step: int, batches: Sequence[Batch], rate: float) -> Readback:
        """Take one optimiser step, again and in smaller pieces where memory runs out.

        Args:
            step: from 1; dropout depends on it, not on what came before.
            batches: what the step learns from; of several processes this one's share.
            rate: learning rate.

        Raises:
            TrainingFailedError: the smallest piece does not fit into memory.
        """
        self._undo.remember(step)
        while True:
            failure: Exception
            try:
                measured = self._take(step, batches, rate)
            except Exception as error:
                if not is_out_of_memory(error) and self._net is self.model:
                    raise
                failure = error.with_traceback(None)  # its frames hold the tensors that did not fit
            else:
                return measured
            self.forget(step)
            self._make_do(step, failure, len(batches[0].images))

    @property
    def _averaged(self) -> nn.Module | None:
        return self.average.model if self.average else None

    def forget(self, step: int) -> None:
        """Undo what a step did besides changing weights: running statistics and gradients."""
        self._undo.take_back(step)
        self.descent.optimizer.zero_grad(set_to_none=True)

    def _take(self, step: int, batches: Sequence[Batch], rate: float) -> Readback:
        import torch

        if not self.model.training:
            self.model.train()
        self.descent.optimizer.zero_grad(set_to_none=True)
        train, losses, counts = self._recipe.train, [], []
        for micro, batch in enumerate(batches):
            for piece, cut in enumerate(cut_batch(batch, self.splits)):
                torch.manual_seed(_dropout_seed(train.seed, step, micro, piece))
                # memory that runs out ends a run of several processes, so there a piece is a whole batch
                count = len(cut.images) if self._world.size == 1 else train.batch_size
                logits = self._forward(cut.images)
                targets = self._world.gather(self._upload(cut.targets), count)
                logits = self._world.gather(logits, count)
                loss = self._loss(logits, targets) * (count / (train.batch_size * train.accumulate))
                self.descent.backward(loss)
                losses.append(loss.detach())
                counts.append(self._counter.count(logits, targets))
        if self._world.size > 1:
            gradients = [parameter.grad for parameter in self.model.parameters() if parameter.grad is not None]
            self._world.add_up(gradients, (b for b in self.model.buffers() if b.is_floating_point()))
        total = torch.stack(losses).sum()
        norm = self.descent.change(total, rate)
        measured = Readback(total, norm, torch.stack(counts).sum(dim=0))
        if self.average and (not self.descent.waits or measured.numbers().not_a_number is None):
            self.average.update(step)
        return measured

    def _forward(self, images: np.ndarray[Any, np.dtype[np.float32]]) -> torch.Tensor:
        batch = self._upload(images).contiguous(memory_format=self._layout)
        with self._compute.autocast():
            logits: torch.Tensor = self._net(batch)
        return logits.float()

    def _upload(self, array: np.ndarray[Any, np.dtype[np.float32]]) -> torch.Tensor:
        import torch

        tensor = torch.from_numpy(array)
        if self._compute.kind == "cuda":  # from pinned memory the copy runs beside the computing
            return tensor.pin_memory().to(self._compute.device, non_blocking=True)
        return tensor.to(self._compute.device)

    def _make_do(self, step: int, failure: Exception, batch: int) -> None:
        """Change what can be changed so that a step that failed may succeed.

        Raises:
            TrainingFailedError: nothing can.
        """
        import torch

        if not is_out_of_memory(failure):
            self._net = self.model
            reason = str(failure).strip().partition("\n")[0] or type(failure).__name__
            self._note(step, "compile", f"torch.compile does not work here and is left out: {reason}")
            return
        least = 2 if _has_batch_norm(self.model) else 1
        if self._world.size > 1:
            raise TrainingFailedError(
                "the device has no memory left for this process's share of a batch: "
                "lower train.batch_size and raise train.accumulate by as much"
            )
        if batch // (2 * self.splits) < least:
            smallest = -(-batch // self.splits)
            raise TrainingFailedError(
                f"{self._compute.device} has no memory left for {_slices(smallest)} at once"
                + (", and batch norm needs two" if least == 2 else "")
                + ": choose a narrower model, smaller slices, or a device with more memory"
            )
        self.splits *= 2
        if self._compute.kind == "cuda":
            torch.cuda.empty_cache()
        accumulate = self._recipe.train.accumulate
        self._note(
            step,
            "oom",
            f"out of memory: {_slices(-(-batch // self.splits))} at once instead of {-(-2 * batch // self.splits)}, "
            f"{accumulate * self.splits} times for each step; a step still learns from {batch * accumulate}",
        )

    def pieces(self) -> dict[str, int]:
        """Return how a step is computed where memory was short, else nothing."""
        train = self._recipe.train
        if self.splits == 1:
            return {}
        return {"micro_batch": -(-train.batch_size // self.splits), "accumulate": train.accumulate * self.splits}

    def weights_are_finite(self) -> bool:
        """Tell whether every weight is a number."""
        import torch

        floats = [t for t in chain(self.model.parameters(), self.model.buffers()) if t.is_floating_point()]
        return bool(torch.stack([tensor.detach().isfinite().all() for tensor in floats]).all())

    def files(self, facts: dict[str, Any]) -> dict[str, bytes]:
        """Return what to keep beside a checkpoint so that training can go on from it."""
        mine = {"splits": self.splits, **self.descent.to_json()}
        return resume_files(self.model, self.descent.optimizer, facts | mine, self._averaged)

    def load(self, folder: Path) -> dict[str, Any]:
        """Go back to a checkpoint and return its facts."""
        facts = load_resume(folder, self.model, self.descent.optimizer, self._averaged)
        self.splits = max(self.splits, facts.get("splits", 1))
        self.descent.restore(facts)
        self.descent.optimizer.zero_grad(set_to_none=True)
        return facts


def cut_batch(batch: Batch, pieces: int) -> list[Batch]:
    """Cut a batch into pieces whose lengths differ by one at most, without copying."""
    parts = split_evenly(len(batch.images), pieces)
    return [Batch(batch.images[part], batch.targets[part]) for part in parts]


def _slices(count: int) -> str:
    return "1 slice" if count == 1 else f"{count} slices"


def _has_batch_norm(model: nn.Module) -> bool:
    from torch.nn.modules.batchnorm import _BatchNorm

    return any(isinstance(module, _BatchNorm) for module in model.modules())


def _dropout_seed(seed: int, *place: int) -> int:
    return int(np.random.SeedSequence([seed, *place, 1]).generate_state(1, np.uint32)[0])

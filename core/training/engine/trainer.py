"""The training loop: a deterministic function of the recipe, the cases and the step it starts from."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.checkpoints import Card, write_checkpoint
from core.data.store import SlicedCase
from core.inference.device import Compute, set_determinism
from core.inference.predictor import Predictor
from core.losses import build_loss
from core.postprocess import Spacing
from core.recipe import Recipe
from core.training.batches.loading import batches
from core.training.batches.sampling import Batch, SliceSampler
from core.training.engine.batch_scores import PixelCounter
from core.training.engine.distributed import ALONE, World
from core.training.engine.learner import Learner
from core.training.engine.readback import Readback
from core.training.engine.recovery import Setbacks, TrainingFailedError
from core.training.engine.schedule import learning_rate
from core.training.engine.stopping import early_end, is_best, reductions
from core.training.engine.undo import StartWeights
from core.training.engine.validation import Validation, regions_in, validate
from core.training.runs.journal import Emit, Journal, Silence
from core.training.runs.resume import RESUME_FILES, rewrite_facts
from core.training.runs.run_folder import RunFolder, State, Status
from core.training.runs.snapshots import choose_slices, write_fixed, write_snapshot

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Emit", "Ingredients", "Trainer", "TrainingFailedError"]


@dataclass(slots=True)
class Ingredients:
    """What a training needs besides its run folder."""

    recipe: Recipe
    model: nn.Module
    card: Card
    compute: Compute
    sampler: SliceSampler
    validation: Sequence[SlicedCase]
    spacings_mm: Mapping[str, Spacing | None] = field(default_factory=dict)  # of the validation cases


class Trainer:
    """Runs one training to its end, a request to stop, or a failure.

    Attributes:
        total: how many optimiser steps the run has.
    """

    def __init__(
        self,
        run: RunFolder,
        parts: Ingredients,
        emit: Emit,
        asked_to_end: Callable[[], str | None],
        world: World = ALONE,
    ) -> None:
        self._run = run
        self._parts = parts
        self._asked_to_end = asked_to_end
        self._world = world
        self._recipe = recipe = parts.recipe
        self._stopping = recipe.train.stopping
        spec = parts.card.inference
        set_determinism(parts.compute, recipe.train.deterministic, spec.input_size is not None)
        self._loss = build_loss(recipe.loss.name, recipe.loss.arguments, recipe.target.kind)
        self._counter = PixelCounter(spec, parts.compute.device)
        slices = recipe.train.batch_size * recipe.train.accumulate
        self._epoch_steps = max(1, math.ceil(parts.sampler.slices / slices))
        self.total = min(recipe.train.epochs * self._epoch_steps, recipe.train.max_steps or 2**62)
        written = Journal if world.leads else Silence
        self._journal = written(run, emit, self.total, self._epoch_steps, slices)
        self._learner = Learner(recipe, parts.model, parts.compute, self._loss, self._counter, self._note, world)
        self._predictor = Predictor(self._learner.shown, spec, parts.compute)
        self._fixed = choose_slices(parts.validation)
        self._present = regions_in(parts.validation, spec.regions)
        # without a tumour there is no Dice to go by
        self._monitor = self._stopping.monitor if self._present else "loss"
        self._step = 0
        self._history: list[float] = []
        self._setbacks = Setbacks()
        self._start = (
            None if run.pointed("last") else StartWeights(self._learner.models, self._learner.descent.optimizer)
        )

    def resume(self) -> None:
        """Go back to the last checkpoint, if there is one, and forget what was measured after it."""
        if last := self._run.pointed("last"):
            self._remember(self._learner.load(last))
        self._journal.cut(self._step)

    def train(self, status: Status) -> State:
        """Train until the end.

        Returns:
            `done`, or what was asked for: `stopped` or `paused`.

        Raises:
            TrainingFailedError: loss or gradient are no numbers again and again, or memory does not suffice.
        """
        self._journal.start(status)
        status.compute |= self._learner.pieces()
        if self._world.leads and self._fixed:
            write_fixed(self._run.folder, self._parts.validation, self._fixed)
        try:
            ending = self._train_on()
        finally:
            self._journal.close()
        early = self._ends_early() if ending == "done" and self._step < self.total else None
        self._journal.end(self._step, ending, early or "")
        return ending

    def _train_on(self) -> State:
        while True:
            try:
                return self._until_it_goes_wrong()
            except _LostError as lost:
                self._roll_back(str(lost))

    def _until_it_goes_wrong(self) -> State:
        """Train from the present step to the end.

        Raises:
            _LostError: the run must go back to a checkpoint.
        """
        if self._ends_early():  # known before it was resumed
            return "done"
        lag = 0 if self._learner.descent.waits else 1  # a GPU is asked for the step before
        under_way: deque[tuple[int, float, Readback]] = deque()
        with closing(self._batches()) as coming:
            for step, shares in coming:
                rate = self._rate(step)
                under_way.append((step, rate, self._learner.step(step, shares, rate)))
                self._settle(under_way, lag)
                asked = self._asked(step)
                if asked or self._validation_is_due(step) or self._checkpoint_is_due(step):
                    self._settle(under_way, 0)
                    if ending := self._stand_still(asked):
                        return ending
        return "done"

    def _batches(self) -> Generator[tuple[int, list[Batch]], None, None]:
        """Yield the batches of each step to come; of several processes this one's share of each."""
        train = self._recipe.train
        share = self._world.share(train.batch_size)
        firsts = range(share.start, train.accumulate * train.batch_size, train.batch_size)
        steps = range(self._step + 1, self.total + 1)
        yield from batches(self._parts.sampler, steps, share.stop - share.start, firsts, train.workers)

    def _rate(self, step: int) -> float:
        fallen = reductions(self._history, self._recipe.optim.plateau_patience, self._stopping.min_delta)
        return learning_rate(self._recipe.optim, step, self.total, fallen) * self._setbacks.rate_factor

    def _settle(self, under_way: deque[tuple[int, float, Readback]], lag: int) -> None:
        """Write down what the steps under way have measured, but for the last `lag` of them."""
        while len(under_way) > lag:
            step, rate, readback = under_way.popleft()
            numbers = readback.numbers()
            self._step = step
            wrong = numbers.not_a_number
            if wrong and not (math.isfinite(numbers.loss) and self._learner.descent.scale_is_falling):
                self._skip(step, wrong)
                continue
            self._setbacks.skipped = 0
            self._journal.step(step, numbers.loss, rate, self._counter.scores(numbers.counts))

    def _skip(self, step: int, wrong: str) -> None:
        self._learner.forget(step)
        self._setbacks.skipped += 1
        self._journal.note(step, "nan", f"{wrong} at step {step}: the step is skipped")
        self._journal.count(step)
        if self._setbacks.too_many:
            raise _LostError(f"{wrong} at step {step}, the third in a row")

    def _asked(self, step: int) -> str | None:
        """Return what the run was asked for, the same in every process."""
        words = (None, "stop", "pause")
        (asked,) = self._world.told(lambda: [words.index(self._asked_to_end() if step < self.total else None)], 1)
        return words[int(asked)]

    def _validation_is_due(self, step: int) -> bool:
        every = self._recipe.train.validate_every_steps or self._epoch_steps
        return bool(self._parts.validation) and (step % every == 0 or step == self.total)

    def _checkpoint_is_due(self, step: int) -> bool:
        return step % self._recipe.train.checkpoint_every_steps == 0 or step == self.total

    def _stand_still(self, asked: str | None) -> State | None:
        """Validate and checkpoint where it is due; return how the run ends if it does."""
        validates = self._validation_is_due(self._step)
        if self._setbacks.skipped and not (asked or validates or self._step == self.total):
            return None  # the steps may be spoilt by weights that a checkpoint would keep
        if not self._learner.weights_are_finite():
            raise _LostError(f"a weight is no number any more at step {self._step}")
        validated = self._validation() if validates else None
        early = self._ends_early() if validates and self._step < self.total else None
        if early:
            self._note(self._step, "stopped-early", early)
        self._checkpoint(validated, validates and is_best(self._history))
        if asked:
            return "stopped" if asked == "stop" else "paused"
        return "done" if early else None

    def _ends_early(self) -> str | None:
        return early_end(self._history, self._stopping.patience, self._stopping.min_delta, self._monitor)

    def _validation(self) -> Validation | None:
        """Validate in the process that writes, and let every process know what `best` goes by."""
        measured: list[Validation] = []

        def measure() -> list[float]:
            if not self._history:
                self._note_what_is_missing()
            validated = validate(self._predictor, self._parts.validation, self._loss, self._parts.spacings_mm)
            measured.append(validated)
            value = validated.score if self._monitor == "dice" else -validated.loss
            return [value if math.isfinite(validated.loss) else math.nan]

        (value,) = self._world.told(measure, 1)
        if math.isnan(value):
            raise _LostError(f"the validation loss is no number at step {self._step}")
        self._history.append(value)
        if not measured:
            return None
        self._journal.validation(self._step, self._rate(self._step), measured[0], is_best(self._history))
        write_snapshot(self._run.folder, self._step, self._predictor, self._parts.validation, self._fixed)
        return measured[0]

    def _note_what_is_missing(self) -> None:
        regions = self._parts.card.inference.regions
        if missing := [region for region in regions if region not in self._present]:
            sentence = f"no validation patient has any {' or '.join(missing)}: no score for it"
            if not self._present and self._stopping.monitor == "dice":
                sentence += "; the best checkpoint is chosen by the validation loss"
            self._note(self._step, "validation", sentence)

    def _checkpoint(self, validated: Validation | None, best: bool) -> None:
        self._start = None
        if not self._world.leads:
            return
        scores = validated.to_json() if validated else None
        card = self._parts.card.model_copy(update={"steps": self._step, "validation_scores": scores})
        state = self._learner.files(self._facts())
        write_checkpoint(self._run.checkpoint_folder(self._step), self._learner.shown.state_dict(), card, state)
        if best:  # before `last`: a run killed in between forgets the step, and with it that this was the best
            self._run.point("best", self._step)
        self._run.point("last", self._step)
        self._run.prune(RESUME_FILES)
        self._journal.checkpoint(self._step, best)

    def _facts(self) -> dict[str, Any]:
        return {"step": self._step, "history": self._history, "setbacks": self._setbacks.to_json()}

    def _remember(self, facts: dict[str, Any]) -> None:
        self._step = facts["step"]
        before = facts.get("best")  # what older runs kept
        self._history = facts.get("history", [] if before is None else [before])
        self._setbacks = Setbacks.from_json(facts.get("setbacks", {}))

    def _roll_back(self, why: str) -> None:
        """Go back to the last checkpoint, or to the start, with a lower rate.

        Raises:
            TrainingFailedError: it was done too often.
        """
        setbacks, last = self._setbacks, self._run.pointed("last")
        if self._start is not None or last is None:
            sentence = setbacks.roll_back(why, 0)
            assert self._start is not None
            self._start.restore()
            self._step, self._history = 0, []
            self._checkpoint(None, best=False)
        else:
            sentence = setbacks.roll_back(why, int(last.name.removeprefix("step-")))
            kept = self._learner.load(last)
            self._remember(kept)
            self._setbacks = setbacks
            if self._world.leads:  # a run killed now goes on with the lower rate
                rewrite_facts(last, kept | self._facts())
        self._journal.cut(self._step)
        self._note(self._step, "rolled-back", sentence)

    def _note(self, step: int, what: str, sentence: str) -> None:
        self._journal.note(step, what, sentence)
        self._journal.status.compute |= self._learner.pieces()


class _LostError(Exception):
    """Numbers have been lost that only a checkpoint still has; the message says which."""

"""What `evaluate` compares: a checkpoint, the folds of one, or masks made elsewhere, behind one small interface."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from core.checkpoints import Checkpoint
from core.data.splits import Part
from core.errors import RefusedError
from core.evaluation.case_mask import Made, Predicted
from core.inference.segment import Segmenter
from core.workspace import Cohort

PartName = Part | Literal["out-of-fold"]


class EvaluationRefusedError(RefusedError):
    """These models cannot be scored on this cohort; the message says why."""


class ComparedModel(Protocol):
    """One column of a comparison."""

    @property
    def name(self) -> str:
        """What tables call it."""

    @property
    def regions(self) -> tuple[str, ...]:
        """What it says something about."""

    @property
    def ids(self) -> list[str]:
        """The checkpoints that made it, or nothing."""

    def seen_in(self, content: Collection[str], part: PartName | None) -> str | None:
        """Return the part of training in which it saw a patient's voxels, or None where it may be scored on them."""

    def made_of(
        self, segmenter: Segmenter | None, cohort: Cohort, case_id: str, content: Collection[str], part: PartName | None
    ) -> Made | None:
        """Return what it makes of a case that it has not seen, or None where there is nothing of it.

        Args:
            segmenter: computes what was not computed before; masks made elsewhere need none.
            cohort: where the case is.
            case_id: which.
            content: the content hashes of its group.
            part: which part is scored.

        Raises:
            NotSegmentableError, InputRefusedError: the case cannot be segmented or read.
        """


@dataclass(frozen=True, slots=True)
class Contender:
    """A checkpoint, or the members of several folds."""

    name: str
    members: tuple[Checkpoint, ...]

    @property
    def regions(self) -> tuple[str, ...]:
        return self.members[0].spec.regions

    @property
    def ids(self) -> list[str]:
        return [member.id for member in self.members]

    def seen_in(self, content: Collection[str], part: PartName | None) -> str | None:
        return None if self._fresh(content, part) else next(w for m in self.members if (w := seen_in(m, content)))

    def made_of(
        self, segmenter: Segmenter | None, cohort: Cohort, case_id: str, content: Collection[str], part: PartName | None
    ) -> Made | None:
        assert segmenter is not None, "a checkpoint is scored with a segmenter"
        members = self._fresh(content, part)
        predictions = tuple(segmenter.segment_stored(cohort, case_id, member) for member in members)
        return Predicted(predictions, members[0].spec, cohort.cases[case_id].geometry)

    def require_one_kind(self) -> None:
        """Refuse members that cannot be averaged.

        Raises:
            EvaluationRefusedError: their regions, thresholds or clean-up differ.
        """
        specs = [member.spec for member in self.members]
        if len({(spec.regions, spec.class_bits, spec.thresholds) for spec in specs}) > 1:
            raise EvaluationRefusedError(
                f"{self.name} joins checkpoints with different regions or thresholds; score each as a model of its own"
            )
        if any(spec.post != specs[0].post for spec in specs):
            raise EvaluationRefusedError(
                f"{self.name} joins checkpoints that clean their masks up differently; score each as a model of its own"
            )

    def _fresh(self, content: Collection[str], part: PartName | None) -> tuple[Checkpoint, ...]:
        """Return the members that segment these voxels: of folds those that never saw them, else all or none."""
        fresh = tuple(member for member in self.members if seen_in(member, content) is None)
        return fresh if part == "out-of-fold" or len(fresh) == len(self.members) else ()


class MaskSet(Protocol):
    """Masks that are there already: of a folder, or of the workspace."""

    @property
    def name(self) -> str:
        """What tables call it."""

    @property
    def regions(self) -> tuple[str, ...]:
        """The name of each bit."""

    def mask_of(self, cohort: Cohort, case_id: str) -> Made | None:
        """Return where the mask of a case is read from, or None where there is none."""

    def to_json(self) -> dict[str, Any]:
        """Say where it comes from; no path."""


@dataclass(frozen=True, slots=True)
class MasksElsewhere:
    """Masks that another program or person made: what they had seen, nobody here knows."""

    masks: MaskSet

    @property
    def name(self) -> str:
        return self.masks.name

    @property
    def regions(self) -> tuple[str, ...]:
        return self.masks.regions

    @property
    def ids(self) -> list[str]:
        return []

    def seen_in(self, content: Collection[str], part: PartName | None) -> str | None:  # noqa: ARG002
        return None

    def made_of(
        self,
        segmenter: Segmenter | None,  # noqa: ARG002
        cohort: Cohort,
        case_id: str,
        content: Collection[str],  # noqa: ARG002
        part: PartName | None,  # noqa: ARG002
    ) -> Made | None:
        return self.masks.mask_of(cohort, case_id)


def group_content(cohort: Cohort, members: Sequence[str]) -> frozenset[str]:
    """Return the content hashes of every case of a group: a patient seen once is seen on every visit."""
    return frozenset(found for member in members for found in cohort.cases[member].content.values())


def seen_in(checkpoint: Checkpoint, content: Collection[str]) -> str | None:
    """Return the part in which the checkpoint saw any of these voxels, `train` or `validation`, or None."""
    return seen_part(seen_content(checkpoint), content)


def seen_content(checkpoint: Checkpoint) -> dict[str, frozenset[str]]:
    """Return the content hashes that a checkpoint was trained and tuned on, by part."""
    parts = {"train": checkpoint.card.training_content, "validation": checkpoint.card.validation_content}
    return {part: frozenset(found for hashes in seen.values() for found in hashes) for part, seen in parts.items()}


def seen_part(seen: Mapping[str, frozenset[str]], content: Collection[str]) -> str | None:
    """Return the first part that holds any of these content hashes, or None."""
    return next((part for part, hashes in seen.items() if not hashes.isdisjoint(content)), None)


def shared_regions(models: Sequence[ComparedModel], cohort: Cohort) -> tuple[str, ...]:
    """Return the cohort's regions that every model has, in the cohort's order.

    Raises:
        EvaluationRefusedError: there is none.
    """
    shared = [region for region in cohort.scheme.region_names if all(region in model.regions for model in models)]
    if not shared:
        listed = "; ".join(f"{model.name}: {', '.join(model.regions)}" for model in models)
        raise EvaluationRefusedError(
            f"the models ({listed}) and cohort {cohort.name} ({', '.join(cohort.scheme.region_names)}) share no region"
        )
    return tuple(shared)

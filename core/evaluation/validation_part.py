"""The patients that a checkpoint was tuned on, as its card lists them: all that anything of it may be fitted on."""

from __future__ import annotations

from core.checkpoints import Checkpoint
from core.errors import RefusedError
from core.evaluation.contenders import group_content, seen_content
from core.labels import scheme_to_json
from core.workspace import Cohort, Workspace


def validation_part(
    workspace: Workspace, checkpoint: Checkpoint, done: str, error: type[RefusedError]
) -> tuple[Cohort, tuple[str, ...]]:
    """Return the cohort of a checkpoint's validation patients, and which cases they are.

    Of an ensemble they are those that some member was tuned on and none was trained on.

    Args:
        workspace: where the cohort is.
        checkpoint: whose card lists them.
        done: what is done on them, for the message, such as `a temperature is fitted`.
        error: what to raise.

    Raises:
        RefusedError: as `error`: there are none, or one is not there any more, with the voxels it had then, or the
            members of an ensemble come from several cohorts.
        NotInWorkspaceError: the cohort is gone.
    """
    card = checkpoint.card
    if not card.validation_content:
        raise error(
            f"{card.run} has no validation part, and {done} on nothing else; train it on a split with one, as 70/15/15 "
            "has"
        )
    cohorts = dict.fromkeys(member.card.cohort for member in checkpoint.members or (checkpoint,))
    if len(cohorts) > 1:
        raise error(
            f"the members of {card.run} were trained on several cohorts ({', '.join(cohorts)}), and {done} on the "
            "validation part of one; join checkpoints of one cohort"
        )
    cohort = workspace.cohort(next(iter(cohorts)))
    if card.inference.scheme != scheme_to_json(cohort.scheme):
        raise error(
            f"cohort {cohort.name} is read as {cohort.scheme.name} by now, and {card.run} was tuned on other labels; "
            "import the cohort again with the scheme it had"
        )
    for case_id, hashes in card.validation_content.items():
        if case_id not in cohort.cases or not set(hashes) <= set(cohort.cases[case_id].content.values()):
            gone = "is not in" if case_id not in cohort.cases else "has other voxels by now in"
            where = f"of the validation part of {card.run}, {gone} cohort {cohort.name}"
            raise error(f"{case_id}, {where}; import it again")
    named = tuple(card.validation_content)
    return cohort, _that_trained_nobody(checkpoint, cohort, named, done, error) if checkpoint.members else named


def _that_trained_nobody(
    ensemble: Checkpoint, cohort: Cohort, named: tuple[str, ...], done: str, error: type[RefusedError]
) -> tuple[str, ...]:
    """Return the validation cases of which no member was trained on any visit of the patient."""
    seen = [(member.card.run, seen_content(member)["train"]) for member in ensemble.members]
    whose: dict[str, str] = {}
    for case_id in named:
        content = group_content(cohort, cohort.groups[cohort.cases[case_id].case.group_id])
        if trains := [run for run, trained in seen if not trained.isdisjoint(content)]:
            whose[case_id] = trains[0]
    if fresh := tuple(case_id for case_id in named if case_id not in whose):
        return fresh
    first = named[0]
    raise error(
        f"every validation patient of {ensemble.card.run} trained one of its members ({first} trained "
        f"{whose[first]}), and {done} on nothing else; join checkpoints of the same fold of the same split"
    )

"""The patients that a checkpoint was tuned on, as its card lists them: all that anything of it may be fitted on."""

from __future__ import annotations

from core.checkpoints import Checkpoint
from core.errors import RefusedError
from core.labels import scheme_to_json
from core.workspace import Cohort, Workspace


def validation_part(
    workspace: Workspace, checkpoint: Checkpoint, fitted: str, error: type[RefusedError]
) -> tuple[Cohort, tuple[str, ...]]:
    """Return the cohort of a checkpoint's validation patients, and which cases they are.

    Args:
        workspace: where the cohort is.
        checkpoint: whose card lists them.
        fitted: what is fitted on them, for the message, such as `a temperature is`.
        error: what to raise.

    Raises:
        RefusedError: as `error`: there are none, or one is not there any more, with the voxels it had then.
        NotInWorkspaceError: the cohort is gone.
    """
    card = checkpoint.card
    if not card.validation_content:
        raise error(
            f"{card.run} has no validation part, and {fitted} fitted on nothing else; train it on a split with one, as "
            "70/15/15 has"
        )
    cohort = workspace.cohort(card.cohort)
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
    return cohort, tuple(card.validation_content)

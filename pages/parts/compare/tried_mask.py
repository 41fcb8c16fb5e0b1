"""The mask that is tried beside the one that is kept and the ground truth, slice by slice, linked."""

from __future__ import annotations

from collections.abc import Sequence

from core.checkpoints import Checkpoint
from core.evaluation.case_mask import Bits
from core.evaluation.scoring import CaseScores
from core.postprocess import Step
from core.workspace import Cohort
from pages.parts import store
from pages.parts.viewer import Panel, ViewerView, region_styles, slice_viewer
from pages.parts.volumes import GROUND_TRUTH, bits_ref, image_refs, mask_refs, reference_ref

SAVED, TRIED = "The model's own", "Tried"
HEIGHT = 340
DECIMALS = 2


def tried_mask(
    cohort: Cohort,
    case_id: str,
    named: tuple[str, Checkpoint],
    tried: tuple[Bits, Sequence[int], Sequence[Step]],
    scores: tuple[CaseScores, CaseScores],
) -> None:
    """Draw the panels; they stay on their slice while thresholds and steps change.

    Args:
        cohort: of the case.
        case_id: which.
        named: the model and what it is called.
        tried: the mask (X, Y, Z) uint8 in the cohort's regions, the thresholds and the steps that gave it.
        scores: of the model's own mask, and of the tried one.
    """
    name, checkpoint = named
    bits, thresholds, steps = tried
    own = tuple(thresholds) == checkpoint.spec.thresholds and tuple(steps) == checkpoint.spec.post
    saved = mask_refs(cohort, case_id, {name: checkpoint})[name]
    how = f"{tuple(thresholds)} {[step.model_dump_json() for step in steps]}"
    masks = {SAVED: saved, TRIED: saved if own else bits_ref(cohort, case_id, bits, f"{checkpoint.id} {how}")}
    panels = [
        Panel(SAVED, store.model_title(name, checkpoint), mask=SAVED, scores=_dice(scores[0])),
        Panel(TRIED, "" if not own else "nothing is changed yet", mask=TRIED, scores=_dice(scores[1])),
    ]
    reference = reference_ref(cohort, case_id)
    if reference is not None:
        masks[GROUND_TRUTH] = reference
        panels.append(Panel(GROUND_TRUTH, mask=GROUND_TRUTH))
    images = image_refs(cohort, case_id)
    favourite = "T1c" if "T1c" in images else next(iter(images))
    slice_viewer(
        case_title=f"{case_id}, a clean-up tried",
        images=images,
        masks=masks,
        panels=panels,
        regions=region_styles(cohort.scheme),
        reference=GROUND_TRUTH if reference is not None else SAVED,
        initial=ViewerView(image=favourite),
        height=HEIGHT,
        columns=len(panels),
        subject=f"clean-up {cohort.name} {case_id}",
        key="clean up viewer",
    )


def _dice(scores: CaseScores) -> tuple[tuple[str, str], ...]:
    found = {region: scored["dice"] for region, scored in scores.items()}
    return tuple(
        (region, f"{value:.{DECIMALS}f}") for region, value in found.items() if isinstance(value, (int, float))
    )

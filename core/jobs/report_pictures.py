"""The slices that a report shows, read from the case's files and from what each model made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.data.load import load_regions, read_images
from core.data.refusal import InputRefusedError
from core.errors import RefusedError
from core.evaluation.case_mask import pick_regions
from core.evaluation.contenders import ComparedModel, group_content
from core.export.report import CaseSlice
from core.export.report.case_slice import LETTERS, PLANES, cut_as_drawn, fullest_slice, pixel_mm
from core.export.report.choose import ChosenCase, typical_cases
from core.export.report.scored import regions_of
from core.inference.segment import Segmenter
from core.jobs.finding_pictures import cut_axis
from core.workspace import Cohort

SHOWS_TUMOUR = ("t2f", "t1c")  # where a whole tumour is seen best; else the first modality


def typical_slices(
    segmenter: Segmenter | None, cohort: Cohort, models: Sequence[ComparedModel], document: dict[str, Any]
) -> tuple[tuple[CaseSlice, ...], str]:
    """Read the best, the median and the worst case of a comparison.

    Args:
        segmenter: finds, or computes, the checkpoints' predictions.
        cohort: where the cases are.
        models: whose masks are shown; one without a mask of a case is left out of its pictures.
        document: what `evaluate` returned for them.

    Returns:
        The slices, and why one could not be read; empty where all are there.
    """
    chosen, found = typical_cases(document), []
    why_not = "" if chosen else "No case has a Dice of the first region for every model, so that none is pictured."
    for case in chosen:
        try:
            found.append(_slice(segmenter, cohort, models, document, case))
        except (RefusedError, InputRefusedError, OSError):  # its sentence may hold a file's name
            why_not = f"{case.case} could not be pictured, for its files can no longer be read."
    return tuple(found), why_not


def _slice(
    segmenter: Segmenter | None,
    cohort: Cohort,
    models: Sequence[ComparedModel],
    document: dict[str, Any],
    chosen: ChosenCase,
) -> CaseSlice:
    entry = cohort.cases[chosen.case]
    case, scheme = entry.case, cohort.scheme
    assert case.reference is not None, "a scored case has a reference"
    regions = tuple(regions_of(document))
    modality = next((name for name in SHOWS_TUMOUR if name in case.sources), next(iter(case.sources)))
    source = case.sources[modality]
    image = read_images(replace(case, sources={modality: source}))[modality]
    geometry = image.grid.geometry()
    bits, _ = load_regions(case.reference, scheme, entry.grid)
    reference = pick_regions(bits, scheme.region_names, regions)
    axis = cut_axis(geometry.spacing_mm) if geometry and reference.shape[2] > 1 else 2
    index = fullest_slice(reference & 1 != 0, axis)

    def drawn(array: Any) -> Any:
        return cut_as_drawn(array, axis, index, geometry is not None)

    content = group_content(cohort, cohort.groups[case.group_id])
    # of folds the members that never saw the case, which are those whose masks were scored
    made = {model.name: model.made_of(segmenter, cohort, chosen.case, content, "out-of-fold") for model in models}
    masks = {name: drawn(each.load().of(regions)) for name, each in made.items() if each is not None}
    values = np.asarray(image.grid.to_ras(image.values(source.channel)), np.float32)
    return CaseSlice(
        case=chosen.case,
        why=chosen.why,
        value=chosen.value,
        modality=modality,
        plane=PLANES[axis] if geometry else "",
        slice_index=index,
        slices=reference.shape[axis],
        image=drawn(values),
        reference=drawn(reference),
        masks=masks,
        regions=regions,
        spacing_mm=pixel_mm(geometry.spacing_mm, axis) if geometry else None,
        letters=LETTERS[axis] if geometry else None,
    )

"""A cohort holds cases that share sequences: what it has in common is what a model can be trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from core.case import Case
from core.data.layouts.spec import Layout
from core.data.refusal import Finding, InputRefusedError


def of_one_kind(layout: Layout, wanted: tuple[str, ...] | None) -> Layout:
    """Leave out the cases that lack what the others have.

    Args:
        layout: the cases of a folder.
        wanted: the modalities to take, in this order; None takes all that a case has, and where not all cases share
            even one, the cases that have what most of them have.

    Returns:
        The layout with the cases that have them; a finding names each of the others.

    Raises:
        InputRefusedError: no case has what is wanted.
    """
    if wanted:
        taken = [_only(case, wanted) for case in layout.cases if set(wanted) <= set(case.sources)]
        if layout.cases and not taken:
            here = ", ".join(dict.fromkeys(name for case in layout.cases for name in case.sources))
            fix = "name some of these with --modalities, or rename the files"
            raise InputRefusedError(
                Finding("error", "other_modalities", "", "", f"cases with {here}", ", ".join(wanted), fix)
            )
    elif len(layout.cases) < 2 or set.intersection(*(set(case.sources) for case in layout.cases)):
        return layout
    else:
        ((wanted, _),) = Counter(tuple(case.sources) for case in layout.cases).most_common(1)
        taken = [case for case in layout.cases if tuple(case.sources) == wanted]
    kept = {case.case_id for case in taken}
    left_out = tuple(_left_out(case, wanted) for case in layout.cases if case.case_id not in kept)
    return replace(layout, cases=tuple(taken), findings=(*layout.findings, *left_out))


def called(case: Case, names: Mapping[str, str]) -> Case:
    """Return a case whose modalities are called as the user says.

    Args:
        case: as its layout named them.
        names: found name to the right one; names that the case has not are passed over.

    Raises:
        InputRefusedError: two of its modalities would be called the same.
    """
    sources = {names.get(name, name): source for name, source in case.sources.items()}
    if len(sources) < len(case.sources):
        found = f"two of {', '.join(case.sources)} called the same"
        fix = "name each sequence once, such as mr1=t1n,mr2=t1c"
        raise InputRefusedError(Finding("error", "same_modality", case.case_id, "", found, "a name for each", fix))
    return replace(case, sources=sources)


def _only(case: Case, wanted: tuple[str, ...]) -> Case:
    return replace(case, sources={name: case.sources[name] for name in wanted})


def _left_out(case: Case, wanted: tuple[str, ...]) -> Finding:
    found, expected = ", ".join(case.sources), f"{', '.join(wanted)}, as in the cohort's other cases"
    fix = f"import it into a cohort of its own with --modalities {','.join(case.sources)}"
    return Finding("error", "other_modalities", case.case_id, "", found, expected, fix)

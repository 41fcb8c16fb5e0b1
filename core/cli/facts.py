"""The verb `facts`: what is known of a cohort's cases besides their voxels."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.output import print_json

if TYPE_CHECKING:
    import argparse

    from core.workspace import Cohort

PSEUDONYMS = "What is told stands in tables and reports: call a site by a pseudonym, such as A."


def add_verbs(verbs: Any) -> None:
    """Add the group's verbs."""
    facts = verbs.add_parser("facts", help="which site, scanner and size the cases are of; tell it with a CSV file")
    facts.add_argument("cohort")
    facts.add_argument(
        "file",
        type=Path,
        nargs="?",
        metavar="FILE.csv",
        help="tell more: columns case (or patient), then any of site, scanner, vendor, field_strength",
    )
    facts.set_defaults(run=_facts)


def _facts(options: argparse.Namespace) -> int:
    from core.importing.facts_file import tell_facts
    from core.workspace import Workspace

    workspace = Workspace.default()
    if options.file is None:
        cohort = workspace.cohort(options.cohort)
    else:
        cohort = tell_facts(workspace, options.cohort, options.file)
    counts = _counts(cohort)
    if options.json:
        print_json({"cohort": cohort.name, "cases": len(cohort.cases), "axes": counts})
        return 0
    from core.data.subgroup_axes import AXES

    for axis, found in counts.items():
        said = "; ".join(f"{name}: {count}" for name, count in found.items())
        print(f"{AXES[axis]:<16} {said or 'not known'}")
    if options.file is not None:
        print(PSEUDONYMS)
    return 0


def _counts(cohort: Cohort) -> dict[str, dict[str, int]]:
    """Return how many cases are in each subgroup, by axis; cases of which nothing is known are in none."""
    from core.data.subgroup_axes import AXES
    from core.evaluation.subgroups import case_facts, names_in_order

    facts = case_facts(cohort).values()
    counts = {axis: Counter(name for each in facts if (name := each[axis])) for axis in AXES}
    return {axis: {name: found[name] for name in names_in_order(found)} for axis, found in counts.items()}

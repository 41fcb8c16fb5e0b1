"""The verb `predictions`: masks made elsewhere, brought into the workspace."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from core.cli.output import print_json, progress
from core.errors import UsageError


def add_verbs(verbs: Any) -> None:
    """Add the group's verbs."""
    predictions = verbs.add_parser("predictions", help="bring in masks that another program or reader made")
    predictions.add_argument("cohort")
    predictions.add_argument(
        "masks", nargs="?", metavar="NAME=DIR", help="a folder of masks called after the cases (default: list them)"
    )
    predictions.add_argument("--scheme", help="what their labels mean, a name or a file (default: the cohort's scheme)")
    predictions.set_defaults(run=_predictions)


def _predictions(options: argparse.Namespace) -> int:
    from core.evaluation.kept_masks import kept_masks
    from core.workspace import Workspace

    workspace = Workspace.default()
    cohort = workspace.cohort(options.cohort)
    if options.masks is None:
        documents = [masks.to_json() for masks in kept_masks(workspace, cohort.name).values()]
        if options.json:
            print_json(documents)
        elif not documents:
            print(f"no masks made elsewhere for cohort {cohort.name}; bring some in with: predictions COHORT NAME=DIR")
        for document in [] if options.json else documents:
            print(_line(document))
        return 0
    document = _bring(options, workspace, cohort)
    if options.json:
        print_json(document)
    else:
        print(_line(document))
    return 0


def _bring(options: argparse.Namespace, workspace: Any, cohort: Any) -> dict[str, Any]:
    from core.data.label_files import scheme_of_name_or_file
    from core.evaluation.kept_masks import keep_masks
    from core.evaluation.masks_elsewhere import find_masks

    name, _, folder = options.masks.partition("=")
    if not name or not folder:
        raise UsageError(f"{options.masks!r}; expected NAME=DIR, such as nnunet=predictions/fold_0")
    scheme = scheme_of_name_or_file(options.scheme) if options.scheme else None
    found = find_masks(workspace, cohort, Path(folder), name, scheme)
    document = keep_masks(workspace, cohort, found, progress).to_json()
    for entry in document["refused"]:
        print(f"refused  {entry['case']}: {entry['reason']}", file=sys.stderr)
    for key, words in (("unmatched_files", "files of no case"), ("cases_without_file", "cases without a file")):
        if document[key]:
            print(f"{len(document[key])} {words}: {', '.join(document[key])}", file=sys.stderr)
    return document


def _line(document: dict[str, Any]) -> str:
    scheme = document["scheme"] if isinstance(document["scheme"], str) else document["scheme"]["name"]
    return f"{document['model']}: masks of {document['cases']} case(s), labels {scheme}"

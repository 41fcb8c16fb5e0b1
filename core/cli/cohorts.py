"""Verbs that bring data in: demo, check, import, split, audit."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.output import print_json, progress

if TYPE_CHECKING:
    from core.data.leakage import Audit
    from core.importing import ImportChoices
    from core.workspace import Cohort, Workspace

Verbs = Any  # argparse keeps the type of add_subparsers' result private


def add_verbs(verbs: Verbs) -> None:
    """Add the group's verbs."""
    demo = verbs.add_parser("demo", help="make the phantom cohort and the shipped models' predictions")
    demo.set_defaults(run=_demo)

    check = verbs.add_parser("check", help="the input gate alone: what is wrong with this folder")
    check.add_argument("source", type=Path, metavar="SRC")
    check.set_defaults(run=_check)

    bring = verbs.add_parser("import", help="import a folder of cases into the workspace")
    bring.add_argument("source", type=Path, metavar="SRC")
    bring.add_argument("--cohort", help="what to call it (default: the folder's name, unless that may be a person's)")
    bring.set_defaults(run=_import)
    bring.add_argument("--copy", action="store_true", help="keep the voxels in the workspace")
    bring.add_argument(
        "--licence",
        default="",
        metavar="TEXT",
        help="of the data, for reports and cards: 'CC BY 4.0, BraTS-Africa' (default: a fetched data set's own)",
    )
    bring.add_argument(
        "--facts", type=Path, metavar="FILE.csv", help="tell which site and scanner cases are of, as the verb facts"
    )
    for verb in (check, bring):
        verb.add_argument("--scheme", help="what the labels mean: a name or a file (default: what the names imply)")
        verb.add_argument("--modalities", metavar="NAMES", help="take these alone, such as t1c,t2f")
        add_reading(verb)

    split = verbs.add_parser("split", help="decide by patient who trains, validates and tests")
    split.add_argument("cohort")
    split.add_argument("--name", default="default")
    how = split.add_mutually_exclusive_group()
    how.add_argument("--ratios", default="70/15/15", help="training/validation/test (default: %(default)s)")
    how.add_argument("--folds", type=int, metavar="K")
    how.add_argument(
        "--leave-one-out", metavar="AXIS", help="one fold per site, scanner, vendor or field_strength, which it tests"
    )
    split.add_argument(
        "--stratify",
        default="",
        metavar="NAMES",
        help="give every part its share of site, scanner, vendor, field_strength, tumour_volume, has_ET, classes",
    )
    split.add_argument("--seed", type=int, default=0)
    split.set_defaults(run=_split)

    audit = verbs.add_parser("audit", help="look for leaks between the parts of a split")
    audit.add_argument("cohort")
    audit.add_argument("--split", default="default")
    audit.set_defaults(run=_audit)


def add_reading(verb: argparse.ArgumentParser) -> None:
    """Add the options that say how a folder is read."""
    verb.add_argument("--layout", help="how the folder is laid out (default: recognised)")
    verb.add_argument(
        "--harmonise",
        metavar="STEPS",
        help="bring each case onto one grid: register, resample[=MM], strip, fixed=MODALITY, nets=N, mirror",
    )
    verb.add_argument(
        "--call", metavar="NAMES", help="what the sequences are, found name to the right one: mr1=t1n,image=t2f"
    )
    verb.add_argument(
        "--keep-names", action="store_true", help="call cases as their files are called, whoever's name that is"
    )


def choices_of(options: argparse.Namespace) -> ImportChoices:
    """Return what the options of `add_reading`, and --copy, ask for."""
    from core.data.label_files import scheme_of_name_or_file
    from core.data.licence import stated_licence
    from core.harmonise import Harmonising
    from core.importing import ImportChoices

    return ImportChoices(
        layout=options.layout,
        scheme=scheme_of_name_or_file(options.scheme) if options.scheme else None,
        modalities=_names(getattr(options, "modalities", None)),
        names=_pairs(options.call or ""),
        copy=getattr(options, "copy", False),
        keep_names=options.keep_names,
        harmonise=Harmonising.parse(options.harmonise) if options.harmonise else None,
        licence=stated_licence(getattr(options, "licence", "")),
    )


def _names(text: str | None) -> tuple[str, ...] | None:
    return tuple(name.strip() for name in text.split(",") if name.strip()) or None if text else None


def _pairs(text: str) -> dict[str, str]:
    from core.case import SAFE_NAME
    from core.errors import UsageError

    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    for found, _, name in pairs:
        if not found or not SAFE_NAME.fullmatch(name):
            raise UsageError(f"--call {text!r}; expected pairs such as mr1=t1n,image=t2f")
    return {found.strip(): name for found, _, name in pairs}


def _demo(options: argparse.Namespace) -> int:
    from core.demo import run_demo
    from core.workspace import Workspace

    report = run_demo(Workspace.default(), progress)
    if options.json:
        print_json(report)
    return 0


def _check(options: argparse.Namespace) -> int:
    from core.data.refusal import InputRefusedError
    from core.importing import check_folder

    layout, accepted = None, 0
    try:
        layout, findings, accepted = check_folder(
            options.source, choices_of(options), lambda case, done, total: progress(case, done + 1, total)
        )
    except InputRefusedError as error:
        findings = list(error.findings)
    if options.json:
        print_json(
            {
                "accepted": accepted > 0,
                "layout": layout.name if layout else None,
                "cases": accepted,
                "findings": [finding.to_json() for finding in findings],
            }
        )
    else:
        for finding in findings:
            print(f"{finding.severity}  {finding.sentence}")
        if layout and layout.why:
            print(f"layout {layout.name}: {layout.why}")
        print(f"{accepted} case(s) accepted" + (f", layout {layout.name}" if layout else ""))
    if not accepted:
        print("error: no case is accepted; the findings say why", file=sys.stderr)
    return 0 if accepted else 1


def _import(options: argparse.Namespace) -> int:
    from core.importing import import_folder
    from core.importing.facts_file import require_table
    from core.workspace import Workspace

    workspace = Workspace.default()
    if options.facts:
        require_table(options.facts)
    report = import_folder(
        workspace,
        options.source,
        options.cohort,
        choices_of(options),
        progress,
    )
    cohort = report.cohort
    if options.facts:
        _tell(workspace, cohort.name, options.facts)
    if options.json:
        print_json(report.to_json())
        return 0
    for refused in cohort.refused:
        print(f"refused  {refused['case']}: found {refused['found']}; expected {refused['expected']}; {refused['fix']}")
    for finding in cohort.findings:
        print(f"{finding['severity']}  {finding['case']}: found {finding['found']}")
    licence = cohort.licence or "not stated (--licence)"
    print(f"cohort {cohort.name}: layout {cohort.layout}, labels {cohort.scheme.name}, licence {licence}")
    print(
        f"{_counted(cohort)} → {report.volumes} volumes → {report.slices} slices; "
        f"{report.air_share:.0%} of the voxels were air and cropped"
    )
    return 0


def _tell(workspace: Workspace, cohort: str, facts: Path) -> None:
    """Keep a table of facts with the cohort that has just come in, which stays as it is where the table is refused."""
    from core.importing.facts_file import FactsRefusedError, tell_facts

    try:
        tell_facts(workspace, cohort, facts)
    except FactsRefusedError as error:
        raise FactsRefusedError(f"cohort {cohort} is imported, but nothing is told of it: {error}") from None


def _counted(cohort: Cohort) -> str:
    """Say how many groups came in, by what is known of them: patients, source images, look-alike clusters, cases."""
    return f"{len(cohort.groups)} {cohort.group_word}s"


def _split(options: argparse.Namespace) -> int:
    from core.splitting import make_split
    from core.workspace import Workspace

    split, audit = make_split(
        Workspace.default(),
        options.cohort,
        options.name,
        options.folds,
        options.ratios,
        options.seed,
        stratify=_names(options.stratify) or (),
        leave_one_out=options.leave_one_out,
    )
    if options.json:
        print_json(split.to_json() | {"audit": audit.to_json()})
        return 0
    for number, fold in enumerate(split.folds):
        counts = f"{len(fold.train)} train, {len(fold.validation)} validation, {len(fold.test)} test"
        tested = f" ({split.left_out[number]})" if split.left_out else ""
        print(f"fold {number}: {counts}{tested}" if len(split.folds) > 1 else counts)
    print(f"audit: {'clean' if audit.clean else 'leaks'} ({audit.groups} groups by {audit.group_kind})")
    return 0


def _audit(options: argparse.Namespace) -> int:
    from core.workspace import Workspace

    workspace = Workspace.default()
    cohort = workspace.cohort(options.cohort)
    split = workspace.split(cohort.name, options.split)
    audit = workspace.audit(cohort, split, progress)
    report = audit.to_json()
    if options.json:
        print_json(report)
    else:
        _say_audit(audit, report)
    if not audit.clean:
        print("the split leaks", file=sys.stderr)
    return 0 if audit.clean else 1


def _say_audit(audit: Audit, report: dict[str, Any]) -> None:
    for leak in audit.leaks:
        print(f"{leak.sentence}\n  {leak.fix}")
    print("looked for:")
    for check in report["checks"]:
        print(f"  {check}")
    compared, left_out = report["compared"], report["compared"].get("not_compared", [])
    if compared:
        print(f"compared {compared['slices']:,} axial slices of {compared['cases']} cases with those of other groups")
    if left_out:
        print(f"not compared, for they are not in the slice store: {', '.join(left_out)}; import them again")
    verdict = "clean" if audit.clean else f"{len(audit.leaks)} leaks"
    print(
        f"{verdict}: {audit.cases} cases, {audit.groups} groups by {audit.group_kind}; report {report['sha256'][:12]}"
    )

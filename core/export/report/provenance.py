"""Where the numbers come from: checkpoints, licences, libraries, the audit, and who was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.data.licence import NOT_STATED
from core.export.report.comparison import Comparison, Member
from core.export.report.formatting import listed, plural
from core.export.report.table import Table


def checkpoint_table(comparison: Comparison) -> Table | None:
    """Return model, run, fold, steps and id of every checkpoint; None where all models are only masks."""
    rows = [
        (model, str(card["run"]), str(card["fold"]), f"{card['steps']:,}", member.checkpoint_id)
        for model, members in comparison.members.items()
        for member in members
        for card in (member.card,)
    ]
    if not rows:
        return None
    caption = (
        "Checkpoints. The id is the SHA-256 of the weights' bytes and of everything else that a prediction depends on."
    )
    head = ("Model", "Run", "Fold", "Steps", "Checkpoint id")
    return Table(caption, head, tuple(rows), 2, wordy=(4,))


def hash_table(comparison: Comparison) -> Table | None:
    """Return the hashes of the split, of what each fold was trained on, of masks made elsewhere, and of the audit."""
    lines = []
    if comparison.split is not None:
        lines.append((f"Split {comparison.split.name}", comparison.split.sha256))
    folds: dict[tuple[int, str], None] = {}
    for member in _members(comparison):
        folds[(member.card["fold"], member.card["split_sha256"])] = None
    lines += [(f"Parts of fold {fold}, as the cards have them", sha256) for fold, sha256 in sorted(folds)]
    for entry in comparison.document.get("made_elsewhere") or []:
        lines.append((f"Masks of {entry['model']}", entry["sha256"]))
    if sha256 := comparison.document["audit"].get("sha256"):
        lines.append(("Leakage audit", sha256))
    if not lines:
        return None
    return Table("SHA-256 of what the scores rest on.", ("Of", "SHA-256"), tuple(lines), 2)


def audit_sentences(comparison: Comparison) -> list[str]:
    """Say what the leakage audit looked at and found; one sentence where there was none."""
    audit = comparison.document["audit"]
    if not audit:
        return ["No split was audited: the whole cohort was scored, less the patients that a model has seen."]
    kind = audit.get("group_kind", "group")
    what = f"{plural(audit['cases'], 'case')} of {plural(audit['groups'], 'group' if kind == 'unknown' else kind)}"
    checks = [str(check) for check in audit.get("checks") or []]
    checked = f" It checked: {'; '.join(checks)}." if checks else ""
    if audit.get("clean"):
        return [f"The leakage audit of the split found nothing in {what}.{checked}"]
    leaks = audit.get("leaks") or []
    return [f"The leakage audit of the split found {plural(len(leaks), 'leak')} in {what}.{checked}", *leaks]


def left_out(comparison: Comparison) -> list[str]:
    """Name the cases that were not scored, and those that are in no mean, with the reason."""
    document = comparison.document
    said = []
    by_case: dict[tuple[str, str], list[str]] = {}
    for entry in document["dropped"]:
        part = entry.get("matches_part")
        reason = f"seen in its {part} part" if part else str(entry.get("reason", "left out"))
        by_case.setdefault((entry["case"], reason), []).append(entry["model"])
    said += [f"{case} was not scored for {listed(models)} ({reason})." for (case, reason), models in by_case.items()]
    said += [f"{str(why).rstrip('.')}." for why in (document.get("leaking") or {}).values()]
    said += [
        f"{entry['case']} was not scored for {masks['model']}, whose mask of it cannot be used."
        for masks in document.get("made_elsewhere") or []
        for entry in masks.get("refused") or []
    ]
    said += [
        f"{entry['case']} is in no mean, for {listed(entry['missing_from'])} did not score it."
        for entry in document["not_compared"]
    ]
    return said


def licences(comparison: Comparison) -> list[str]:
    """Say under which terms data and weights are, as the cards do; what no card states is named as such."""
    said = []
    for what, key in (("Training data", "data_licence"), ("Weights", "weights_licence")):
        found: dict[str, list[str]] = {}
        for model, members in comparison.members.items():
            for licence in dict.fromkeys(member.card.get(key, NOT_STATED) for member in members):
                found.setdefault(licence, []).append(model)
        for licence, models in found.items():
            of = "" if len(models) == len(comparison.members) else f" of {listed(models)}"
            stated = "licence not stated in the checkpoints' cards" if licence == NOT_STATED else licence
            said.append(f"{what}{of}: {stated.rstrip('.')}.")
    encoders = {
        f"{weights['source']} ({weights['licence']})": None
        for member in _members(comparison)
        if (weights := member.card.get("encoder_weights") or {}).get("licence")
    }
    if encoders:
        said.append(f"Encoder weights: {listed(encoders)}.")
    return said


def picture_licence(comparison: Comparison) -> str:
    """Say whose the pictured images are: as the cohort states it, else a card of a model that was trained on it."""
    if not comparison.pictures:
        return ""
    if comparison.cohort.licence:
        return f"Images: {comparison.cohort.licence.rstrip('.')}."
    stated = {
        str(licence).rstrip("."): None
        for member in _members(comparison)
        if member.card.get("cohort") == comparison.cohort.name
        and (licence := member.card.get("data_licence", NOT_STATED)) != NOT_STATED
    }
    return f"Images: {'; '.join(stated)}." if stated else ""


def libraries(comparison: Comparison) -> str:
    """Say with which versions the checkpoints were trained; empty where no card says so."""
    found: dict[str, dict[str, None]] = {}
    for member in _members(comparison):
        versions: Mapping[str, Any] = member.card.get("libraries") or {}
        for name, version in versions.items():
            found.setdefault(name, {})[str(version)] = None
    return ", ".join(f"{name} {' / '.join(versions)}" for name, versions in sorted(found.items()))


def _members(comparison: Comparison) -> Sequence[Member]:
    return [member for members in comparison.members.values() for member in members]

"""Methods in words that a paper could carry, made from the cards and the document and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.export.report.comparison import Comparison, Member
from core.export.report.formatting import listed, plural, sequences
from core.export.report.prediction_words import decision, ensemble, passes
from core.losses import LOSSES
from core.models import MODELS

PREPARING = {
    "minmax": "scaled to 0-1 by each modality's lowest and highest value",
    "minmax-joint": "scaled to 0-1 by the lowest and highest value of all modalities together",
    "minmax-robust": "scaled to 0-1 by the 0.5th and 99.5th percentile, clipped",
    "zscore": "standardised to mean 0 and standard deviation 1",
    "window": "clipped to a window in Hounsfield units and scaled to 0-1",
}
OPTIMISERS = {"adamw": "AdamW", "adam": "Adam", "sgd": "stochastic gradient descent with Nesterov momentum"}
SCHEDULES = {
    "cosine": "a cosine schedule",
    "poly": "a polynomial schedule",
    "constant": "a constant learning rate",
    "plateau": "a learning rate that falls when validation stops improving",
    "one-cycle": "a one-cycle schedule",
}
PARTS = {
    "train": "the training part",
    "validation": "the validation part",
    "test": "the test part",
    "all": "every case of the cohort",
}


def methods(comparison: Comparison) -> list[tuple[str, str]]:
    """Return (heading, paragraph) pairs: data, models one by one, passes if there were several, scoring, statistics."""
    found = [("Data", _data(comparison))]
    elsewhere = {entry["model"]: entry for entry in comparison.document.get("made_elsewhere") or []}
    for name, members in comparison.members.items():
        found.append((name, model_paragraph(members) if members else _made_elsewhere(elsewhere.get(name, {}))))
    found.append(("Prediction", passes(comparison.document.get("passes") or {})))
    found += [("Scoring", _scoring(comparison)), ("Statistics", _statistics(comparison))]
    return [(heading, paragraph) for heading, paragraph in found if paragraph]


def _data(comparison: Comparison) -> str:
    cohort, split, document = comparison.cohort, comparison.split, comparison.document
    kind = "group" if cohort.group_kind == "unknown" else cohort.group_kind
    counted = f"{plural(cohort.cases, 'case')} of {plural(cohort.groups, kind)}"
    said = [f"Cohort {cohort.name} holds {counted} with {sequences(cohort.modalities)}{_grids(comparison)}."]
    if cohort.group_kind == "unknown":
        said.append("Which cases belong to one patient is not known, so that every case counts as a group of its own.")
    if split is not None:
        said.append(_split(comparison, kind))
    trained_on = [{member.card["fold"] for member in members} for members in comparison.members.values()]
    if document["part"] == "out-of-fold" or any(len(folds) > 1 for folds in trained_on):
        said.append("Each case was scored out of fold: only by the members of a model that never saw its patient.")
    else:
        said.append(f"Scored was {PARTS.get(document['part'], document['part'])}.")
    return " ".join(said)


def _grids(comparison: Comparison) -> str:
    cohort = comparison.cohort
    said = ""
    if len(cohort.shapes) == 1:
        said += f", {' × '.join(map(str, cohort.shapes[0]))} voxels"
    elif cohort.shapes:
        said += f", on {len(cohort.shapes)} different grids"
    if not cohort.spacings_mm:
        return f"{said}, without voxel sizes"
    if len(cohort.spacings_mm) == 1:
        return f"{said} of {' × '.join(f'{mm:.3g}' for mm in cohort.spacings_mm[0])} mm"
    volumes = sorted(cohort.spacings_mm, key=lambda spacing: spacing[0] * spacing[1] * spacing[2])
    ends = [" × ".join(f"{mm:.3g}" for mm in spacing) for spacing in (volumes[0], volumes[-1])]
    return f"{said}, voxels from {ends[0]} mm to {ends[1]} mm"


def _split(comparison: Comparison, kind: str) -> str:
    split = comparison.split
    assert split is not None
    if len(split.folds) == 1:
        train, validation, test = split.folds[0]
        return (
            f"Split {split.name} divides it by {kind} (seed {split.seed}): {train} cases train, {validation} validate, "
            f"{test} test."
        )
    trained, validated, tested = (_range(counts) for counts in zip(*split.folds, strict=True))
    return (
        f"Split {split.name} divides it by {kind} into {len(split.folds)} folds (seed {split.seed}), in each of which "
        f"{trained} cases train, {validated} validate and {tested} test."
    )


def _range(counts: Sequence[int]) -> str:
    return str(counts[0]) if len(set(counts)) == 1 else f"{min(counts)} to {max(counts)}"


def model_paragraph(members: Sequence[Member]) -> str:
    """Describe how a model was made.

    Args:
        members: its checkpoints, at least one.
    """
    card = members[0].card
    said = [_architecture(card), ensemble(card), _input(card), *_training(card), _members(members), decision(card)]
    if any(member.card.get("leaks") for member in members):
        said.append("It is marked leaks: its training part shares patients or slices with what it is scored on.")
    return " ".join(sentence for sentence in said if sentence)


def _made_elsewhere(entry: Mapping[str, Any]) -> str:
    counted = f" There are masks of {plural(entry['cases'], 'case')}." if "cases" in entry else ""
    scheme = f" Labels are read as {entry['scheme']}." if isinstance(entry.get("scheme"), str) else ""
    return (
        "Masks made elsewhere: how is not known here, nor what had been trained on, so that no patient could be "
        f"dropped.{counted}{scheme}"
    )


def _architecture(card: Mapping[str, Any]) -> str:
    spec = card["inference"]
    arguments = ", ".join(f"{name} {_value(value)}" for name, value in spec["arguments"].items())
    known = MODELS.get(spec["architecture"])
    called = known.title if known else str(spec["architecture"])
    inside = "; ".join(part for part in (arguments, known.paper.rstrip(".") if known else "") if part)
    target = (
        f"overlapping regions ({listed(spec['regions'])}), a sigmoid each"
        if spec.get("target", "regions") == "regions"
        else f"exclusive classes with a softmax, read as {listed(spec['regions'])}"
    )
    return (
        f"{called}{f' ({inside})' if inside else ''}, {card['parameters']:,} parameters, {_start(card)}; it predicts "
        f"{target}."
    )


def _start(card: Mapping[str, Any]) -> str:
    encoder = card.get("encoder_weights") or {}
    source = encoder.get("source", "none")
    return "trained from random weights" if source == "none" else f"its encoder starting from {source}"


def _input(card: Mapping[str, Any]) -> str:
    spec = card["inference"]
    near = spec.get("neighbours", 0)
    beside = f" with {plural(near, 'neighbour')} on either side" if near else ""
    size = spec["input_size"]
    canvas = (
        "at their own size"
        if size is None
        else f"resized to {size} × {size}"
        if isinstance(size, int)
        else f"padded to at least {size[0]} × {size[1]}"
    )
    window = spec.get("window")
    bounds = f" ({window[0]:g} to {window[1]:g})" if window else ""
    how = PREPARING.get(spec["preparing"], f"prepared as {spec['preparing']}")
    return f"It reads {spec['plane']} slices{beside} of {sequences(spec['modalities'])}, {how}{bounds}, {canvas}."


def _training(card: Mapping[str, Any]) -> list[str]:
    recipe = card.get("recipe") or {}
    if not recipe.get("optim") or not recipe.get("train"):
        return (
            ["How each of its networks was trained stands in their own cards."]
            if card.get("members")
            else ["Its card holds no recipe."]
        )
    optim, train, loss = recipe["optim"], recipe["train"], recipe["loss"]
    changed = ", ".join(f"{name} {_value(value)}" for name, value in (loss.get("arguments") or {}).items())
    length = f"at most {train['max_steps']:,} steps" if train.get("max_steps") else plural(train["epochs"], "epoch")
    batch = f"batches of {train['batch_size']} slices"
    if train.get("accumulate", 1) > 1:
        batch += f", {train['accumulate']} of them a step"
    warmup = f" after {optim['warmup_steps']} steps of warm-up" if optim.get("warmup_steps") else ""
    called = LOSSES[loss["name"]].title if loss["name"] in LOSSES else loss["name"]
    said = (
        f"Loss: {called}{f' ({changed})' if changed else ''}; "
        f"{OPTIMISERS.get(optim['name'], optim['name'])}, learning rate {optim['lr']:g}, weight decay "
        f"{optim['weight_decay']:g}, {SCHEDULES.get(optim['schedule'], optim['schedule'])}{warmup}; {batch}, {length}, "
        f"seed {train['seed']}."
    )
    return [said, _augmenting(recipe.get("augment") or {})]


def _augmenting(augment: Mapping[str, Any]) -> str:
    if not augment:
        return ""
    settings = ", ".join(f"{name} {_value(value)}" for name, value in (augment.get("settings") or {}).items())
    return f"Augmentation preset {augment.get('preset')}{f' with {settings}' if settings else ''}."


def _members(members: Sequence[Member]) -> str:
    if len(members) == 1:
        if members[0].card.get("members"):  # whose steps are the sum of its networks'
            return ""
        return f"The weights scored are those after {plural(members[0].card['steps'], 'step')}."
    steps = [f"{member.card['steps']:,}" for member in members]
    folds = [str(member.card["fold"]) for member in members]
    said = f"It was trained {len(members)} times, on folds {listed(folds)}; the weights scored are those after "
    said += f"{listed(steps)} steps." if len(set(steps)) > 1 else f"{steps[0]} steps."
    if any(_kept(member) != _kept(members[0]) for member in members):
        said += f" The recipes differ between the folds; described is that of fold {folds[0]}."
    return said


def _kept(member: Member) -> Any:
    return member.card.get("recipe"), member.card["inference"]["arguments"]


def _scoring(comparison: Comparison) -> str:
    policy = comparison.document["policy"]
    flat = comparison.cohort.shapes and all(shape[2] == 1 for shape in comparison.cohort.shapes)
    unit = "Each image is scored in 2D" if flat else "Each case is scored in 3D"
    empty = policy["empty_masks"]
    return (
        f"{unit}, on the grid of its files; a prediction made at another size is brought back first. "
        f"Empty masks, policy {empty['name']}: {empty['words']}. "
        f"The metrics are {listed(facts['title'] for facts in policy['metrics'].values())}, defined in the appendix. "
        "Means, medians, intervals and tests of a region are over the same cases for every model."
    )


def _statistics(comparison: Comparison) -> str:
    document = comparison.document
    policy = document["policy"]
    said = f"Intervals: {policy['interval']}."
    if minimum := policy.get("minimum_groups"):
        said += f" Under {minimum} groups there is no interval and no test."
    if document["tests"]:
        said += f" Tests: {policy['test']}."
    if equivalence := policy.get("equivalence"):
        said += f" Equivalence: {equivalence}."
    return said


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value(part)}" for name, part in value.items())
    return "-".join(map(_value, value)) if isinstance(value, (list, tuple)) else str(value)

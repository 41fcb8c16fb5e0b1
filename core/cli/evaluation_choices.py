"""What the options of `evaluate` ask for."""

from __future__ import annotations

import re
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import RefusedError, UsageError

if TYPE_CHECKING:
    import argparse

    from core.evaluation.contenders import ComparedModel, Contender, MaskSet
    from core.evaluation.evaluate import Wishes
    from core.evaluation.scoring import Scoring
    from core.labels import LabelScheme
    from core.workspace import Cohort, Workspace

NAMED = re.compile(r"(?P<name>[^=/]+)=(?P<refs>.+)")
MASKS = "masks made elsewhere"


def models_of(workspace: Workspace, cohort: Cohort, options: argparse.Namespace) -> list[ComparedModel]:
    """Return what is compared: checkpoints first, then masks made elsewhere.

    Raises:
        RefusedError: one of them cannot be found or used, or two are called the same.
    """
    from core.evaluation.contenders import MasksElsewhere

    contenders = checkpoints_of(workspace, options.checkpoints)
    schemes = _schemes(options.predictions_scheme, options.predictions)
    sets = [mask_set(workspace, cohort, text, schemes) for text in options.predictions]
    models: list[ComparedModel] = [*contenders, *(MasksElsewhere(masks) for masks in sets)]
    names = [model.name for model in models]
    if len(set(names)) < len(names):
        raise RefusedError(f"two models are called the same ({', '.join(names)}); name them with NAME=REF")
    return models


def checkpoints_of(workspace: Workspace, references: list[str]) -> list[Contender]:
    """Return the checkpoints that `[NAME=]REF[,REF…]` name.

    Raises:
        RefusedError: nothing is called that.
    """
    from core.checkpoints import resolve_checkpoint
    from core.evaluation.contenders import Contender

    contenders = []
    for text in references:
        match = NAMED.fullmatch(text)
        refs = (match["refs"] if match else text).split(",")
        members = tuple(resolve_checkpoint(workspace, ref) for ref in refs)
        contenders.append(Contender(match["name"] if match else _default_name(refs[0]), members))
    return contenders


def mask_set(workspace: Workspace, cohort: Cohort, text: str, schemes: dict[str, LabelScheme]) -> MaskSet:
    """Return the masks that `NAME=DIR` names, or those that were brought into the workspace as NAME.

    Raises:
        RefusedError: there is no such folder or set, or nothing in it can be used.
    """
    from core.evaluation.kept_masks import kept_masks
    from core.evaluation.masks_elsewhere import find_masks

    match = NAMED.fullmatch(text)
    if match:
        return find_masks(workspace, cohort, Path(match["refs"]), match["name"], schemes.get(match["name"]))
    known = kept_masks(workspace, cohort.name)
    if text not in known:
        listed = ", ".join(known) or "none"
        raise RefusedError(
            f"no masks called {text!r} were brought in for cohort {cohort.name} (known: {listed}); "
            "give a folder as NAME=DIR"
        )
    if text in schemes:
        raise UsageError(f"{text} was brought in with its own scheme; --predictions-scheme is for NAME=DIR")
    return known[text]


def wishes_of(options: argparse.Namespace) -> Wishes:
    """Return how models are scored and what else is said.

    Raises:
        RefusedError: a metric or policy does not exist, or a number makes no sense.
    """
    from core.evaluation.evaluate import Wishes
    from core.evaluation.failures import RANKED

    if options.failures < 0:
        raise UsageError(f"--failures {options.failures}; expected how many of each kind, such as 10")
    if options.workers is not None and options.workers < 1:
        raise UsageError(f"--workers {options.workers}; expected at least 1")
    scoring = scoring_of(options)
    return Wishes(
        scoring=scoring,
        ranked=scoring.metrics if options.metrics else RANKED,
        conventions=options.conventions,
        failures=options.failures,
        calibration=options.calibration,
        subgroups=options.subgroups,
        test=options.test,
        margin=_margin(options.margin),
        workers=options.workers,
    )


def scoring_of(options: argparse.Namespace) -> Scoring:
    """Return which metrics are computed, and how."""
    from dataclasses import replace

    from core.evaluation.scoring import DEFAULT_SCORING
    from core.metrics import metric_named
    from core.metrics.empty_masks import policy_named

    changes: dict[str, Any] = {}
    if options.metrics is not None:
        names = tuple(dict.fromkeys(name.strip() for name in options.metrics.split(",") if name.strip()))
        if not names:
            raise UsageError("--metrics names none; expected names such as dice,hd95_mm")
        changes["metrics"] = tuple(metric_named(name).name for name in names)
    if options.policy is not None:
        changes["policy"] = policy_named(options.policy)
    if options.nsd_tolerance is not None:
        changes["tolerance_mm"] = options.nsd_tolerance
    return replace(DEFAULT_SCORING, **changes)


def trained_on(workspace: Workspace, options: argparse.Namespace) -> dict[str, str]:
    """Return model to the cohort that its card names; of masks made elsewhere, that nobody knows."""
    found = {
        contender.name: " and ".join(dict.fromkeys(member.card.cohort for member in contender.members))
        for contender in checkpoints_of(workspace, options.checkpoints)
    }
    return found | {text.partition("=")[0]: MASKS for text in options.predictions}


def _margin(text: str | None) -> float | dict[str, float] | None:
    from core.metrics import metric_named

    if text is None:
        return None
    if "=" not in text:
        return _number(text)
    pairs = (part.partition("=") for part in text.split(",") if part.strip())
    return {metric_named(name.strip()).name: _number(value) for name, _, value in pairs}


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not isfinite(value) or value <= 0:
        raise UsageError(f"--margin {text!r}; expected a number above 0, such as 0.02, or pairs such as hd95_mm=1")
    return value


def _schemes(texts: list[str], predictions: list[str]) -> dict[str, LabelScheme]:
    from core.data.label_files import scheme_of_name_or_file

    names = [text.partition("=")[0] for text in predictions]
    schemes: dict[str, LabelScheme] = {}
    for text in texts:
        match = NAMED.fullmatch(text)
        if match is None or match["name"] not in names:
            raise UsageError(
                f"--predictions-scheme {text!r}; expected NAME=SCHEME with a NAME of --predictions "
                f"({', '.join(names) or 'none is given'})"
            )
        schemes[match["name"]] = scheme_of_name_or_file(match["refs"])
    return schemes


def _default_name(reference: str) -> str:
    return Path(reference).name.partition("@")[0]

"""Print docs/metrics.md: every metric's definition, and what empty masks score."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.evaluation.scoring import DEFAULT_METRICS
from core.metrics import METRICS
from core.metrics.case_masks import TOLERANCE_MM
from core.metrics.empty_masks import POLICIES, EmptyMaskPolicy, Outcome
from core.metrics.spec import MetricSpec

INTRODUCTION = """\
# The metrics

Written by `python tools/metrics.py > docs/metrics.md`. Each is computed per patient and region on the native grid, in
3D with the real voxel spacing, a single slice in its plane; TP, FP, FN and TN count voxels. *Empty masks*: the row of
the tables below that applies. `evaluate` computes the metrics marked with a dot unless it is told otherwise,
`python -m core metrics PREDICTION REFERENCE` all of them.

| name | metric | unit | better | empty masks | without voxel sizes | default |
|---|---|---|---|---|---|---|"""

WHOLE_CASE = """
## Over the regions of a case

Class-wise IoU is `iou` of each region or class. `mean_iou` is the mean over those that have a number, background not
among them; it stands under `case` in what `metrics` prints.

## Empty masks

The policy is chosen with `--policy` and travels with the scores. A score that the policy set, and not the formula, is
flagged; a score that is left out carries the reason, and the false-positive ml stand beside it. A formula that divides
by nothing (specificity of a reference that fills the image, instance Dice without a matched instance) has no value,
with the reason."""

OUTCOMES = {
    "left out": "left out",
    "computed": "the formula",
    "best": "the best value",
    "image diagonal": "the diagonal of the image",
}
KINDS = {
    "overlap": "overlap",
    "distance": "distance",
    "volume": "volume",
    "background": "background",
    "lesions": "lesions (none above the smallest volume counts as empty)",
}


def row(spec: MetricSpec) -> str:
    """Return one line of the table of metrics."""
    cells = [
        f"`{spec.name}`",
        spec.title,
        spec.unit,
        spec.direction,
        spec.kind,
        (f"`{spec.without_geometry}`" if spec.without_geometry else "none") if spec.needs_geometry else "the same",
        "•" if spec.name in DEFAULT_METRICS else "",
    ]
    return f"| {' | '.join(cells)} |"


def chapter(spec: MetricSpec) -> str:
    """Return what there is to say of one metric."""
    return f"- `{spec.name}`: {spec.definition}. {spec.citation[0].upper()}{spec.citation[1:]}."


def policy_table(policy: EmptyMaskPolicy) -> str:
    """Return what a policy does, for each kind of metric and each situation."""
    situations = (policy.both_empty, policy.reference_empty, policy.prediction_empty)
    rows = [
        f"| {words} | {' | '.join(_outcome(getattr(outcomes, kind)) for outcomes in situations)} |"
        for kind, words in KINDS.items()
    ]
    head = "| metrics of | both empty | reference empty | prediction empty |\n|---|---|---|---|"
    default = " (the default)" if policy is next(iter(POLICIES.values())) else ""
    return "\n".join(
        [f"\n### `{policy.name}`{default}\n\n{policy.words[0].upper()}{policy.words[1:]}.\n\n{head}", *rows]
    )


def _outcome(outcome: Outcome) -> str:
    return OUTCOMES[outcome] if isinstance(outcome, str) else f"{outcome:.2f}".rstrip("0").rstrip(".")


def page() -> str:
    """Return the whole page, without a final line break."""
    return "\n".join(
        [
            INTRODUCTION,
            *(row(spec) for spec in METRICS.values()),
            f"\n## Definitions\n\nNSD's tolerance is {TOLERANCE_MM:g} mm unless `--nsd-tolerance` says otherwise.\n",
            *(chapter(spec) for spec in METRICS.values()),
            WHOLE_CASE,
            *(policy_table(policy) for policy in POLICIES.values()),
        ]
    )


if __name__ == "__main__":
    print(page())

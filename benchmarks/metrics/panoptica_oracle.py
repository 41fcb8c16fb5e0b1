"""Count and match instances with panoptica, and keep its answers for the tests.

In an environment of its own, `uv venv ENV` and
`uv pip install --python ENV -r benchmarks/metrics/panoptica_requirements.txt`, then
`ENV/bin/python -m benchmarks.metrics.panoptica_oracle DATA`, where DATA holds `instances_spine/`. Writes
`panoptica_oracle.json`. Where the definitions agree: 26-connected components (8 in a single slice), matched one to
one where the IoU is above 0.5.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from panoptica import (
    CCABackend,
    ConnectedComponentsInstanceApproximator,
    InputType,
    Metric,
    NaiveThresholdMatching,
    Panoptica_Evaluator,
)

from benchmarks.metrics.instance_masks import PAIRS, random_instances

HERE = Path(__file__).parent
SPINE = {"semantic": InputType.SEMANTIC, "unmatched_instance": InputType.UNMATCHED_INSTANCE}


def answers(kind: InputType, prediction: Any, reference: Any) -> dict[str, Any]:
    """Return panoptica's counts, F1 (recognition quality) and mean Dice of matched instances."""
    evaluator = Panoptica_Evaluator(
        expected_input=kind,
        instance_approximator=ConnectedComponentsInstanceApproximator(CCABackend.cc3d),
        instance_matcher=NaiveThresholdMatching(Metric.IOU, 0.5, strict_threshold=True),
        instance_metrics=[Metric.DSC, Metric.IOU],
        global_metrics=[],
    )
    (result,) = evaluator.evaluate(prediction, reference).values()
    return {
        "reference": int(result.n_ref_instances),
        "prediction": int(result.n_pred_instances),
        "matched": int(result.tp),
        "f1": float(result.rq),
        "dice": float(result.sq_dsc) if result.tp else None,
    }


def main() -> None:
    """Ask panoptica about the random pairs and the real ones."""
    data = Path(sys.argv[1]) / "instances_spine"
    found: dict[str, Any] = {"panoptica": version("panoptica"), "random": [], "instances_spine": {}}
    for seed in range(PAIRS):
        found["random"].append(answers(InputType.SEMANTIC, *random_instances(seed)))
    for name, kind in SPINE.items():
        masks = [np.asarray(nibabel.load(data / name / f"{side}.nii.gz").dataobj, np.uint8) for side in ("pred", "ref")]
        if kind is InputType.SEMANTIC:
            masks = [(mask > 0).astype(np.uint8) for mask in masks]
        found["instances_spine"][name] = answers(kind, *masks)
    (HERE / "panoptica_oracle.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

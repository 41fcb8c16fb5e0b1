"""What every export says of where a mask comes from."""

from __future__ import annotations

import json
from pathlib import Path

from core import __version__
from core.checkpoints import Checkpoint
from core.export.provenance import RESEARCH_ONLY, provenance_of, versions_of
from tests import narrow
from tests.core.export.segmented import FIRST, SECOND, provenance


def test_it_names_checkpoint_recipe_thresholds_and_versions() -> None:
    card = narrow.card(narrow.spec(thresholds=(100, 128, 140)))
    checkpoint = Checkpoint(Path("narrow"), FIRST, card)
    found = provenance_of([checkpoint], {"tta": True})
    assert found.to_json() == {
        "note": "For research; not for diagnosis.",
        "checkpoint_ids": [checkpoint.id],
        "titles": ["Narrow"],
        "recipes": ["not stated"],
        "target": "regions",
        "thresholds_of_255": {"WT": 100, "TC": 128, "ET": 140},
        "modalities": ["t1n", "t1c", "t2w", "t2f"],
        "options": {"tta": True},
        "versions": versions_of(),
    }
    assert versions_of()["segscope"] == __version__
    assert set(versions_of()) == {"segscope", "torch", "numpy"}


def test_a_mask_that_torch_did_not_compute_does_not_name_it() -> None:
    assert set(versions_of("onnx")) == {"segscope", "onnxruntime", "numpy"}


def test_in_short_it_fits_into_a_nifti_header() -> None:
    assert provenance().short == f"Segscope {FIRST[:12]}. For research; not for diagnosis."
    several = provenance(checkpoint_ids=(FIRST, SECOND), titles=("a", "b"))
    assert several.short == f"Segscope {FIRST[:12]} and 1 more. For research; not for diagnosis."
    assert len(provenance(checkpoint_ids=(FIRST,) * 1000).short) <= 79


def test_on_one_line_it_is_ascii_json() -> None:
    line = provenance(titles=("Réseau",)).canonical()
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line)["note"] == RESEARCH_ONLY
    assert json.loads(line)["titles"] == ["Réseau"]

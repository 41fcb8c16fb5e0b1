from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from core.models import MODELS

PROJECT = Path(__file__).resolve().parents[3]


def test_reading_the_registries_loads_no_heavy_module() -> None:
    code = (
        "import sys; from core.models import MODELS; from core.losses import LOSSES; "
        "[s.parse({}) for s in (*MODELS.values(), *LOSSES.values())]; "
        "print([m for m in ('torch', 'timm', 'segmentation_models_pytorch', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_page_of_models_names_every_one_with_its_arguments() -> None:
    chapters = (PROJECT / "docs/models.md").read_text().split("\n## ")[1:]
    assert [chapter.partition("\n")[0] for chapter in chapters] == [f"{s.title} (`{s.name}`)" for s in MODELS.values()]
    for chapter, spec in zip(chapters, MODELS.values(), strict=True):
        assert spec.paper in chapter
        for name, field in spec.arguments.model_fields.items():
            assert f"- `{name}` (" in chapter, f"run python tools/models.py > docs/models.md: {spec.name} has {name}"
            assert str(field.description) in chapter

from __future__ import annotations

import subprocess
import sys


def test_reading_the_registries_loads_no_heavy_module() -> None:
    code = (
        "import sys; from core.models import MODELS; from core.losses import LOSSES; "
        "[s.parse({}) for s in (*MODELS.values(), *LOSSES.values())]; "
        "print([m for m in ('torch', 'timm', 'segmentation_models_pytorch', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

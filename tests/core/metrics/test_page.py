"""The page of metrics is what its command writes now."""

from __future__ import annotations

from pathlib import Path

from core.metrics import METRICS
from core.metrics.empty_masks import POLICIES
from tools.metrics import page


def test_the_page_is_current(repo_root: Path) -> None:
    kept = (repo_root / "docs/metrics.md").read_text(encoding="utf-8")
    assert kept == page() + "\n", "run python tools/metrics.py > docs/metrics.md"


def test_the_page_says_every_definition_and_policy() -> None:
    written = page()
    for spec in METRICS.values():
        assert f"- `{spec.name}`: {spec.definition}. " in written
    for policy in POLICIES.values():
        assert f"### `{policy.name}`" in written
    assert "| distance | 0 | 373.13 | 373.13 |" in written

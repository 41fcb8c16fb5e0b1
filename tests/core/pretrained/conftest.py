from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache of converted weights for all tests here: converting starts a process each time."""
    return tmp_path_factory.mktemp("weights")

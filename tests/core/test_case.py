"""Which names may become folders."""

from __future__ import annotations

import pytest

from core.case import SAFE_NAME
from core.workspace import NotInWorkspaceError, safe_name


@pytest.mark.parametrize("name", ["BraTS-SSA-00002-000", "a", "x_1.2-b", "A" * 100])
def test_plain_names_are_names(name: str) -> None:
    assert SAFE_NAME.fullmatch(name)
    assert safe_name(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "-x", "a b", "ä", "a\n", "A" * 101])
def test_nothing_that_could_leave_its_folder_is_a_name(name: str) -> None:
    with pytest.raises(NotInWorkspaceError, match="is not a name"):
        safe_name(name)

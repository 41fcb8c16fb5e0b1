"""A cohort's licence: kept as one line, and known by itself where a data set was fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.data.addresses import licence_of_download
from core.data.licence import LicenceRefusedError, stated_licence


def test_spaces_around_it_do_not_count() -> None:
    assert stated_licence("  CC BY 4.0, BraTS-Africa ") == "CC BY 4.0, BraTS-Africa"
    assert stated_licence("   ") == ""


@pytest.mark.parametrize(
    ("text", "sentence"), [("x" * 201, "a licence of 201 characters"), ("CC BY\n4.0", "a licence of several lines")]
)
def test_what_does_not_fit_one_line_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(LicenceRefusedError, match=sentence):
        stated_licence(text)


def test_a_fetched_data_set_brings_its_own_and_another_folder_none(tmp_path: Path) -> None:
    inside = tmp_path / "downloads" / "msd-brain-tumour" / "files" / "Task01_BrainTumour"
    said = "Medical Segmentation Decathlon, Task01_BrainTumour, CC BY-SA 4.0"
    assert licence_of_download(tmp_path / "downloads", inside) == said
    assert licence_of_download(tmp_path / "downloads", tmp_path / "downloads" / "msd-brain-tumour-mine") == ""
    assert licence_of_download(tmp_path / "downloads", tmp_path) == ""

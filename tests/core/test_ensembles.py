"""Ensembles: an id that anybody can recompute, what any member saw, and nothing mismatched."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from core.atomic import read_json, write_json
from core.checkpoints import (
    CARD,
    WEIGHTS,
    Checkpoint,
    CheckpointError,
    load_model,
    made_names,
    new_name,
    read_checkpoint,
    resolve_checkpoint,
    write_ensemble,
)
from core.models import build_model
from core.pretrained.errors import WeightsRefusedError
from core.pretrained.run_encoder import load_run_encoder
from core.workspace import NotInWorkspaceError, Workspace
from tests.narrow import ARGUMENTS, checkpoint, spec


def pair(tmp_path: Path, **second: Any) -> list[Checkpoint]:
    return [
        checkpoint(tmp_path / "a", train={"p": ["1", "2"]}, validation={"q": ["3"]}, fold=1),
        checkpoint(tmp_path / "b", seed=1, inference=spec(**second), train={"q": ["3"], "p": ["4"]}, fold=1),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An ensemble of two."""
    write_ensemble(tmp_path / "both", "both", pair(tmp_path))
    return tmp_path / "both"


def test_the_id_hashes_the_members_in_order(tmp_path: Path, folder: Path) -> None:
    one, other = pair(tmp_path)
    made = read_checkpoint(folder)
    assert made.id == hashlib.sha256((one.id + other.id).encode("ascii")).hexdigest()
    assert [member.id for member in made.members] == [one.id, other.id]
    write_ensemble(tmp_path / "reversed", "both", [other, one])
    assert read_checkpoint(tmp_path / "reversed").id != made.id


def test_what_any_member_saw_the_ensemble_saw(folder: Path) -> None:
    card = read_checkpoint(folder).card
    assert card.training_content == {"p": ["1", "2", "4"], "q": ["3"]}
    assert card.validation_content == {"q": ["3"]}
    assert (card.members, card.parameters, card.fold) == (("member-1", "member-2"), 2000, 1)
    assert card.title == "Ensemble of 2: Narrow"


def test_a_card_that_keeps_quiet_about_what_a_member_saw_is_refused(folder: Path) -> None:
    document = read_json(folder / CARD)
    del document["training_content"]["q"]
    write_json(folder / CARD, document)
    with pytest.raises(CheckpointError, match="the card's training_content is not that of its members"):
        read_checkpoint(folder)


def test_weights_are_shared_with_the_members_and_outlive_them(tmp_path: Path, folder: Path) -> None:
    before = read_checkpoint(folder).id
    assert (tmp_path / "a" / WEIGHTS).samefile(folder / "member-1" / WEIGHTS)
    (tmp_path / "a" / WEIGHTS).unlink()
    made = read_checkpoint(folder)
    assert made.id == before
    load_model(made.members[0])
    with pytest.raises(CheckpointError, match="both is an ensemble of 2; load its members"):
        load_model(made)


def test_where_the_disk_has_no_hard_links_weights_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_paths: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refused)
    members = pair(tmp_path)
    write_ensemble(tmp_path / "both", "both", members)
    assert not (tmp_path / "a" / WEIGHTS).samefile(tmp_path / "both" / "member-1" / WEIGHTS)
    assert [member.id for member in read_checkpoint(tmp_path / "both").members] == [member.id for member in members]


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        ({"regions": ("WT", "TC", "RC")}, r"has other regions than .*\(WT, TC, RC; WT, TC, ET\)"),
        ({"modalities": ("t1n", "t1c", "t2w", "ct")}, "has other modalities than"),
        ({"target": "classes", "class_bits": (0, 1, 3, 7)}, r"has other target than .*\(classes; regions\)"),
        ({"scheme": "brats-2021"}, r"has other label scheme than .*\(brats-2021; brats-2023\)"),
        ({"thresholds": (128, 128, 100)}, "has other thresholds than"),
        ({"post": [{"name": "fill_holes"}]}, r"has other post-processing than .*\(holes filled; none\)"),
    ],
)
def test_members_that_do_not_fit_together_are_refused_by_what_differs(
    tmp_path: Path, second: dict[str, Any], sentence: str
) -> None:
    one = checkpoint(tmp_path / "a")
    other = Checkpoint(tmp_path / "b", "f" * 64, one.card.model_copy(update={"inference": spec(**second)}))
    with pytest.raises(CheckpointError, match=sentence):
        write_ensemble(tmp_path / "both", "both", [one, other])
    assert not (tmp_path / "both").exists()


def test_planes_and_networks_may_differ(tmp_path: Path) -> None:
    write_ensemble(tmp_path / "both", "both", pair(tmp_path, plane="coronal", preparing="minmax"))
    assert [member.spec.plane for member in read_checkpoint(tmp_path / "both").members] == ["axial", "coronal"]


def test_one_twice_an_ensemble_within_or_one_alone_is_refused(tmp_path: Path, folder: Path) -> None:
    one, other = pair(tmp_path)
    with pytest.raises(CheckpointError, match="are the same checkpoint; name each once"):
        write_ensemble(tmp_path / "x", "x", [one, other, one])
    with pytest.raises(CheckpointError, match="both is an ensemble itself; name its members instead"):
        write_ensemble(tmp_path / "x", "x", [one, read_checkpoint(folder)])
    with pytest.raises(CheckpointError, match="found 1 checkpoints; an ensemble has 2 to 16"):
        write_ensemble(tmp_path / "x", "x", [one])


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        (["member-1", "../../a"], "is no name of a member's folder"),
        (["member-1", "member-3"], "member-3 is not a checkpoint"),
        (["member-1"], "found 1 checkpoints"),
    ],
)
def test_a_damaged_list_of_members_is_refused(folder: Path, members: list[str], sentence: str) -> None:
    write_json(folder / CARD, {**read_json(folder / CARD), "members": members})
    with pytest.raises(CheckpointError, match=sentence):
        read_checkpoint(folder)


def test_a_made_checkpoint_is_found_by_its_name(workspace: Workspace, tmp_path: Path) -> None:
    folder = new_name(workspace, "both")
    write_ensemble(folder, "both", pair(tmp_path))
    assert made_names(workspace) == ["both"]
    assert resolve_checkpoint(workspace, "both").id == read_checkpoint(folder).id
    with pytest.raises(NotInWorkspaceError, match="both"):
        resolve_checkpoint(workspace, "neither")


def test_a_name_that_is_taken_or_may_be_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    write_ensemble(new_name(workspace, "both"), "both", pair(tmp_path))
    for name in ("both", "phantom-unet"):
        with pytest.raises(CheckpointError, match="is taken by another checkpoint or run; choose another name"):
            new_name(workspace, name)
    with pytest.raises(CheckpointError, match="is a name that a run may get"):
        new_name(workspace, "brats-unet-0007")
    with pytest.raises(NotInWorkspaceError, match="is not a name"):
        new_name(workspace, "../both")


def test_no_encoder_is_taken_from_an_ensemble(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(WeightsRefusedError, match="run both is an ensemble of 2; name one of its members"):
        load_run_encoder(build_model("unet", 4, 3, ARGUMENTS), "unet", read_checkpoint(folder), tmp_path)


def test_cards_from_before_say_nothing_of_what_came_later(tmp_path: Path) -> None:
    document = read_json(checkpoint(tmp_path / "a").folder / CARD)
    assert not {"members", "calibration"} & set(document)

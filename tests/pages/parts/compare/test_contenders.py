"""Folds of one training are one row, what leaks is none, and a fold that saw a patient is not asked about him."""

from __future__ import annotations

from pathlib import Path

from core.checkpoints import Checkpoint
from pages.parts.compare.contenders import compared, fair
from tests import narrow


def fold(number: int, **changes: object) -> Checkpoint:
    """A checkpoint of which only the card is asked."""
    card = narrow.card(narrow.spec(), fold=number).model_copy(update=changes)
    return Checkpoint(Path("nowhere"), f"{number:064x}", card)


def test_folds_of_one_recipe_are_joined_in_the_order_of_choice() -> None:
    models = {name: fold(number) for number, name in enumerate(("a", "b", "c"))}
    (joined,) = compared(models)
    assert list(joined.members) == ["a", "b", "c"]
    assert joined.title == "Narrow, 3 folds"


def test_two_trainings_of_one_title_are_told_apart() -> None:
    first = {f"run-{number}": fold(number) for number in (0, 1)}
    second = {f"later-{number}": fold(number, recipe={"seed": 1}) for number in (0, 1)}
    assert len({each.name for each in compared(first | second)}) == 2


def test_a_fold_that_was_trained_twice_starts_a_model_of_its_own() -> None:
    models = {name: fold(number) for name, number in (("a", 0), ("b", 1), ("again", 0))}
    assert [list(each.members) for each in compared(models)] == [["a", "b"], ["again"]]


def test_other_settings_are_another_model() -> None:
    models = {"a": fold(0), "b": fold(1, recipe={"another": "recipe"})}
    assert [each.name for each in compared(models)] == ["a", "b"]


def test_what_leaks_takes_no_part() -> None:
    models = {"honest": fold(0), "leaking": fold(1, leaks=True)}
    assert list(fair(models)) == ["honest"]

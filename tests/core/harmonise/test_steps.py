from __future__ import annotations

import pytest

from core.errors import UsageError
from core.harmonise import Harmonising


def test_words_say_what_to_do() -> None:
    assert Harmonising.parse("register,resample=1,strip") == Harmonising(register=True, spacing_mm=1.0, strip=True)
    assert Harmonising.parse("resample") == Harmonising()
    assert Harmonising.parse("strip, fixed=t2f, nets=5, mirror") == Harmonising(
        strip=True, fixed="t2f", nets=5, mirror=True
    )


@pytest.mark.parametrize("text", ["", "registre", "register=yes", "resample=fine", "fixed", "nets=two"])
def test_an_unknown_word_is_answered_with_the_known_ones(text: str) -> None:
    with pytest.raises(UsageError, match="expected register, resample"):
        Harmonising.parse(text)


@pytest.mark.parametrize("text", ["resample=0", "resample=0.1", "resample=12", "resample=nan", "nets=0", "nets=6"])
def test_a_number_out_of_range_is_refused_with_the_range(text: str) -> None:
    with pytest.raises(UsageError, match=r"expected (0\.3 to 5 mm|1 to 5)"):
        Harmonising.parse(text)


def test_what_was_asked_survives_being_written_down() -> None:
    asked = Harmonising.parse("register,resample=1.5,strip,fixed=t1n")
    assert Harmonising.from_json(asked.to_json()) == asked

"""Under which terms a cohort's data may be used, as whoever brings it states it."""

from __future__ import annotations

from core.errors import RefusedError

LONGEST = 200
NOT_STATED = "not stated"  # what a card says where nobody stated one
PHANTOMS = "made by Segscope, Apache-2.0"


class LicenceRefusedError(RefusedError):
    """What was stated cannot stand as a licence in reports and cards."""


def stated_licence(text: str) -> str:
    """Return a licence as it is kept: one line without spaces around it, or empty where none is stated.

    Raises:
        LicenceRefusedError: it is too long, or holds what cannot be printed in one line.
    """
    licence = text.strip()
    if len(licence) > LONGEST:
        raise LicenceRefusedError(
            f"a licence of {len(licence)} characters; expected its name and whose the data are, at most {LONGEST}"
        )
    if not licence.isprintable():
        raise LicenceRefusedError("a licence of several lines; expected one, such as CC BY 4.0, BraTS-Africa")
    return licence

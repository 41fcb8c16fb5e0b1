"""The two ways in which asking for pretrained weights can fail."""

from __future__ import annotations

from core.errors import JobFailedError, RefusedError


class WeightsUnavailableError(JobFailedError):
    """The weights asked for are not here and cannot be fetched; the message names the file to supply."""


class WeightsRefusedError(RefusedError):
    """A weights file was found and cannot be used; the message says what it is and what was expected."""

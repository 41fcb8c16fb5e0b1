"""The ways in which a request ends without its result, each with a sentence for the person who asked."""

from __future__ import annotations


class RefusedError(ValueError):
    """The input, or what was asked of it, cannot be used: exit code 1."""

    exit_code = 1


class UsageError(RefusedError):
    """The words of a request contradict each other: exit code 2, as for a verb or option that does not exist."""

    exit_code = 2


class JobFailedError(RuntimeError):
    """The input was fine and the work could not be finished: exit code 3."""

    exit_code = 3


class Cancelled(JobFailedError):  # noqa: N818 - nothing went wrong
    """Somebody asked to stop; nothing half written is left."""

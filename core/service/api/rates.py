"""How often one holder of a token may ask, counted in memory."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from core.data import limits


@dataclass(slots=True)
class Rate:
    """So many requests at once, and so many a second from then on, for each of several askers.

    Reference: the token bucket, Turner. New directions in communications. IEEE Communications Magazine 24 (1986).

    Attributes:
        per_s: how many are earned in a second.
        at_once: how many can be saved up.
        clock: seconds that only grow.
    """

    per_s: float
    at_once: int
    clock: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def wait_s(self, asker: str) -> int:
        """Count a request; return 0 where it may be answered, else in how many whole seconds the next may come."""
        now = self.clock()
        left, seen = self._left.get(asker, (float(self.at_once), now))
        left = min(self.at_once, left + (now - seen) * self.per_s)
        if left >= 1:
            self._left[asker] = (left - 1, now)
            return 0
        self._left[asker] = (left, now)
        return max(1, math.ceil((1 - left) / self.per_s))


@dataclass(slots=True)
class Rates:
    """The rates of the API.

    Attributes:
        requests: of any kind, with one token.
        studies: of them, such as bring a study.
        strangers: of everybody without a token, together.
    """

    requests: Rate = field(default_factory=lambda: Rate(limits.API_REQUESTS_PER_S, limits.API_REQUESTS_AT_ONCE))
    studies: Rate = field(default_factory=lambda: Rate(limits.API_STUDIES_PER_S, limits.API_STUDIES_AT_ONCE))
    strangers: Rate = field(default_factory=lambda: Rate(limits.API_STRANGERS_PER_S, limits.API_STRANGERS_AT_ONCE))

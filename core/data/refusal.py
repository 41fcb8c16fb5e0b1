"""What the input gate says: findings, and the error that carries them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Literal

from core.errors import RefusedError

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the gate found.

    Attributes:
        severity: an error refuses the case; a warning or note does not.
        code: a short stable name, such as `missing_modality`.
        case: the case it is about, or "" for the whole input.
        file: the file it is about, relative to the input, or "".
        found: what is there.
        expected: what should be there.
        fix: what the user can do.
    """

    severity: Severity
    code: str
    case: str
    file: str
    found: str
    expected: str
    fix: str

    @property
    def sentence(self) -> str:
        where = self.file or self.case
        return f"{where + ': ' if where else ''}found {self.found}; expected {self.expected}; {self.fix}."

    def about(self, case: str, file: str) -> Finding:
        """Return the finding with its case and file, where it did not name them yet."""
        return replace(self, case=self.case or case, file=self.file or file)

    def to_json(self) -> dict[str, str]:
        return asdict(self)


class InputRefusedError(RefusedError):
    """An input cannot be used; `findings` say why."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(*findings)  # as arguments, so that the error survives the way back from another process
        self.findings = findings

    def __str__(self) -> str:
        return " ".join(finding.sentence for finding in self.findings)

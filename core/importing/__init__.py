"""Bring data in: recognise a folder, look for trouble, keep what passes."""

from core.importing.choices import ImportChoices
from core.importing.folder import check_folder, import_folder
from core.importing.reading import read_case, read_cases, read_study, scheme_of
from core.importing.report import ImportReport, report_of

__all__ = [
    "ImportChoices",
    "ImportReport",
    "check_folder",
    "import_folder",
    "read_case",
    "read_cases",
    "read_study",
    "report_of",
    "scheme_of",
]

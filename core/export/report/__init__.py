"""A printable report of a comparison or of one case: HTML that needs nothing else, and PDF."""

from __future__ import annotations

from pathlib import Path

from core.export.report.case_page import case_page
from core.export.report.case_slice import CaseSlice
from core.export.report.comparison import CohortFacts, Comparison, Member, SplitFacts
from core.export.report.page import page
from core.export.report.pdf import PdfUnavailableError, pdf_of, why_no_pdf
from core.export.segmented_case import SegmentedCase
from core.export.writing import written

__all__ = [
    "CaseSlice",
    "CohortFacts",
    "Comparison",
    "Member",
    "PdfUnavailableError",
    "SplitFacts",
    "case_page",
    "page",
    "pdf_of",
    "why_no_pdf",
    "write_report",
]


def write_report(path: Path, of: Comparison | SegmentedCase) -> None:
    """Write a comparison or a segmented case as HTML, or as PDF where the path ends in `.pdf`.

    Raises:
        PdfUnavailableError: this machine lacks a library that a PDF needs.
        NotWrittenError: the disk is full, or the folder cannot be written.
    """
    html = page(of) if isinstance(of, Comparison) else case_page(of)
    content = pdf_of(html) if path.suffix.lower() == ".pdf" else html.encode()
    with written(path) as stream:
        stream.write(content)

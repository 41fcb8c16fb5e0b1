"""The report as PDF: the HTML page, printed by WeasyPrint, which may fetch nothing from anywhere."""

from __future__ import annotations

import hashlib
import io
from contextlib import redirect_stdout
from typing import Any

from core.errors import JobFailedError


class PdfUnavailableError(JobFailedError):
    """This machine cannot print; the message says what to install."""


INSTALL = (
    "a PDF needs the Pango library, which this machine lacks: install it (Debian and Ubuntu: apt install "
    "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; Fedora: dnf install pango; macOS: brew install pango) and "
    "make the report again; the HTML report is whole without it"
)


def pdf_of(html: str) -> bytes:
    """Print a page: A4, with page numbers; the same page gives the same bytes on one machine.

    Raises:
        PdfUnavailableError: Pango is missing.
        ValueError: the page asks for something outside of itself.
    """
    weasyprint = _weasyprint()
    asked: list[str] = []

    class DataOnly(weasyprint.URLFetcher):  # type: ignore[misc, name-defined, unused-ignore]
        """Reads what the page itself holds, and refuses everything else."""

        def fetch(self, url: str, headers: object = None) -> object:
            if not url.startswith("data:"):
                asked.append(url)
            return super().fetch(url, headers)

    identifier = hashlib.sha256(html.encode()).hexdigest()[:32].encode()
    fetcher = DataOnly(allowed_protocols={"data"}, allow_redirects=False)
    printed: bytes = weasyprint.HTML(string=html, url_fetcher=fetcher).write_pdf(
        pdf_identifier=identifier, pdf_tags=True, optimize_images=False
    )
    if asked:
        raise ValueError(f"the page asks for {len(asked)} address(es) outside of itself; a report holds all it shows")
    return printed


def why_no_pdf() -> str:
    """Say what a PDF lacks on this machine; empty where nothing."""
    try:
        _weasyprint()
    except PdfUnavailableError as error:
        return str(error)
    return ""


def _weasyprint() -> Any:
    try:
        with redirect_stdout(io.StringIO()):  # where a library is missing it prints a page of advice
            import weasyprint  # type: ignore[import-untyped]
    except ImportError:
        raise PdfUnavailableError(
            "a PDF needs the package weasyprint, which is not installed: install requirements.txt again; the HTML "
            "report is whole without it"
        ) from None
    except OSError as error:
        if "cannot load library" not in str(error):  # what cffi says of a shared library that is not there
            raise
        raise PdfUnavailableError(INSTALL) from None
    return weasyprint

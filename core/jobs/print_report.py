"""Print a report's page as PDF in a bounded process of its own: what it costs depends on what is on the page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from core.atomic import replacing
from core.errors import JobFailedError
from core.jobs.bounded import bound_this_process
from core.workspace import PROJECT

MEMORY_BYTES = 4 << 30
CPU_S = 300
WAITING_S = 900.0


def print_pdf(html: Path, pdf: Path) -> None:
    """Print a page; the PDF appears whole or not at all.

    Raises:
        JobFailedError: a library is missing, or printing took more than it may; the message says what to do.
    """
    command = [sys.executable, "-m", "core.jobs.print_report", str(html.resolve()), str(pdf.resolve())]
    try:
        ended = subprocess.run(
            command,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
            timeout=WAITING_S,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise JobFailedError(f"printing the PDF took more than {WAITING_S / 60:.0f} minutes; {_INSTEAD}") from None
    if ended.returncode == JobFailedError.exit_code:
        raise JobFailedError(ended.stderr.strip().splitlines()[-1])
    if ended.returncode:
        raise JobFailedError(f"the PDF could not be printed (exit code {ended.returncode}); {_INSTEAD}")


_INSTEAD = "print report.html from a browser instead: it is whole"


def main(html: Path, pdf: Path) -> int:
    """Print within bounds; a sentence on stderr says why not."""
    from core.export.report import PdfUnavailableError, pdf_of

    bound_this_process(MEMORY_BYTES, CPU_S)
    try:
        printed = pdf_of(html.read_text(encoding="utf-8"))
    except PdfUnavailableError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    with replacing(pdf) as stream:
        stream.write(printed)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))

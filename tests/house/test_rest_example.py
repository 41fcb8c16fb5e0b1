"""The example client says in a sentence what it misses: a file, the token, the server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from core.workspace import PROJECT

CLIENT = PROJECT / "examples" / "segment_over_rest.py"
NOBODY_LISTENS = "http://127.0.0.1:9/api"


def test_the_client_misses_things_in_sentences(tmp_path: Path) -> None:
    scan, token = tmp_path / "scan.nii", tmp_path / "api-token"
    for file in (scan, token):
        file.write_text("x" * 40)

    def said(*arguments: str | Path, code: int) -> str:
        command = [sys.executable, CLIENT, *arguments, "--checkpoint", "any", "--out", tmp_path / "out.nii.gz"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == code, ended.stderr
        assert "Traceback" not in ended.stderr
        return ended.stderr

    at = ("--address", NOBODY_LISTENS)
    assert f"found no file at {tmp_path / 'none.nii'}; check the name" in said(
        tmp_path / "none.nii", "--token-file", token, *at, code=2
    )
    assert "--token-file for the server's api-token" in said(scan, "--token-file", tmp_path / "none", *at, code=2)
    assert "no answer from 127.0.0.1:9 (" in said(scan, "--token-file", token, *at, code=1)

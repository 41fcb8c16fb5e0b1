"""Segment a study over the REST API: bring its files, wait, fetch the masks. The standard library is enough.

    python examples/segment_over_rest.py study/*.nii.gz --checkpoint phantom-unet --out masks.nii.gz

The files are four NIfTI sequences, DICOM files, or a single zip. The server is `python -m core serve`, or the app.
"""
# ruff: noqa: T201 - a program for the command line

from __future__ import annotations

import argparse
import http.client
import json
import secrets
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BLOCK_BYTES = 1 << 20


class Server:
    """The API at an address, opened with a token."""

    def __init__(self, address: str, token: str) -> None:
        self._parts = urlsplit(address)
        self._token = token

    def bring(self, files: list[Path], **fields: str) -> dict[str, Any]:
        """Send files and fields as a form, without holding a file in memory; return the study's job."""
        boundary = secrets.token_hex(16)
        heads = [f'name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
        before = "".join(f"--{boundary}\r\nContent-Disposition: form-data; {head}" for head in heads).encode()
        starts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{file.name}"\r\n\r\n'.encode()
            for file in files
        ]
        end = f"--{boundary}--\r\n".encode()
        length = len(before) + len(end) + sum(len(start) + 2 for start in starts)

        def body() -> Any:
            yield before
            for start, file in zip(starts, files, strict=True):
                yield start
                with file.open("rb") as stream:
                    while block := stream.read(BLOCK_BYTES):
                        yield block
                yield b"\r\n"
            yield end

        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(length + sum(file.stat().st_size for file in files)),
        }
        job: dict[str, Any] = json.loads(self._ask("POST", "/segmentations", body(), headers))
        return job

    def wait(self, job: dict[str, Any], every_s: float = 1.0) -> dict[str, Any]:
        """Ask how far a study is until it has ended; return what was found."""
        while job["state"] in ("queued", "running"):
            place = f" (place {job['position']})" if job["position"] else ""
            left = f", {job['eta_s']:.0f} s left" if job["eta_s"] is not None else ""
            print(f"{job['state']}{place}: {job['label']} {job['progress']:.0%}{left}", file=sys.stderr)
            time.sleep(every_s)
            job = json.loads(self._ask("GET", f"/segmentations/{job['id']}"))
        if job["state"] != "done":
            sys.exit(f"{job['state']}: {job['message']}")
        return job

    def fetch(self, job: dict[str, Any], wanted: str) -> bytes:
        """Return the masks in a format."""
        return self._ask("GET", f"/segmentations/{job['id']}/result?format={wanted}")

    def delete(self, job: dict[str, Any]) -> None:
        """Delete a study, its files and its masks from the server."""
        self._ask("DELETE", f"/segmentations/{job['id']}")

    def _ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> bytes:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._parts.netloc, timeout=600)
        try:
            connection.request(
                method, self._parts.path + path, body, {"Authorization": f"Bearer {self._token}", **(headers or {})}
            )
            answer = connection.getresponse()
            content = answer.read()
        except OSError as error:
            sys.exit(f"no answer from {self._parts.netloc} ({error}); start the server, or name another --address")
        finally:
            connection.close()
        if answer.status >= 400:
            sys.exit(f"{answer.status}: {json.loads(content)['detail']}")  # a problem document, RFC 9457
        return content


def main() -> None:
    """Segment one study."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("files", nargs="+", type=Path)
    arguments.add_argument("--checkpoint", required=True)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--format", default="nifti")
    arguments.add_argument("--address", default="http://127.0.0.1:8600/api")
    arguments.add_argument("--token-file", type=Path, default=Path("workspace/api-token"))
    options = arguments.parse_args()
    for file in (*options.files, options.token_file):
        if not file.is_file():
            arguments.error(f"found no file at {file}; check the name, or --token-file for the server's api-token")
    server = Server(options.address, options.token_file.read_text().split()[0])
    job = server.wait(server.bring(options.files, checkpoint=options.checkpoint))
    options.out.write_bytes(server.fetch(job, options.format))
    server.delete(job)
    for case in job["cases"]:
        print(case["case"], *(f"{region} {ml:.1f} ml" for region, ml in case["volumes_ml"].items() if ml is not None))


if __name__ == "__main__":
    main()

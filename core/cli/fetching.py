"""The verb that downloads: fetch."""

from __future__ import annotations

import argparse
from typing import Any

from core.cli.output import print_json, progress

MB = 1_000_000


def add_verbs(verbs: Any) -> None:
    """Add the group's verbs."""
    fetch = verbs.add_parser("fetch", help="download a public data set or pretrained weights, verified")
    fetch.add_argument("name", nargs="?", metavar="NAME", help="without it: list what there is")
    fetch.set_defaults(run=_fetch)


def _fetch(options: argparse.Namespace) -> int:
    from core.fetch import fetch, fetchable
    from core.workspace import Workspace

    if options.name is None:
        known = fetchable()
        if options.json:
            print_json([{"name": name, "title": title} for name, title in known.items()])
        else:
            print("\n".join(f"{name}  {title}" for name, title in known.items()))
        return 0
    done = fetch(Workspace.default(), options.name, _told(options.name))
    if options.json:
        print_json(done.to_json())
        return 0
    print(f"{done.path}  {done.bytes / MB:.1f} MB, {done.licence}; {done.checked}")
    if done.is_data:
        print(f"next: python -m core import {done.path} --cohort {done.name}")
    return 0


def _told(name: str) -> Any:
    """Return how progress in bytes is shown: in whole megabytes, when another one is full."""
    shown = -1

    def tell(done: int, total: int | None) -> None:
        nonlocal shown
        if done // MB == shown or not total:
            return
        shown = done // MB
        progress(f"MB of {name}", min(shown, total // MB), max(total // MB, 1))

    return tell

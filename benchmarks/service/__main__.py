"""Eight clients at once beside the command line: throughput, errors, and how quickly health answers meanwhile.

`python -m benchmarks.service [--studies N] [--rounds N] [--minutes M]` makes phantoms and a workspace of its own,
segments them by one `python -m core segment` and by eight clients of `python -m core serve` in turn, and writes
`results.json` and `results.md` beside this file. No round begins that would end after so many minutes. Both are timed
warm, and over the same studies, all but the first: the command by the seconds between its first mask and its last, the
service from the second study brought to the last mask fetched. On a machine that is busy otherwise the processor's
seconds are the ones to read.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import describe_machine
from benchmarks.service.clients import by_clients
from benchmarks.service.command_line import by_command
from benchmarks.service.table import to_markdown
from core.data.phantom import cohort_traits, make_phantom, write_phantom
from core.demo import case_name

HERE = Path(__file__).parent
CHECKPOINT = "phantom-unet"
CLIENTS = 8
PACKAGES = ("torch", "fastapi", "uvicorn", "starlette")


def make_studies(folder: Path, count: int) -> list[Path]:
    """Write phantoms, four sequences each; return their folders."""
    studies = []
    for traits in cohort_traits(count):
        write_phantom(make_phantom(traits), folder, case_name(traits))
        studies.append(folder / case_name(traits))
        for reference in studies[-1].glob("*-seg.nii.gz"):
            reference.unlink()
    return studies


def measure(count: int, rounds: int, minutes: float, folder: Path) -> dict[str, Any]:
    """Time both ways in turn, up to `rounds` times, each round beginning with the other way."""
    begun = time.monotonic()
    studies = make_studies(folder / "studies", count)
    found: list[dict[str, Any]] = []
    for number in range(rounds):
        started = time.monotonic()
        found.append(one_round(number, studies, folder / str(number)))
        now = time.monotonic()
        if now - begun + (now - started) > minutes * 60:
            break
    return {
        "machine": describe_machine(PACKAGES),
        "checkpoint": CHECKPOINT,
        "studies": count,
        "clients": CLIENTS,
        "rounds": found,
        "of_the_command_line": {
            "studies_per_min": _median([_ratio(each, "studies_per_min") for each in found]),
            "cpu_s_per_study": _median([_ratio(each, "cpu_s_per_study") for each in found]),
        },
        "minutes": round((time.monotonic() - begun) / 60, 1),
    }


def one_round(number: int, studies: list[Path], place: Path) -> dict[str, Any]:
    """Time both ways once, the command first in even rounds."""
    place.mkdir()
    ways = {
        "command": lambda: by_command(studies[0].parent, place, CHECKPOINT),
        "service": lambda: by_clients(studies, place / "workspace", CHECKPOINT, CLIENTS),
    }
    found: dict[str, Any] = {}
    for name in list(ways) if number % 2 == 0 else reversed(list(ways)):
        load = round(os.getloadavg()[0], 1)
        found[name] = ways[name]() | {"load_average_before": load}
    masks = [found[name].pop("masks") for name in ways]
    return found | {"same_masks": masks[0] == masks[1]}


def _ratio(each: dict[str, Any], what: str) -> float:
    return float(each["service"][what]) / float(each["command"][what])


def _median(values: list[float]) -> float:
    return round(median(values), 3)


def main() -> None:
    """Measure and write down."""
    arguments = argparse.ArgumentParser("python -m benchmarks.service", description=__doc__)
    arguments.add_argument("--studies", type=int, default=13)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--minutes", type=float, default=7.0)
    arguments.add_argument("--out", type=Path, default=HERE)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = measure(options.studies, options.rounds, options.minutes, Path(folder))
    (options.out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (options.out / "results.md").write_text(to_markdown(results))
    print(to_markdown(results))


if __name__ == "__main__":
    main()

"""Eight clients at once beside the command line: throughput, errors, and how quickly health answers meanwhile.

`python -m benchmarks.service [--studies N] [--rounds N]` makes phantoms and a workspace of its own, segments them by
`python -m core segment` and by eight clients of `python -m core serve` in turn, and writes `results.json` and
`results.md` beside this file. Both are timed warm: the command by the seconds between its first case and its last, the
service from the first study brought to the last mask fetched, after one that nobody counts.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import describe_machine, machine_line
from benchmarks.service.clients import by_clients
from benchmarks.service.command_line import by_command
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


def measure(count: int, rounds: int, folder: Path) -> dict[str, Any]:
    """Time both ways in turn, `rounds` times."""
    studies = make_studies(folder / "studies", count)
    found: list[dict[str, Any]] = []
    for number in range(rounds):
        place = folder / str(number)
        place.mkdir()
        command = by_command(folder / "studies", place, CHECKPOINT)
        service = by_clients(studies, place / "workspace", CHECKPOINT, CLIENTS)
        service["same_masks"] = service.pop("masks") == command.pop("masks")
        found.append({"command": command, "service": service})
    return {
        "machine": describe_machine(PACKAGES),
        "load_at_start": round(os.getloadavg()[0], 1),
        "checkpoint": CHECKPOINT,
        "studies": count,
        "clients": CLIENTS,
        "rounds": found,
        "of_the_command_line": round(
            median(_per_min(each, "service") / _per_min(each, "command") for each in found), 3
        ),
    }


def _share(each: dict[str, Any]) -> float:
    return _per_min(each, "service") / _per_min(each, "command")


def _per_min(each: dict[str, Any], way: str) -> float:
    return float(each[way]["studies_per_min"])


TABLE = """\
# Eight clients at once

{studies} phantoms of four sequences, `{checkpoint}`, {clients} clients that bring a study, wait and fetch its mask, and
the same files by one `python -m core segment`, in turn. {machine}; load average {load} at the start.

| round | command line, studies/min | service, studies/min | health, median | 99 % | slowest | errors | lost |
|---:|---:|---:|---:|---:|---:|---:|---:|
{rows}

Median of the rounds: the service does {share:.0%} of what the command line does (aimed at: 90 % or more). Health is
asked every 50 ms by a client of its own (aimed at: under 50 ms). The masks are byte for byte those of the command
line: {same}.
"""


def table(results: dict[str, Any]) -> str:
    """Return the results as a page."""
    rows = []
    for number, each in enumerate(results["rounds"], 1):
        service, health = each["service"], each["service"]["health_ms"]
        rows.append(
            f"| {number} | {_per_min(each, 'command'):.1f} | {_per_min(each, 'service'):.1f} "
            f"| {health['median']:.1f} ms | {health['p99']:.1f} ms | {health['slowest']:.1f} ms "
            f"| {service['errors']} | {service['lost']} |"
        )
    return TABLE.format(
        studies=results["studies"],
        checkpoint=results["checkpoint"],
        clients=results["clients"],
        machine=machine_line(results["machine"]),
        load=results["load_at_start"],
        rows="\n".join(rows),
        share=results["of_the_command_line"],
        same="yes" if all(each["service"]["same_masks"] for each in results["rounds"]) else "no",
    )


def main() -> None:
    """Measure and write down."""
    arguments = argparse.ArgumentParser("python -m benchmarks.service", description=__doc__)
    arguments.add_argument("--studies", type=int, default=16)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--out", type=Path, default=HERE)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = measure(options.studies, options.rounds, Path(folder))
    (options.out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (options.out / "results.md").write_text(table(results))
    print(table(results))


if __name__ == "__main__":
    main()

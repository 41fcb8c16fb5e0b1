"""The results as a page."""

from __future__ import annotations

from typing import Any

from benchmarks.machine import machine_line

PAGE = """\
# Eight clients at once

{studies} phantoms of four sequences, `{checkpoint}` in float32: {clients} clients that bring a study, ask every
second how far it is and fetch its mask, beside one `python -m core segment` of the same folders; both warm, in turn,
the first study of each left out. {machine}.

| round | | load average before | studies/min | processor seconds a study |
|---:|---|---:|---:|---:|
{rows}

Median of the rounds: the service does **{wall:.0%}** of what the command line does by the clock (aimed at: 90 % or
more), and takes **{cpu:.0%}** of its processor seconds. Where the load average is above what the measurement itself
makes, the second number is the one to read.

| round | worker | server | clients | health, median | 99 % | slowest | later than 50 ms | errors | lost |
|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
{service_rows}

Worker, server and clients: processor seconds a study. Health is asked every 100 ms by a client of its own (aimed at:
under 50 ms). The masks are byte for byte those of the command line: {same}.
"""


def to_markdown(results: dict[str, Any]) -> str:
    """Return the results as a page."""
    rounds = list(enumerate(results["rounds"], 1))
    shares = results["of_the_command_line"]
    rows = [
        f"| {number} | {title} | {each[way]['load_average_before']} | {each[way]['studies_per_min']:.1f} "
        f"| {each[way]['cpu_s_per_study']:.2f} |"
        for number, each in rounds
        for way, title in (("command", "command line"), ("service", "service"))
    ]
    return PAGE.format(
        studies=results["studies"],
        checkpoint=results["checkpoint"],
        clients=results["clients"],
        machine=machine_line(results["machine"]),
        rows="\n".join(rows),
        wall=shares["studies_per_min"],
        cpu=shares["cpu_s_per_study"],
        service_rows="\n".join(_service_row(number, each["service"]) for number, each in rounds),
        same="yes" if all(each["same_masks"] for _, each in rounds) else "no",
    )


def _service_row(number: int, service: dict[str, Any]) -> str:
    spent, health = service["cpu_s_per_study_of"], service["health_ms"]
    return (
        f"| {number} | {spent['worker']:.2f} | {spent['server']:.2f} | {spent['clients']:.2f} "
        f"| {health['median']:.1f} ms | {health['p99']:.1f} ms | {health['slowest']:.1f} ms "
        f"| {health['later_than_50_ms']} of {health['asked']} | {service['errors']} | {service['lost']} |"
    )

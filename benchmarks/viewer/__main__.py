"""Measure the slice viewer beside NiiVue: script per scroll step, frames, opening, bytes and memory.

`python -m benchmarks.viewer [--data FOLDER] [--rounds N]` imports one BraTS-Africa case, segments it with the shipped
models, installs NiiVue (npm), and opens both viewers in turn in a headless Chromium with software rendering: six
linked panels of the same image and the same masks. It writes `results.json` and `results.md` here.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from benchmarks.machine import describe_machine, machine_line
from benchmarks.viewer import contestants
from benchmarks.viewer.case import prepare
from benchmarks.viewer.contestants import Opened
from tools.find_browser import find_browser

HERE = Path(__file__).parent
CASE = "BraTS-SSA-00028-000"
STEPS = 120  # one in every second frame, for script time
FLOW = 120  # one in every frame, for the time between frames
TURN = 40  # slices until the wheel turns back
LONG = 500  # slices without a rest, for memory and reruns

Open = Callable[[], AbstractContextManager[Opened]]


def look(opened: Opened) -> dict[str, float]:
    """Scroll an open viewer and take its measures."""
    page, target = opened.page, opened.target
    session = page.context.new_cdp_session(page)
    one_by_one = "([target, count, turn]) => probe.steps(target, count, turn)"
    idle = page.evaluate(one_by_one, [target, STEPS, 0])
    steps = page.evaluate(one_by_one, [target, STEPS, TURN])
    again = page.evaluate(one_by_one, [target, STEPS, TURN])
    frames = page.evaluate("([target, steps, turn]) => probe.scroll(target, steps, turn)", [target, FLOW, TURN])
    return {
        "first_slice_ms": opened.first_ms,
        "all_volumes_ms": opened.all_ms,
        "wire_mb": opened.wire_bytes / 1e6,
        "browser_mb": contestants.browser_mb(),
        "heap_mb": contestants.heap_mb(session),
        "script_p50_ms": float(np.percentile(steps, 50)),
        "again_p95_ms": float(np.percentile(again, 95)),
        "again_p50_ms": float(np.percentile(again, 50)),
        "script_p95_ms": float(np.percentile(steps, 95)),
        # what the page does by itself meanwhile
        "idle_p95_ms": float(np.percentile(idle, 95)),
        "frame_p50_ms": float(np.percentile(frames, 50)),
        "frame_p95_ms": float(np.percentile(frames, 95)),
    }


def scroll_far(opened: Opened) -> dict[str, float]:
    """Scroll 500 slices and tell what that did to memory and to Python."""
    page = opened.page
    session = page.context.new_cdp_session(page)
    scroll = "([target, steps, turn]) => probe.scroll(target, steps, turn)"
    page.evaluate(scroll, [opened.target, LONG // 5, TURN])
    before, sent, started = contestants.heap_mb(session), len(opened.sent), perf_counter()
    page.evaluate(scroll, [opened.target, LONG, TURN])
    page.wait_for_timeout(1500)
    while_scrolling, seconds = len(opened.sent) - sent, perf_counter() - started
    page.wait_for_timeout(seconds * 1000)
    return {
        "slices": LONG,
        "messages_to_python": while_scrolling,
        "messages_while_resting": len(opened.sent) - sent - while_scrolling,
        "heap_before_mb": before,
        "heap_after_mb": contestants.heap_mb(session),
    }


def measure(source: Path, rounds: int) -> dict[str, Any]:
    """Open both viewers in turn, `rounds` times, and ours once more on a server that has never shown the case."""
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        scratch, chrome = Path(temporary), find_browser()
        shown = prepare(source, scratch)
        with contestants.serving_app(shown) as app, contestants.serving_files(shown, scratch) as files:
            ours: Open = lambda: contestants.segscope(playwright, chrome, shown, app)  # noqa: E731
            theirs: Open = lambda: contestants.niivue(playwright, chrome, files)  # noqa: E731
            cold = []
            for _ in range(rounds):
                shutil.rmtree(shown.workspace.root / "volumes", ignore_errors=True)
                with ours() as opened:
                    cold.append({"first_slice_ms": opened.first_ms, "all_volumes_ms": opened.all_ms})
            taken: dict[str, list[dict[str, float]]] = {"segscope": [], "niivue": []}
            for _ in range(rounds):
                for name, open_ in (("segscope", ours), ("niivue", theirs)):
                    with open_() as opened:
                        taken[name].append(look(opened))
            with ours() as opened:
                far = scroll_far(opened)
    return {
        "case": source.name,
        "shape": list(shown.shape),
        "rounds": rounds,
        "medians": {name: _medians(each) for name, each in taken.items()},
        "first_visit_of_all": _medians(cold),
        "scrolling_far": far,
        "all_rounds": taken,
    }


def _medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(median(each[name] for each in rounds), 2) for name in rounds[0]}


ROWS = {
    "script_p95_ms": "script per scroll step, p95, ms",
    "script_p50_ms": "script per scroll step, median, ms",
    "again_p95_ms": "the same over slices seen before, p95, ms",
    "again_p50_ms": "the same over slices seen before, median, ms",
    "frame_p95_ms": "between frames while scrolling, p95, ms",
    "frame_p50_ms": "between frames while scrolling, median, ms",
    "first_slice_ms": "click to first slice, ms",
    "all_volumes_ms": "click to every volume in place, ms",
    "wire_mb": "volumes on the wire, MB",
    "browser_mb": "memory of page and graphics processes, MB",
    "heap_mb": "JavaScript heap with typed arrays, MB",
}

TABLE = """# The slice viewer beside NiiVue

`python -m benchmarks.viewer`: {case}, {shape} voxels, six linked panels (T1c; reference; three models;
errors) in headless Chromium {chrome}, software rendering, {rounds} rounds in turn, medians. Segscope has all
four sequences and four masks in place and computes the errors; NiiVue {niivue} has T1c in six canvases and five masks.
Script per step is what the wheel's handlers and every callback of frames and timers take until the second frame after
it, by the page's clock; without a step that is {idle_ours} and {idle_theirs} ms. What NiiVue leaves to its graphics
process is not in it: the time between frames shows that.

| | Segscope | NiiVue | NiiVue / Segscope |
|---|---|---|---|
{rows}

The very first visit to a case, before any of its volumes has been compressed for browsers: first slice after
{cold_first:.0f} ms, every volume after {cold_all:.0f} ms.

Scrolling {slices} slices without a rest: {messages} messages to Python (and {resting} while resting as long: what the
page asks by itself); heap {before:.1f} MB before, {after:.1f} MB after.

Taken on {machine}; load average at the start {load}.
"""


def to_markdown(results: dict[str, Any]) -> str:
    """Write the results as the table that stands beside them."""
    ours, theirs = results["medians"]["segscope"], results["medians"]["niivue"]
    rows = [
        f"| {title} | {ours[name]:.1f} | {theirs[name]:.1f} | {theirs[name] / max(ours[name], 1e-9):.1f} |"
        for name, title in ROWS.items()
    ]
    far = results["scrolling_far"]
    return TABLE.format(
        case=results["case"],
        shape=" × ".join(map(str, results["shape"])),
        chrome=results["chromium"],
        niivue=results["niivue"],
        rounds=results["rounds"],
        idle_ours=ours["idle_p95_ms"],
        idle_theirs=theirs["idle_p95_ms"],
        rows="\n".join(rows),
        cold_first=results["first_visit_of_all"]["first_slice_ms"],
        cold_all=results["first_visit_of_all"]["all_volumes_ms"],
        slices=far["slices"],
        messages=far["messages_to_python"],
        resting=far["messages_while_resting"],
        before=far["heap_before_mb"],
        after=far["heap_after_mb"],
        machine=machine_line(results["machine"]),
        load=results["load_average"],
    )


def main() -> None:
    """Measure, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.viewer", description=__doc__)
    data = os.environ.get("SEGSCOPE_TEST_DATA") or HERE.parents[1].parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=data, help="the folder that holds brats_africa/")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    source = Path(arguments.data) / "brats_africa" / CASE
    if not source.is_dir():
        parser.error(f"found no {source}, expected the BraTS-Africa case {CASE}")
    load = round(os.getloadavg()[0], 1)
    results = {
        "machine": describe_machine(("streamlit", "playwright")),
        "load_average": load,
        "chromium": _chromium_version(),
        "niivue": json.loads((HERE / "package.json").read_text())["dependencies"]["@niivue/niivue"],
        **measure(source, arguments.rounds),
    }
    (HERE / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (HERE / "results.md").write_text(to_markdown(results))
    print(to_markdown(results))


def _chromium_version() -> str:
    import subprocess

    said = subprocess.run([find_browser(), "--version"], capture_output=True, text=True, check=True)
    return next(word for word in said.stdout.split() if word[0].isdigit())


if __name__ == "__main__":
    main()

"""Time the pages' script runs with ten thousand cases.

`python -m benchmarks.browse [--cases N] [--repeats N]` makes a workspace of its own, walks through the pages without
a browser (Streamlit's AppTest), and writes `results.json` and `results.md` beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from benchmarks.browse.cohort import NAME, make_cohort
from benchmarks.machine import describe_machine, machine_line
from core.workspace import PROJECT, Workspace

HERE = Path(__file__).parent
PACKAGES = ("streamlit", "numpy", "pandas")
FIRST_VISIT_S, PAGE_RUN_S = 1.0, 0.3


class Walk:
    """A visitor's way through the pages, timed step by step."""

    def __init__(self, repeats: int) -> None:
        self.repeats = repeats
        self.rows: list[dict[str, Any]] = []

    def time(self, what: str, steps: list[Callable[[], Any]], limit_s: float | None = None) -> None:
        """Time some steps, and keep the median and the slowest."""
        seconds, busy = [], []
        for step in steps:
            started, worked = perf_counter(), process_time()
            step()
            seconds.append(perf_counter() - started)
            busy.append(process_time() - worked)
        self.rows.append(
            {
                "step": what,
                "runs": len(steps),
                "median_s": round(median(seconds), 3),
                "slowest_s": round(max(seconds), 3),
                "median_cpu_s": round(median(busy), 3),
                "limit_s": limit_s,
            }
        )


def measure(repeats: int) -> list[dict[str, Any]]:
    """Walk through Browse, Compare and Overview."""
    import streamlit as st
    from streamlit.testing.v1 import AppTest

    def opened(cohort: str) -> AppTest:
        app = AppTest.from_file(str(PROJECT / "pages" / "shell.py"), default_timeout=120)
        app.query_params["cohort"] = cohort
        return app

    # modules are imported and the viewer's volumes written once per server, whatever the cohort's size
    for page in ("browse_volumes.py", "compare_models.py"):
        opened("one").run().switch_page(page).run()
        opened(NAME).run().switch_page(page).run()
    st.cache_data.clear()
    st.cache_resource.clear()
    app, walk = opened("one").run(), Walk(repeats)
    app.query_params["cohort"] = NAME
    app.session_state["cohort"] = NAME
    walk.time("Browse, first visit: cohort.json read, 50 pictures made", [_to(app, "browse_volumes.py")], FIRST_VISIT_S)
    walk.time("Browse again", [app.run] * repeats, PAGE_RUN_S)
    walk.time("next page, 50 new pictures", [lambda: _button(app, "Next").click().run()] * repeats, PAGE_RUN_S)
    walk.time("previous page", [lambda: _button(app, "Previous").click().run()] * repeats, PAGE_RUN_S)
    parts = [f"{number:03d}" for number in range(100, 100 + repeats)]
    walk.time("search a part of an id", [_search(app, part) for part in parts], PAGE_RUN_S)
    walk.time("search a finding: some 1,400 match", [_search(app, "no enhancing")], PAGE_RUN_S)
    _search(app, "")()
    walk.time("another order, 50 new pictures", [_order(app, order) for order in ("largest", "smallest")], PAGE_RUN_S)
    others = [_order(app, order) for order in ("finest", "group", "coarsest", "case")]
    walk.time("another order, its pictures seen before", others, PAGE_RUN_S)
    walk.time("Compare, first visit", [_to(app, "compare_models.py")])
    walk.time("Compare again", [app.run] * repeats, PAGE_RUN_S)
    options = next(box for box in app.selectbox if box.label == "Case").options
    walk.rows[-1]["options"] = len(options)
    walk.time("Overview, first visit", [_to(app, "overview.py")])
    walk.time("Overview again", [app.run] * repeats, PAGE_RUN_S)
    assert not app.exception
    return walk.rows


def _to(app: Any, page: str) -> Callable[[], Any]:
    return lambda: app.switch_page(page).run()


def _button(app: Any, label: str) -> Any:
    return next(button for button in app.button if button.label == label)


def _search(app: Any, text: str) -> Callable[[], Any]:
    return lambda: app.text_input[0].input(text).run()


def _order(app: Any, name: str) -> Callable[[], Any]:
    return lambda: next(box for box in app.selectbox if box.label == "Order").select(name).run()


TABLE = """\
# Pages with {cases:,} cases

Time of the script run on the server, without a browser; cohort.json is {megabytes:.0f} MB. {machine};
load average {load} at the start.

| step | runs | median | slowest | CPU time | aimed at |
|---|---:|---:|---:|---:|---:|
{rows}

Compare's case select holds the {options} cases around the present one: all of them would travel with every run.
On a machine that is busy otherwise the CPU times are the ones to read.

Written by `python -m benchmarks.browse`.
"""


def to_markdown(results: dict[str, Any]) -> str:
    """Write the results as the table that stands beside them."""
    rows = [
        f"| {row['step']} | {row['runs']} | {row['median_s']:.3f} s | {row['slowest_s']:.3f} s | "
        f"{row['median_cpu_s']:.3f} s | {_aim(row['limit_s'])} |"
        for row in results["rows"]
    ]
    options = next(row["options"] for row in results["rows"] if "options" in row)
    facts = {"cases": results["cases"], "megabytes": results["cohort_json_mb"], "load": results["load_average"]}
    return TABLE.format(machine=machine_line(results["machine"]), options=options, rows="\n".join(rows), **facts)


def _aim(limit_s: float | None) -> str:
    return "" if limit_s is None else f"{limit_s:.1f} s"


def main() -> None:
    """Measure, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.browse", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    load = round(os.getloadavg()[0], 1)
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "workspace")
        os.environ["SEGSCOPE_WORKSPACE"] = str(workspace.root)
        make_cohort(workspace, arguments.cases)
        size = (workspace.cohort_folder(NAME) / "cohort.json").stat().st_size
        rows = measure(arguments.repeats)
    results = {
        "machine": describe_machine(PACKAGES),
        "load_average": load,
        "cases": arguments.cases,
        "cohort_json_mb": round(size / 1e6, 1),
        "rows": rows,
    }
    (HERE / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (HERE / "results.md").write_text(to_markdown(results))
    print(to_markdown(results))


if __name__ == "__main__":
    main()

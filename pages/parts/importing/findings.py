"""What the gate said, as a table: how bad, where, what was found, what was expected, what to do, and a picture."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core.jobs.folder import JobFolder
from pages.parts.words import plural

Said = Mapping[str, Any]

WORST_FIRST = ("error", "warning", "note")
MARKS = {"error": ":red[✕]", "warning": ":orange[!]", "note": ":gray[i]"}
WIDTHS = [0.16, 1.7, 2.0, 1.9, 2.2, 0.95]
TITLES = ("", "Where", "Found", "Expected", "What to do", "")
SHOWN = 3  # of a kind; the others are counted and listed below
PICTURE = 92  # pixels
FIELDS = {"layout": "Layout", "scheme": "What the labels mean", "harmonise": "Offered"}
OPTION = re.compile(r"with --(layout|scheme|harmonise)\b(\s(?!or\b|and\b))?")
MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:])")


def findings_table(job: JobFolder, findings: Sequence[Said]) -> None:
    """Draw the findings of a check, the worst first, those of one kind together."""
    kinds = by_kind(findings)
    _counts(findings)
    if not kinds:
        st.caption(":green[✓] nothing odd was found")
        return
    for column, title in zip(st.columns(WIDTHS, gap="small"), TITLES, strict=True):
        column.caption(title)
    for number, kind in enumerate(kinds):
        for finding in kind[:SHOWN]:
            _row(job, finding)
        if more := kind[SHOWN:]:
            with st.expander(f"{plural(len(more), 'more case')} of this: {kind[0]['code'].replace('_', ' ')}"):
                columns = ["case", "file", "found", "expected"]
                table = pd.DataFrame([{name: each[name] for name in columns} for each in more])
                st.dataframe(table, hide_index=True, key=f"more {job.id} {number}")


def by_kind(findings: Sequence[Said]) -> list[list[Said]]:
    """Return the findings that share severity and code together, the worst and most frequent first."""
    kinds: dict[tuple[str, str], list[Said]] = {}
    for finding in findings:
        kinds.setdefault((finding["severity"], finding["code"]), []).append(finding)
    order = sorted(kinds.items(), key=lambda item: (WORST_FIRST.index(item[0][0]), -len(item[1])))
    # those with a picture first: they are the ones that are shown
    return [sorted(kind, key=lambda finding: not finding.get("picture")) for _, kind in order]


def in_the_app(fix: str) -> str:
    """Return a way out as the app offers it, where the sentence names an option of the command line."""
    return OPTION.sub(lambda said: f"under {FIELDS[said[1]]}{': ' if said[2] else ''}", fix)


def plain(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return MARKDOWN.sub(r"\\\1", text)


def _counts(findings: Sequence[Said]) -> None:
    colours = {"error": "red", "warning": "orange", "note": "gray"}
    with st.container(horizontal=True, gap="small"):
        for severity in WORST_FIRST:
            if count := sum(finding["severity"] == severity for finding in findings):
                st.badge(plural(count, severity), color=colours[severity])  # type: ignore[arg-type]


def _row(job: JobFolder, finding: Said) -> None:
    mark, where, found, expected, fix, picture = st.columns(WIDTHS, gap="small")
    mark.markdown(f":small[{MARKS[finding['severity']]}]")
    named = [f"**{plain(finding['case'])}**"] if finding["case"] else []
    named += [f":gray[{plain(finding['file'])}]"] if finding["file"] else []
    where.markdown(f":small[{'<br>'.join(named) or '**all of it**'}]", unsafe_allow_html=True)
    found.markdown(f":small[{plain(finding['found'])}]")
    expected.markdown(f":small[:gray[{plain(finding['expected'])}]]")
    fix.markdown(f":small[{plain(in_the_app(finding['fix']))}]")
    if address := _address(job, finding.get("picture", "")):
        picture.image(address, width=PICTURE, alt=f"{finding['case']} {finding['file']}")


def _address(job: JobFolder, name: str) -> str | None:
    path = job.folder / "pictures" / Path(name).name
    if not name or not path.exists():
        return None
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"

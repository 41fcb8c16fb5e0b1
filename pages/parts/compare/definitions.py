"""What the numbers mean, printed under them: definitions, empty masks, intervals, and who is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.evaluation.human_agreement import Agreement
from pages.parts.compare.metric_words import BETTER, title_of
from pages.parts.words import plural

NAMED = 12  # patients that a sentence names before it is folded away


def definitions(document: Mapping[str, Any], metric: str, bands: Mapping[str, Agreement]) -> None:
    """Print the metric's definition, the policy, the interval and where the band comes from; the rest on request.

    Args:
        document: what `summarise` returned.
        metric: the one that is shown.
        bands: region to how well people agree, where that is drawn.
    """
    policy = document["policy"]
    lines = [_definition(metric, policy["metrics"][metric])] if metric in policy["metrics"] else []
    lines.append(f"**Empty masks** ({policy['empty_masks']['name']}): {policy['empty_masks']['words']}.")
    lines.append(
        f"**Interval**: {policy['interval']}; none under {policy['minimum_groups']}. Groups: {document['group_kind']}."
    )
    if bands:
        first = next(iter(bands.values()))
        said = f"{first.low:.2f} to {first.high:.2f}"
        lines.append(f"**Human agreement**: Dice {said}, {first.what}. Other patients than these. {first.citation}.")
    st.caption("  \n".join(lines))
    with st.expander("All definitions"):
        st.caption("  \n".join(_definition(name, each) for name, each in policy["metrics"].items()))
        st.caption(f"**Test**: {policy['test']}.")


def who_is_left_out(document: Mapping[str, Any], titles: Mapping[str, str]) -> None:
    """Name the patients that a model was trained or tuned on, and those that not every model has."""
    seen: dict[tuple[str, str], list[str]] = {}
    for entry in document["dropped"]:
        key = (titles.get(entry["model"], entry["model"]), entry.get("matches_part") or "training")
        seen.setdefault(key, []).append(entry["case"])
    words = {"train": "trained on", "validation": "tuned on"}
    lines = [
        f"Dropped for {title}, {words.get(part, part)} {'it' if len(cases) == 1 else 'them'}: {', '.join(cases)}."
        for (title, part), cases in seen.items()
    ]
    if alone := [entry["case"] for entry in document["not_compared"]]:
        lines.append(f"Not compared, as a model lacks {'it' if len(alone) == 1 else 'them'}: {', '.join(alone)}.")
    if not lines:
        return
    left_out = len({entry["case"] for entry in document["dropped"]} | set(alone))
    if left_out <= NAMED and len(lines) <= 2:
        st.caption("  \n".join(lines))
        return
    with st.expander(f"{plural(left_out, 'patient')} left out of a mean: who, and why"):
        st.caption("  \n".join(lines))


def _definition(name: str, said: Mapping[str, Any]) -> str:
    return f"**{title_of(name)}** ({BETTER[said['direction']]}): {said['definition']}. :gray[{said['citation']}]"

"""Paired tests as sentences: who is better, by how much, on how many patients, and when nothing was shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts.compare.grid import Cell, draw_grid
from pages.parts.compare.metric_words import interval, number, title_of

HEAD = ("Region", "First", "Second", "Difference", "95 % CI", "p", "p (Holm)", "Effect", "n", "Verdict")


def verdict_of(test: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """Return the verdict with the models' titles instead of their names, and the reason where there is no test."""
    said = str(test["verdict"])
    for name in test["models"]:
        if said.startswith(f"{name} "):
            said = titles[name] + said[len(name) :]
            break
    return f"{said}: {test['reason']}" if test["reason"] else said


def sentence_of(test: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """Return one test in words, as Markdown: difference with interval, n, p after Holm, verdict."""
    metric, (first, second) = test["metric"], test["models"]
    if test["mean_difference"] is None:
        return f"**{test['region']}**: no patient that both have."
    difference = number(test["mean_difference"], metric, signed=True)
    said = f"**{test['region']}**: {titles[first]} \u2212 {titles[second]} {difference}"
    if test["ci95"] is not None:
        said += f" (95 % CI {interval(test['ci95'], metric, signed=True)})"
    said += f", n = {test['n']}"
    if test["p_holm"] is not None:
        many = f" over {test['family_size']} tests" if test["family_size"] > 1 else ""
        said += f", p {_p(test['p_holm'])} after Holm{many}"
    # a verdict of no difference says n and interval once more
    short = verdict_of(test, titles)
    return f"{said}: {short.split(' (n = ')[0] if test['reason'] is None else short}."


def every_pair(document: Mapping[str, Any], titles: Mapping[str, str], metric: str) -> None:
    """Draw every pair's test of a metric on request."""
    tests = [test for test in document["tests"] if test["metric"] == metric]
    if not tests:
        return
    with st.expander(f"Every pair of models, tested: {title_of(metric)}"):
        rows = [
            (
                test["region"],
                titles[test["models"][0]],
                titles[test["models"][1]],
                number(test["mean_difference"], metric, signed=True),
                Cell(interval(test["ci95"], metric, signed=True), grey=True),
                Cell("–" if test["p"] is None else _p(test["p"], equals=""), grey=True),
                "–" if test["p_holm"] is None else _p(test["p_holm"], equals=""),
                Cell("–" if test["rank_biserial"] is None else f"{test['rank_biserial']:+.2f}", grey=True),
                Cell(str(test["n"]), grey=True),
                verdict_of(test, titles),
            )
            for test in tests
        ]
        draw_grid(HEAD, rows, reads=3)
        st.caption(f"{document['policy']['test'].capitalize()}.")


def _p(value: float, equals: str = "= ") -> str:
    return "< 0.001" if value < 0.001 else f"{equals}{value:.3f}"

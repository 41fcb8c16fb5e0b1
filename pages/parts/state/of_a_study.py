"""What a session remembers of the study that it segments."""

from __future__ import annotations

import streamlit as st

_STUDY = "study"
_JUMPS = "jumps in the study"
_RESTS = "rests on a slice of"
_TAKES = "takes away of a study"


def study() -> str | None:
    """Return the study that the address says is being segmented, else the one that this session left, or None."""
    return st.query_params.get(_STUDY) or st.session_state.get(_STUDY)


def open_study(job_id: str) -> None:
    """Put a study into the address, and remember it."""
    st.query_params[_STUDY] = job_id
    st.session_state[_STUDY] = job_id


def close_study() -> None:
    """Take the study out of the address, and forget it."""
    st.query_params.pop(_STUDY, None)
    st.session_state.pop(_STUDY, None)


def jump_to(study: str, place: tuple[int, int, int]) -> None:
    """Have a study's viewer open at a voxel."""
    _, count, _ = st.session_state.get(_JUMPS, ("", 0, place))
    st.session_state[_JUMPS] = (study, count + 1, place)


def jumps(study: str) -> int:
    """Return how often this session has jumped within a study."""
    found = st.session_state.get(_JUMPS)
    return int(found[1]) if found and found[0] == study else 0


def jumped_to(study: str) -> tuple[int, int, int] | None:
    """Return the voxel that a study's viewer is to open at."""
    found = st.session_state.get(_JUMPS)
    return found[2] if found and found[0] == study else None


def rest_on_slice(study: str, index: int) -> None:
    """Remember the axial slice that a study's viewer shows."""
    st.session_state[_RESTS] = (study, index)


def rests_on(study: str) -> int | None:
    """Return the axial slice that a study's viewer shows, or None before it said so."""
    found = st.session_state.get(_RESTS)
    return int(found[1]) if found and found[0] == study else None


def take(study: str, name: str | None) -> None:
    """Remember the format in which a study is to be taken away; None forgets it."""
    st.session_state[_TAKES] = (study, name)


def takes(study: str) -> str | None:
    """Return the format in which a study is to be taken away, until another is asked for."""
    found = st.session_state.get(_TAKES)
    return found[1] if found and found[0] == study else None

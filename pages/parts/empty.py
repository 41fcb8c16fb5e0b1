"""What a page shows before there is anything to show."""

from __future__ import annotations

import streamlit as st

from pages.parts.running import running_list


@st.fragment(run_every=2.0)
def nothing_yet() -> None:
    """Say what comes next, and come back by itself as soon as there is a cohort."""
    from pages.parts import store

    if store.workspace().cohort_names():
        st.rerun(scope="app")
    st.space("large")
    st.subheader("Nothing to look at yet")
    st.caption("The demo makes 24 phantoms on this machine; the first is here within seconds.")
    running_list()
    st.code("python -m core demo", language=None)

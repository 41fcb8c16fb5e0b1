"""What a page shows before there is anything to show."""

from __future__ import annotations

import streamlit as st

from core.demo import start_demo
from pages.parts import state, store
from pages.parts.running import draw_running, running_now


@st.fragment(run_every=2.0)
def nothing_yet() -> None:
    """Offer the demo, and come back by itself as soon as there is a cohort."""
    if store.workspace().cohort_names():
        st.rerun(scope="app")
    st.space("large")
    st.subheader("Nothing to look at yet", anchor=False)
    st.caption("The demo makes 24 phantoms on this machine, nothing is downloaded; the first is here within seconds.")
    if not running_now():
        st.button("Make the demo", type="primary", on_click=start_demo, args=(store.workspace(),))
    draw_running()
    st.page_link("browse_volumes.py", label="Or import your own scans", query_params={"import": state.NEW_IMPORT})

"""The frame around every page: settings, margins, navigation and what is running."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.workspace import PROJECT
from pages.parts.running import show_running
from pages.parts.viewer import warm_viewer

PARTS = PROJECT / "pages" / "parts"


@dataclass(frozen=True, slots=True)
class PageSpec:
    """One page: its script, its name in the header, and its address."""

    file: str
    title: str
    path: str


PAGES: dict[str, PageSpec] = {
    "overview": PageSpec("overview.py", "Overview", ""),
    "browse": PageSpec("browse_volumes.py", "Browse", "browse"),
    "segment": PageSpec("segment_scan.py", "Segment", "segment"),
    "train": PageSpec("train_models.py", "Train", "train"),
    "compare": PageSpec("compare_models.py", "Compare", "compare"),
}

# Streamlit has no setting for the page's own margins; a browser test notices when an update moves these
MARGINS = """
[data-testid="stMainBlockContainer"] { padding: 3.9rem 20px 20px; max-width: none; }
[data-testid="stHeader"] { background: #0d1014; border-bottom: 1px solid #20262e; }
[class*="st-key-surface"] { background: #11151a; border-color: transparent; }
[data-testid="stBaseButton-primary"]:not(:disabled), [data-testid="stMultiSelect"] [data-tag] { color: #0d1014; }
@media (max-width: 640px) { [data-testid="stColumn"]:has(.st-key-picture) { order: -1; } }
.st-key-running { position: fixed; top: 12px; right: 20px; z-index: 999991; width: auto; }
"""

st.set_page_config(
    page_title="Segscope",
    page_icon=str(PARTS / "segscope.svg"),
    layout="wide",
    initial_sidebar_state="collapsed",
)
st.html(f"<style>{MARGINS}</style>")
st.logo(str(PARTS / "wordmark.svg"), size="large", icon_image=str(PARTS / "wordmark.svg"))

page = st.navigation(
    [
        st.Page(str(PROJECT / "pages" / spec.file), title=spec.title, url_path=spec.path, default=not spec.path)
        for spec in PAGES.values()
    ],
    position="top",
)
# out of the flow: an element of its own would push every page down, even an invisible one
with st.container(key="running"):
    show_running()
    warm_viewer()
page.run()

"""What the address and the session say of an import."""

from __future__ import annotations

import streamlit as st

NEW_IMPORT = "new"
_IMPORT = "import"
_IMPORT_FOLDER = "import_folder"


def importing() -> str | None:
    """Return what the address says of an import: a job's id, `NEW_IMPORT`, or None. A reload keeps it."""
    return st.query_params.get(_IMPORT)


def open_import(job_id: str = NEW_IMPORT) -> None:
    """Put an import into the address."""
    st.query_params[_IMPORT] = job_id


def close_import() -> None:
    """Take the import out of the address."""
    st.query_params.pop(_IMPORT, None)


def import_folder() -> str:
    """Return the server folder that is being looked into, or an empty text."""
    return str(st.session_state.get(_IMPORT_FOLDER, ""))


def choose_import_folder(folder: str) -> None:
    """Remember the server folder."""
    st.session_state[_IMPORT_FOLDER] = folder

"""The first step: files from the visitor's computer, or a folder on the server."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.data import limits
from core.errors import RefusedError
from core.jobs.import_cases import ImportRequest, start_import
from core.jobs.import_roots import VARIABLE, folders_in, import_roots
from core.jobs.uploads import NoSuchUploadError, find_upload, owner_of, uploads_of
from pages.parts import state, store
from pages.parts.uploader import this_browser, uploader
from pages.parts.words import plural

UP = "one folder up"


def choose_source() -> None:
    """Draw both ways in, side by side."""
    computer, server = st.columns(2, gap="medium")
    with computer, st.container(border=True, key="surface-upload"):
        st.markdown("**From this computer**")
        _upload()
        kept_h = limits.UPLOAD_KEPT_S / 3600
        st.caption(
            "Files go to the disk of the server that shows this page and nowhere else; what is not imported is deleted "
            f"{kept_h:.0f} h later. An upload that is cut off goes on where it stopped."
        )
    with server, st.container(border=True, key="surface-folder"):
        st.markdown("**From a folder on the server**")
        _folder()
    st.caption("Nothing is imported before you have seen what was found in it.")


def start_check(request: ImportRequest) -> None:
    """Start a check and go to its step."""
    try:
        state.open_import(start_import(store.workspace(), request))
    except RefusedError as error:
        st.error(str(error))
        return
    st.rerun()


def _upload() -> None:
    place = store.workspace()
    pending = next(iter(uploads_of(place, this_browser())), None)
    most = limits.MAX_UPLOAD_BYTES / 1024**3
    hint = f"NIfTI, DICOM, NRRD, PNG, JPG, TIF or npy, with masks if there are any; up to {most:.0f} GB"
    told = uploader(place, pending, hint, "Check it", key="uploader")
    if told.finished:
        try:
            upload = find_upload(place, told.finished, this_browser())
        except NoSuchUploadError as error:
            st.error(str(error))
            return
        start_check(ImportRequest("check", upload=upload.id, owner=owner_of(this_browser())))


def _folder() -> None:
    place = store.workspace()
    roots = import_roots(place)
    if not roots:
        st.caption(
            f"No folder of the server is open for imports. Whoever runs it can make `{place.root.parent.name}/data`, "
            f"or name folders in `{VARIABLE}`."
        )
        return
    here = Path(state.import_folder() or roots[0])
    root = next((root for root in roots if here.is_relative_to(root)), None)
    if root is None:
        here = root = roots[0]
    if len(roots) > 1:
        _root_select(roots, root)
    try:
        names = folders_in(place, here)
    except RefusedError as error:
        st.error(str(error))
        state.choose_import_folder(str(root))
        return
    st.markdown(" :gray[/] ".join(f"`{part}`" for part in (root.name, *here.relative_to(root).parts)))
    _inside_select(here, root, names)
    files = sum(1 for path in here.iterdir() if path.is_file())
    st.caption(f"{plural(len(names), 'folder')} and {plural(files, 'file')} in it. Files stay where they are.")
    if st.button("Check this folder", type="primary", key="check folder"):
        start_check(ImportRequest("check", folder=str(here), owner=owner_of(this_browser())))


def _root_select(roots: list[Path], root: Path) -> None:
    picked = st.selectbox("Start", roots, roots.index(root), format_func=str, label_visibility="collapsed")
    if picked != root:
        state.choose_import_folder(str(picked))
        st.rerun()


def _inside_select(here: Path, root: Path, names: list[str]) -> None:
    options = [*names, *([UP] if here != root else [])]
    if not options:
        return
    picked = st.selectbox(
        "Folder", options, index=None, placeholder="Open a folder in it", key=f"in {here}", label_visibility="collapsed"
    )
    if picked is not None:
        state.choose_import_folder(str(here.parent if picked == UP else here / picked))
        st.rerun()

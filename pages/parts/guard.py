"""No traceback reaches a page: what is refused is said in a sentence where it happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import JobFailedError, RefusedError


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """Show what the block refuses, instead of stopping the page."""
    try:
        yield
    except (RefusedError, JobFailedError) as error:
        st.error(str(error))
    except FileNotFoundError as error:
        st.error(f"{error.filename and str(error.filename).rsplit('/', 1)[-1]} cannot be opened; is it still there?")

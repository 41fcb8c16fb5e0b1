"""What every folder layout answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.case import Case
from core.data.refusal import Finding


@dataclass(frozen=True, slots=True)
class Layout:
    """What a layout makes of a folder.

    Attributes:
        name: the layout that was recognised.
        cases: complete cases, in order of their ids.
        findings: what is wrong or odd; cases with an error are not among `cases`.
        scheme: the label scheme that the names imply, or None when the user must say.
        why: one sentence: what the folder was taken for, and by what.
        private_names: its file and folder names may hold a patient's name or id, so an import copies and renames.
        partial: cases that lack a sequence and nothing else: refused by a finding, and segmented by a checkpoint that
            does without it.
    """

    name: str
    cases: tuple[Case, ...]
    findings: tuple[Finding, ...] = field(default=())
    scheme: str | None = None
    why: str = ""
    private_names: bool = False
    partial: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True)
class LayoutSpec:
    """One plug-in.

    Attributes:
        name: what `--layout` calls it.
        title: what it is, for people.
        read: lists the cases below a folder, or None when the folder is not of this kind.
        general: takes many kinds of folder, so `auto` asks it only where nothing more specific says yes.
        proposes: what it finds is a guess that the user has to confirm by naming the layout.
    """

    name: str
    title: str
    read: Callable[[Path], Layout | None]
    general: bool = False
    proposes: bool = False

"""Nothing that is kept says where packages come from or on which machine it was written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.tracked import tracked_texts

# in pieces, so that this file does not contain what it looks for
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("download", "pytorch", "org/whl"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("conda", "anaconda", "org"),
        ("jsdelivr", "net"),
        ("unpkg", "com"),
        ("cdnjs", "cloudflare", "com"),
    )
]
INDEX_OPTIONS = [
    "--" + name for name in ("index-url", "extra-index-url", "find-links", "trusted-host", "default-index")
]
FORBIDDEN = {
    "a registry's host": re.compile("|".join(map(re.escape, REGISTRY_HOSTS))),
    "an index option": re.compile(rf"(?<![\w-])(?:{'|'.join(INDEX_OPTIONS)})\b"),
    "a path of one machine": re.compile(
        r"(?<![\w.~)}/-])/(?:" + "|".join(("work", "root", "home", "Users")) + r")/[\w.-]"
    ),
}
DOWNLOAD = re.compile(r"https?://[^\s\"'>)]+\.(?:bin|gz|onnx|pt|pth|safetensors|tar|whl|zip)\b")
ADDRESS_TABLE = "core/data/addresses.py"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_kept_file_holds(repo_root: Path, what: str) -> None:
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, content in tracked_texts(repo_root)
        for number, line in enumerate(content.splitlines(), start=1)
        if FORBIDDEN[what].search(line)
    ]
    assert found == []


def test_downloads_are_named_in_one_table(repo_root: Path) -> None:
    found = {name for name, content in tracked_texts(repo_root) if DOWNLOAD.search(content)}
    assert found == {ADDRESS_TABLE}


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a registry's host", "see https://" + "pypi." + "org/project/x"),
        ("an index option", "pip install --" + "index-url x"),
        ("an index option", "uv pip install --" + "find-links=wheels"),
        ("a path of one machine", 'DATA = "' + "/work" + '/shared"'),
        ("a path of one machine", "cd /home" + "/someone"),
    ],
)
def test_the_search_would_find(what: str, line: str) -> None:
    assert FORBIDDEN[what].search(line)


@pytest.mark.parametrize("line", ["uv pip compile --no-emit-" + "index-url", "../work/x", "runs/work/x", "~/home/x"])
def test_the_search_leaves_alone(line: str) -> None:
    assert not any(pattern.search(line) for pattern in FORBIDDEN.values())

"""The API's description as a page: plain HTML without scripts, for FastAPI's own loads them from another server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; font-size: 1.05rem; } code { font-family: ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .8rem .3rem 0; }
th, td { vertical-align: top; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
"""


def docs_page(document: Mapping[str, Any]) -> str:
    """Return an OpenAPI document as HTML.

    Args:
        document: as FastAPI makes it; its schemas are shown by name and field.
    """
    info = document["info"]
    parts = [
        "<!doctype html>",
        f'<html lang="en"><meta charset="utf-8"><title>{escape(info["title"])} REST API</title>',
        f"<style>{STYLE}</style>",
        f"<h1>{escape(info['title'])} REST API</h1>",
        f"<p>{escape(info.get('description', ''))}</p>",
        '<p>The same for programs: <a href="openapi.json">openapi.json</a></p>',
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts += _operation(path, method, operation)
    parts.append("<h1>Documents</h1>")
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        parts += _schema(name, schema)
    return "\n".join(parts)


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h2><code>{escape(method.upper())} {escape(path)}</code> {escape(operation.get('summary', ''))}</h2>"
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    rows = [
        (parameter["name"], parameter["in"], _type(parameter["schema"]), parameter.get("description", ""))
        for parameter in operation.get("parameters", [])
    ]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        required = content["schema"].get("required", [])
        rows += [
            (name, kind, _type(field) + (", required" if name in required else ""), field.get("description", ""))
            for name, field in content["schema"].get("properties", {}).items()
        ]
    if rows:
        yield _table(("name", "in", "type", ""), rows)
    answers = [
        (status, ", ".join(_type(content.get("schema", {})) for content in answer.get("content", {}).values()) or "-",
         answer.get("description", ""))
        for status, answer in operation.get("responses", {}).items()
    ]  # fmt: skip
    yield _table(("answer", "document", ""), answers)


def _schema(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f'<h2 id="{escape(name)}">{escape(name)}</h2><p>{escape(schema.get("description", ""))}</p>'
    fields = schema.get("properties", {})
    yield _table(
        ("field", "type", ""),
        [(field, _type(said), said.get("description", "")) for field, said in fields.items()],
    )


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return " | ".join(_type(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {})) or 'anything'}"
    return str(schema.get("format") or schema.get("type") or "")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = ["".join(f"<th>{escape(cell)}</th>" for cell in head)]
    lines += ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"

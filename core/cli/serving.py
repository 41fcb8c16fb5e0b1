"""The verb that serves: serve."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

PORT = 8600


def add_verbs(verbs: Any) -> None:
    """Add the group's verbs."""
    serve = verbs.add_parser("serve", help="the REST API without the app")
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine alone)")
    serve.add_argument("--port", type=int, default=PORT)
    serve.set_defaults(run=_serve)


def _serve(options: argparse.Namespace) -> int:
    from core.service.alone import listen, serve
    from core.service.api.tokens import read_tokens, token_file
    from core.workspace import Workspace

    workspace = Workspace.default()
    read_tokens(workspace.root)  # refused here rather than with every request
    listening = listen(options.host, options.port)
    address = f"http://{options.host}:{listening.getsockname()[1]}/api"
    if options.json:
        print(json.dumps({"address": address, "token_file": str(token_file(workspace.root))}), flush=True)
    print(
        f"serving {address}; {address}/docs describes it; the token is in {token_file(workspace.root)}", file=sys.stderr
    )
    if options.host not in ("127.0.0.1", "::1", "localhost"):
        print("it is open to the network: put a server that speaks https before it", file=sys.stderr)
    serve(workspace, listening)
    return 0

"""A plain local server of the engine and of a small page with its panels."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGE = """<!doctype html>
<html lang="en"{theme}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Panels</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/panels.css">
<style>body {{ margin: 0 auto; max-width: 1000px; padding: 8px; font-family: system-ui }}
@media (prefers-color-scheme: dark) {{ html {{ background: #10141a; color: #e8ebf0 }} }}</style></head>
<body><main><h1>Panels</h1>{panels}</main>
<script type="module">import {{ mount }} from "/panels.js"; globalThis.engine = mount();</script></body></html>"""


def page(*panels: str, theme: str = "") -> str:
    """A page with some panels, each given by its attributes."""
    hosts = "".join(
        f'<div class="styletools-panel" {attributes}><p>This panel needs a script.</p></div>' for attributes in panels
    )
    return PAGE.format(panels=hosts, theme=theme)


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript", ".wasm": "application/wasm"}  # noqa: RUF012
    pages: dict[str, str]
    isolated = False

    def do_GET(self) -> None:
        if self.path not in self.pages:
            super().do_GET()
            return
        body = self.pages[self.path].encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        if self.isolated:
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionResetError, BrokenPipeError):  # who has read enough of the weights goes away
            self.close_connection = True


@contextmanager
def served(folder: Path, pages: dict[str, str], *, isolated: bool = False) -> Iterator[str]:
    """The address of a server of a folder and of pages by path."""
    kind = type("Handler", (_Handler,), {"pages": pages, "isolated": isolated})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(kind, directory=str(folder))) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()

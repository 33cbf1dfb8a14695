"""The book of the course, served on this machine: `styletools book`.

Pages opened as files cannot fetch anything, and the code that computes in a page needs headers that a plain server does
not send.
"""

from __future__ import annotations

import contextlib
import errno
import webbrowser
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from styletools.door import explained
from styletools.errors import InputError

__all__ = ["FOLDER", "PORT", "serve", "site"]

FOLDER = Path(__file__).resolve().parent.parent / "artifacts" / "book"
"""Where `make book` puts it, in a copy of the repository."""
PORT = 8642
"""The port it is served on by default."""

ISOLATED = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""The first two make a page cross-origin isolated, so that WebAssembly may use several threads."""


class _Pages(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open: a page has many pictures
    extensions_map = {  # noqa: RUF012  # the name is the base class's
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".json": "application/json",
        ".onnx": "application/octet-stream",
        ".safetensors": "application/octet-stream",
        ".ipynb": "application/x-ipynb+json",
        ".woff2": "font/woff2",
        ".svg": "image/svg+xml",
    }

    def end_headers(self) -> None:
        for name, value in ISOLATED.items():
            self.send_header(name, value)
        # A file whose address carries its checksum never changes; for any other the browser asks whether it has.
        lasting = urlsplit(self.path).query.startswith("v=")
        self.send_header("Cache-Control", "public, max-age=31536000, immutable" if lasting else "no-cache")
        super().end_headers()

    def list_directory(self, path: Any) -> None:  # noqa: ANN401  # a site's folders are not listed
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *words: Any) -> None:  # noqa: ANN401  # the base class's
        """Say nothing about what goes well."""

    def log_error(self, format: str, *words: Any) -> None:  # noqa: ANN401
        super().log_message(format, *words)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Stay silent: a browser that disconnects in the middle of a picture is not an error."""


@explained
def site(folder: str | Path = FOLDER, port: int = PORT) -> ThreadingHTTPServer:
    """Make a server for a built book, for this machine only; it answers once `serve_forever` is called.

    Args:
        folder: a folder with an `index.html`, such as `make book` writes.
        port: 0 to 65535; 0 picks any that is free.

    Returns:
        The server; close it with `server_close`.

    Raises:
        InputError: there is no book in the folder, or the port is taken.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "index.html").write_text("<h1>A book</h1>")
        >>> with site(folder, 0) as server:
        ...     server.server_address[0]
        '127.0.0.1'
    """
    folder = Path(folder)
    if not (folder / "index.html").is_file():
        raise InputError(f"{folder}: expected a built book, found no index.html; run `make book` in the repository")
    if not 0 <= port <= 65535:
        raise InputError(f"port: expected 0 to 65535, got {port}")
    try:
        return _Server(("127.0.0.1", port), partial(_Pages, directory=str(folder)))
    except OSError as error:
        why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be opened: {error.strerror}"
        raise InputError(f"port {port} {why}; give another one with --port, or 0 for any") from error


def serve(folder: str | Path = FOLDER, port: int = PORT, *, browser: bool = True) -> int:
    """Serve a book until ^C, and open it in a browser.

    Args:
        folder: see `site`.
        port: see `site`.
        browser: whether to open it.

    Returns:
        The exit code, 0.

    Raises:
        InputError: see `site`.
    """
    with site(folder, port) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        print(f"The book is at {address} (^C ends)", flush=True)
        if browser:
            webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
    return 0

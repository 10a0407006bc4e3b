"""The chat page, served on the gateway's own port, with a development token for whoever opens it on this machine."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localcloud.gateway.pages import Page, PageRequest

#: Nothing inline, nothing from elsewhere, HTML only through DOMPurify; connections anywhere, as the page may be pointed
#: at a deployed API and its bucket.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; connect-src 'self' ws: wss: https: http://127.0.0.1:* http://localhost:*; "
        "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types dompurify"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_MEDIA = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


class ChatPage:
    """Answers the gateway's plain GETs: files of `folder`, and `/local/config.json` from `config`."""

    def __init__(self, folder: Path, config: Callable[[], dict[str, Any]]) -> None:
        self._folder = folder.resolve()
        self._config = config

    async def __call__(self, request: PageRequest) -> Page:
        if not _is_local(request.headers.get("host", "")):
            # Another name that resolves to this machine: a foreign page must not read the token (DNS rebinding).
            return _plain(403, "open this page as http://127.0.0.1\n")
        if request.path == "/local/config.json":
            headers = {**_HEADERS, "Cache-Control": "no-store"}  # it holds a token
            return Page(json.dumps(self._config()).encode(), "application/json", headers=headers)
        return self._file(request.path)

    def _file(self, path: str) -> Page:
        file = self._find(path.lstrip("/") or "index.html")
        if file is None:
            return _plain(404, "there is no such file here\n")
        media = _MEDIA.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        if media.startswith("text/"):
            media += "; charset=utf-8"
        return Page(file.read_bytes(), media, headers=_HEADERS)

    def _find(self, relative: str) -> Path | None:
        try:
            file = (self._folder / relative).resolve()
            return file if file.is_relative_to(self._folder) and file.is_file() else None
        except (OSError, ValueError):  # no file system has such a name
            return None


def _is_local(host: str) -> bool:
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return name in _LOCAL_HOSTS


def _plain(status: int, text: str) -> Page:
    return Page(text.encode(), "text/plain; charset=utf-8", status=status, headers=_HEADERS)

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from mangum import Mangum

from tests.builders import NOW
from thinkaloud.api.application import make_application
from thinkaloud.library.jobs import MemoryJobs
from thinkaloud.library.library import Library
from thinkaloud.library.uploads import MemoryUploads
from thinkaloud.state.audit import MemoryAudits
from thinkaloud.state.memory import MemoryConversations
from thinkaloud.state.memory_documents import MemoryDocuments

FOREVER = 4_102_444_800
EVERYTHING = "audit:read documents:read documents:write"
MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Reply:
    """What API Gateway would send on."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


@dataclass
class Desktop:
    """The API over stores in memory, as API Gateway calls it: the principal comes in the event."""

    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    uploads: MemoryUploads = field(default_factory=MemoryUploads)
    jobs: MemoryJobs = field(default_factory=MemoryJobs)
    audits: MemoryAudits = field(default_factory=MemoryAudits)
    conversations: MemoryConversations = field(default_factory=MemoryConversations)
    now: float = NOW

    def __post_init__(self) -> None:
        library = Library(self.documents, self.uploads, self.jobs, MOST_BYTES, clock=lambda: self.now)
        self._application = make_application(library, self.audits, self.conversations)
        self._loop = asyncio.new_event_loop()
        # Mangum takes the loop of its thread, and the tests' own thread has one of theirs.
        self._thread = ThreadPoolExecutor(1, initializer=asyncio.set_event_loop, initargs=(self._loop,))
        self._gateway = self._thread.submit(Mangum, self._application, "off").result()

    def close(self) -> None:
        self._thread.shutdown()
        self._loop.close()

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        tenant: str = "qinghe",
        user: str = "lin",
        scope: str = EVERYTHING,
        expires: int = FOREVER,
        text: str | None = None,
        query: dict[str, str] | None = None,
        language: str = "en-GB,en;q=0.9",
        context: dict[str, Any] | None = None,
    ) -> Reply:
        principal = {"tenant": tenant, "user": user, "expires": str(expires), "scope": scope}
        event = {
            "version": "2.0",
            "routeKey": f"{method} {path}",
            "rawPath": path,
            "rawQueryString": urlencode(query or {}),
            "headers": {"content-type": "application/json", "accept-language": language, "host": "api.example.com"},
            "requestContext": {
                "http": {"method": method, "path": path, "sourceIp": "203.0.113.7"},
                "authorizer": {"lambda": principal} if context is None else context,
            },
            "body": text if text is not None else None if body is None else json.dumps(body),
            "isBase64Encoded": False,
        }
        answer = self._thread.submit(self._gateway, event, None).result()
        headers = answer.get("headers", {})
        is_json = headers.get("content-type", "").startswith("application/json")
        return Reply(answer["statusCode"], json.loads(answer["body"]) if is_json else answer["body"], headers)

    def add(self, name: str = "returns.md", size: int = 2_048, **said: Any) -> Reply:
        fields = {"name": name, "bytes": size, **said.pop("fields", {})}
        return self.ask("POST", "/documents", fields, **said)


@pytest.fixture
def api() -> Iterator[Desktop]:
    desktop = Desktop()
    yield desktop
    desktop.close()

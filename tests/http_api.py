"""A stand-in for the HTTP API and its bucket, for tests of who talks to them: documents move one step each time they
are looked at, so that no test waits for a clock.

async with HttpApi() as api:
    api.fates["scan.pdf"] = "scanned"     # any error code; what is not named becomes ready
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self

from aiohttp import web

Document = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

AT = "2026-11-20T09:00:00Z"
#: Characters of a document that make one passage here.
PASSAGE = 10


def bearer(scope: str = "documents:read documents:write audit:read", seconds: float = 3600, name: str = "one") -> str:
    """An unsigned JWT. Clients read its scope and its end; the server tells it from others by its name."""
    claims = json.dumps({"scope": scope, "exp": time.time() + seconds})
    return f"e30.{base64.urlsafe_b64encode(claims.encode()).decode().rstrip('=')}.{name}"


def document_id(name: str) -> str:
    return hashlib.blake2b(name.encode(), digest_size=16).hexdigest()


class HttpApi:
    """One server on 127.0.0.1, as an async context manager. The attributes may be changed while it runs."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        #: What the bucket got, by document name, newest last.
        self.uploads: dict[str, list[bytes]] = {}
        #: Document name -> the code with which reading it ends.
        self.fates: dict[str, str] = {}
        #: (session, turn) -> the audit of a turn.
        self.audits: dict[tuple[str, str], dict[str, Any]] = {}
        #: Answers that come before any other: (method, start of the path) -> statuses, each used once.
        self.faults: dict[tuple[str, str], list[int]] = {}
        #: Looks at a document from one step to the next.
        self.patience = 1
        #: Held back while clear: what is uploaded, and how far a document is.
        self.uploading = asyncio.Event()
        self.reading = asyncio.Event()
        self.uploading.set()
        self.reading.set()
        self.page = 50
        self.requests: list[str] = []
        self.tokens: list[str] = []
        #: Tokens that are not good any more.
        self.revoked: set[str] = set()
        self._looks: dict[str, int] = {}
        self._arrival = asyncio.Condition()

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._cors, self._gatekeeper], client_max_size=2**27)
        app.router.add_get("/documents", self._list)
        app.router.add_post("/documents", self._create)
        app.router.add_get("/documents/{id}", self._get)
        app.router.add_put("/documents/{id}", self._replace)
        app.router.add_delete("/documents/{id}", self._delete)
        app.router.add_get("/sessions/{session}/turns/{turn}/audit", self._audit)
        app.router.add_put("/bucket/{id}/{version}", self._upload)
        app.router.add_route("OPTIONS", "/{rest:.*}", self._audit)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Answer nobody any more; again does nothing."""
        self.uploading.set()
        await self._runner.cleanup()

    def put(self, name: str, **fields: Any) -> Document:
        """A document that is there already, ready unless `fields` say otherwise."""
        document: Document = {
            "id": document_id(name),
            "name": name,
            "uri": name,
            "media": "text/markdown",
            "bytes": 1234,
            "status": "ready",
            "error": None,
            "chunks": 12,
            "progress": {"done": 12, "total": 12},
            "metadata": {},
            "version": 1,
            "created_at": AT,
            "updated_at": AT,
            **fields,
        }
        self.documents[document["id"]] = document
        return document

    def named(self, name: str) -> Document:
        return self.documents[document_id(name)]

    async def arrived(self, count: int) -> None:
        """Until the bucket has so many documents' files."""
        async with asyncio.timeout(20), self._arrival:
            await self._arrival.wait_for(lambda: len(self.uploads) >= count)

    @web.middleware
    async def _cors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """As the API and the bucket are told to do it; a browser enforces it."""
        response = web.Response(status=204) if request.method == "OPTIONS" else await handler(request)
        response.headers["Access-Control-Allow-Origin"] = request.headers.get("Origin", "*")
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, DELETE"
        response.headers["Access-Control-Allow-Headers"] = "authorization, content-type, if-none-match"
        return response

    @web.middleware
    async def _gatekeeper(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path}")
        for (method, start), statuses in self.faults.items():
            if request.method == method and request.path.startswith(start) and statuses:
                return _refusal(statuses.pop(0), "throttled", "try later")
        if not request.path.startswith("/bucket/"):
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            self.tokens.append(token)
            if not token or token in self.revoked:  # as API Gateway answers for its authorizer
                status, message = (403, "Forbidden") if token else (401, "Unauthorized")
                return web.json_response({"message": message}, status=status)
        return await handler(request)

    async def _list(self, request: web.Request) -> web.Response:
        start = int(request.query.get("cursor", 0))
        documents = list(self.documents.values())
        end = start + min(self.page, int(request.query.get("limit", 50)))
        cursor = str(end) if end < len(documents) else None
        return web.json_response({"documents": documents[start:end], "cursor": cursor})

    async def _create(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if asked["name"].startswith("/") or ".." in asked["name"]:
            return _refusal(422, "invalid_request", "name: it must not lead out of its folder")
        if asked["name"].endswith(".png"):
            return _refusal(415, "unsupported", "files of type .png are not supported")
        return self._announce(asked["name"], asked)

    async def _replace(self, request: web.Request) -> web.Response:
        known = self.documents.get(request.match_info["id"])
        if known is None:
            return _refusal(404, "not_found", "there is no such document")
        return self._announce(known["name"], await request.json())

    def _announce(self, name: str, asked: Document) -> web.Response:
        if asked["bytes"] < 1:
            return _refusal(422, "invalid_request", "bytes must be 1 or more")
        if asked["bytes"] > 100 * 2**20:
            return _refusal(413, "too_large", f"{name} has {asked['bytes']:,} bytes; the limit is 104,857,600")
        version = self.documents.get(document_id(name), {}).get("version", 0) + 1
        metadata = asked.get("metadata") or {}
        document = self.put(
            name, bytes=asked["bytes"], status="waiting", chunks=0, progress={"done": 0, "total": None}, version=version
        )
        document["metadata"] = metadata
        upload = {
            "method": "PUT",
            "url": f"{self.url}/bucket/{document['id']}/{version}",
            "headers": {"content-type": "text/markdown", "if-none-match": "*"},
            "expires_at": AT,
        }
        return web.json_response({"document": document, "upload": upload}, status=201)

    async def _get(self, request: web.Request) -> web.Response:
        document = self.documents.get(request.match_info["id"])
        if document is None:
            return _refusal(404, "not_found", "there is no such document")
        if self.reading.is_set():
            self._step(document)
        if document["id"] not in self.documents:
            return _refusal(404, "not_found", "there is no such document")
        return web.json_response(document)

    def _step(self, document: Document) -> None:
        """queued -> reading, a part at a time -> ready or failed; deleting -> gone."""
        looks = self._looks[document["id"]] = self._looks.get(document["id"], 0) + 1
        if looks % self.patience:
            return
        code = self.fates.get(document["name"])
        match document["status"]:
            case "queued":
                document["status"] = "reading"
                document["progress"] = {"done": 0, "total": 2}
            case "reading" if code:
                document["status"] = "failed"
                document["error"] = {"code": code, "message": f"{document['name']}: {code}"}
            case "reading" if document["progress"]["done"] < 2:
                document["progress"]["done"] += 1
            case "reading":
                document["status"] = "ready"
                document["chunks"] = 1 + document["bytes"] // PASSAGE
            case "deleting":
                del self.documents[document["id"]]

    async def _delete(self, request: web.Request) -> web.Response:
        document = self.documents.get(request.match_info["id"])
        if document is None:
            return _refusal(404, "not_found", "there is no such document")
        document["status"] = "deleting"
        return web.json_response({"document": document}, status=202)

    async def _upload(self, request: web.Request) -> web.Response:
        body = await request.read()
        await self.uploading.wait()
        document = self.documents[request.match_info["id"]]
        signed = request.headers.get("If-None-Match") == "*" and request.headers["Content-Type"] == "text/markdown"
        if not signed or len(body) != document["bytes"] or request.match_info["version"] != str(document["version"]):
            return web.Response(status=403)
        if document["status"] != "waiting":
            return web.Response(status=412)
        self.uploads.setdefault(document["name"], []).append(body)
        document["status"] = "queued"
        async with self._arrival:
            self._arrival.notify_all()
        return web.Response()

    async def _audit(self, request: web.Request) -> web.Response:
        found = self.audits.get((request.match_info.get("session", ""), request.match_info.get("turn", "")))
        if found is None:
            return _refusal(404, "not_found", "there is no record of this turn")
        return web.json_response(found)


def _refusal(status: int, code: str, message: str) -> web.Response:
    body = json.dumps({"error": {"code": code, "message": message}})
    return web.Response(status=status, text=body, content_type="application/json")

"""A tenant's documents over the HTTP API, as any client deals with them, and what the index has of them."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp

from localcloud.cloud import LocalCloud
from localcloud.deployer import INDEX

PATIENCE_S = 60
LOOK_S = 0.05


def long_document(seed: str, sections: int = 200) -> bytes:
    """A Markdown document of about so many chunks, each with words that no other has."""
    parts = [
        f"## Rule {seed} {number}\n\nLocker {seed}-{number} opens with the code {number * 7919}. " + "It is blue. " * 20
        for number in range(sections)
    ]
    return "\n\n".join([f"# Lockers of {seed}", *parts]).encode()


class Library:
    """The documents of one tenant."""

    def __init__(
        self, cloud: LocalCloud, http: aiohttp.ClientSession, tenant: str = "demo", patience_s: float = PATIENCE_S
    ) -> None:
        self.tenant = tenant
        self._patience_s = patience_s
        self._cloud = cloud
        self._http = http

    async def call(
        self, method: str, path: str, body: Any = None, token: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        """Status and JSON of a response. Without `token`, with one that may do all."""
        bearer = self._cloud.token(tenant=self.tenant) if token is None else token
        sent = {"Authorization": f"Bearer {bearer}", **headers} if bearer else headers
        async with self._http.request(method, f"{self._cloud.http_url}{path}", json=body, headers=sent) as answer:
            return answer.status, await answer.json()

    async def announce(self, name: str, size: int, **fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The document, and the upload it waits for."""
        status, said = await self.call("POST", "/documents", {"name": name, "bytes": size, **fields})
        assert status == 201, said
        return said["document"], said["upload"]

    async def put(self, upload: dict[str, Any], data: bytes, **headers: str) -> int:
        """Status of an upload."""
        sent = {**upload["headers"], **headers}
        async with self._http.request(upload["method"], upload["url"], data=data, headers=sent) as answer:
            await answer.read()
            return answer.status

    async def load(self, name: str, data: bytes, **fields: Any) -> dict[str, Any]:
        """Upload a document, or its next version, and wait until it is read or refused."""
        document, upload = await self.announce(name, len(data), **fields)
        assert await self.put(upload, data) == 200
        return await self.settled(document["id"])

    async def settled(self, document: str) -> dict[str, Any]:
        """The document once nothing more happens to it by itself."""
        end = time.monotonic() + self._patience_s
        while True:
            status, found = await self.call("GET", f"/documents/{document}")
            found = found.get("document", found)
            if status == 200 and found["status"] in ("ready", "failed"):
                return dict(found)
            assert time.monotonic() < end, found
            await asyncio.sleep(LOOK_S)

    async def gone(self, document: str) -> None:
        """Wait until there is no such document."""
        end = time.monotonic() + self._patience_s
        while (found := await self.call("GET", f"/documents/{document}"))[0] != 404:
            assert time.monotonic() < end, found
            await asyncio.sleep(LOOK_S)

    async def chunks(self, document: str) -> list[str]:
        """The text of every chunk that the index has of a document, in order."""
        url = f"{self._cloud.pinecone.host_of(INDEX)}/vectors/fetch_by_metadata"
        page: dict[str, Any] = {"namespace": self.tenant, "filter": {"document": {"$eq": document}}, "limit": 1000}
        async with self._http.post(url, json=page, headers={"Api-Key": "local"}) as answer:
            said = await answer.json()
            assert answer.status == 200, said
        held = [vector["metadata"] for vector in said["vectors"].values()]
        return [chunk["text"] for chunk in sorted(held, key=lambda chunk: int(chunk["position"]))]

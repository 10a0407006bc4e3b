"""The data plane over HTTP: each route parses its body, asks the index, and spells the answer as the service does.

Every route is served twice: under the host of its index, and at the root for the index that is served by default.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from aiohttp import web
from pydantic import ValidationError

from localcloud.pinecone import requests
from localcloud.pinecone.errors import Code, from_validation, invalid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from localcloud.pinecone.index import Index, NamespaceFacts
    from localcloud.pinecone.records import Record

_Find = Callable[[web.Request], "Index"]
_LARGEST = float(np.finfo(np.float32).max)
#: What the service charges for a small request; nothing is charged here.
_USAGE = {"readUnits": 1}


class DataPlane:
    """The routes of the data plane. `find` says which index a request is about."""

    def __init__(self, find: _Find) -> None:
        self._find = find

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """Every route, its path behind `prefix`."""
        return [
            web.post(f"{prefix}/vectors/upsert", self._upsert),
            web.post(f"{prefix}/query", self._query),
            web.get(f"{prefix}/vectors/fetch", self._fetch),
            web.post(f"{prefix}/vectors/fetch_by_metadata", self._fetch_by_metadata),
            web.get(f"{prefix}/vectors/list", self._list),
            web.post(f"{prefix}/vectors/delete", self._delete),
            web.post(f"{prefix}/vectors/update", self._update),
            web.post(f"{prefix}/describe_index_stats", self._stats),
            web.get(f"{prefix}/namespaces", self._list_namespaces),
            web.post(f"{prefix}/namespaces", self._create_namespace),
            web.get(f"{prefix}/namespaces/{{name}}", self._describe_namespace),
            web.delete(f"{prefix}/namespaces/{{name}}", self._delete_namespace),
        ]

    async def _upsert(self, request: web.Request) -> web.Response:
        body = requests.parse(requests.Upsert, await request.read())
        return web.json_response({"upsertedCount": self._find(request).upsert(body)})

    async def _query(self, request: web.Request) -> web.Response:
        body = requests.parse(requests.QueryVectors, await request.read())
        matches = [
            {"score": _score(score), **_record(record, values=body.include_values, metadata=body.include_metadata)}
            for score, record in self._find(request).query(body)
        ]
        return web.json_response({"matches": matches, "namespace": body.namespace, "usage": _USAGE})

    async def _fetch(self, request: web.Request) -> web.Response:
        namespace, ids = request.query.get("namespace", ""), request.query.getall("ids", [])
        if not 1 <= len(ids) <= requests.MAX_IDS:
            raise invalid(f"Fetch takes 1 to {requests.MAX_IDS} ids, got {len(ids)}")
        vectors = {record.id: _record(record) for record in self._find(request).fetch(namespace, ids)}
        return web.json_response({"vectors": vectors, "namespace": namespace, "usage": _USAGE})

    async def _fetch_by_metadata(self, request: web.Request) -> web.Response:
        body = requests.parse(requests.FetchByMetadata, await request.read())
        records, token = self._find(request).fetch_where(body)
        answer = {"vectors": {record.id: _record(record) for record in records}, "namespace": body.namespace}
        return web.json_response({**answer, **_pagination(token), "usage": _USAGE})

    async def _list(self, request: web.Request) -> web.Response:
        query = _page(request)
        page = self._find(request).list_ids(query)
        answer = {"vectors": [{"id": name} for name in page.names], "namespace": query.namespace}
        return web.json_response({**answer, **_pagination(page.next), "usage": _USAGE})

    async def _delete(self, request: web.Request) -> web.Response:
        self._find(request).delete(requests.parse(requests.Delete, await request.read()))
        return web.json_response({})

    async def _update(self, request: web.Request) -> web.Response:
        matched = self._find(request).update(requests.parse(requests.Update, await request.read()))
        return web.json_response({} if matched is None else {"matchedRecords": matched})

    async def _stats(self, request: web.Request) -> web.Response:
        body = requests.parse(requests.DescribeStats, await request.read())
        index = self._find(request)
        counts = index.counts(body.filter)
        answer = {
            "namespaces": {name: {"vectorCount": count} for name, count in counts.items()},
            "indexFullness": 0.0,
            "totalVectorCount": sum(counts.values()),
            "metric": index.schema.metric,
            "vectorType": index.schema.vector_type,
        }
        return web.json_response(answer | ({"dimension": index.schema.dimension} if index.schema.dimension else {}))

    async def _list_namespaces(self, request: web.Request) -> web.Response:
        facts, token, total = self._find(request).list_namespaces(_page(request))
        answer = {"namespaces": [_namespace(each) for each in facts], "total_count": total}
        return web.json_response({**answer, **_pagination(token)})

    async def _create_namespace(self, request: web.Request) -> web.Response:
        body = requests.parse(requests.CreateNamespace, await request.read())
        return web.json_response(_namespace(self._find(request).create_namespace(body)))

    async def _describe_namespace(self, request: web.Request) -> web.Response:
        return web.json_response(_namespace(self._find(request).describe_namespace(request.match_info["name"])))

    async def _delete_namespace(self, request: web.Request) -> web.Response:
        self._find(request).delete_namespace(request.match_info["name"])
        return web.json_response({})


def _page(request: web.Request) -> requests.Page:
    try:
        return requests.Page.model_validate(dict(request.query))
    except ValidationError as error:
        raise from_validation(error, Code.INVALID_ARGUMENT) from None


def _pagination(token: str | None) -> dict[str, Any]:
    return {} if token is None else {"pagination": {"next": token}}


def _namespace(facts: NamespaceFacts) -> dict[str, Any]:
    answer: dict[str, Any] = {"name": facts.name, "record_count": facts.record_count, "size_bytes": facts.size_bytes}
    if facts.fields is not None:
        answer["schema"] = {"fields": {name: {"filterable": True} for name in facts.fields}}
        answer["indexed_fields"] = {"fields": list(facts.fields)}
    return answer


def _record(record: Record, *, values: bool = True, metadata: bool = True) -> dict[str, Any]:
    """A record on the wire. `values` is there even when empty, `sparseValues` and `metadata` only with something in."""
    answer: dict[str, Any] = {"id": record.id, "values": []}
    if values and record.values is not None:
        answer["values"] = _numbers(record.values)
    if values and record.sparse is not None:
        answer["sparseValues"] = {
            "indices": record.sparse.indices.tolist(),
            "values": _numbers(record.sparse.values),
        }
    if metadata and record.metadata is not None:
        answer["metadata"] = record.metadata
    return answer


def _score(score: float) -> float:
    return _numbers(np.asarray([min(max(score, -_LARGEST), _LARGEST)], np.float32))[0]


def _numbers(values: NDArray[np.float32]) -> list[float]:
    """32-bit numbers with as few digits as tell them from their neighbours: 0.1 comes back as 0.1."""
    return [float(str(value)) for value in values]

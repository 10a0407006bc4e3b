"""The gateway's own API, beside the management API: who is connected, and faults to inject. For tests and the curious.

    GET    /admin/connections                 every open connection, and the posts to all by status
    POST   /admin/connections/{id}/cut        end its TCP connection without a close frame
    GET    /admin/faults[/{connection}]       the plan in force for all, or for one connection
    PUT    /admin/faults[/{connection}]       put a `FaultPlan` in force
    DELETE /admin/faults[/{connection}]       take it back; without a connection, take back every plan

An error is `{"error": {"code": ..., "message": ...}}`, the message one sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from localcloud.gateway.errors import Gone
from localcloud.gateway.faults import FaultPlan
from localcloud.gateway.times import iso_time

if TYPE_CHECKING:
    from collections import Counter

    from localcloud.gateway.connections import Connection, Connections
    from localcloud.gateway.faults import Faults

PLAN: TypeAdapter[FaultPlan] = TypeAdapter(FaultPlan)


class Admin:
    """The handlers. `posts` counts all posts by the status they were answered with, those to gone connections too."""

    def __init__(self, connections: Connections, faults: Faults, posts: Counter[int]) -> None:
        self._connections = connections
        self._faults = faults
        self._posts = posts

    def add_routes(self, app: web.Application) -> None:
        """Put the routes of the list above into `app`."""
        app.router.add_get("/admin/connections", self._list)
        app.router.add_post("/admin/connections/{connection}/cut", self._cut)
        for path in ("/admin/faults", "/admin/faults/{connection}"):
            app.router.add_get(path, self._show)
            app.router.add_put(path, self._set)
            app.router.add_delete(path, self._clear)

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "connections": [_described(connection) for connection in self._connections],
                "posts": _by_status(self._posts),
            }
        )

    async def _cut(self, request: web.Request) -> web.Response:
        try:
            self._connections.find(request.match_info["connection"]).cut()
        except Gone as gone:
            return _unknown(gone)
        return web.Response(status=204)

    async def _show(self, request: web.Request) -> web.Response:
        try:
            target = self._target(request)
        except Gone as gone:
            return _unknown(gone)
        plan = self._faults.get(target)
        return web.json_response({"plan": PLAN.dump_python(plan) if plan else None})

    async def _set(self, request: web.Request) -> web.Response:
        try:
            target = self._target(request)
            plan = PLAN.validate_json(await request.read())
        except Gone as gone:
            return _unknown(gone)
        except ValidationError as error:
            return problem(400, "invalid_plan", first_sentence(error))
        self._faults.set(plan, target)
        return web.json_response({"plan": PLAN.dump_python(plan)})

    async def _clear(self, request: web.Request) -> web.Response:
        try:
            target = self._target(request)
        except Gone as gone:
            return _unknown(gone)
        if target is None:
            self._faults.clear_all()
        else:
            self._faults.clear(target)
        return web.Response(status=204)

    def _target(self, request: web.Request) -> str | None:
        """The id of the open connection in the path; None where the request is about all. Raises `Gone`."""
        connection_id = request.match_info.get("connection")
        return self._connections.find(connection_id).id if connection_id else None


def _described(connection: Connection) -> dict[str, Any]:
    return {
        "id": connection.id,
        "principal": connection.principal,
        "sourceIp": connection.caller.source_ip,
        "userAgent": connection.caller.user_agent,
        "connectedAt": iso_time(connection.caller.connected_at),
        "lastActiveAt": iso_time(connection.last_active_at),
        "messages": connection.messages,
        "posts": _by_status(connection.posts),
    }


def _by_status(posts: Counter[int]) -> dict[str, int]:
    return {str(status): posts[status] for status in sorted(posts)}


def _unknown(gone: Gone) -> web.Response:
    return problem(404, "unknown_connection", f"No connection with the id {gone} is open.")


def first_sentence(error: ValidationError) -> str:
    """What is wrong with a plan, in one sentence about the first thing."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    what = first["msg"].removeprefix("Value error, ")
    return f"{where}: {what}." if where else f"{what}."


def problem(status: int, code: str, message: str) -> web.Response:
    """An error as every admin API has it."""
    return web.json_response({"error": {"code": code, "message": message}}, status=status)

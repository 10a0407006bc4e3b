"""The admin API beside `/v1`: scripts, overrides, faults, and the record of requests. For tests and the curious.

    GET    /admin/streams             {"open": 1, "finished": 7, "aborted": 0, "cut": 0, "refused": 0}, of chat requests
    GET    /admin/requests            {"requests": [...]}, chat and embeddings, oldest first; fields as in `Exchange`
    DELETE /admin/requests            forgets what has ended, in the record and in the counts
    GET    /admin/scripts             {"scripts": [names]}; DELETE takes back all that were put
    GET    /admin/scripts/{name}      {"name", "script", "text"}, `text` being all that its first round says
    PUT    /admin/scripts/{name}      the script as JSON; DELETE takes it back
    GET    /admin/overrides           {"overrides": [...]}; DELETE takes back all, or one with ?contains=
    PUT    /admin/overrides           {"contains": "...", "model": "script:slow"}
    GET    /admin/faults              {"faults": [...]}; DELETE takes back all, or one with ?path=
    PUT    /admin/faults              {"path": "/v1/embeddings", "status": 503, "count": 1}

A DELETE or PUT answers with what a GET would show afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from localcloud.models.controls import Fault, Override
from localcloud.models.openai_types import read_body
from localcloud.models.scripts import Script
from localcloud.models.wire import encode_json, mended

if TYPE_CHECKING:
    from localcloud.models.catalogue import Catalogue
    from localcloud.models.controls import Controls
    from localcloud.models.ledger import Ledger

CHAT_PATH = "/v1/chat/completions"


class AdminApi:
    """Handlers of the admin routes."""

    def __init__(self, catalogue: Catalogue, controls: Controls, ledger: Ledger) -> None:
        self._catalogue = catalogue
        self._controls = controls
        self._ledger = ledger

    def routes(self) -> list[web.RouteDef]:
        """The routes listed above."""
        return [
            web.get("/admin/streams", self._streams),
            web.get("/admin/requests", self._requests),
            web.delete("/admin/requests", self._forget_requests),
            web.get("/admin/scripts", self._scripts),
            web.delete("/admin/scripts", self._restore_scripts),
            web.get("/admin/scripts/{name}", self._script),
            web.put("/admin/scripts/{name}", self._put_script),
            web.delete("/admin/scripts/{name}", self._restore_scripts),
            web.get("/admin/overrides", self._overrides),
            web.put("/admin/overrides", self._put_override),
            web.delete("/admin/overrides", self._drop_overrides),
            web.get("/admin/faults", self._faults),
            web.put("/admin/faults", self._put_fault),
            web.delete("/admin/faults", self._drop_faults),
        ]

    async def _streams(self, _: web.Request) -> web.Response:
        return _json(self._ledger.counts(CHAT_PATH))

    async def _requests(self, _: web.Request) -> web.Response:
        return _json({"requests": self._ledger.recent()})

    async def _forget_requests(self, request: web.Request) -> web.Response:
        self._ledger.clear()
        return await self._requests(request)

    async def _scripts(self, _: web.Request) -> web.Response:
        return _json({"scripts": self._catalogue.library.names()})

    async def _script(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        script = self._catalogue.library.get(name)
        shown = script.model_dump(mode="json", exclude_defaults=True)
        return _json({"name": name, "script": shown, "text": mended(script.perform().text)})

    async def _put_script(self, request: web.Request) -> web.Response:
        self._catalogue.library.put(request.match_info["name"], read_body(Script, await request.read()))
        return await self._script(request)

    async def _restore_scripts(self, request: web.Request) -> web.Response:
        self._catalogue.library.restore(request.match_info.get("name"))
        return await self._scripts(request)

    async def _overrides(self, _: web.Request) -> web.Response:
        return _json({"overrides": [override.model_dump() for override in self._controls.overrides]})

    async def _put_override(self, request: web.Request) -> web.Response:
        override = read_body(Override, await request.read())
        self._catalogue.script(override.model)  # raises where there is no such model, now rather than at the question
        self._controls.put_override(override)
        return await self._overrides(request)

    async def _drop_overrides(self, request: web.Request) -> web.Response:
        self._controls.drop_overrides(request.query.get("contains"))
        return await self._overrides(request)

    async def _faults(self, _: web.Request) -> web.Response:
        return _json({"faults": [fault.model_dump() for fault in self._controls.faults]})

    async def _put_fault(self, request: web.Request) -> web.Response:
        self._controls.put_fault(read_body(Fault, await request.read()))
        return await self._faults(request)

    async def _drop_faults(self, request: web.Request) -> web.Response:
        self._controls.drop_faults(request.query.get("path"))
        return await self._faults(request)


def _json(value: object) -> web.Response:
    return web.Response(body=encode_json(value), content_type="application/json")

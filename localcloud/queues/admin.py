"""The API of the event source mappings' faults, for tests and the curious.

    GET    /admin/deliveries     the plan in force
    PUT    /admin/deliveries     put a `DeliveryPlan` in force
    DELETE /admin/deliveries     take it back

An error is `{"error": {"code": ..., "message": ...}}`, the message one sentence.
"""

from __future__ import annotations

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from localcloud.gateway.admin import first_sentence, problem
from localcloud.ports import HOST, listen
from localcloud.queues.faults import DeliveryFaults, DeliveryPlan

PLAN: TypeAdapter[DeliveryPlan] = TypeAdapter(DeliveryPlan)


class DeliveryAdmin:
    """Serves the routes of the list above on 127.0.0.1."""

    def __init__(self, faults: DeliveryFaults) -> None:
        self._faults = faults
        app = web.Application()
        app.router.add_get("/admin/deliveries", self._show)
        app.router.add_put("/admin/deliveries", self._set)
        app.router.add_delete("/admin/deliveries", self._clear)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        self.url = ""
        """Where the API is, with `/admin`, once started."""

    async def start(self) -> None:
        """Listen on any free port."""
        self.url = f"http://{await listen(self._runner, HOST, 0)}/admin"

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _show(self, request: web.Request) -> web.Response:
        plan = self._faults.plan
        return web.json_response({"plan": PLAN.dump_python(plan) if plan else None})

    async def _set(self, request: web.Request) -> web.Response:
        try:
            plan = PLAN.validate_json(await request.read())
        except ValidationError as error:
            return problem(400, "invalid_plan", first_sentence(error))
        self._faults.set(plan)
        return web.json_response({"plan": PLAN.dump_python(plan)})

    async def _clear(self, request: web.Request) -> web.Response:
        self._faults.clear()
        return web.Response(status=204)

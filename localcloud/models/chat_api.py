"""`POST /v1/chat/completions`: a request becomes a performance, a performance becomes a response."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from localcloud.models.openai_types import ChatRequest, read_body
from localcloud.models.pacing import tokens
from localcloud.models.performance import Cut, Fail, Line, Pause, Performance, Say, Stall
from localcloud.models.wire import Wire, encode_json, mended

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from localcloud.models.catalogue import Catalogue
    from localcloud.models.controls import Controls
    from localcloud.models.ledger import Exchange, Ledger
    from localcloud.models.pacing import Clock
    from localcloud.models.performance import Action, Output


class ChatApi:
    """Answers chat requests. The server cancels the handler when the client leaves, which ends the stream at once."""

    def __init__(self, catalogue: Catalogue, controls: Controls, ledger: Ledger, clock: Clock) -> None:
        self._catalogue = catalogue
        self._controls = controls
        self._ledger = ledger
        self._clock = clock

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """Handle one request."""
        asked = read_body(ChatRequest, await request.read())
        model = self._controls.model_for((asked.user_texts or [""])[-1], asked.model)
        messages = [message.model_dump(mode="json") for message in asked.messages]
        with self._ledger.exchange(request.path, model, stream=bool(asked.stream), messages=messages) as exchange:
            performance = limited(await self._catalogue.perform(model, asked), asked.limit, asked.stop or [])
            wire = Wire(model, asked)
            if asked.stream:
                wants_usage = bool(asked.stream_options and asked.stream_options.include_usage)
                return await self._stream(request, performance, wire, exchange, wants_usage=wants_usage)
            return await self._whole(request, performance, wire, exchange)

    async def _stream(
        self,
        request: web.Request,
        performance: Performance,
        wire: Wire,
        exchange: Exchange,
        *,
        wants_usage: bool,
    ) -> web.StreamResponse:
        events = EventStream(request)
        begun = False
        async for action in on_time(performance.actions, self._clock):
            match action:
                case Cut():
                    return _cut(request, exchange, events.response)
                case Fail(error) if not events.open:
                    raise error
                case Fail(error):
                    await events.send(encode_json(error.body))
                    exchange.status = error.status
                    return events.response
                case Line(text):
                    await events.send_line(text)
                case _:
                    if not begun:
                        begun = True
                        await events.send(encode_json(wire.chunk({"role": "assistant", "content": ""})))
                    await events.send(encode_json(wire.chunk(wire.delta(action))))
                    exchange.said += action.text if isinstance(action, Say) else ""
        if performance.finish_reason:
            await events.send(encode_json(wire.chunk({}, performance.finish_reason)))
        if performance.usage and wants_usage:
            await events.send(encode_json(wire.usage_chunk()))
        if performance.done:
            await events.send(b"[DONE]")
        return await events.end()

    async def _whole(
        self, request: web.Request, performance: Performance, wire: Wire, exchange: Exchange
    ) -> web.StreamResponse:
        lines: list[str] = []
        async for action in on_time(performance.actions, self._clock):
            match action:
                case Cut():
                    return _cut(request, exchange, web.Response())
                case Fail(error):
                    raise error
                case Line(text):
                    lines.append(text)
        exchange.said = mended(performance.text)
        if lines or not (performance.actions or performance.finish_reason):
            return web.Response(text="\n".join(lines), content_type="application/json")
        whole = wire.whole(performance.actions, performance.finish_reason, usage=performance.usage)
        return web.Response(body=encode_json(whole), content_type="application/json")


class EventStream:
    """A response of server-sent events, begun with the first of them."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self.open = False
        self.response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
        )

    async def send(self, data: bytes) -> None:
        """Send one event. Gives other tasks a turn, so that even a stream without pauses can be stopped."""
        await self._write(b"data: " + data + b"\n\n")

    async def send_line(self, line: str) -> None:
        """Send a line as it is, and the empty line that ends an event."""
        await self._write(line.encode("utf-8", "replace") + b"\n\n")

    async def end(self) -> web.StreamResponse:
        """End the response, which may have no event at all."""
        await self._begin()
        await self.response.write_eof()
        return self.response

    async def _write(self, data: bytes) -> None:
        await self._begin()
        await self.response.write(data)
        await asyncio.sleep(0)

    async def _begin(self) -> None:
        if not self.open:
            self.open = True
            await self.response.prepare(self._request)


async def on_time(actions: Sequence[Action], clock: Clock) -> AsyncIterator[Output]:
    """Everything but the pauses, each when it is due.

    Due times add up from the start, so that a late wake-up does not push back all that follows.
    """
    due = clock.now()
    for action in actions:
        if isinstance(action, Pause):
            due += action.seconds
            if (wait := due - clock.now()) > 0:
                await clock.sleep(wait)
        elif isinstance(action, Stall):
            await asyncio.get_running_loop().create_future()
        else:
            yield action


def limited(performance: Performance, most_tokens: int | None, stops: Sequence[str]) -> Performance:
    """`performance` ended before the first stop sequence, or after that many tokens of text, whichever comes first."""
    text = performance.text
    found = [at for stop in stops if stop and (at := text.find(stop)) >= 0]
    room = len(text) if most_tokens is None else len("".join(tokens(text)[:most_tokens]))
    if found and min(found) <= room:
        return performance.until(min(found), "stop")
    return performance if room == len(text) else performance.until(room, "length")


def _cut(request: web.Request, exchange: Exchange, response: web.StreamResponse) -> web.StreamResponse:
    exchange.outcome = "cut"
    if request.transport is not None:
        request.transport.close()
    return response

from __future__ import annotations

import asyncio
import json

import aiohttp
import openai
import pytest

from localcloud.models.scripts import Script
from localcloud.models.server import ModelServer


async def test_models_say_what_they_are(client: openai.AsyncOpenAI) -> None:
    models = {model.id: model async for model in client.models.list()}
    extractive = models["extractive"]
    assert "extractive" in extractive.owned_by
    assert "not a language model" in str((extractive.model_extra or {})["description"])
    assert models["script:slow"].owned_by == "thinkaloud-script"
    assert (await client.models.retrieve("local-embedding")).id == "local-embedding"
    assert (await client.models.retrieve("script:slow")).id == "script:slow"


async def test_a_model_that_is_not_there(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        await client.models.retrieve("gpt-5")
    assert refused.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/nothing", 404), ("GET", "/v1/chat/completions", 405), ("POST", "/v1/models", 405), ("GET", "/", 404)],
)
async def test_a_wrong_address_gets_openais_error(
    http: aiohttp.ClientSession, method: str, path: str, status: int
) -> None:
    async with http.request(method, path) as response:
        assert response.status == status
        assert (await response.json())["error"]["type"] == "invalid_request_error"


async def test_what_breaks_inside_is_a_server_error(
    server: ModelServer, client: openai.AsyncOpenAI, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the table is upside down")

    monkeypatch.setattr(server.embedder, "load", broken)
    with pytest.raises(openai.InternalServerError, match="upside down"):
        await client.embeddings.create(model="local-embedding", input="x")
    assert "/v1/embeddings failed" in caplog.text


async def test_only_the_right_key_is_let_in() -> None:
    async with ModelServer(api_key="right") as server:
        async with openai.AsyncOpenAI(base_url=server.url, api_key="right", max_retries=0) as client:
            assert (await client.models.retrieve("extractive")).id == "extractive"
        async with openai.AsyncOpenAI(base_url=server.url, api_key="wrong", max_retries=0) as client:
            with pytest.raises(openai.AuthenticationError) as refused:
                await client.embeddings.create(model="local-embedding", input="x")
            assert refused.value.code == "invalid_api_key"


async def test_a_taken_port_is_an_error(server: ModelServer) -> None:
    port = int(server.url.rsplit(":", 1)[1].removesuffix("/v1"))
    other = ModelServer()
    with pytest.raises(OSError, match="in use"):
        await other.start(port)
    await other.stop()


async def test_stopping_ends_open_streams() -> None:
    server = ModelServer()
    await server.start()
    server.catalogue.library.put(
        "hang", Script.model_validate({"steps": [{"do": "text", "text": "a"}, {"do": "stall"}]})
    )
    async with openai.AsyncOpenAI(base_url=server.url, api_key="local", max_retries=0) as client:
        stream = await client.chat.completions.create(
            model="script:hang", messages=[{"role": "user", "content": "x"}], stream=True
        )
        async with asyncio.timeout(5):
            await server.stop()
        with pytest.raises(openai.APIConnectionError):
            async for _ in stream:
                pass
    assert server.ledger.counts("/v1/chat/completions")["aborted"] == 1
    await server.stop()


async def test_the_extractive_model_streams_at_its_pace(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.catalogue, "pace", 200.0)
    async with openai.AsyncOpenAI(base_url=server.url, api_key="local", max_retries=0) as client:
        clock = asyncio.get_running_loop()
        stream = await client.chat.completions.create(
            model="extractive", messages=[{"role": "user", "content": "hello"}], stream=True
        )
        times = [clock.time() async for chunk in stream if chunk.choices[0].delta.content]
    assert times[-1] - times[0] >= (len(times) - 1) / 200 * 0.9


async def test_a_chinese_body_is_utf_8_on_the_wire(http: aiohttp.ClientSession) -> None:
    body = {"model": "extractive", "messages": [{"role": "user", "content": "你是谁？"}]}
    async with http.post("/v1/chat/completions", data=json.dumps(body, ensure_ascii=False).encode()) as response:
        assert "摘录模型" in (await response.read()).decode()

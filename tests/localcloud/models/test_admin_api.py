"""The admin API, over plain HTTP as a test in another process would use it."""

from __future__ import annotations

from typing import Any

import aiohttp
import openai
import pytest

from localcloud.models.pacing import filler
from localcloud.models.server import ModelServer


async def call(http: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> Any:
    async with http.request(method, f"/admin/{path}", json=body) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def answer(client: openai.AsyncOpenAI, model: str = "extractive", question: str = "x") -> str | None:
    reply = await client.chat.completions.create(model=model, messages=[{"role": "user", "content": question}])
    return reply.choices[0].message.content


async def test_scripts_can_be_put_read_and_taken_back(http: aiohttp.ClientSession, client: openai.AsyncOpenAI) -> None:
    script = {"steps": [{"do": "text", "tokens": 5}]}
    put = await call(http, "PUT", "scripts/five", script)
    assert put["text"] == filler(5)
    assert put["script"]["steps"] == [{"do": "text", "tokens": 5}]
    assert await answer(client, "script:five") == filler(5)
    assert "five" in (await call(http, "GET", "scripts"))["scripts"]
    assert "five" not in (await call(http, "DELETE", "scripts/five"))["scripts"]
    await call(http, "PUT", "scripts/slow", script)
    await call(http, "DELETE", "scripts")
    assert (await call(http, "GET", "scripts/slow"))["text"] == filler(120)


@pytest.mark.parametrize(
    ("path", "body", "status", "complaint"),
    [
        ("scripts/x", {"steps": [{"do": "text", "rate": -1, "text": "a"}]}, 400, "'steps[0].text.rate'"),
        ("scripts/x", {"steps": [{"do": "text"}]}, 400, "either `text` or `tokens`"),
        ("scripts/x", {"stepz": []}, 400, "'stepz'"),
        ("scripts/x", [], 400, "Invalid type"),
        ("scripts/No%20Name", {}, 400, "no script name"),
        ("overrides", {"contains": "", "model": "extractive"}, 400, "'contains'"),
        ("overrides", {"contains": "a", "model": "gpt-5"}, 404, "'gpt-5' does not exist"),
        ("faults", {"path": "/v1/embeddings"}, 400, "give a `status`, a `delay`, or both"),
        ("faults", {"path": "/v1/embeddings", "status": 200}, 400, "'status'"),
    ],
)
async def test_mistakes_are_explained(
    http: aiohttp.ClientSession, path: str, body: object, status: int, complaint: str
) -> None:
    async with http.put(f"/admin/{path}", json=body) as response:
        assert response.status == status
        assert complaint in (await response.json())["error"]["message"]


async def test_an_unknown_script_is_not_found(http: aiohttp.ClientSession) -> None:
    async with http.get("/admin/scripts/nobody") as response:
        assert response.status == 404


async def test_an_override_answers_the_question_it_fits(
    http: aiohttp.ClientSession, client: openai.AsyncOpenAI
) -> None:
    await call(http, "PUT", "overrides", {"contains": "帐篷", "model": "script:length"})
    assert await answer(client, question="帐篷的质保期是几年？") == filler(20)
    assert await answer(client, question="退款要几天？") != filler(20)
    assert await call(http, "DELETE", "overrides?contains=帐篷") == {"overrides": []}
    assert await answer(client, question="帐篷的质保期是几年？") != filler(20)


async def test_a_fault_strikes_the_path_it_names(http: aiohttp.ClientSession, client: openai.AsyncOpenAI) -> None:
    fault = {"path": "/v1/embeddings", "status": 503, "count": 2, "headers": {"Retry-After": "7"}}
    (listed,) = (await call(http, "PUT", "faults", fault))["faults"]
    assert listed["count"] == 2
    with pytest.raises(openai.InternalServerError) as refused:
        await client.embeddings.create(model="local-embedding", input="x")
    assert (refused.value.status_code, refused.value.response.headers["Retry-After"]) == (503, "7")
    assert await answer(client) is not None
    assert (await call(http, "GET", "faults"))["faults"][0]["count"] == 1
    assert await call(http, "DELETE", "faults") == {"faults": []}
    await client.embeddings.create(model="local-embedding", input="x")


async def test_a_fault_that_only_delays_answers_late(http: aiohttp.ClientSession, client: openai.AsyncOpenAI) -> None:
    await call(http, "PUT", "faults", {"path": "/v1/embeddings", "delay": 0.05})
    await client.embeddings.create(model="local-embedding", input="x")
    assert (await call(http, "GET", "faults"))["faults"] == []


async def test_the_record_of_requests(http: aiohttp.ClientSession, client: openai.AsyncOpenAI) -> None:
    await answer(client, "script:length", "退款要几天？")
    (seen,) = (await call(http, "GET", "requests"))["requests"]
    assert seen["model"] == "script:length"
    assert seen["messages"] == [{"role": "user", "content": "退款要几天？"}]
    assert seen["said"] == filler(20)
    assert seen["outcome"] == "finished"
    assert seen["started"] <= seen["finished"]
    assert (await call(http, "GET", "streams"))["finished"] == 1
    assert await call(http, "DELETE", "requests") == {"requests": []}
    assert (await call(http, "GET", "streams"))["finished"] == 0


async def test_open_streams_can_be_seen(
    http: aiohttp.ClientSession, client: openai.AsyncOpenAI, server: ModelServer
) -> None:
    stream = await client.chat.completions.create(
        model="script:stall", messages=[{"role": "user", "content": "x"}], stream=True
    )
    assert (await call(http, "GET", "streams"))["open"] == 1
    await stream.close()
    await server.ledger.idle()
    assert await call(http, "GET", "streams") == {"open": 0, "finished": 0, "aborted": 1, "cut": 0, "refused": 0}

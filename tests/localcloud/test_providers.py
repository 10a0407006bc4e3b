"""What the user's environment names, asked of endpoints on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import web

from localcloud.models.server import ModelServer
from localcloud.providers import (
    LOCAL_CHAT,
    LOCAL_EMBEDDING,
    OPENAI_URL,
    Index,
    Model,
    ProviderError,
    chat_model,
    dimensions,
    embedding_model,
    judge_model,
    vector_index,
)

LOCAL = "http://127.0.0.1:1/v1"
HOST = "handbook-abc123.svc.pinecone.io"


class Endpoint:
    """An OpenAI-compatible endpoint that serves the given models, and remembers the keys it was shown."""

    def __init__(self, *models: str) -> None:
        self.models = models
        self.keys: list[str] = []
        self.url = ""

    async def list_models(self, request: web.Request) -> web.Response:
        self.keys.append(request.headers["Authorization"].removeprefix("Bearer "))
        listed = [{"id": name, "object": "model", "created": 0, "owned_by": "me"} for name in self.models]
        return web.json_response({"object": "list", "data": listed})


@asynccontextmanager
async def served(*routes: web.RouteDef) -> AsyncIterator[str]:
    """The routes on a free port; gives the base URL."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., object]]:
    """Starts endpoints; they are stopped after the test."""
    async with AsyncExitStack() as stack:

        async def start(*models: str) -> Endpoint:
            endpoint = Endpoint(*models)
            endpoint.url = await stack.enter_async_context(served(web.get("/v1/models", endpoint.list_models)))
            return endpoint

        yield start


async def chat(**environ: str) -> Model:
    """The client blocks, as it does in the cloud's start, where it has a thread of its own too."""
    return await asyncio.to_thread(chat_model, environ, LOCAL)


async def problem(**environ: str) -> str:
    with pytest.raises(ProviderError) as caught:
        await chat(**environ)
    text = str(caught.value)
    assert "\n" not in text
    return text


async def nobody() -> str:
    """A URL at which nothing answers."""
    async with served() as url:
        return url


async def test_without_any_variable_the_local_model_answers():
    assert await chat() == Model(LOCAL, LOCAL_CHAT, "")
    assert await chat(OPENAI_API_KEY="", OPENAI_BASE_URL="", CHAT_MODEL="") == Model(LOCAL, LOCAL_CHAT, "")


async def test_a_script_of_the_local_server_by_name():
    assert await chat(CHAT_MODEL="script:slow") == Model(LOCAL, "script:slow", "")


async def test_a_model_that_is_not_local_needs_an_endpoint():
    assert await problem(CHAT_MODEL="gpt-x") == (
        "CHAT_MODEL is gpt-x, which is no local model; set OPENAI_API_KEY or CHAT_BASE_URL too"
    )


async def test_openais_variables():
    assert await chat(OPENAI_API_KEY="sk", CHAT_MODEL="gpt-x") == Model(OPENAI_URL, "gpt-x", "sk")
    assert await chat(OPENAI_BASE_URL="http://a/v1", OPENAI_API_KEY="sk", CHAT_MODEL="m") == Model(
        "http://a/v1", "m", "sk"
    )
    assert await chat(OPENAI_BASE_URL="http://a/v1", CHAT_MODEL="m") == Model("http://a/v1", "m", "")


async def test_chat_variables_win_over_openais():
    openai = {"OPENAI_BASE_URL": "http://a/v1", "OPENAI_API_KEY": "sk"}
    both = {**openai, "CHAT_BASE_URL": "http://b/v1", "CHAT_API_KEY": "mine"}
    assert await chat(**both, CHAT_MODEL="m") == Model("http://b/v1", "m", "mine")
    assert await chat(**openai, CHAT_API_KEY="mine", CHAT_MODEL="m") == Model("http://a/v1", "m", "mine")
    assert await chat(CHAT_API_KEY="mine", CHAT_MODEL="m") == Model(OPENAI_URL, "m", "mine")


async def test_openais_key_goes_to_no_other_endpoint(serve):
    endpoint = await serve("qwen3")
    assert await chat(OPENAI_API_KEY="sk", CHAT_BASE_URL=endpoint.url) == Model(endpoint.url, "qwen3", "")
    assert endpoint.keys == ["none"]
    assert (await chat(OPENAI_API_KEY="sk", CHAT_BASE_URL=OPENAI_URL, CHAT_MODEL="m")).key == "sk"


async def test_an_endpoint_with_one_model_needs_no_name(serve):
    endpoint = await serve("qwen3")
    chosen = await chat(OPENAI_BASE_URL=endpoint.url, OPENAI_API_KEY="sk")
    assert chosen == Model(endpoint.url, "qwen3", "sk")
    assert endpoint.keys == ["sk"]


async def test_an_endpoint_is_not_asked_when_the_model_is_named(serve):
    endpoint = await serve("one", "two")
    assert (await chat(OPENAI_BASE_URL=endpoint.url, CHAT_MODEL="two")).name == "two"
    assert endpoint.keys == []


async def test_of_several_models_some_are_named(serve):
    endpoint = await serve(*"abcdefg")
    said = await problem(OPENAI_BASE_URL=endpoint.url)
    assert said == f"CHAT_MODEL is missing; {endpoint.url} serves 7 models: a, b, c, d, e, ..."
    endpoint.models = ("one", "two")
    assert (await problem(OPENAI_BASE_URL=endpoint.url)).endswith("serves 2 models: one, two")


async def test_an_endpoint_without_models(serve):
    endpoint = await serve()
    assert await problem(OPENAI_BASE_URL=endpoint.url) == f"CHAT_MODEL is missing; {endpoint.url} serves 0 models"


async def test_an_endpoint_that_nobody_serves():
    url = await nobody()
    said = await problem(OPENAI_BASE_URL=url)
    assert said.startswith(f"CHAT_MODEL is missing, and {url} cannot be asked for its models: ")


@pytest.mark.parametrize("status", [200, 401, 404, 500])
async def test_a_server_that_is_no_model_endpoint(status: int):
    async def page(request: web.Request) -> web.Response:
        return web.Response(status=status, text="<html>\n" + "<p>Welcome\n" * 200, content_type="text/html")

    async with served(web.get("/v1/models", page)) as url:
        said = await problem(OPENAI_BASE_URL=url)
    assert "cannot be asked for its models" in said
    assert len(said) < 400


async def test_an_address_that_is_none():
    assert "cannot be asked" in await problem(OPENAI_BASE_URL="localhost:8000", OPENAI_API_KEY="sk")


def test_embeddings_are_local_whatever_the_chat_model_is():
    environ = {"OPENAI_API_KEY": "sk", "CHAT_MODEL": "m"}
    assert embedding_model(environ, LOCAL) == Model(LOCAL, LOCAL_EMBEDDING, "")
    assert embedding_model({"EMBEDDING_MODEL": LOCAL_EMBEDDING}, LOCAL) == Model(LOCAL, LOCAL_EMBEDDING, "")


@pytest.mark.parametrize(
    ("environ", "model"),
    [
        ({"EMBEDDING_BASE_URL": "http://a/v1"}, Model("http://a/v1", "m", "")),
        ({"EMBEDDING_BASE_URL": "http://a/v1", "OPENAI_API_KEY": "sk"}, Model("http://a/v1", "m", "")),
        ({"EMBEDDING_API_KEY": "mine", "OPENAI_BASE_URL": "http://b/v1"}, Model(OPENAI_URL, "m", "mine")),
        ({"OPENAI_API_KEY": "sk"}, Model(OPENAI_URL, "m", "sk")),
        ({"OPENAI_API_KEY": "sk", "OPENAI_BASE_URL": "http://b/v1"}, Model("http://b/v1", "m", "sk")),
    ],
)
def test_an_embedding_model_of_ones_own(environ: dict[str, str], model: Model):
    assert embedding_model({**environ, "EMBEDDING_MODEL": "m"}, LOCAL) == model


@pytest.mark.parametrize("variable", ["EMBEDDING_BASE_URL", "EMBEDDING_API_KEY"])
def test_an_embedding_endpoint_without_a_name(variable: str):
    with pytest.raises(ProviderError, match=r"^EMBEDDING_MODEL is missing"):
        embedding_model({variable: "http://a/v1"}, LOCAL)


def test_an_embedding_model_without_an_endpoint():
    with pytest.raises(ProviderError, match="EMBEDDING_MODEL is m, which is no local model"):
        embedding_model({"EMBEDDING_MODEL": "m"}, LOCAL)


async def test_the_embedding_model_tells_how_long_its_vectors_are():
    async with ModelServer() as server:
        assert await asyncio.to_thread(dimensions, Model(server.url, LOCAL_EMBEDDING, "")) == 256
        with pytest.raises(ProviderError, match=f"the embedding model other at {server.url} does not answer: .*404"):
            await asyncio.to_thread(dimensions, Model(server.url, "other", ""))


async def test_an_embedding_model_that_answers_nothing():
    async def nothing(request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [], "model": "m"})

    async with served(web.post("/v1/embeddings", nothing)) as url:
        with pytest.raises(ProviderError, match="does not answer"):
            await asyncio.to_thread(dimensions, Model(url, "m", ""))


def test_the_index_is_local_or_named_in_full():
    assert vector_index({}, LOCAL) == Index(LOCAL, "local")
    assert vector_index({"PINECONE_INDEX_HOST": HOST, "PINECONE_API_KEY": "pc"}, LOCAL) == Index(HOST, "pc")


@pytest.mark.parametrize(
    ("environ", "missing"),
    [({"PINECONE_INDEX_HOST": HOST}, "PINECONE_API_KEY"), ({"PINECONE_API_KEY": "pc"}, "PINECONE_INDEX_HOST")],
)
def test_half_an_index(environ: dict[str, str], missing: str):
    with pytest.raises(ProviderError, match=f"^{missing} is missing"):
        vector_index(environ, LOCAL)


class TestJudge:
    def test_there_is_none_unless_it_is_named(self):
        assert judge_model({}) is None
        assert judge_model({"OPENAI_API_KEY": "sk", "CHAT_MODEL": "m"}) is None

    @pytest.mark.parametrize(
        ("environ", "expected"),
        [
            ({"JUDGE_MODEL": "j", "OPENAI_API_KEY": "sk"}, Model(OPENAI_URL, "j", "sk")),
            ({"JUDGE_MODEL": "j", "OPENAI_BASE_URL": "http://a/v1"}, Model("http://a/v1", "j", "")),
            (
                {"JUDGE_MODEL": "j", "JUDGE_BASE_URL": "http://b/v1", "OPENAI_API_KEY": "sk"},
                Model("http://b/v1", "j", ""),
            ),
            ({"JUDGE_MODEL": "j", "JUDGE_API_KEY": "own"}, Model(OPENAI_URL, "j", "own")),
        ],
    )
    def test_where_it_is(self, environ: dict[str, str], expected: Model):
        assert judge_model(environ) == expected

    @pytest.mark.parametrize(
        "environ", [{"JUDGE_MODEL": "j"}, {"JUDGE_API_KEY": "k"}, {"JUDGE_BASE_URL": "http://b/v1"}]
    )
    def test_named_half(self, environ: dict[str, str]):
        with pytest.raises(ProviderError, match="JUDGE_"):
            judge_model(environ)

"""The values of the template's parameters, as the local cloud gives them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.deployer import _TUNABLE, INDEX, Deployer
from localcloud.models.server import ModelServer
from localcloud.pinecone.server import PineconeServer
from localcloud.template.reader import parameter_names

ROOT = Path(__file__).parents[2]
ORIGINS = "http://127.0.0.1:8080"


class Secrets:
    """What the deployer needs of AWS."""

    def __init__(self) -> None:
        self.stored: dict[str, str] = {}

    async def put_secret(self, name: str, value: str) -> str:
        self.stored[name] = value
        return f"arn:{name}"


@pytest.fixture(scope="module")
async def models() -> AsyncIterator[ModelServer]:
    async with ModelServer(pace=0) as started:
        yield started


@pytest.fixture
async def pinecone(tmp_path: Path, models: ModelServer) -> AsyncIterator[PineconeServer]:
    async with PineconeServer(tmp_path / "pinecone", embedder=models.embedder, default_index=INDEX) as started:
        yield started


async def deployed(
    models: ModelServer, pinecone: PineconeServer, **environ: str
) -> tuple[Deployer, dict[str, str], list[str], Secrets]:
    said: list[str] = []
    secrets: Any = Secrets()
    deployer = Deployer(environ, secrets, models, pinecone, said.append)
    return deployer, await deployer.parameters(ORIGINS, "the secret"), said, secrets


async def test_by_default_everything_is_local(models: ModelServer, pinecone: PineconeServer):
    deployer, parameters, said, secrets = await deployed(models, pinecone)
    assert parameters.keys() <= parameter_names(ROOT / "template.yaml")
    assert (parameters["ChatBaseUrl"], parameters["EmbeddingBaseUrl"]) == (models.url, models.url)
    assert parameters["PineconeIndexHost"] == pinecone.url
    assert parameters["AllowedOrigins"] == ORIGINS
    assert parameters["ChatApiKeyArn"] == ""
    assert secrets.stored["thinkaloud/jwt"] == "the secret"
    assert (deployer.own_index, deployer.empty, said) == (True, True, [])


async def test_every_tunable_reaches_its_parameter(models: ModelServer, pinecone: PineconeServer):
    assert _TUNABLE.keys() <= parameter_names(ROOT / "template.yaml")
    _, parameters, _, _ = await deployed(models, pinecone, **dict.fromkeys(_TUNABLE.values(), "7"))
    assert {parameters[name] for name in _TUNABLE} == {"7"}
    _, parameters, _, _ = await deployed(models, pinecone, TOP_K="")
    assert "TopK" not in parameters


async def test_an_index_of_another_kind_is_made_anew_and_that_is_said(models: ModelServer, pinecone: PineconeServer):
    pinecone.open_index(INDEX, dimension=3)
    deployer, _, said, _ = await deployed(models, pinecone)
    assert deployer.empty
    assert [line.endswith("load your documents again") for line in said] == [True]


async def test_somebodys_own_index_is_left_alone(models: ModelServer, pinecone: PineconeServer):
    deployer, parameters, _, secrets = await deployed(
        models, pinecone, PINECONE_API_KEY="key", PINECONE_INDEX_HOST="https://index.example"
    )
    assert parameters["PineconeIndexHost"] == "https://index.example"
    assert secrets.stored["thinkaloud/pinecone"] == "key"
    assert (deployer.own_index, deployer.empty) == (False, False)

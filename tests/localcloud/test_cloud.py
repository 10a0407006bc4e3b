"""The local cloud as a whole: how it starts and ends, and whose services it uses. tests/cloud asks it questions."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import boto3
import pytest

from localcloud.aws.cloud import Aws
from localcloud.cloud import LocalCloud
from localcloud.gateway.errors import PortTaken
from localcloud.models.server import ModelServer
from localcloud.pinecone.schema import Metric
from localcloud.pinecone.server import PineconeServer
from localcloud.ports import free_port
from localcloud.template.errors import TemplateError
from tests.cloud.conversation import ask
from tests.cloud.library import Library
from tests.localcloud.processes import children, gone
from tests.localcloud.project import small_project
from thinkaloud.client import Client, new_id

pytestmark = pytest.mark.cloud

KEY = "somebody's key"
#: Longer than a start takes on a busy machine with two cores (3 to 5 s), far shorter than hanging.
START_LIMIT_S = 30.0


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_project(tmp_path_factory.mktemp("project"))


def embedded(cloud: LocalCloud) -> int:
    """How many times the local embedding model was asked."""
    return cloud.models.ledger.counts("/v1/embeddings")["finished"]


async def test_it_starts_says_where_it_is_ends_and_starts_again(project: Path, tmp_path: Path):
    before = children(os.getpid())
    said: list[str] = []
    async with LocalCloud(project, port=0, state=tmp_path, environ={}, pace=0, progress=said.append) as cloud:
        started = children(os.getpid()) - before
        assert len(started) >= 6, "moto and five functions"
        path = tmp_path / "local.json"
        announced = json.loads(path.read_text())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert (announced["page"], announced["ws"], announced["pid"]) == (cloud.page_url, cloud.ws_url, os.getpid())
        assert announced["http"] == cloud.http_url
        assert announced["admin"].keys() == {"gateway", "functions", "events", "models", "pinecone"}
        assert announced["environment"]["PINECONE_INDEX_HOST"] == cloud.pinecone.url
        assert announced["environment"]["AWS_ENDPOINT_URL"] == cloud.aws.url
        assert said[0] == "starting DynamoDB, S3, SQS, Pinecone and the models"
        assert said[-1] == "2 sample pages are in the index"
        assert embedded(cloud) == 3, "the dimension, and each page"
    for pid in started:
        assert await gone(pid)
    assert not path.exists()

    async with (
        asyncio.timeout(START_LIMIT_S),
        LocalCloud(project, port=0, state=tmp_path, environ={}, pace=0) as again,
    ):
        assert embedded(again) == 1, "only the dimension: the pages are in the index still"
        async with Client(again.ws_url, again.token()) as client:
            heard = await ask(client, "How long does a refund take?", session=new_id("s"))
        assert "working days" in heard.text


async def test_documents_outlive_a_run(project: Path, tmp_path: Path):
    """The list of them is in a table, their chunks are in the index: both are there the next time."""
    options = {"port": 0, "state": tmp_path, "environ": {}, "pace": 0, "samples": False}
    async with LocalCloud(project, **options) as cloud, aiohttp.ClientSession() as http:
        document = await Library(cloud, http).load("kettles.md", b"# Kettles\n\nThe kettle holds 4.5 litres.\n")
        assert document["status"] == "ready"
    async with LocalCloud(project, **options) as again, aiohttp.ClientSession() as http:
        library = Library(again, http)
        _, listed = await library.call("GET", "/documents")
        assert listed["documents"] == [document]
        assert len(await library.chunks(document["id"])) == 1
        await library.call("DELETE", f"/documents/{document['id']}")
        await library.gone(document["id"])
        assert await library.chunks(document["id"]) == []


async def test_a_taken_port_is_said_before_anything_starts(project: Path, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} on 127.0.0.1 is taken"):
            await LocalCloud(project, port, state=tmp_path, environ={}).__aenter__()
    assert not (tmp_path / "secrets.json").exists()


async def test_a_broken_template_stops_what_had_started(project: Path, tmp_path: Path):
    before = children(os.getpid())
    broken = tmp_path / "template.yaml"
    broken.write_text("Resources:\n  Turn: {Type: AWS::Serverless::Function}\n")
    port = free_port()
    with pytest.raises(TemplateError) as caught:
        await LocalCloud(project, port, template=broken, state=tmp_path, environ={}).__aenter__()
    assert str(caught.value).startswith(f"{broken}:")
    assert "\n" not in str(caught.value)
    assert children(os.getpid()) == before
    socket.create_server(("127.0.0.1", port)).close()


@pytest.mark.parametrize(("dimension", "metric"), [(3, "dotproduct"), (256, "cosine")])
async def test_an_index_of_another_shape_is_made_anew_and_says_so(
    project: Path, tmp_path: Path, dimension: int, metric: Metric
):
    async with PineconeServer(tmp_path / "pinecone") as earlier:
        earlier.open_index("thinkaloud", dimension=dimension, metric=metric)
    told: list[str] = []
    async with LocalCloud(project, port=0, state=tmp_path, environ={}, samples=False, progress=told.append):
        pass
    [line] = [line for line in told if "load your documents again" in line]
    assert line.startswith("the index was made anew, since it held another kind of vectors than the 256 numbers of")


@dataclass(frozen=True)
class Theirs:
    """A cloud that was given somebody's model endpoint and somebody's AWS endpoint."""

    cloud: LocalCloud
    model: ModelServer
    aws: Aws


@pytest.fixture(scope="module")
async def theirs(project: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Theirs]:
    async with ModelServer(pace=0, api_key=KEY) as model, Aws(environment={}) as aws:
        environ = {
            "OPENAI_BASE_URL": model.url,
            "OPENAI_API_KEY": KEY,
            "CHAT_MODEL": "extractive",
            "AWS_ENDPOINT_URL": aws.url,
            "TOP_K": "1",
        }
        cloud = LocalCloud(project, port=0, state=tmp_path_factory.mktemp("state"), environ=environ, pace=0)
        async with cloud:
            yield Theirs(cloud, model, aws)
        # Theirs is left running.
        assert await aws.put_secret("still", "there")


async def test_a_model_endpoint_of_ones_own_answers(theirs: Theirs):
    async with Client(theirs.cloud.ws_url, theirs.cloud.token()) as client:
        heard = await ask(client, "我们部门今年的年假额度是多少？", session=new_id("s"))
    assert "年假" in heard.text
    [request] = [each for each in theirs.model.ledger.recent() if each["path"] == "/v1/chat/completions"]
    assert (request["outcome"], request["stream"]) == ("finished", True)
    assert theirs.cloud.models.ledger.counts("/v1/chat/completions")["finished"] == 0
    # Chat and embeddings are set apart: the index was filled, and is asked, by the local model.
    assert theirs.model.ledger.counts("/v1/embeddings")["finished"] == 0


async def test_limits_reach_the_functions(theirs: Theirs):
    async with Client(theirs.cloud.ws_url, theirs.cloud.token()) as client:
        heard = await ask(client, "How long does a refund take?", session=new_id("s"))
    assert [len(frame["docs"]) for frame in heard.of("source")] == [1]


async def test_an_aws_endpoint_of_ones_own_holds_the_state(theirs: Theirs):
    assert theirs.cloud.aws.url == theirs.aws.url
    session = new_id("s")
    async with Client(theirs.cloud.ws_url, theirs.cloud.token()) as client:
        await ask(client, "How long does a refund take?", session=session)
    environment = theirs.aws.environment
    dynamodb = boto3.client(
        "dynamodb",
        endpoint_url=theirs.aws.url,
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    [table] = dynamodb.list_tables()["TableNames"]
    keys = [item["pk"]["S"] for item in dynamodb.scan(TableName=table)["Items"]]
    assert any(session in key for key in keys)


async def test_the_page_names_the_model_that_answers(theirs: Theirs):
    status, body = await fetch(theirs.cloud, "/local/config.json")
    config = json.loads(body)
    assert status == 200
    assert (config["ws"], config["tenant"], config["model"]) == (theirs.cloud.ws_url, "demo", "extractive")
    assert config["http"] == theirs.cloud.http_url
    assert config["model_note"] == {}, "what is said of the local model is not said of somebody's"
    async with Client(config["ws"], config["token"]) as client:
        assert await client.ping() < 5


@pytest.mark.parametrize(
    "path", ["/../template.yaml", "/..%2ftemplate.yaml", "/%2e%2e/template.yaml", "/js/..%2f..%2f"]
)
async def test_only_the_page_is_served(theirs: Theirs, path: str):
    status, body = await fetch(theirs.cloud, path)
    assert status == 404
    assert b"Resources" not in body


async def test_another_name_for_this_machine_gets_no_token(theirs: Theirs):
    status, body = await fetch(theirs.cloud, "/local/config.json", host="evil.example")
    assert status == 403
    assert b"token" not in body


async def fetch(cloud: LocalCloud, path: str, host: str = "127.0.0.1") -> tuple[int, bytes]:
    """GET the path exactly as it is given; status and body."""

    def get() -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", int(cloud.page_url.rstrip("/").rpartition(":")[2]))
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    return await asyncio.to_thread(get)

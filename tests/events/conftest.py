from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterator, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto import mock_aws

from localcloud.template.model import Application
from localcloud.template.reader import read_application
from tests.dialogue.players import Found
from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.identity.principal import Principal
from thinkaloud.knowledge.ingest import Ingestor
from thinkaloud.knowledge.memory_index import MemoryIndex
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.models.chat import ChatMessage, Delta, Finish
from thinkaloud.models.embedding import HashingEmbedder
from thinkaloud.settings import ConnectionSettings
from thinkaloud.state.dynamo_connections import DynamoConnections
from thinkaloud.state.dynamo_conversations import DynamoConversations
from thinkaloud.state.lexicons import DynamoLexicons
from thinkaloud.state.records import Connection, TurnKey
from thinkaloud.wiring import api, authorizer, connections, ingest, library, reception, settle, stream, turn

ROOT = Path(__file__).parents[2]
ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
#: What the tokens in authorizer-*.json are signed with, as events/README.md says.
EVENTS_SECRET = "only-for-the-events-in-this-folder-0123456789"


def event(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / f"events/{name}.json").read_text())
    return loaded


GONE = {"Error": {"Code": "GoneException"}, "ResponseMetadata": {"HTTPStatusCode": 410}}


class Functions:
    """The functions of the template in this process, on moto, each with its own environment.

    `rights` has the IAM actions that each function has used; `posted` and `dispatched` what it sent to a connection
    and to the turn, which nothing receives here; once `gone`, no connection takes anything. `looked` is set once the
    turn has read its control item.
    """

    def __init__(self, application: Application) -> None:
        self.rights: defaultdict[str, set[str]] = defaultdict(set)
        self.posted: list[dict[str, Any]] = []
        self.dispatched: list[dict[str, Any]] = []
        self.gone = False
        self.looked = threading.Event()
        self._application = application
        self._running = ""

    def invoke(self, name: str, payload: dict[str, Any]) -> Any:
        function = self._application.functions[f"{name.title()}Function"]
        spec = importlib.util.spec_from_file_location(f"{name}_app", function.code / "app.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self._running = name
        # Kept for the life of a process, and each function has its own.
        authorizer.verifier.cache_clear()
        with patch.dict(os.environ, function.environment):
            return module.handler(payload, SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000))

    def upload(self, text: str) -> None:
        """Put a file where `api-announce` was told to, as a page does."""
        told = json.loads(event("ingest-upload")["Records"][0]["body"])["Records"][0]["s3"]["object"]
        assert len(text.encode()) == told["size"]
        boto3.client("s3", region_name="us-east-1").put_object(Bucket=self._bucket, Key=told["key"], Body=text.encode())

    def from_bucket(self, name: str) -> dict[str, Any]:
        """An event of S3's, from the bucket that there is here."""
        changed = event(name)
        told = json.loads(changed["Records"][0]["body"])
        told["Records"][0]["s3"]["bucket"]["name"] = self._bucket
        changed["Records"][0]["body"] = json.dumps(told)
        return changed

    @property
    def _bucket(self) -> str:
        return self._application.functions["ApiFunction"].environment["UPLOAD_BUCKET"]

    def leave_connections_behind(self) -> None:
        """Take all seats of the events' user for connections that are gone, but whose `$disconnect` never came."""
        table = self._application.functions["ConnectFunction"].environment["TABLE_NAME"]
        store = DynamoConnections(boto3.client("dynamodb", region_name="us-east-1"), table)
        who = Principal("qinghe", "lin", 4_102_444_800)
        for number in range(ConnectionSettings.most):
            assert not store.put(Connection(f"gone-{number}=", who, 1_763_000_000, 4_102_444_800), 10)
        self.rights.clear()

    def claim(self, key: TurnKey) -> None:
        """Take a turn, as a worker does that then dies."""
        assert self._conversations.claim(key, time.time()) is not None

    def enqueue(self, key: TurnKey, behind: str) -> None:
        """Put a turn behind another one, as the policy `queue` does."""
        assert self._conversations.enqueue(key, behind)

    @property
    def _conversations(self) -> DynamoConversations:
        table = self._application.functions["TurnFunction"].environment["TABLE_NAME"]
        return DynamoConversations(boto3.client("dynamodb", region_name="us-east-1"), table)

    def called(self, model: Any, params: dict[str, Any], **_: object) -> tuple[AWSResponse, dict[str, Any]] | None:
        """botocore's `before-call`: notes the action, and answers where moto has nobody to ask."""
        action = f"{model.service_model.signing_name}:{model.name}"
        match action:
            case "lambda:Invoke":
                self.rights[self._running].add("lambda:InvokeFunction")
                self.dispatched.append(json.loads(params["body"]))
                return AWSResponse(params["url"], 202, HTTPHeaders(), None), {"StatusCode": 202}
            case "execute-api:PostToConnection":
                self.rights[self._running].add("execute-api:ManageConnections")
                if self.gone:
                    return AWSResponse(params["url"], 410, HTTPHeaders(), None), GONE
                self.posted.append(json.loads(params["body"]))
                return AWSResponse(params["url"], 200, HTTPHeaders(), None), {}
            case "execute-api:GetConnection":
                self.rights[self._running].add("execute-api:ManageConnections")
                return AWSResponse(params["url"], 410, HTTPHeaders(), None), GONE
        self.rights[self._running].add(action)
        if (self._running, action) == ("turn", "dynamodb:GetItem"):
            self.looked.set()
        return None


class PatientChat:
    """A model that says nothing until the worker has looked whether the turn is to stop."""

    name = "patient"

    def __init__(self, functions: Functions) -> None:
        self._looked = functions.looked

    async def stream(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[Delta | Finish, None]:
        assert await asyncio.to_thread(self._looked.wait, 10), "the worker never read its control item"
        yield Delta("Fourteen days.")
        yield Finish("stop", None)


@pytest.fixture
def application() -> Iterator[Application]:
    parameters = {
        "JwtAlgorithm": "HS256",
        "JwtIssuer": "https://login.example.com/",
        "JwtAudience": "thinkaloud",
        "JwtSecretArn": "",
        "AllowedOrigins": "https://app.example.com",
        "ChatBaseUrl": "http://127.0.0.1:9/v1",
        "ChatModel": "scripted",
        "EmbeddingBaseUrl": "http://127.0.0.1:9/v1",
        "EmbeddingModel": "hashing",
        "PineconeIndexHost": "http://127.0.0.1:9",
        "PineconeApiKeyArn": f"{ARN}pinecone-AbCdEf",
        "Release": "0123456789abcdef",
    }
    with mock_aws():
        secrets = boto3.client("secretsmanager", region_name="us-east-1")
        parameters["JwtSecretArn"] = secrets.create_secret(Name="jwt", SecretString=EVENTS_SECRET)["ARN"]
        application = read_application(ROOT / "template.yaml", parameters)
        boto3.client("dynamodb", region_name="us-east-1").create_table(**application.tables["StateTable"].create)
        boto3.client("s3", region_name="us-east-1").create_bucket(
            Bucket=application.functions["ApiFunction"].environment["UPLOAD_BUCKET"]
        )
        queue = application.functions["ApiFunction"].environment["INGEST_QUEUE_URL"].rpartition("/")[2]
        boto3.client("sqs", region_name="us-east-1").create_queue(QueueName=queue)
        yield application


@pytest.fixture
def functions(application: Application, monkeypatch: pytest.MonkeyPatch) -> Iterator[Functions]:
    """The functions; the turn's models and index are stand-ins, since they are no part of AWS."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    session = boto3.Session()
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    functions = Functions(application)
    session.events.register("before-call", functions.called)
    abilities = Abilities(Found(covered=True), PatientChat(functions), prompt_tokens=2_000)
    monkeypatch.setattr(turn, "abilities", lambda: abilities)
    index, embedder = MemoryIndex(), HashingEmbedder()
    table = application.functions["IngestFunction"].environment["TABLE_NAME"]
    # Made by the first job, so that its calls are those of the function.
    lexicons = cache(lambda: Lexicons(DynamoLexicons(boto3.client("dynamodb", region_name="us-east-1"), table)))
    monkeypatch.setattr(ingest, "_ingestor", lambda tenant: Ingestor(tenant, embedder, index, lexicons()))
    forget()
    yield functions
    stream.runner().close()
    ingest.runner().close()
    api.loop().close()
    asyncio.set_event_loop(None)
    forget()


def forget() -> None:
    """The wiring keeps clients for the life of a process; here each test is one."""
    for built in (api.gateway, api.loop, ingest.desk, ingest.runner, library.documents, library.uploads, library.jobs):
        built.cache_clear()
    authorizer.verifier.cache_clear()
    connections.connections.cache_clear()
    connections.doorman.cache_clear()
    connections.management.cache_clear()
    connections.allowed_origins.cache_clear()
    reception.reception.cache_clear()
    settle.worker.cache_clear()
    turn.worker.cache_clear()
    stream.runner.cache_clear()

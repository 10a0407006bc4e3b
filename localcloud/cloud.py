"""`LocalCloud`: everything template.yaml asks for, on 127.0.0.1, from one `async with`.

gateway ── functions (awslambdaric) ─┬─ moto: DynamoDB, Secrets Manager
   │                                 ├─ Pinecone
chat page                            └─ models
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from localcloud import tokens
from localcloud.aws.cloud import Aws
from localcloud.functions.asynchronous import LAMBDA_RETRY_DELAYS_S
from localcloud.functions.service import LambdaService, log_line
from localcloud.gateway.limits import AWS_LIMITS, Limits
from localcloud.gateway.server import Gateway
from localcloud.models.pacing import READING_PACE
from localcloud.models.server import ModelServer
from localcloud.page import ChatPage
from localcloud.pinecone.server import PineconeServer
from localcloud.ports import HOST, check_free, free_port
from localcloud.providers import LOCAL_CHAT, LOCAL_NOTE, Model, chat_model, dimensions, embedding_model, vector_index
from localcloud.sample_process import SamplesNotLoaded, load_apart
from localcloud.template.localise import LocalUrls, localised
from localcloud.template.model import Application
from localcloud.template.reader import read_application

#: The logical id of the WebSocket API in template.yaml.
API = "ChatApi"
#: The local release: any hexadecimal text does, as nothing is published.
RELEASE = "0" * 40
#: The local index.
INDEX = "thinkaloud"


class StartFailed(Exception):
    """Something that is needed did not start. `str()` is one line."""


class LocalCloud:
    """The cloud on localhost, for one project folder.

    Args:
        project: holds template.yaml, functions/, web/ and samples/; state is kept in its `.thinkaloud/`.
        port: of page and WebSocket; 0 takes any free one.
        template: another template than the project's, e.g. that of the built output.
        state: where state is kept instead.
        environ: the user's environment, which may name models, an index and AWS endpoints.
        pace: tokens a second of the local model's answers; 0 for no delay.
        limits: the gateway's, which tests scale down.
        retry_delays_s: seconds before each retry of an asynchronous invocation that failed; Lambda's are long.
        max_concurrency: the most processes of one function.
        samples: load the sample handbook into the tenant `demo` of the local index.
        progress: told what is being started, a line at a time.
        log: told what functions print, with the function's name.
    """

    def __init__(
        self,
        project: Path,
        port: int = 8080,
        *,
        template: Path | None = None,
        state: Path | None = None,
        environ: Mapping[str, str] | None = None,
        pace: float | None = None,
        limits: Limits = AWS_LIMITS,
        retry_delays_s: Sequence[float] = LAMBDA_RETRY_DELAYS_S,
        max_concurrency: int = 50,
        samples: bool = True,
        progress: Callable[[str], None] = lambda line: None,
        log: Callable[[str, str], None] = log_line,
    ) -> None:
        self._project = project
        self._template = template or project / "template.yaml"
        self._state = state or project / ".thinkaloud"
        self._environ = os.environ if environ is None else environ
        self._samples = samples
        self._progress = progress
        self._log = log
        self._limits = limits
        self._retry_delays_s = retry_delays_s
        self._max_concurrency = max_concurrency
        self._port = port or free_port()
        self._management_port = free_port()
        self._exit = AsyncExitStack()
        self.aws = Aws(self._environ)
        self.models = ModelServer(pace=READING_PACE if pace is None else pace)
        self.pinecone = PineconeServer(self._state / "pinecone", embedder=self.models.embedder, default_index=INDEX)
        self.gateway: Gateway
        self.functions: LambdaService
        self._chat: Model

    @property
    def state(self) -> Path:
        """The folder with the development secret and the index."""
        return self._state

    @property
    def page_url(self) -> str:
        """Where the chat page is."""
        return f"http://{HOST}:{self._port}/"

    @property
    def ws_url(self) -> str:
        """Where clients connect."""
        return self.gateway.ws_url

    async def __aenter__(self) -> Self:
        """Start everything.

        Raises:
            PortTaken, TemplateError, ProviderError, AwsUnavailable, StartFailed: each says in one line what to do.
        """
        try:
            await self._start()
        except BaseException:
            await self._exit.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()

    def token(self, tenant: str = tokens.TENANT, user: str = tokens.USER, seconds: int = 3_600) -> str:
        """A development token."""
        return tokens.development_token(self._state, tenant=tenant, user=user, seconds=seconds)

    async def _start(self) -> None:
        check_free(self._port)
        secret = tokens.development_secret(self._state)
        self._progress("starting DynamoDB, Pinecone and the models")
        async with asyncio.TaskGroup() as tasks:
            for server in (self.aws, self.pinecone, self.models):
                self._exit.push_async_callback(server.stop)
                tasks.create_task(server.start())
        self._progress(f"reading {self._template.name}")
        parameters = await self._parameters(secret)
        application = localised(
            await asyncio.to_thread(read_application, self._template, parameters), {API: self._local_urls()}
        )
        await self.aws.create(application)
        self._progress("starting the gateway and the functions")
        self.functions = LambdaService(
            application,
            environment={
                **self.aws.environment,
                "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": self._management(application),
            },
            inherited=self._environ,
            reload=True,
            retry_delays_s=self._retry_delays_s,
            max_concurrency=self._max_concurrency,
            log=self._log,
        )
        self._exit.push_async_callback(self.functions.stop)
        await self.functions.start()
        self.gateway = Gateway(
            application.apis[API],
            self.functions,
            pages=ChatPage(self._project / "web", self._page_config),
            limits=self._limits,
        )
        await self.gateway.start(HOST, self._port, self._management_port)
        self._exit.push_async_callback(self.gateway.stop)
        environment = {**self.aws.environment, **_variables(application)}
        await self._warm(application, environment)
        self._announce(environment)

    async def _parameters(self, secret: str) -> dict[str, str]:
        """The local deployer's values for the template's parameters."""
        # Asking an endpoint for its models may take a while, so it happens on a thread.
        self._chat = await asyncio.to_thread(chat_model, self._environ, self.models.url)
        embedding = embedding_model(self._environ, self.models.url)
        index = vector_index(self._environ, self.pinecone.url)
        if index.host == self.pinecone.url:
            self._open_index(embedding, await asyncio.to_thread(dimensions, embedding))
        else:
            self._samples = False  # an index of the user's own holds what the user puts there
        return {
            "JwtAlgorithm": "HS256",
            "JwtIssuer": tokens.ISSUER,
            "JwtAudience": tokens.AUDIENCE,
            "JwtTenantClaim": tokens.TENANT_CLAIM,
            "JwtSecretArn": await self.aws.put_secret("thinkaloud/jwt", secret),
            "AllowedOrigins": f"http://{HOST}:{self._port},http://localhost:{self._port}",
            "ChatBaseUrl": self._chat.url,
            "ChatModel": self._chat.name,
            "ChatApiKeyArn": await self._key("chat", self._chat.key),
            "EmbeddingBaseUrl": embedding.url,
            "EmbeddingModel": embedding.name,
            "EmbeddingApiKeyArn": await self._key("embedding", embedding.key),
            "PineconeIndexHost": index.host,
            "PineconeApiKeyArn": await self._key("pinecone", index.key),
            "Release": RELEASE,
            **{name: self._environ[variable] for name, variable in _TUNABLE.items() if self._environ.get(variable)},
        }

    def _open_index(self, embedding: Model, dimension: int) -> None:
        try:
            self.pinecone.open_index(INDEX, dimension=dimension)
        except ValueError:
            raise StartFailed(
                f"{embedding.name} makes vectors of {dimension} numbers, and {self._state / 'pinecone'} holds those of "
                "another embedding model; remove that folder, and load your documents again"
            ) from None

    async def _key(self, name: str, value: str) -> str:
        return await self.aws.put_secret(f"thinkaloud/{name}", value) if value else ""

    def _local_urls(self) -> LocalUrls:
        return LocalUrls(management=f"http://{HOST}:{self._management_port}", websocket=f"ws://{HOST}:{self._port}")

    def _management(self, application: Application) -> str:
        """The management API, for functions that cannot have its address in a variable of theirs."""
        return f"{self._local_urls().management}/{application.apis[API].stage}"

    async def _warm(self, application: Application, environment: Mapping[str, str]) -> None:
        """Start one process a function, and load the samples meanwhile."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.functions.warm(dict.fromkeys(application.functions, 1)))
            if self._samples:
                tasks.create_task(self._load_samples(environment))

    async def _load_samples(self, environment: Mapping[str, str]) -> None:
        self._progress("loading the sample handbook")
        try:
            count = await load_apart(self._project / "samples" / "handbook", tokens.TENANT, environment)
        except SamplesNotLoaded as error:
            raise StartFailed(str(error)) from None
        self._progress(f"{count} sample pages are in the index")

    def _page_config(self) -> dict[str, Any]:
        local = self._chat == Model(self.models.url, LOCAL_CHAT, "")
        return {
            "ws": self.ws_url,
            "token": self.token(),
            "tenant": tokens.TENANT,
            "user": tokens.USER,
            "model": self._chat.name,
            "model_note": LOCAL_NOTE if local else {},
        }

    def _announce(self, environment: Mapping[str, str]) -> None:
        """Write `local.json`, by which the `thinkaloud` command finds the running cloud; remove it at the end."""
        path = self._state / "local.json"
        said = {
            "page": self.page_url,
            "ws": self.ws_url,
            "management": self.gateway.management_url,
            "admin": {
                "gateway": f"{self.gateway.admin_url}/admin",
                "models": self.models.admin_url,
                "pinecone": f"{self.pinecone.url}/admin",
            },
            "pid": os.getpid(),
            "environment": dict(environment),
        }
        # The environment holds the user's own AWS keys, where there are any.
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(said, indent=2), encoding="utf-8")
        self._exit.callback(partial(path.unlink, missing_ok=True))


#: Template parameter -> the variable in the user's environment that sets it.
_TUNABLE = {
    "PromptTokens": "PROMPT_TOKENS",
    "AnswerTokens": "ANSWER_TOKENS",
    "TopK": "TOP_K",
    "ChatFallbackModels": "CHAT_FALLBACK_MODELS",
    "ChatFirstTokenSeconds": "CHAT_FIRST_TOKEN_SECONDS",
    "ChatStallSeconds": "CHAT_STALL_SECONDS",
    "MaxConnections": "MAX_CONNECTIONS",
    "BusyPolicy": "BUSY_POLICY",
    "HeartbeatSeconds": "HEARTBEAT_SECONDS",
    "LeaseSeconds": "LEASE_SECONDS",
    "JournalSeconds": "JOURNAL_SECONDS",
    "AbandonSeconds": "ABANDON_SECONDS",
    "ReaderCharacters": "READER_CHARACTERS",
    "LogLevel": "LOG_LEVEL",
}


def _variables(application: Application) -> dict[str, str]:
    """All variables that any function gets: what ingestion needs is among them."""
    return {name: value for function in application.functions.values() for name, value in function.environment.items()}

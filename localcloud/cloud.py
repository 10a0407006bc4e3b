"""`LocalCloud`: everything template.yaml asks for, on 127.0.0.1, from one `async with`.

WebSocket gateway ─┬─ functions (awslambdaric) ─┬─ moto: DynamoDB, Secrets Manager, S3, SQS
HTTP API ──────────┤                            ├─ Pinecone
event sources ─────┘                            └─ models
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from localcloud import tokens
from localcloud.announcement import announced
from localcloud.aws.cloud import Aws
from localcloud.deployer import INDEX, Deployer, StartFailed
from localcloud.functions.asynchronous import LAMBDA_RETRY_DELAYS_S
from localcloud.functions.service import LambdaService, log_line
from localcloud.gateway.limits import AWS_LIMITS, Limits
from localcloud.gateway.server import Gateway
from localcloud.http.server import HttpGateway
from localcloud.models.pacing import READING_PACE
from localcloud.models.server import ModelServer
from localcloud.page import ChatPage
from localcloud.pinecone.server import PineconeServer
from localcloud.ports import HOST, check_free, free_port
from localcloud.providers import LOCAL_CHAT, LOCAL_NOTE, Model
from localcloud.queues.service import EventSources
from localcloud.sample_process import SamplesNotLoaded, load_apart
from localcloud.template.localise import LocalUrls, localised
from localcloud.template.model import Application
from localcloud.template.reader import read_application
from localcloud.template.translate import load_translator

#: The logical ids of the APIs in template.yaml.
API = "ChatApi"
HTTP_API = "HttpApi"
#: Seconds until a queue's message is seen again that its function has not done. The ingest function takes a document
#: up again half a minute after its process died, and not before.
REDELIVERY_S = 30.0


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
        redelivery_s: seconds until a queue's message is seen again that its function has not done, at least 1.
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
        redelivery_s: float = REDELIVERY_S,
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
        self._redelivery_s = redelivery_s
        self._max_concurrency = max_concurrency
        self._port = port or free_port()
        self._management_port = free_port()
        self._http_port = free_port()
        self._exit = AsyncExitStack()
        self.aws = Aws(self._environ, keep=self._state / "tables.jsonl")
        self.models = ModelServer(pace=READING_PACE if pace is None else pace)
        self.pinecone = PineconeServer(self._state / "pinecone", embedder=self.models.embedder, default_index=INDEX)
        self.gateway: Gateway
        self.http: HttpGateway
        self.functions: LambdaService
        self.events: EventSources
        self._deployer = Deployer(self._environ, self.aws, self.models, self.pinecone, progress)

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

    @property
    def http_url(self) -> str:
        """Where the HTTP API is, without a slash at the end."""
        return self.http.url

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

    def token(
        self,
        tenant: str = tokens.TENANT,
        user: str = tokens.USER,
        seconds: int = 3_600,
        scopes: str = tokens.SCOPES,
    ) -> str:
        """A development token."""
        return tokens.development_token(self._state, tenant=tenant, user=user, seconds=seconds, scopes=scopes)

    async def _start(self) -> None:
        check_free(self._port)
        secret = tokens.development_secret(self._state)
        self._progress("starting DynamoDB, S3, SQS, Pinecone and the models")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.to_thread(load_translator))
            for server in (self.aws, self.pinecone, self.models):
                self._exit.push_async_callback(server.stop)
                tasks.create_task(server.start())
        self._progress(f"reading {self._template.name}")
        origins = f"http://{HOST}:{self._port},http://localhost:{self._port}"
        parameters = await self._deployer.parameters(origins, secret)
        if self._deployer.empty:  # a folder that was removed, or another embedding model
            self.aws.forget()
        application = localised(
            await asyncio.to_thread(read_application, self._template, parameters), self._addresses()
        )
        self._progress("starting the gateways and the functions")
        await self._serve(application)
        environment = {**self.aws.environment, **_variables(application)}
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.functions.warm(dict.fromkeys(_in_a_conversation(application), 1)))
            tables = tasks.create_task(self.aws.create(application))
            tasks.create_task(self._connect_queues(application, tables))
            if self._samples and self._deployer.own_index:  # somebody's own index holds what they put there
                tasks.create_task(self._load_samples(environment, tables))
        self._announce(environment)

    async def _serve(self, application: Application) -> None:
        """Start what runs functions, and what calls them."""
        self.functions = LambdaService(
            application,
            environment={
                **self.aws.environment,
                # For functions that cannot have the management API's address in a variable of theirs.
                "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": (
                    f"{self._addresses()[API].https}/{application.apis[API].stage}"
                ),
            },
            inherited=self._environ,
            reload=True,
            retry_delays_s=self._retry_delays_s,
            max_concurrency=self._max_concurrency,
            log=self._log,
        )
        self._exit.push_async_callback(self.functions.stop)
        await self.functions.start()
        pages = ChatPage(self._project / "web", self._page_config)
        self.gateway = Gateway(application.apis[API], self.functions, pages=pages, limits=self._limits)
        await self.gateway.start(HOST, self._port, self._management_port)
        self._exit.push_async_callback(self.gateway.stop)
        self.http = HttpGateway(application.http_apis[HTTP_API], self.functions)
        await self.http.start(HOST, self._http_port)
        self._exit.push_async_callback(self.http.stop)

    async def _connect_queues(self, application: Application, created: Awaitable[None]) -> None:
        """Feed the functions that read queues, once there are any."""
        await created
        self.events = EventSources(
            application.mappings.values(), self.functions, self.aws.environment, redelivery_s=self._redelivery_s
        )
        self._exit.push_async_callback(self.events.stop)
        await self.events.start()

    def _addresses(self) -> dict[str, LocalUrls]:
        """Where the APIs are, by logical id."""
        return {
            API: LocalUrls(https=f"http://{HOST}:{self._management_port}", wss=f"ws://{HOST}:{self._port}"),
            HTTP_API: LocalUrls(https=f"http://{HOST}:{self._http_port}"),
        }

    async def _load_samples(self, environment: Mapping[str, str], tables: Awaitable[None]) -> None:
        self._progress("loading the sample handbook")
        try:
            folder = self._project / "samples" / "handbook"
            count = await load_apart(folder, tokens.TENANT, environment, tables)
        except SamplesNotLoaded as error:
            raise StartFailed(str(error)) from None
        self._progress(f"{count} sample pages are in the index")

    def _page_config(self) -> dict[str, Any]:
        chat = self._deployer.chat
        local = chat == Model(self.models.url, LOCAL_CHAT, "")
        return {
            "ws": self.ws_url,
            "http": self.http_url,
            "token": self.token(),
            "tenant": tokens.TENANT,
            "user": tokens.USER,
            "model": chat.name,
            "model_note": LOCAL_NOTE if local else {},
        }

    def _announce(self, environment: Mapping[str, str]) -> None:
        said = {
            "page": self.page_url,
            "ws": self.ws_url,
            "http": self.http_url,
            "management": self.gateway.management_url,
            "admin": {
                "gateway": f"{self.gateway.admin_url}/admin",
                "functions": f"{self.functions.url}/admin/functions",
                "events": self.events.admin_url,
                "models": self.models.admin_url,
                "pinecone": f"{self.pinecone.url}/admin",
            },
            "pid": os.getpid(),
            "environment": dict(environment),
        }
        self._exit.enter_context(announced(self._state / "local.json", said))


def _variables(application: Application) -> dict[str, str]:
    """All variables that any function gets: what ingestion needs is among them."""
    return {name: value for function in application.functions.values() for name, value in function.environment.items()}


def _in_a_conversation(application: Application) -> list[str]:
    """The functions that somebody waits for who asks a question. The others are started when they are first called."""
    http = {route.function for api in application.http_apis.values() for route in api.routes.values()}
    called = {route.function for api in application.apis.values() for route in api.routes.values()}
    later = http.union(mapping.function for mapping in application.mappings.values()) - called
    return [function for function in application.functions if function not in later]

"""What a template says, resolved to plain values: the local cloud's list of parts.

Every name here is the CloudFormation one in plain Python. Values are resolved: no `Ref`, no `Fn::Sub` is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class AsyncInvocation:
    """How Lambda treats an asynchronous invocation of a function (`AWS::Lambda::EventInvokeConfig`)."""

    max_retries: int = 2
    max_age_s: float = 21_600.0
    on_failure: str | None = None


@dataclass(frozen=True)
class LogSettings:
    """A function's `LoggingConfig`. `format` is Text or JSON, `level` goes with JSON; no `group` is the default one."""

    format: str = "Text"
    level: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class Function:
    """A Lambda function: its code, what it sees of the world, and its limits."""

    logical_id: str
    name: str
    handler: str
    runtime: str
    code: Path
    layers: tuple[Path, ...]
    timeout_s: float
    memory_mb: int
    environment: dict[str, str]
    log: LogSettings = field(default_factory=LogSettings)
    invocation: AsyncInvocation = field(default_factory=AsyncInvocation)


@dataclass(frozen=True)
class Route:
    """A WebSocket route. `two_way` is true where a route response lets the returned body reach the client."""

    key: str
    function: str
    two_way: bool
    timeout_s: float = 29.0


@dataclass(frozen=True)
class Authorizer:
    """A REQUEST authorizer on `$connect`; `identity_sources` as written, e.g. `route.request.header.Authorization`."""

    function: str
    identity_sources: tuple[str, ...]


@dataclass(frozen=True)
class WebSocketApi:
    """One WebSocket API with its stage. Routes and authorizer name functions by logical id."""

    logical_id: str
    stage: str
    selection_expression: str
    routes: dict[str, Route]
    authorizer: Authorizer | None


@dataclass(frozen=True)
class HttpAuthorizer:
    """A REQUEST authorizer of an HTTP API, in payload format 2.0.

    `identity_sources` are as written, e.g. `$request.header.Authorization`; `simple` says that it answers with
    `isAuthorized` rather than a policy; its answers hold for `ttl_s` seconds, 0 for none.
    """

    name: str
    function: str
    identity_sources: tuple[str, ...]
    simple: bool
    ttl_s: float


@dataclass(frozen=True)
class HttpRoute:
    """A route of an HTTP API: `key` is `GET /documents/{id}`, `ANY /{proxy+}` or `$default`."""

    key: str
    function: str
    authorizer: HttpAuthorizer | None
    timeout_s: float = 30.0


@dataclass(frozen=True)
class Cors:
    """Which pages of other origins may call an HTTP API, and how."""

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age_s: int | None = None
    credentials: bool = False


@dataclass(frozen=True)
class HttpApi:
    """One HTTP API with its stage. Routes name functions by logical id."""

    logical_id: str
    stage: str
    routes: dict[str, HttpRoute]
    cors: Cors | None


@dataclass(frozen=True)
class Queue:
    """An SQS queue: `attributes` are those of CreateQueue, `redrive` the redrive policy's."""

    logical_id: str
    name: str
    arn: str
    attributes: dict[str, str]
    redrive: dict[str, Any] | None


@dataclass(frozen=True)
class Bucket:
    """An S3 bucket: the rules of PutBucketCors and the queues of PutBucketNotificationConfiguration."""

    logical_id: str
    name: str
    cors: list[dict[str, Any]]
    notifications: list[dict[str, Any]]


@dataclass(frozen=True)
class EventSourceMapping:
    """A queue whose messages Lambda hands to a function (by logical id), in batches.

    `partial` says that the function names the messages of a batch that failed; else all of them have. At most
    `max_concurrency` batches are under way at once; None leaves it to Lambda.
    """

    logical_id: str
    queue_arn: str
    function: str
    batch_size: int
    window_s: float
    partial: bool
    max_concurrency: int | None


@dataclass(frozen=True)
class Table:
    """A DynamoDB table: `create` are the arguments of CreateTable, `ttl_attribute` the time to live's."""

    logical_id: str
    name: str
    create: dict[str, Any]
    ttl_attribute: str | None


@dataclass(frozen=True)
class Application:
    """Everything of a template that the local cloud runs. Keys are logical ids."""

    apis: dict[str, WebSocketApi]
    functions: dict[str, Function]
    tables: dict[str, Table]
    parameters: dict[str, str]
    outputs: dict[str, str]
    http_apis: dict[str, HttpApi] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    buckets: dict[str, Bucket] = field(default_factory=dict)
    mappings: dict[str, EventSourceMapping] = field(default_factory=dict)

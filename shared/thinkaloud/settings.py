"""Typed settings, read once from the environment that `template.yaml` gives each function.

A dataclass for each concern; a function reads only those it uses, so a variable that is missing is one it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal, TypeVar, get_type_hints

from thinkaloud.errors import ConfigurationError

T = TypeVar("T")


def variable(name: str, default: Any = MISSING, *, choices: tuple[str, ...] = ()) -> Any:
    """A dataclass field read from the environment variable `name`."""
    return field(default=default, metadata={"variable": name, "choices": choices})


@dataclass(frozen=True)
class JwtSettings:
    """How tokens are verified. HS256 needs `secret_arn`; RS256 and ES256 need `jwks_url`."""

    algorithm: str = variable("JWT_ALGORITHM", choices=("HS256", "RS256", "ES256"))
    issuer: str = variable("JWT_ISSUER")
    audience: str = variable("JWT_AUDIENCE")
    tenant_claim: str = variable("JWT_TENANT_CLAIM", "tenant")
    jwks_url: str = variable("JWT_JWKS_URL", "")
    secret_arn: str = variable("JWT_SECRET_ARN", "")


@dataclass(frozen=True)
class OriginSettings:
    """The pages that may open a socket, e.g. `https://app.example.com`."""

    allowed: tuple[str, ...] = variable("ALLOWED_ORIGINS")


@dataclass(frozen=True)
class ConnectionSettings:
    """The host below which every API is, `{api}.{domain}`, and how many connections a user may have at a time."""

    domain: str = variable("GATEWAY_DOMAIN")
    most: int = variable("MAX_CONNECTIONS", 10)


@dataclass(frozen=True)
class TableSettings:
    """The one DynamoDB table."""

    name: str = variable("TABLE_NAME")


@dataclass(frozen=True)
class DispatchSettings:
    """The function that answers, by name or ARN."""

    function: str = variable("TURN_FUNCTION")


@dataclass(frozen=True)
class BusySettings:
    """What becomes of a question while its session answers another one."""

    policy: str = variable("BUSY_POLICY", "reject", choices=("reject", "queue", "interrupt"))


@dataclass(frozen=True)
class HeartbeatSettings:
    """The longest silence of a live turn, in seconds: the worker keeps it, and clients are told."""

    seconds: int = variable("HEARTBEAT_SECONDS", 10)


@dataclass(frozen=True)
class GatewaySettings:
    """The management API, `https://{api}.execute-api.{region}.amazonaws.com/{stage}`."""

    url: str = variable("GATEWAY_URL")


@dataclass(frozen=True)
class StreamSettings:
    """How a turn is sent and kept.

    Seconds the journal is kept; seconds a turn goes on that nobody listens to, 0 for to its end; characters a second
    that one reader gets, 0 for all there are; seconds that a worker's claim holds for.
    """

    journal_seconds: int = variable("JOURNAL_SECONDS", 3_600)
    abandon_seconds: int = variable("ABANDON_SECONDS", 0)
    reader_characters: int = variable("READER_CHARACTERS", 0)
    lease_seconds: int = variable("LEASE_SECONDS", 15)


@dataclass(frozen=True)
class ChatSettings:
    """The chat model: any OpenAI-compatible endpoint. Without `api_key_arn` the endpoint takes no key.

    `fallbacks` are models of the same endpoint, asked in this order when the first one fails. The two limits are the
    longest silences, in seconds, before an answer's first word and within it.
    """

    base_url: str = variable("CHAT_BASE_URL")
    model: str = variable("CHAT_MODEL")
    api_key_arn: str = variable("CHAT_API_KEY_ARN", "")
    prompt_tokens: int = variable("PROMPT_TOKENS", 6_000)
    answer_tokens: int = variable("ANSWER_TOKENS", 1_000)
    first_token_seconds: int = variable("CHAT_FIRST_TOKEN_SECONDS", 60)
    stall_seconds: int = variable("CHAT_STALL_SECONDS", 30)
    fallbacks: tuple[str, ...] = variable("CHAT_FALLBACK_MODELS", ())


@dataclass(frozen=True)
class DialogueSettings:
    """How questions are understood and answered.

    Who completes a follow-up where the rules are not sure: nobody (`rules`), or the chat model (`model`). The versions
    of the answer's prompt with their weights, `v1:90,v2:10`; a session keeps its own.
    """

    rewrite: str = variable("REWRITE", "rules", choices=("rules", "model"))
    prompt_variants: str = variable("PROMPT_VARIANTS", "v1:100")


@dataclass(frozen=True)
class AuditSettings:
    """How many days it is kept why each turn was answered as it was."""

    days: int = variable("AUDIT_DAYS", 30)


@dataclass(frozen=True)
class EmbeddingSettings:
    """The embedding model, set apart from the chat model: its own endpoint, name and key.

    `api` is what the endpoint speaks: `openai`, or `pinecone` for a model of Pinecone inference.
    """

    base_url: str = variable("EMBEDDING_BASE_URL")
    model: str = variable("EMBEDDING_MODEL")
    api_key_arn: str = variable("EMBEDDING_API_KEY_ARN", "")
    api: Literal["openai", "pinecone"] = variable("EMBEDDING_API", "openai", choices=("openai", "pinecone"))


@dataclass(frozen=True)
class IndexSettings:
    """The Pinecone index."""

    host: str = variable("PINECONE_INDEX_HOST")
    api_key_arn: str = variable("PINECONE_API_KEY_ARN", "")


@dataclass(frozen=True)
class UploadSettings:
    """Where documents are uploaded, the queue of jobs that follow, and the most bytes a document may have."""

    bucket: str = variable("UPLOAD_BUCKET")
    queue_url: str = variable("INGEST_QUEUE_URL")
    max_bytes: int = variable("MAX_UPLOAD_BYTES", 104_857_600)


@dataclass(frozen=True)
class IngestSettings:
    """How many tokens a minute, estimated, are embedded for documents; 0 for as many as the model takes."""

    tokens_per_minute: int = variable("EMBEDDING_TOKENS_PER_MINUTE", 0)


@dataclass(frozen=True)
class RetrievalSettings:
    """How passages are found and chosen; `docs/knowledge.md` says what each setting does.

    `top_k` passages at most; `dense_weight` is the share of the score that likeness in meaning has, the rest is for the
    words; `match_share` is what part of the best score a passage must reach, 0 for any; below `abstain_below` the
    documents do not answer. `rerank_model` is one that Pinecone hosts; without one nothing is re-ranked.
    """

    top_k: int = variable("TOP_K", 5)
    dense_weight: float = variable("DENSE_WEIGHT", 0.3)
    match_share: float = variable("MATCH_SHARE", 0.3)
    abstain_below: float = variable("ABSTAIN_BELOW", 0.47)
    rerank: Literal["never", "unsure", "always"] = variable("RERANK", "unsure", choices=("never", "unsure", "always"))
    rerank_model: str = variable("RERANK_MODEL", "")


#: Every group, for the check that template.yaml sets what is read and nothing else.
ALL: tuple[type, ...] = (
    JwtSettings,
    OriginSettings,
    ConnectionSettings,
    TableSettings,
    DispatchSettings,
    BusySettings,
    HeartbeatSettings,
    GatewaySettings,
    StreamSettings,
    ChatSettings,
    DialogueSettings,
    AuditSettings,
    EmbeddingSettings,
    IndexSettings,
    UploadSettings,
    IngestSettings,
    RetrievalSettings,
)


def read(kind: type[T], environ: Mapping[str, str]) -> T:
    """Read one group of settings.

    Raises:
        ConfigurationError: a variable is missing, empty where it must not be, not a number, or not one of its choices.
    """
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for item in fields(kind):  # type: ignore[arg-type]
        name = item.metadata["variable"]
        text = environ.get(name, "").strip()
        if not text:
            if item.default is MISSING:
                raise ConfigurationError(
                    f"the environment variable {name} is missing; template.yaml sets it for this function"
                )
            continue
        values[item.name] = _convert(name, text, hints[item.name], item.metadata["choices"], zero=item.default == 0)
    return kind(**values)


def _convert(name: str, text: str, kind: Any, choices: tuple[str, ...], *, zero: bool) -> Any:
    if choices and text not in choices:
        raise ConfigurationError(f"{name} is {text!r}; it must be one of {', '.join(choices)}")
    if kind is int:
        if not text.isdecimal() or (int(text) == 0 and not zero):
            raise ConfigurationError(f"{name} is {text!r}; it must be a whole number{'' if zero else ' above 0'}")
        return int(text)
    if kind is float:
        return _share(name, text)
    if kind is str or choices:
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _share(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise ConfigurationError(f"{name} is {text!r}; it must be a number from 0 to 1")
    return number

"""`Deployer`: gives each of the template's parameters its local value, as whoever deploys it gives it one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from localcloud import tokens
from localcloud.aws.cloud import Aws
from localcloud.models.server import ModelServer
from localcloud.pinecone.server import PineconeServer
from localcloud.providers import Model, chat_model, dimensions, embedding_model, vector_index

#: The local release: any hexadecimal text does, as nothing is published.
RELEASE = "0" * 40
#: The local index.
INDEX = "thinkaloud"


class StartFailed(Exception):
    """Something that is needed did not start. `str()` is one line."""


class Deployer:
    """Chooses models and index by the user's environment, and stores their keys. The servers have been started.

    Afterwards `chat` is the chat model, `own_index` says whether the index is the local one, and `empty` whether that
    one holds nothing.
    """

    chat: Model
    own_index: bool
    empty = False

    def __init__(
        self,
        environ: Mapping[str, str],
        aws: Aws,
        models: ModelServer,
        pinecone: PineconeServer,
        progress: Callable[[str], None],
    ) -> None:
        self._environ = environ
        self._aws = aws
        self._models = models
        self._pinecone = pinecone
        self._progress = progress

    async def parameters(self, origins: str, secret: str) -> dict[str, str]:
        """The values, for pages of `origins` and tokens signed with `secret`.

        Raises:
            ProviderError: the environment names a model or an index half.
        """
        # Asking an endpoint for its models may take a while, so it happens on a thread.
        self.chat = await asyncio.to_thread(chat_model, self._environ, self._models.url)
        embedding = embedding_model(self._environ, self._models.url)
        index = vector_index(self._environ, self._pinecone.url)
        self.own_index = index.host == self._pinecone.url
        if self.own_index:
            self._open_index(embedding, await asyncio.to_thread(dimensions, embedding))
            self.empty = not any(self._pinecone.index(INDEX).counts({}).values())
        return {
            "JwtAlgorithm": "HS256",
            "JwtIssuer": tokens.ISSUER,
            "JwtAudience": tokens.AUDIENCE,
            "JwtTenantClaim": tokens.TENANT_CLAIM,
            "JwtSecretArn": await self._aws.put_secret("thinkaloud/jwt", secret),
            "AllowedOrigins": origins,
            "ChatBaseUrl": self.chat.url,
            "ChatModel": self.chat.name,
            "ChatApiKeyArn": await self._key("chat", self.chat.key),
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
            self._pinecone.open_index(INDEX, dimension=dimension)
        except ValueError:
            self._pinecone.drop_index(INDEX)
            self._pinecone.open_index(INDEX, dimension=dimension)
            self._progress(
                f"the index was made anew, since it held another kind of vectors than the {dimension} numbers of "
                f"{embedding.name}; load your documents again"
            )

    async def _key(self, name: str, value: str) -> str:
        return await self._aws.put_secret(f"thinkaloud/{name}", value) if value else ""


#: Template parameter -> the variable in the user's environment that sets it.
_TUNABLE = {
    "PromptTokens": "PROMPT_TOKENS",
    "AnswerTokens": "ANSWER_TOKENS",
    "TopK": "TOP_K",
    "EmbeddingApi": "EMBEDDING_API",
    "DenseWeight": "DENSE_WEIGHT",
    "MatchShare": "MATCH_SHARE",
    "AbstainBelow": "ABSTAIN_BELOW",
    "Rerank": "RERANK",
    "RerankModel": "RERANK_MODEL",
    "EmbeddingTokensPerMinute": "EMBEDDING_TOKENS_PER_MINUTE",
    "Rewrite": "REWRITE",
    "PromptVariants": "PROMPT_VARIANTS",
    "AuditDays": "AUDIT_DAYS",
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

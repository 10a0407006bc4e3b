"""The bodies of the data plane's requests, as JSON spells them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from localcloud.pinecone.errors import Code, from_validation

MAX_TOP_K = 10_000
MAX_UPSERT_VECTORS = 1_000
MAX_IDS = 1_000
MAX_PAGE = 100
MAX_METADATA_PAGE = 10_000


class _Body(BaseModel):
    # Unknown fields are let through, as the service lets through those of later versions.
    model_config = ConfigDict(strict=True, frozen=True, alias_generator=to_camel, allow_inf_nan=False)


class SparseValues(_Body):
    """A sparse vector on the wire."""

    indices: list[int]
    values: list[float]


class Vector(_Body):
    """A record on the wire."""

    id: str
    values: list[float] = Field(default_factory=list)
    sparse_values: SparseValues | None = None
    metadata: dict[str, Any] | None = None


class Upsert(_Body):
    """`POST /vectors/upsert`."""

    vectors: Annotated[list[Vector], Field(min_length=1, max_length=MAX_UPSERT_VECTORS)]
    namespace: str = ""


class QueryVectors(_Body):
    """`POST /query`."""

    top_k: Annotated[int, Field(ge=1, le=MAX_TOP_K)]
    namespace: str = ""
    vector: list[float] | None = None
    sparse_vector: SparseValues | None = None
    id: str | None = None
    filter: dict[str, Any] = Field(default_factory=dict)
    include_values: bool = False
    include_metadata: bool = False


class FetchByMetadata(_Body):
    """`POST /vectors/fetch_by_metadata`."""

    filter: dict[str, Any]
    namespace: str = ""
    limit: Annotated[int, Field(ge=1, le=MAX_METADATA_PAGE)] = MAX_PAGE
    pagination_token: str | None = None


class Delete(_Body):
    """`POST /vectors/delete`: exactly one of `ids`, `deleteAll` and `filter`."""

    namespace: str = ""
    ids: Annotated[list[str], Field(max_length=MAX_IDS)] | None = None
    delete_all: bool = False
    filter: dict[str, Any] | None = None


class Update(_Body):
    """`POST /vectors/update`: one record by id, or the metadata of those that a filter matches."""

    namespace: str = ""
    id: str | None = None
    values: list[float] | None = None
    sparse_values: SparseValues | None = None
    set_metadata: dict[str, Any] = Field(default_factory=dict)
    filter: dict[str, Any] | None = None
    dry_run: bool = False


class DescribeStats(_Body):
    """`POST /describe_index_stats`. The service answers a filter for pod-based indexes only; here always."""

    filter: dict[str, Any] = Field(default_factory=dict)


class _Filterable(_Body):
    filterable: Literal[True]


class _NamespaceSchema(_Body):
    fields: dict[str, _Filterable]


class CreateNamespace(_Body):
    """`POST /namespaces`."""

    name: str
    fields_schema: _NamespaceSchema | None = Field(default=None, alias="schema")


class Page(_Body):
    """The query string of a listing."""

    namespace: str = ""
    prefix: str = ""
    # Everything in a query string is text.
    limit: Annotated[int, Field(strict=False, ge=1, le=MAX_PAGE)] = MAX_PAGE
    pagination_token: str | None = None


BodyT = TypeVar("BodyT", bound=BaseModel)


def parse(model: type[BodyT], body: bytes, *, malformed: Code = Code.INVALID_ARGUMENT) -> BodyT:
    """`body` as `model`; an empty one counts as `{}`.

    Raises:
        ServiceError: of code `malformed`, naming the first field that is wrong.
    """
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise from_validation(error, malformed) from None

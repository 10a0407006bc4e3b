"""What an index is declared to be: the body of `POST /indexes` and `PATCH /indexes/NAME`, and what follows from it.

The service serves its vectors API (`/query`, `/vectors/*`) on an index whose schema has no field but the reserved
`_values` (dense) and `_sparse_values` (sparse), which is what the client's `dimension=`, `metric=` and
`vector_type=` make; any other schema is a document index, with another API. So only those two are taken here.
"""

from __future__ import annotations

import re
import secrets
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from localcloud.pinecone.errors import invalid
from localcloud.pinecone.records import MAX_DIMENSION

Metric = Literal["cosine", "dotproduct", "euclidean"]
Protection = Literal["enabled", "disabled"]
TagKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,80}$")]
TagValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,120}$")]
Tags = Annotated[dict[TagKey, TagValue], Field(max_length=20)]

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,43}[a-z0-9])?")


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class DenseField(_Strict):
    """Where dense vectors go: their one length, and how two of them are compared."""

    type: Literal["dense_vector"] = "dense_vector"
    dimension: Annotated[int, Field(ge=1, le=MAX_DIMENSION)]
    metric: Metric
    description: str | None = None


class SparseField(_Strict):
    """Where sparse vectors go. They are always compared by dot product."""

    type: Literal["sparse_vector"] = "sparse_vector"
    description: str | None = None


class Fields(_Strict):
    """The reserved fields, of which an index has one or both."""

    dense: DenseField | None = Field(default=None, alias="_values")
    sparse: SparseField | None = Field(default=None, alias="_sparse_values")


class Schema(_Strict):
    """The vectors that an index holds."""

    fields: Fields

    @model_validator(mode="after")
    def _is_coherent(self) -> Schema:
        if self.fields.dense is None and self.fields.sparse is None:
            raise ValueError("schema must declare _values, _sparse_values or both")
        if self.fields.sparse and self.fields.dense and self.fields.dense.metric != "dotproduct":
            raise ValueError("an index with both _values and _sparse_values must use the dotproduct metric")
        return self

    @property
    def dimension(self) -> int | None:
        """The length of a dense vector; None where there are none."""
        return self.fields.dense.dimension if self.fields.dense else None

    @property
    def metric(self) -> Metric:
        """How vectors are compared."""
        return self.fields.dense.metric if self.fields.dense else "dotproduct"

    @property
    def vector_type(self) -> Literal["dense", "sparse"]:
        """`sparse` where there are only sparse vectors."""
        return "dense" if self.fields.dense else "sparse"

    @property
    def takes_sparse(self) -> bool:
        """Whether records may carry sparse values: where declared, and in every dotproduct index."""
        return self.metric == "dotproduct"


class Deployment(_Strict):
    """Where a managed index would run. Here it only says so."""

    deployment_type: Literal["managed"]
    cloud: str = "aws"
    region: str = "us-east-1"


class OnDemand(_Strict):
    """The one read capacity there is here."""

    mode: Literal["OnDemand"]


class Declaration(_Strict):
    """What an index is, as it is asked for and as it is stored."""

    name: str = Field(default_factory=lambda: f"index-{secrets.token_hex(4)}")
    # The wire's word, which is also the name of a deprecated method of pydantic's BaseModel.
    fields_schema: Schema = Field(alias="schema")
    deployment: Deployment = Deployment(deployment_type="managed")
    deletion_protection: Protection = "disabled"
    tags: Tags = Field(default_factory=dict)

    def to_wire(self) -> dict[str, Any]:
        """The declaration as the service spells it, without what was left out."""
        wire = self.model_dump(by_alias=True, exclude_none=True)
        if not self.tags:
            del wire["tags"]
        return wire


class CreateIndex(Declaration):
    """The body of `POST /indexes`."""

    read_capacity: OnDemand | None = Field(default=None, exclude=True)

    def declaration(self) -> Declaration:
        """What is to be stored; a name that cannot be one is refused."""
        if not _NAME.fullmatch(self.name):
            raise invalid(
                f"Index name '{self.name[:80]}' must contain only lowercase alphanumeric characters or hyphens, must "
                "not begin or end with a hyphen, and must be 1 to 45 characters long"
            )
        return Declaration.model_validate(self.to_wire())


class ConfigureIndex(_Strict):
    """The body of `PATCH /indexes/NAME`: deletion protection, and tags to set or, where empty, to remove."""

    deletion_protection: Protection | None = None
    tags: Tags | None = None
    read_capacity: OnDemand | None = None

    def applied_to(self, declaration: Declaration) -> Declaration:
        """`declaration` with these changes."""
        merged = {**declaration.tags, **(self.tags or {})}
        return declaration.model_copy(
            update={
                "deletion_protection": self.deletion_protection or declaration.deletion_protection,
                "tags": {key: value for key, value in merged.items() if value},
            }
        )


def dense_declaration(name: str, dimension: int, metric: Metric) -> Declaration:
    """The declaration of a plain dense index."""
    fields = {"_values": {"type": "dense_vector", "dimension": dimension, "metric": metric}}
    return CreateIndex.model_validate({"name": name, "schema": {"fields": fields}}).declaration()

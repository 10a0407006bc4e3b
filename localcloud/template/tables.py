"""DynamoDB tables, out of plain CloudFormation."""

from __future__ import annotations

from typing import Any

from localcloud.template.intrinsics import Resolver
from localcloud.template.model import Table

# What shapes a table's behaviour. Encryption, backups, tags and the like have no meaning on localhost.
_KEPT = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
    "StreamSpecification",
)
_INDEX_KEPT = ("IndexName", "KeySchema", "Projection", "ProvisionedThroughput")


def read_table(logical_id: str, properties: dict[str, Any], resolver: Resolver) -> Table:
    """One `AWS::DynamoDB::Table` as arguments of CreateTable."""
    with resolver.reading(logical_id):
        resolved = resolver.value(properties)
        create = {name: resolved[name] for name in _KEPT if name in resolved}
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            if kind in create:
                create[kind] = [
                    _with_throughput({name: index[name] for name in _INDEX_KEPT if name in index}, resolver)
                    for index in create[kind]
                ]
        if "StreamSpecification" in create:
            create["StreamSpecification"] = {"StreamEnabled": True, **create["StreamSpecification"]}
        ttl = resolved.get("TimeToLiveSpecification") or {}
        enabled = resolver.text(ttl.get("Enabled", False)) == "true"
        name = resolver.name(logical_id)
        return Table(
            logical_id=logical_id,
            name=name,
            create={"TableName": name, **_with_throughput(create, resolver)},
            ttl_attribute=resolver.required(ttl, "AttributeName") if enabled else None,
        )


def _with_throughput(settings: dict[str, Any], resolver: Resolver) -> dict[str, Any]:
    """Capacities as numbers: a parameter gives them as text, and CreateTable refuses that."""
    throughput = settings.get("ProvisionedThroughput")
    if throughput is None:
        return settings
    capacities = {name: int(resolver.number(value)) for name, value in throughput.items()}
    return {**settings, "ProvisionedThroughput": capacities}

"""What is in the tables from one run to the next."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import boto3

from localcloud.aws.cloud import Aws
from localcloud.template.model import Application

LASTING: dict[str, Any] = {
    "pk": {"S": "文档"},
    "sk": {"S": "1"},
    "bytes": {"B": b"\x00\xff"},
    "map": {"M": {"B": {"L": [{"N": "1.50"}, {"BOOL": True}, {"NULL": True}]}, "set": {"SS": ["a"]}}},
    "many": {"BS": [b"\x01"]},
}


def dynamodb(aws: Aws) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=aws.url,
        region_name="us-east-1",
        aws_access_key_id=aws.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws.environment["AWS_SECRET_ACCESS_KEY"],
    )


async def test_what_lasts_is_there_again_and_what_is_of_the_moment_is_not(application: Application, tmp_path: Path):
    keep = tmp_path / "tables.jsonl"
    async with Aws(environment={}, keep=keep) as aws:
        await aws.create(application)
        client = dynamodb(aws)
        client.put_item(TableName="state", Item=LASTING)
        client.put_item(
            TableName="state", Item={"pk": {"S": "turn"}, "sk": {"S": "1"}, "expires_at": {"N": "99999999999"}}
        )
        client.put_item(TableName="usage", Item={"pk": {"S": "u"}})
    assert stat.S_IMODE(keep.stat().st_mode) == 0o600
    for _ in range(2):  # kept again by a run that changed nothing
        async with Aws(environment={}, keep=keep) as aws:
            await aws.create(application)
            client = dynamodb(aws)
            assert client.scan(TableName="state")["Items"] == [LASTING]
            assert client.scan(TableName="usage")["Items"] == [{"pk": {"S": "u"}}]


async def test_a_table_that_has_changed_is_not_in_the_way(application: Application, tmp_path: Path):
    keep = tmp_path / "tables.jsonl"
    older = [{"table": "state", "item": {"id": {"S": "x"}}}, {"table": "gone", "item": {"pk": {"S": "x"}}}]
    keep.write_text("".join(json.dumps(line) + "\n" for line in older))
    async with Aws(environment={}, keep=keep) as aws:
        await aws.create(application)
        assert dynamodb(aws).scan(TableName="state")["Items"] == []
    assert keep.read_text() == ""


async def test_it_can_be_forgotten(application: Application, tmp_path: Path):
    keep = tmp_path / "tables.jsonl"
    keep.write_text('{"table": "usage", "item": {"pk": {"S": "x"}}}\n')
    async with Aws(environment={}, keep=keep) as aws:
        aws.forget()
        aws.forget()
        await aws.create(application)
        assert dynamodb(aws).scan(TableName="usage")["Items"] == []


async def test_a_start_that_failed_keeps_what_was(tmp_path: Path):
    keep = tmp_path / "tables.jsonl"
    keep.write_text('{"table": "state", "item": {"pk": {"S": "x"}, "sk": {"S": "x"}}}\n')
    before = keep.read_text()
    async with Aws(environment={}, keep=keep):
        pass
    assert keep.read_text() == before

"""The AWS services as functions meet them: tables, secrets, exact conditional writes, and an end."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from asyncio.subprocess import PIPE
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.aws.cloud import Aws
from localcloud.aws.errors import AwsUnavailable
from localcloud.template.model import Application
from tests.localcloud.processes import gone


def client(aws: Aws, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=aws.environment["AWS_ENDPOINT_URL"],
        region_name=aws.environment["AWS_REGION"],
        aws_access_key_id=aws.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws.environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(max_pool_connections=20),
    )


def test_the_templates_tables_are_there_with_their_time_to_live(aws: Aws) -> None:
    dynamodb = client(aws, "dynamodb")
    assert set(dynamodb.list_tables()["TableNames"]) == {"state", "usage"}
    state = dynamodb.describe_table(TableName="state")["Table"]
    assert [key["AttributeName"] for key in state["KeySchema"]] == ["pk", "sk"]
    described = dynamodb.describe_time_to_live(TableName="state")["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


async def test_creating_again_keeps_what_is_there(aws: Aws, application: Application) -> None:
    client(aws, "dynamodb").put_item(TableName="usage", Item={"pk": {"S": "kept"}})
    await aws.create(application)
    assert client(aws, "dynamodb").get_item(TableName="usage", Key={"pk": {"S": "kept"}})["Item"]


async def test_a_secret_is_stored_and_replaced_under_one_arn(aws: Aws) -> None:
    arn = await aws.put_secret("thinkaloud/jwt", "first")
    assert await aws.put_secret("thinkaloud/jwt", "第二") == arn
    assert arn.startswith("arn:aws:secretsmanager:us-east-1:123456789012:secret:thinkaloud/jwt")
    assert client(aws, "secretsmanager").get_secret_value(SecretId=arn)["SecretString"] == "第二"


async def test_a_conditional_update_admits_exactly_its_limit_under_20_writers(aws: Aws) -> None:
    dynamodb = client(aws, "dynamodb")

    def admit(key: str) -> bool:
        try:
            dynamodb.update_item(
                TableName="usage",
                Key={"pk": {"S": key}},
                UpdateExpression="ADD used :one",
                ConditionExpression="attribute_not_exists(used) OR used < :most",
                ExpressionAttributeValues={":one": {"N": "1"}, ":most": {"N": "5"}},
            )
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ConditionalCheckFailedException"
            return False
        return True

    def round_of_20(number: int) -> int:
        with ThreadPoolExecutor(20) as writers:
            return sum(writers.map(admit, [f"quota-{number}"] * 20))

    for number in range(5):
        assert await asyncio.to_thread(round_of_20, number) == 5


async def test_stop_ends_the_process_and_may_be_repeated() -> None:
    aws = await Aws(environment={}).start()
    assert aws._moto is not None
    pid = aws._moto.pid
    await aws.stop()
    await aws.stop()
    assert await gone(pid)


async def test_the_process_goes_when_its_parent_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        textwrap.dedent(
            """
            import asyncio
            from localcloud.aws.cloud import Aws
            async def main():
                aws = await Aws(environment={}).start()
                print(aws._moto.pid, flush=True)
                await asyncio.Event().wait()
            asyncio.run(main())
            """
        ),
        stdout=PIPE,
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    assert await gone(pid)


async def test_the_users_own_endpoint_is_used_instead(aws: Aws) -> None:
    own = {"AWS_ENDPOINT_URL": aws.url, "AWS_ACCESS_KEY_ID": "mine", "AWS_SECRET_ACCESS_KEY": "mine"}
    async with Aws(environment=own) as theirs:
        assert theirs.url == aws.url
        assert theirs.environment["AWS_ACCESS_KEY_ID"] == "mine"
        assert "AWS_SESSION_TOKEN" not in theirs.environment
        await theirs.put_secret("theirs", "x")
    assert client(aws, "secretsmanager").get_secret_value(SecretId="theirs")["SecretString"] == "x"


async def test_an_endpoint_that_does_not_answer_is_one_clear_line() -> None:
    async with Aws(environment={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}) as nowhere:
        with pytest.raises(AwsUnavailable, match=r"^nothing answers at http://127\.0\.0\.1:9, which AWS_ENDPOINT_URL"):
            await nowhere.put_secret("a", "b")


async def test_a_taken_port_is_one_clear_line(aws: Aws) -> None:
    port = int(aws.url.rpartition(":")[2])
    with pytest.raises(
        AwsUnavailable, match=r"^moto did not start: the port \d+ cannot be used \(Address already in use\)"
    ) as caught:
        await Aws(environment={}).start(port)
    assert "\n" not in str(caught.value)


def test_the_url_is_there_only_after_start() -> None:
    with pytest.raises(RuntimeError, match="start"):
        _ = Aws(environment={}).url

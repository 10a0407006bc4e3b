"""The Invoke API as boto3's lambda client sees it."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from pathlib import Path
from typing import Any

import aiohttp
import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.functions.service import LambdaService
from tests.localcloud.functions.conftest import StartService, WriteFunction

CODE = """
import json, os, pathlib, time

def handler(event, context):
    if "note" in event:
        pathlib.Path(event["note"]).write_text(json.dumps([context.aws_request_id, context.client_context is None]))
    if "stay" in event:
        time.sleep(60)
    if "fail" in event:
        raise ValueError(event["fail"])
    custom = context.client_context.custom if context.client_context else None
    return [event, context.invoked_function_arn, custom, os.environ["_X_AMZN_TRACE_ID"]]
"""
ARN = "arn:aws:lambda:us-east-1:123456789012:function:hello"


@pytest.fixture
async def lambdas(function: WriteFunction, service: StartService) -> LambdaService:
    started: LambdaService = await service(function(CODE, timeout_s=100.0))
    return started


async def invoke(lambdas: LambdaService, **arguments: Any) -> dict[str, Any]:
    """What boto3's `invoke` gives, with the payload read."""
    client = boto3.client(
        "lambda",
        endpoint_url=lambdas.url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}),
    )

    def call() -> dict[str, Any]:
        answer: dict[str, Any] = dict(client.invoke(**arguments))
        text = answer["Payload"].read()
        return {**answer, "Payload": json.loads(text) if text else None}

    try:
        return await asyncio.to_thread(call)
    finally:
        client.close()


@pytest.mark.parametrize("name", ["hello", "hello:live", ARN, f"{ARN}:live"])
async def test_request_and_response(lambdas: LambdaService, name: str) -> None:
    answer = await invoke(lambdas, FunctionName=name, Payload='{"a": "问"}'.encode())
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer
    event, arn, _, _ = answer["Payload"]
    assert event == {"a": "问"}
    assert arn == (f"{ARN}:live" if name.endswith("live") else ARN)


async def test_a_qualifier_a_client_context_and_a_trace(lambdas: LambdaService) -> None:
    context = base64.b64encode(json.dumps({"custom": {"k": "值"}}).encode()).decode()
    answer = await invoke(lambdas, FunctionName="hello", Qualifier="live", ClientContext=context)
    event, arn, custom, trace = answer["Payload"]
    assert (event, arn, custom) == ({}, f"{ARN}:live", {"k": "值"})
    assert trace.startswith("Root=1-")


async def test_a_function_error_is_marked(lambdas: LambdaService) -> None:
    answer = await invoke(lambdas, FunctionName="hello", Payload=b'{"fail": "no"}')
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "ValueError"


async def test_an_event_is_accepted_and_runs_without_client_context(lambdas: LambdaService, tmp_path: Path) -> None:
    note = tmp_path / "note"
    context = base64.b64encode(b'{"custom": {}}').decode()
    answer = await invoke(
        lambdas,
        FunctionName="hello",
        InvocationType="Event",
        ClientContext=context,
        Payload=json.dumps({"note": str(note)}).encode(),
    )
    assert answer["StatusCode"] == 202
    assert answer["Payload"] is None
    await lambdas.settled()
    request_id, without_context = json.loads(note.read_text())
    assert request_id == answer["ResponseMetadata"]["RequestId"]
    assert without_context


async def test_a_dry_run_runs_nothing(lambdas: LambdaService) -> None:
    assert (await invoke(lambdas, FunctionName="hello", InvocationType="DryRun"))["StatusCode"] == 204


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        ({"FunctionName": "goodbye"}, 404, "ResourceNotFoundException"),
        ({"FunctionName": "hello", "Payload": b"not json"}, 400, "InvalidRequestContentException"),
        (
            {"FunctionName": "hello", "Payload": io.BytesIO(b'"%s"' % (b"x" * 6_300_000))},
            413,
            "RequestTooLargeException",
        ),
        (
            {"FunctionName": "hello", "InvocationType": "Event", "Payload": b'"%s"' % (b"x" * 1_100_000)},
            413,
            "RequestTooLargeException",
        ),
        ({"FunctionName": "hello", "ClientContext": "?"}, 400, "InvalidParameterValueException"),
    ],
    ids=["unknown", "no json", "too large", "too large for an event", "bad context"],
)
async def test_refusals_are_lambdas(lambdas: LambdaService, arguments: dict[str, Any], status: int, code: str) -> None:
    with pytest.raises(ClientError) as caught:
        await invoke(lambdas, **arguments)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert caught.value.response["Error"]["Message"]


async def test_what_works_on_an_event_is_killed_on_request(lambdas: LambdaService, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    event = json.dumps({"note": str(begun), "stay": True}).encode()
    working = asyncio.create_task(invoke(lambdas, FunctionName="hello", Payload=event))
    async with aiohttp.ClientSession() as http, asyncio.timeout(20):
        while not begun.exists():  # noqa: ASYNC110 - another process acts
            await asyncio.sleep(0.01)
        url = f"{lambdas.url}/admin/functions"
        async with http.post(f"{url}/Hello/kill?contains=nobody") as answer:
            assert (answer.status, await answer.json()) == (200, {"killed": 0})
        async with http.post(f"{url}/Hello/kill?contains=stay") as answer:
            assert await answer.json() == {"killed": 1}
        assert (await working)["FunctionError"] == "Unhandled"
        async with http.post(f"{url}/Nobody/kill") as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (404, "unknown_function")

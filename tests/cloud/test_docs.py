"""The examples of docs/local-cloud.md, run word for word."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path

import aiohttp
import pytest
from websockets.asyncio.client import connect

from localcloud.cloud import LocalCloud
from localcloud.ports import free_port

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "local-cloud.md").read_text(encoding="utf-8")

#: A chat room: whoever says something is heard by all; what is written to it over HTTP comes through a queue.
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.13
    CodeUri: code
    Timeout: 20
    Environment:
      Variables:
        TABLE: !Ref People
        QUEUE: !Ref Letters
        GATEWAY: !Sub https://${Room}.execute-api.${AWS::Region}.amazonaws.com/live
Resources:
  Room:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.kind
      StageName: live
      Routes:
        $connect: { FunctionArn: !GetAtt Enter.Arn }
        say: { FunctionArn: !GetAtt Say.Arn }
  People:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
  Enter: { Type: AWS::Serverless::Function, Properties: { Handler: room.enter } }
  Say: { Type: AWS::Serverless::Function, Properties: { Handler: room.say } }
  Letters: { Type: AWS::SQS::Queue, Properties: { VisibilityTimeout: 60 } }
  Write:
    Type: AWS::Serverless::Function
    Properties:
      Handler: room.write
      Events: { Letter: { Type: HttpApi, Properties: { Method: POST, Path: /letters } } }
  ReadOut:
    Type: AWS::Serverless::Function
    Properties:
      Handler: room.read_out
      Events: { Letter: { Type: SQS, Properties: { Queue: !GetAtt Letters.Arn } } }
"""
CODE = """
import json, os
import boto3

def enter(event, context):
    people = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    people.put_item(Item={"id": event["requestContext"]["connectionId"]})
    return {"statusCode": 200}

def say(event, context):
    tell(json.loads(event["body"])["words"])
    return {"statusCode": 200}

def write(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=event["body"])
    return {"statusCode": 202}

def read_out(event, context):
    for record in event["Records"]:
        tell(record["body"])

def tell(words):
    people = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    gateway = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["GATEWAY"])
    for person in people.scan()["Items"]:
        gateway.post_to_connection(ConnectionId=person["id"], Data=words.encode())
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


async def output(process: Process) -> str:
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    return said.decode()


async def test_the_faults_can_be_set_and_taken_back(cloud: LocalCloud, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (tmp_path / ".thinkaloud").symlink_to(cloud.state)
    # As written, but a refused request ends it.
    script = "\n".join(["set -eu", 'curl() { command curl -sSf "$@"; }', *blocks("sh")])
    process = await asyncio.create_subprocess_exec("bash", "-c", script, cwd=tmp_path, stdout=PIPE, stderr=STDOUT)
    said = await output(process)
    assert process.returncode == 0, said
    assert '"probability": 0.3' in said
    assert "script:rain" in said
    assert '"/query"' in said
    assert cloud.gateway.faults.get() is None
    assert '"deliveries": 3' in said
    assert '"killed": 0' in said
    assert cloud.events.faults.plan is None
    assert (cloud.models.controls.overrides, cloud.models.controls.faults) == ([], [])
    assert cloud.pinecone.faults.current is None


async def test_another_application_is_served(tmp_path: Path) -> None:
    [program] = blocks("python")
    for port in ("3001", "3002", "3003"):
        program = program.replace(port, str(free_port()))
    (tmp_path / "serve.py").write_text(program, encoding="utf-8")
    (tmp_path / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "room.py").write_text(CODE, encoding="utf-8")

    command = (sys.executable, "serve.py", "template.yaml")
    process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, stdout=PIPE, stderr=STDOUT)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            ready = (await process.stdout.readline()).decode().split()
            assert ready[:1] == ["ready"], ready
            api = (await process.stdout.readline()).decode().split()[1]
            async with connect(ready[1]) as one, connect(ready[1]) as other:
                await one.send(json.dumps({"kind": "say", "words": "大家好"}, ensure_ascii=False))
                assert [await one.recv(), await other.recv()] == ["大家好", "大家好"]
                await one.send('{"kind": "sing"}')
                assert json.loads(await one.recv())["message"] == "Forbidden"
                async with aiohttp.ClientSession() as http, http.post(f"{api}/letters", data="敬启者") as answer:
                    assert answer.status == 202
                assert await other.recv() == "敬启者"
    finally:
        process.send_signal(signal.SIGINT)
        rest = await output(process)
    assert "Traceback" not in rest, rest

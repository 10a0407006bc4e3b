from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from localcloud.aws.cloud import Aws
from localcloud.template.model import Application
from localcloud.template.reader import read_application

TEMPLATE = """
Resources:
  State:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: state
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: sk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}
  Usage:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: usage
      ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 1}
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
"""


@pytest.fixture(scope="package")
def application(tmp_path_factory: pytest.TempPathFactory) -> Application:
    path = tmp_path_factory.mktemp("aws") / "template.yaml"
    path.write_text(TEMPLATE, encoding="utf-8")
    return read_application(path)


@pytest.fixture(scope="package")
async def aws(application: Application) -> AsyncIterator[Aws]:
    """moto in its own process, with the tables of `TEMPLATE`."""
    async with Aws(environment={}) as started:
        await started.create(application)
        yield started

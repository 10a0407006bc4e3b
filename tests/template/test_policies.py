"""Who may do what: the whole list, so that a new right is a change of this table."""

from __future__ import annotations

from typing import Any

import pytest

LOGS = "logs:CreateLogStream logs:PutLogEvents"
STAGE = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${ChatApi}/${StageName}"
CONNECTIONS = f"{STAGE}/POST/@connections/*"
PRESENCE = f"{STAGE}/GET/@connections/*"
#: By its name: `turn` names `settle` where it gives up, so that neither `settle` nor `turn` itself can refer to `turn`.
TURN = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-turn:live"
UPLOADS = "${UploadBucket.Arn}/uploads/*"
MAY: dict[str, list[tuple[str, ...]]] = {
    "Api": [
        (LOGS, "ApiLogGroup.Arn"),
        ("dynamodb:GetItem dynamodb:Query dynamodb:UpdateItem", "StateTable.Arn"),
        ("s3:PutObject", UPLOADS),
        ("sqs:SendMessage", "IngestQueue.Arn"),
    ],
    "Authorizer": [
        (LOGS, "AuthorizerLogGroup.Arn"),
        ("secretsmanager:GetSecretValue", "JwtSecretArn", "TokensHaveSecret"),
    ],
    "Connect": [
        (LOGS, "ConnectLogGroup.Arn"),
        ("dynamodb:DeleteItem dynamodb:PutItem dynamodb:UpdateItem", "StateTable.Arn"),
    ],
    "Default": [
        (LOGS, "DefaultLogGroup.Arn"),
        ("dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem", "StateTable.Arn"),
        ("lambda:InvokeFunction", "TurnFunctionAliaslive"),
        ("secretsmanager:GetSecretValue", "JwtSecretArn", "TokensHaveSecret"),
    ],
    "Disconnect": [
        (LOGS, "DisconnectLogGroup.Arn"),
        ("dynamodb:DeleteItem dynamodb:UpdateItem", "StateTable.Arn"),
    ],
    "Ingest": [
        (LOGS, "IngestLogGroup.Arn"),
        ("dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem", "StateTable.Arn"),
        ("s3:DeleteObject s3:GetObject", UPLOADS),
        (
            "sqs:ReceiveMessage sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes",
            "IngestQueue.Arn",
        ),
        ("secretsmanager:GetSecretValue", "PineconeApiKeyArn (EmbeddingApiKeyArn if EmbeddingHasKey)"),
    ],
    "Turn": [
        (LOGS, "TurnLogGroup.Arn"),
        (
            (
                "dynamodb:BatchGetItem dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query"
                " dynamodb:UpdateItem"
            ),
            "StateTable.Arn",
        ),
        ("execute-api:ManageConnections", CONNECTIONS),
        (
            "secretsmanager:GetSecretValue",
            "PineconeApiKeyArn (ChatApiKeyArn if ChatHasKey) (EmbeddingApiKeyArn if EmbeddingHasKey)",
        ),
        ("lambda:InvokeFunction", f"SettleFunctionAliaslive {TURN}"),
    ],
    "Settle": [
        (LOGS, "SettleLogGroup.Arn"),
        ("dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem", "StateTable.Arn"),
        ("execute-api:ManageConnections", CONNECTIONS),
        ("lambda:InvokeFunction", TURN),
        ("sqs:SendMessage", "TurnFailures.Arn"),
    ],
}


def written(value: Any) -> str:
    """An action list or a resource as one line: names for references, `(x if Condition)` for what may be absent."""
    match value:
        case list():
            return " ".join(map(written, value))
        case {"Ref": name}:
            return str(name)
        case {"Fn::GetAtt": parts}:
            return ".".join(parts)
        case {"Fn::Sub": text}:
            return str(text)
        case {"Fn::If": [condition, chosen, {"Ref": "AWS::NoValue"}]}:
            return f"({written(chosen)} if {condition})"
    return str(value)


def statement(value: dict[str, Any]) -> tuple[str, ...]:
    match value:
        case {"Fn::If": [condition, chosen, {"Ref": "AWS::NoValue"}]}:
            return (*statement(chosen), condition)
    assert set(value) == {"Effect", "Action", "Resource"}
    assert value["Effect"] == "Allow"
    return written(value["Action"]), written(value["Resource"])


@pytest.mark.parametrize("function", MAY)
def test_a_function_may_do_this_and_nothing_else(resources: dict[str, Any], function: str) -> None:
    assert resources[f"{function}Function"]["Properties"]["Role"] == {"Fn::GetAtt": [f"{function}Role", "Arn"]}
    role = resources[f"{function}Role"]["Properties"]
    assert "ManagedPolicyArns" not in role
    (policy,) = role["Policies"]
    assert [statement(each) for each in policy["PolicyDocument"]["Statement"]] == MAY[function]


@pytest.mark.parametrize("function", MAY)
def test_only_lambda_takes_on_a_role(resources: dict[str, Any], function: str) -> None:
    (trusted,) = resources[f"{function}Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trusted == {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def test_a_right_to_the_api_that_a_route_leads_from_stands_apart(resources: dict[str, Any]) -> None:
    """Inside the role it would make a cycle: API, route, function, role, API."""
    policy = resources["ConnectPresencePolicy"]["Properties"]
    assert policy["Roles"] == [{"Ref": "ConnectRole"}]
    (only,) = policy["PolicyDocument"]["Statement"]
    assert statement(only) == ("execute-api:ManageConnections", PRESENCE)


def test_there_is_no_other_role(resources: dict[str, Any]) -> None:
    kinds = ("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
    found = {name for name, item in resources.items() if item["Type"] in kinds}
    assert found == {f"{name}Role" for name in MAY} | {"ConnectPresencePolicy"}


def test_the_connection_and_the_upload_are_the_only_wildcards() -> None:
    """A connection id is not known before it connects, nor an upload before it is announced; all else is named."""
    starred = {
        part
        for statements in MAY.values()
        for actions, resource, *_ in statements
        for part in (*actions.split(), *resource.split())
        if "*" in part
    }
    assert starred == {CONNECTIONS, UPLOADS}
    assert {each.count("*") for each in starred} == {1}

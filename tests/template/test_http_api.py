from __future__ import annotations

import json
from typing import Any

import pytest

OPEN = {("/docs", "get"), ("/openapi.json", "get")}


@pytest.fixture
def body(resources: dict[str, Any]) -> dict[str, Any]:
    """The description that API Gateway makes the API of."""
    found: dict[str, Any] = resources["HttpApi"]["Properties"]["Body"]
    return found


def test_every_route_calls_the_live_version_of_api(body: dict[str, Any]) -> None:
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            integration = operation["x-amazon-apigateway-integration"]
            assert integration["type"] == "aws_proxy", (method, path)
            assert integration["payloadFormatVersion"] == "2.0"
            assert "${ApiFunctionAliaslive}" in integration["uri"]["Fn::Sub"]


def test_every_route_but_the_description_takes_a_token(body: dict[str, Any]) -> None:
    unlocked = {
        (path, method)
        for path, methods in body["paths"].items()
        for method, operation in methods.items()
        if operation["security"] != [{"Token": []}]
    }
    assert unlocked == OPEN


def test_no_route_catches_a_preflight(body: dict[str, Any]) -> None:
    """It has no token, and API Gateway answers it only where no route does."""
    methods = {method for methods in body["paths"].values() for method in methods}
    assert methods <= {"get", "post", "put", "delete"}
    cors = body["x-amazon-apigateway-cors"]
    assert {each.lower() for each in cors["allowMethods"]} == methods
    assert set(cors["allowHeaders"]) == {"authorization", "content-type"}
    assert cors["allowOrigins"] == {"Fn::Split": [",", {"Ref": "AllowedOrigins"}]}


def test_the_authorizer_answers_simply_and_is_believed_for_minutes(body: dict[str, Any]) -> None:
    (scheme,) = body["components"]["securitySchemes"].values()
    authorizer = scheme["x-amazon-apigateway-authorizer"]
    _, names = authorizer["authorizerUri"]["Fn::Sub"]
    assert names == {"__FunctionArn__": {"Ref": "AuthorizerFunctionAliaslive"}}
    assert authorizer["authorizerPayloadFormatVersion"] == "2.0"
    assert authorizer["enableSimpleResponses"] is True
    assert authorizer["identitySource"] == ["$request.header.Authorization"]
    assert 60 <= authorizer["authorizerResultTtlInSeconds"] <= 300


def test_the_api_may_invoke_its_function_and_the_authorizer(resources: dict[str, Any]) -> None:
    permitted = {
        item["Properties"]["FunctionName"]["Ref"]
        for item in resources.values()
        if item["Type"] == "AWS::Lambda::Permission" and "HttpApi" in json.dumps(item["Properties"]["SourceArn"])
    }
    assert permitted == {"ApiFunctionAliaslive", "AuthorizerFunctionAliaslive"}


def test_the_stage_is_throttled_and_logs_no_tokens(resources: dict[str, Any]) -> None:
    stage = resources["HttpApiApiGatewayDefaultStage"]["Properties"]
    assert stage["StageName"] == "$default"
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
    logged = json.loads(stage["AccessLogSettings"]["Format"])
    assert all(value.startswith("$context.") for value in logged.values())
    assert "$context.path" not in logged.values()

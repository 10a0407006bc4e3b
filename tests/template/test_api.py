from __future__ import annotations

import json
from typing import Any

import pytest

ROUTES = {"$connect": "ConnectFunction", "$default": "DefaultFunction", "$disconnect": "DisconnectFunction"}


def of_type(resources: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: item["Properties"] for name, item in resources.items() if item["Type"] == kind}


def test_frames_are_routed_by_their_action(resources: dict[str, Any]) -> None:
    api = resources["ChatApi"]["Properties"]
    assert api["ProtocolType"] == "WEBSOCKET"
    assert api["RouteSelectionExpression"] == "$request.body.action"


def test_there_are_three_routes(resources: dict[str, Any]) -> None:
    routes = of_type(resources, "AWS::ApiGatewayV2::Route")
    assert {route["RouteKey"] for route in routes.values()} == set(ROUTES)


@pytest.mark.parametrize(("key", "function"), ROUTES.items())
def test_a_route_ends_within_29_seconds_and_calls_the_live_version(
    resources: dict[str, Any], key: str, function: str
) -> None:
    integration = resources[f"ChatApi{key[1:].title()}Integration"]["Properties"]
    assert integration["IntegrationType"] == "AWS_PROXY"
    assert integration["TimeoutInMillis"] <= 29_000
    _, names = integration["IntegrationUri"]["Fn::Sub"]
    assert names["FunctionArn"] == {"Ref": f"{function}Aliaslive"}


def test_only_default_answers_through_the_route(resources: dict[str, Any]) -> None:
    routes = of_type(resources, "AWS::ApiGatewayV2::Route").values()
    two_way = {route["RouteKey"] for route in routes if "RouteResponseSelectionExpression" in route}
    assert two_way == {"$default"}
    assert of_type(resources, "AWS::ApiGatewayV2::RouteResponse") == {
        "ChatApiDefaultRouteResponse": {
            "ApiId": {"Ref": "ChatApi"},
            "RouteId": {"Ref": "ChatApiDefaultRoute"},
            "RouteResponseKey": "$default",
        }
    }


def test_only_connect_is_authorized_and_no_header_is_required(resources: dict[str, Any]) -> None:
    for route in of_type(resources, "AWS::ApiGatewayV2::Route").values():
        expected = "CUSTOM" if route["RouteKey"] == "$connect" else None
        assert route.get("AuthorizationType") == expected
    authorizer = resources["ChatApiConnectAuthorizer"]["Properties"]
    assert authorizer["AuthorizerType"] == "REQUEST"
    assert "IdentitySource" not in authorizer
    _, names = authorizer["AuthorizerUri"]["Fn::Sub"]
    assert names["AuthArn"] == {"Ref": "AuthorizerFunctionAliaslive"}


def test_the_gateway_may_invoke_what_it_routes_to(resources: dict[str, Any]) -> None:
    permissions = [
        item
        for item in of_type(resources, "AWS::Lambda::Permission").values()
        if "ChatApi" in json.dumps(item["SourceArn"])
    ]
    permitted = {item["FunctionName"]["Ref"] for item in permissions}
    assert permitted == {f"{name}Aliaslive" for name in (*ROUTES.values(), "AuthorizerFunction")}


def test_the_stage_is_throttled(resources: dict[str, Any]) -> None:
    settings = resources["ChatApiStage"]["Properties"]["DefaultRouteSettings"]
    assert settings["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
    assert settings["ThrottlingBurstLimit"] == {"Ref": "RequestBurst"}


def test_the_access_log_is_json_without_tokens_and_questions(resources: dict[str, Any]) -> None:
    settings = resources["ChatApiStage"]["Properties"]["AccessLogSettings"]
    assert settings["DestinationArn"] == {"Fn::GetAtt": ["ChatApiLogGroup", "Arn"]}
    logged = json.loads(settings["Format"])
    assert {"connection", "route", "status", "error"} <= set(logged)
    assert all(value.startswith("$context.") for value in logged.values())

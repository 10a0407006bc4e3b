from __future__ import annotations

from typing import Any

from localcloud.template.document import Document

APIS = {"ChatApi", "HttpApi"}
OWNERS = APIS | {"Api", "Authorizer", "Connect", "Default", "Disconnect", "Ingest", "Settle", "Turn"}


def test_the_table(resources: dict[str, Any]) -> None:
    tables = [name for name, item in resources.items() if item["Type"] == "AWS::DynamoDB::Table"]
    assert tables == ["StateTable"]
    table = resources["StateTable"]["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [("pk", "HASH"), ("sk", "RANGE")]
    assert {item["AttributeType"] for item in table["AttributeDefinitions"]} == {"S"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}


def test_the_table_outlives_its_stack(resources: dict[str, Any]) -> None:
    table = resources["StateTable"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert "TableName" not in table["Properties"], "a named table cannot be replaced, nor stand beside its successor"


def test_failed_turns_are_kept_encrypted_for_two_weeks(resources: dict[str, Any]) -> None:
    assert resources["TurnFailures"]["Properties"] == {
        "MessageRetentionPeriod": 1_209_600,
        "SqsManagedSseEnabled": True,
    }


def test_every_log_group_has_an_owner_and_an_end(resources: dict[str, Any]) -> None:
    groups = {name: item["Properties"] for name, item in resources.items() if item["Type"] == "AWS::Logs::LogGroup"}
    assert set(groups) == {f"{owner}LogGroup" for owner in OWNERS}
    for group in groups.values():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_a_function_writes_to_its_own_log_group(resources: dict[str, Any]) -> None:
    for owner in OWNERS - APIS:
        logging = resources[f"{owner}Function"]["Properties"]["LoggingConfig"]
        assert logging["LogGroup"] == {"Ref": f"{owner}LogGroup"}
        assert logging["LogFormat"] == "JSON"


def test_what_a_deployer_is_told(document: Document) -> None:
    outputs = document.body["Outputs"]
    assert set(outputs) == {"WebSocketUrl", "HttpUrl", "ManagementUrl", "TableName"}
    assert outputs["WebSocketUrl"]["Value"]["Fn::Sub"].startswith("wss://")
    environment = document.body["Resources"]["TurnFunction"]["Properties"]["Environment"]["Variables"]
    assert environment["GATEWAY_URL"] == outputs["ManagementUrl"]["Value"]

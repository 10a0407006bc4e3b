from __future__ import annotations

import re
from dataclasses import MISSING, fields
from typing import Any

import pytest

from localcloud.template.document import Document
from thinkaloud import settings
from thinkaloud.state.records import SKEW

TIMEOUT_S = {
    "ApiFunction": 15,
    "AuthorizerFunction": 10,
    "ConnectFunction": 10,
    "DefaultFunction": 15,
    "DisconnectFunction": 10,
    "IngestFunction": 900,
    "SettleFunction": 60,
    "TurnFunction": 900,
}
READS: dict[str, set[type]] = {
    "ApiFunction": {settings.TableSettings, settings.UploadSettings},
    "AuthorizerFunction": {settings.JwtSettings},
    "ConnectFunction": {settings.TableSettings, settings.OriginSettings, settings.ConnectionSettings},
    "DefaultFunction": {
        settings.TableSettings,
        settings.DispatchSettings,
        settings.BusySettings,
        settings.HeartbeatSettings,
        settings.JwtSettings,
    },
    "DisconnectFunction": {settings.TableSettings},
    "IngestFunction": {
        settings.TableSettings,
        settings.UploadSettings,
        settings.EmbeddingSettings,
        settings.IndexSettings,
        settings.IngestSettings,
    },
    "SettleFunction": {
        settings.TableSettings,
        settings.GatewaySettings,
        settings.HeartbeatSettings,
        settings.StreamSettings,
        settings.DispatchSettings,
    },
    "TurnFunction": {
        settings.TableSettings,
        settings.GatewaySettings,
        settings.HeartbeatSettings,
        settings.StreamSettings,
        settings.DispatchSettings,
        settings.ChatSettings,
        settings.DialogueSettings,
        settings.AuditSettings,
        settings.EmbeddingSettings,
        settings.IndexSettings,
        settings.RetrievalSettings,
    },
}
#: Read by Powertools and by the log lines, not through thinkaloud.settings.
EVERYWHERE = {"LOG_LEVEL", "POWERTOOLS_SERVICE_NAME", "RELEASE"}

every_function = pytest.mark.parametrize("name", TIMEOUT_S)


def variables(group: type) -> set[str]:
    return {item.metadata["variable"] for item in fields(group)}


def test_these_are_the_functions(resources: dict[str, Any]) -> None:
    found = {name for name, item in resources.items() if item["Type"] == "AWS::Lambda::Function"}
    assert found == set(TIMEOUT_S)


@every_function
def test_runtime_code_and_time_out(document: Document, resources: dict[str, Any], name: str) -> None:
    function = resources[name]["Properties"]
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["Handler"] == "app.handler"
    assert function["Timeout"] == TIMEOUT_S[name]
    assert function["MemorySize"] >= 512
    folder = name.removesuffix("Function").lower()
    assert document.body["Resources"][name]["Properties"]["CodeUri"] == f"functions/{folder}/"


@every_function
def test_a_function_has_the_layer(resources: dict[str, Any], name: str) -> None:
    (layer,) = resources[name]["Properties"]["Layers"]
    assert resources[layer["Ref"]]["Type"] == "AWS::Lambda::LayerVersion"
    assert resources[layer["Ref"]]["Properties"]["CompatibleArchitectures"] == ["arm64"]
    assert resources[layer["Ref"]]["Properties"]["CompatibleRuntimes"] == ["python3.13"]


@every_function
def test_a_release_publishes_a_version(resources: dict[str, Any], deployer: dict[str, str], name: str) -> None:
    """The layer alone would not: then the alias would go on serving the old shared code."""
    assert f"{name}Version{deployer['Release'][:10]}" in resources
    assert resources[f"{name}Aliaslive"]["Properties"]["Name"] == "live"


@every_function
def test_the_environment_is_what_the_function_reads(resources: dict[str, Any], name: str) -> None:
    environment = set(resources[name]["Properties"]["Environment"]["Variables"])
    assert environment == EVERYWHERE.union(*map(variables, READS[name]))


def test_every_setting_belongs_to_a_function() -> None:
    assert set(settings.ALL) == set[type]().union(*READS.values())


def test_a_setting_has_the_same_default_in_both_places(document: Document, resources: dict[str, Any]) -> None:
    environment: dict[str, Any] = {}
    for name in TIMEOUT_S:
        environment |= resources[name]["Properties"]["Environment"]["Variables"]
    for group in settings.ALL:
        for item in fields(group):
            if item.default is not MISSING:
                parameter = document.body["Parameters"][environment[item.metadata["variable"]]["Ref"]]
                if "Default" in parameter:
                    expected = ",".join(item.default) if isinstance(item.default, tuple) else str(item.default)
                    assert str(parameter["Default"]) == expected, item.metadata["variable"]


def test_secrets_travel_as_arns_only(document: Document, resources: dict[str, Any]) -> None:
    telling = re.compile(r"secret|password|credential|api_?key|private", re.IGNORECASE)
    for parameter in document.body["Parameters"]:
        assert not telling.search(parameter) or parameter.endswith("Arn"), parameter
    for name in TIMEOUT_S:
        for variable in resources[name]["Properties"]["Environment"]["Variables"]:
            assert not telling.search(variable) or variable.endswith("_ARN"), variable


def test_a_turn_is_tried_again_and_then_closed_or_kept(resources: dict[str, Any]) -> None:
    turn = resources["TurnFunctionEventInvokeConfig"]["Properties"]
    settle = resources["SettleFunctionEventInvokeConfig"]["Properties"]
    assert [each["Qualifier"] for each in (turn, settle)] == ["live", "live"]
    assert [each["MaximumRetryAttempts"] for each in (turn, settle)] == [2, 2]
    # Lambda waits one minute and then two; an event that is too old by then is not tried again.
    assert 2 * TIMEOUT_S["TurnFunction"] + 60 + 120 < turn["MaximumEventAgeInSeconds"] <= 21_600
    assert turn["DestinationConfig"]["OnFailure"]["Destination"] == {"Ref": "SettleFunctionAliaslive"}
    assert settle["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["TurnFailures", "Arn"]}


def test_a_lease_is_over_before_lambda_tries_again(document: Document) -> None:
    assert document.body["Parameters"]["LeaseSeconds"]["MaxValue"] + SKEW < 60

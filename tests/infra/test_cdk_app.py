"""The CDK app deploys what SAM deploys, and watches it. It runs apart: aws-cdk-lib has an environment of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cfnlint import api

from localcloud.template.document import load_document
from localcloud.template.translate import translate

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / "infra/.venv/bin/python"
RELEASE = "0123456789abcdef"

pytestmark = [
    pytest.mark.build,
    pytest.mark.skipif(not PYTHON.exists(), reason="aws-cdk-lib is not installed; `make synth` installs it"),
    pytest.mark.skipif(shutil.which("node") is None, reason="aws-cdk-lib needs Node.js, which is not installed"),
]


def synthesise(out: Path, **context: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PYTHON), "app.py"],
        cwd=ROOT / "infra",
        env={**os.environ, "CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": json.dumps(context)},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `sam build` leaves it, with next to no code."""
    build = tmp_path_factory.mktemp("build")
    text = (ROOT / "template.yaml").read_text()
    text = re.sub(r"CodeUri: functions/(\w+)/", lambda found: f"CodeUri: {found[1].title()}Function", text)
    (build / "template.yaml").write_text(text.replace("ContentUri: shared/", "ContentUri: SharedLayer"))
    for name in ("SharedLayer", *re.findall(r"CodeUri: (\w+)", (build / "template.yaml").read_text())):
        (build / name).mkdir()
        (build / name / "app.py").write_text(f"# {name}\n")
    return build


@pytest.fixture(scope="module")
def stack(build: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("cdk.out")
    done = synthesise(out, build=str(build), release=RELEASE)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stdout + done.stderr
    synthesised: dict[str, Any] = json.loads((out / "thinkaloud.template.json").read_text())
    return synthesised


def resources_of(stack: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: item.get("Properties", {}) for name, item in stack["Resources"].items() if item["Type"] == kind}


def test_every_resource_of_the_template_is_there(stack: dict[str, Any], build: Path) -> None:
    translated = translate(load_document(build / "template.yaml"), {"Release": RELEASE}).body
    for name, resource in translated["Resources"].items():
        assert stack["Resources"][name]["Type"] == resource["Type"]
    assert set(translated["Outputs"]) <= set(stack["Outputs"])
    assert set(translated["Parameters"]) - {"Release"} <= set(stack["Parameters"])


def test_the_stack_is_clean(stack: dict[str, Any]) -> None:
    assert [f"{found.rule.id} {found.message}" for found in api.lint(json.dumps(stack), regions=["us-east-1"])] == []


def test_code_is_shipped_as_assets(stack: dict[str, Any]) -> None:
    functions = resources_of(stack, "AWS::Lambda::Function").values()
    (layer,) = resources_of(stack, "AWS::Lambda::LayerVersion").values()
    assets = [each["Code"]["S3Key"] for each in functions] + [layer["Content"]["S3Key"]]
    assert len(set(assets)) == 9
    assert all(re.fullmatch(r"[0-9a-f]{64}\.zip", asset) for asset in assets)


def test_the_release_is_baked_in(stack: dict[str, Any]) -> None:
    assert "Release" not in stack["Parameters"]
    for function in resources_of(stack, "AWS::Lambda::Function").values():
        assert function["Environment"]["Variables"]["RELEASE"] == RELEASE
    assert f"TurnFunctionVersion{RELEASE[:10]}" in stack["Resources"]


def test_versions_and_layers_are_kept(stack: dict[str, Any]) -> None:
    for resource in stack["Resources"].values():
        if resource["Type"] in ("AWS::Lambda::Version", "AWS::Lambda::LayerVersion", "AWS::DynamoDB::Table"):
            assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_alarms(stack: dict[str, Any]) -> None:
    alarms = resources_of(stack, "AWS::CloudWatch::Alarm")
    described = {alarm["AlarmDescription"]: alarm for alarm in alarms.values()}
    assert len(described) == 7
    (topic,) = resources_of(stack, "AWS::SNS::Topic")
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": topic}]
        assert alarm["TreatMissingData"] == "notBreaching"
    queue = described["A turn that could not be closed waits in the queue."]["Metrics"][0]["MetricStat"]["Metric"]
    assert queue["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["TurnFailures", "QueueName"]}}]
    dead = described["A document's job that could not be done waits in the queue."]["Metrics"][0]["MetricStat"][
        "Metric"
    ]
    assert dead["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["IngestFailures", "QueueName"]}}]
    late = described["Documents wait long to be read."]["Metrics"][0]["MetricStat"]["Metric"]
    assert late["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["IngestQueue", "QueueName"]}}]
    slow = described["Answers take long."]
    assert (slow["Metrics"][0]["MetricStat"]["Stat"], slow["Threshold"]) == ("p95", 120_000)


def test_the_dashboard_shows_each_part(stack: dict[str, Any]) -> None:
    (dashboard,) = resources_of(stack, "AWS::CloudWatch::Dashboard").values()
    body = json.dumps(dashboard["DashboardBody"])
    for namespace in ("AWS/ApiGateway", "AWS/Lambda", "AWS/SQS", "AWS/DynamoDB"):
        assert namespace in body


def test_a_missing_build_is_one_clear_line(tmp_path: Path) -> None:
    done = synthesise(tmp_path, build="/nonexistent", release=RELEASE)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "there is no template.yaml in /nonexistent; run `make build` first"

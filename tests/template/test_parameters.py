from __future__ import annotations

import re

import pytest

from localcloud.template.document import Document

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:thinkaloud/jwt-AbCdEf"
CHINESE_SECRET = "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:thinkaloud/jwt-AbCdEf"
TAKEN = [
    ("JwtIssuer", "https://login.example.com/"),
    ("JwtIssuer", "http://127.0.0.1"),
    ("JwtJwksUrl", ""),
    ("JwtJwksUrl", "https://login.example.com/.well-known/jwks.json"),
    ("JwtJwksUrl", "http://127.0.0.1:8081/jwks.json"),
    ("JwtSecretArn", ""),
    ("JwtSecretArn", SECRET),
    ("JwtSecretArn", CHINESE_SECRET),
    ("AllowedOrigins", "https://app.example.com"),
    ("AllowedOrigins", "https://app.example.com,http://127.0.0.1:8080"),
    ("ChatBaseUrl", "http://127.0.0.1:11434/v1"),
    ("ChatFallbackModels", ""),
    ("ChatFallbackModels", "a-small-model,org/another:7b"),
    ("PineconeIndexHost", "handbook-abc123.svc.aped-4627-b74a.pinecone.io"),
    ("PineconeIndexHost", "https://handbook-abc123.svc.aped-4627-b74a.pinecone.io"),
    ("PineconeIndexHost", "http://127.0.0.1:5081"),
    ("StageName", "live"),
    ("Release", "0123456789"),
]
REFUSED = [
    ("JwtIssuer", ""),
    ("JwtAudience", ""),
    ("JwtJwksUrl", "http://login.example.com/jwks.json"),
    ("JwtJwksUrl", "http://127.0.0.1.example.com/jwks.json"),
    ("JwtJwksUrl", "file:///etc/passwd"),
    ("JwtSecretArn", "hunter2"),
    ("ChatApiKeyArn", "sk-live-0123456789"),
    ("PineconeApiKeyArn", ""),
    ("ChatFallbackModels", "a-small-model, another"),
    ("ChatFallbackModels", "a-small-model,"),
    ("AllowedOrigins", ""),
    ("AllowedOrigins", "*"),
    ("AllowedOrigins", "https://*.example.com"),
    ("AllowedOrigins", "https://app.example.com/"),
    ("AllowedOrigins", "https://app.example.com, https://beta.example.com"),
    ("PineconeIndexHost", "https://handbook.pinecone.io/query"),
    ("StageName", "$default"),
    ("Release", "v1.2.3"),
]
CHOSEN_BY_THE_DEPLOYER = {
    "JwtAlgorithm",
    "JwtIssuer",
    "JwtAudience",
    "AllowedOrigins",
    "ChatBaseUrl",
    "ChatModel",
    "EmbeddingBaseUrl",
    "EmbeddingModel",
    "PineconeIndexHost",
    "PineconeApiKeyArn",
    "Release",
}


def fits(document: Document, parameter: str, value: str) -> bool:
    return bool(re.search(document.body["Parameters"][parameter]["AllowedPattern"], value))


@pytest.mark.parametrize(("parameter", "value"), TAKEN)
def test_taken(document: Document, parameter: str, value: str) -> None:
    assert fits(document, parameter, value)


@pytest.mark.parametrize(("parameter", "value"), REFUSED)
def test_refused(document: Document, parameter: str, value: str) -> None:
    assert not fits(document, parameter, value)


def test_what_must_be_chosen_has_no_default(document: Document) -> None:
    parameters = document.body["Parameters"]
    assert {name for name, each in parameters.items() if "Default" not in each} == CHOSEN_BY_THE_DEPLOYER


def test_every_parameter_is_described_limited_and_shown(document: Document) -> None:
    parameters = document.body["Parameters"]
    shown = document.body["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(name for group in shown for name in group["Parameters"]) == sorted(parameters)
    for name, parameter in parameters.items():
        assert parameter["Description"].endswith("."), name
        assert {"AllowedPattern", "AllowedValues", "MaxValue"} & set(parameter), name


def test_an_algorithm_comes_with_its_key(document: Document) -> None:
    """CloudFormation refuses HS256 without a secret, and the others without an address of keys, before it starts."""
    rules = document.body["Rules"]
    needed = {
        str(assertion["Assert"]["Fn::Not"][0]["Fn::Equals"][0]["Ref"])
        for rule in rules.values()
        for assertion in rule["Assertions"]
    }
    assert needed == {"JwtSecretArn", "JwtJwksUrl"}


def test_the_documentation_names_what_must_be_chosen(document: Document) -> None:
    page = (document.path.parent / "docs/deploy.md").read_text()
    for name in CHOSEN_BY_THE_DEPLOYER - {"Release"}:
        assert f"\n{name}: " in page, name
    assert "Release=$(git rev-parse HEAD)" in page

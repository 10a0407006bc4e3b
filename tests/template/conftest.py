from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from localcloud.template.document import Document, load_document
from localcloud.template.parameters import parameter_values
from localcloud.template.translate import translate

ROOT = Path(__file__).parents[2]
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
DEPLOYER = {
    "JwtAlgorithm": "HS256",
    "JwtIssuer": "https://login.example.com/",
    "JwtAudience": "thinkaloud",
    "JwtSecretArn": f"{SECRET}jwt-AbCdEf",
    "AllowedOrigins": "https://app.example.com,https://beta.example.com",
    "ChatBaseUrl": "https://api.openai.com/v1",
    "ChatModel": "a-chat-model",
    "ChatApiKeyArn": f"{SECRET}chat-AbCdEf",
    "EmbeddingBaseUrl": "https://api.openai.com/v1",
    "EmbeddingModel": "an-embedding-model",
    "PineconeIndexHost": "handbook-abc123.svc.aped-4627-b74a.pinecone.io",
    "PineconeApiKeyArn": f"{SECRET}pinecone-AbCdEf",
    "Release": "0123456789abcdef0123456789abcdef01234567",
}


@pytest.fixture(scope="session")
def document() -> Document:
    return load_document(ROOT / "template.yaml")


@pytest.fixture(scope="session")
def deployer(document: Document) -> dict[str, str]:
    """What somebody who deploys passes, with the defaults of the rest."""
    return parameter_values(document, DEPLOYER)


@pytest.fixture(scope="session")
def translated(document: Document, deployer: dict[str, str]) -> dict[str, Any]:
    """The CloudFormation that SAM makes of the template."""
    return translate(document, deployer).body


@pytest.fixture(scope="session")
def resources(translated: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = translated["Resources"]
    return found

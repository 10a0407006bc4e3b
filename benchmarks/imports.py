"""CPU time a cold start takes: importing a function's handler and building its clients.

Measured on the built output (`.build/host`, made by `make bench`), compiled and alone on the path as in Lambda: what
else is installed here could make it faster or slower. openai imports aiohttp where it finds it, for one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.figures import Figure
from localcloud.template.model import Function
from localcloud.template.reader import read_application

BUILT = Path(__file__).parents[1] / ".build" / "host"
RUNS = 7
#: Function -> (what it builds on its first event, most milliseconds of CPU). Nobody waits for `ingest` to start.
BUILDS: dict[str, tuple[str, float | None]] = {
    "AuthorizerFunction": ("app.verifier()", 250),
    "ConnectFunction": (
        "from thinkaloud.gateway.events import Endpoint; app.allowed_origins(), app.doorman(Endpoint('a', 'live'))",
        250,
    ),
    "DisconnectFunction": ("app.connections()", 250),
    "DefaultFunction": ("app.reception()", 300),
    "TurnFunction": ("app.runner(), app.worker()", 700),
    "ApiFunction": ("from thinkaloud.wiring import api; api.loop(), api.gateway()", 700),
    "IngestFunction": (
        "from thinkaloud.wiring import ingest; app.runner(), app.desk(), ingest._ingestor('demo')",
        None,
    ),
}
#: A deployer's values; nothing is called, so the addresses lead nowhere.
_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:none"
_PARAMETERS = {
    "JwtAlgorithm": "RS256",
    "JwtIssuer": "https://issuer.example.com",
    "JwtAudience": "thinkaloud",
    "JwtJwksUrl": "https://issuer.example.com/keys",
    "AllowedOrigins": "https://app.example.com",
    "ChatBaseUrl": "https://models.example.com/v1",
    "ChatModel": "chat",
    "EmbeddingBaseUrl": "https://models.example.com/v1",
    "EmbeddingModel": "embedding",
    "PineconeIndexHost": "index.example.com",
    "PineconeApiKeyArn": _SECRET,
    "Release": "0" * 40,
}
_PROGRAM = """
import sys, time
sys.path += {paths}
started = time.process_time()
import app
{stubs}
{build}
print((time.process_time() - started) * 1000)
"""
# Fetching a secret is a request, not set-up of a client.
_STUBS = {
    "TurnFunction": (
        "from thinkaloud.wiring import knowledge, turn\nknowledge.api_key = turn.api_key = lambda arn: 'none'"
    ),
    "IngestFunction": "from thinkaloud.wiring import knowledge\nknowledge.api_key = lambda arn: 'none'",
}


def measure() -> dict[str, Figure]:
    """Function -> its figure, in milliseconds of CPU."""
    functions = read_application(BUILT / "template.yaml", _PARAMETERS).functions
    return {
        logical_id.removesuffix("Function").lower(): _measure(functions[logical_id], *row)
        for logical_id, row in BUILDS.items()
    }


def _measure(function: Function, build: str, bar: float | None) -> Figure:
    program = _PROGRAM.format(
        paths=json.dumps([str(function.code), *(str(layer / "python") for layer in function.layers)]),
        build=build,
        stubs=_STUBS.get(function.logical_id, ""),
    )
    environment = {
        **function.environment,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
    }
    runs = [
        float(
            subprocess.run(
                [sys.executable, "-I", "-S", "-c", program], env=environment, capture_output=True, check=True
            ).stdout
        )
        for _ in range(RUNS + 1)
    ]
    # The first run reads the files from disk.
    name = function.logical_id.removesuffix("Function").lower()
    return Figure(f"{name}: CPU of import and client set-up", tuple(runs[1:]), "ms", bar)

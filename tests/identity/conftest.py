from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa


class KeySet:
    """An identity provider's address of keys, on localhost; `asked` are the paths that were fetched."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys: list[dict[str, Any]] = []
        self.status = 200
        self.asked: list[str] = []

    def publish(self, kid: str, public_key: Any) -> None:
        algorithm = (
            jwt.algorithms.RSAAlgorithm if isinstance(public_key, rsa.RSAPublicKey) else jwt.algorithms.ECAlgorithm
        )
        self.keys.append({**json.loads(algorithm.to_jwk(public_key)), "kid": kid, "use": "sig"})


@pytest.fixture
def key_set() -> Iterator[KeySet]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            published.asked.append(self.path)
            body = json.dumps({"keys": published.keys}).encode()
            self.send_response(published.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        published = KeySet(f"http://127.0.0.1:{server.server_port}/keys.json")
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield published
        server.shutdown()
        serving.join()


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@pytest.fixture(scope="session")
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())

"""The AsyncAPI 3 document of the protocol, made from the frame models: `python -m thinkaloud.protocol.asyncapi`.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from thinkaloud.protocol import SUBPROTOCOL
from thinkaloud.protocol.frames import (
    Accepted,
    Complete,
    Envelope,
    Error,
    Fragment,
    Heartbeat,
    Notice,
    Pong,
    Reasoning,
    Reset,
    Resumed,
    Rotate,
    Source,
    Status,
    Text,
)
from thinkaloud.protocol.requests import Ask, Auth, Ping, Resume, Stop

CLIENT: tuple[type[BaseModel], ...] = (Ask, Stop, Resume, Auth, Ping)
#: Frames with an `Envelope`. An error has one where it ends a turn.
SEQUENCED: tuple[type[BaseModel], ...] = (Status, Source, Text, Reasoning, Reset, Complete, Error)
SERVER: tuple[type[BaseModel], ...] = (Accepted, Resumed, Pong, Rotate, Notice, Heartbeat, Fragment, *SEQUENCED)


def document() -> dict[str, Any]:
    """The whole document, as plain JSON values in a stable order."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Thinkaloud",
            "version": version("thinkaloud"),
            "description": f"Frames of the WebSocket subprotocol {SUBPROTOCOL}. Unknown fields are ignored both ways.",
            "license": {"name": "Apache-2.0"},
        },
        "servers": {
            "aws": {
                "host": "{api}.execute-api.{region}.amazonaws.com",
                "pathname": "/{stage}",
                "protocol": "wss",
                "variables": {"api": {}, "region": {}, "stage": {"default": "live"}},
                "security": [{"$ref": "#/components/securitySchemes/bearer"}],
            }
        },
        "defaultContentType": "application/json",
        "channels": {
            "chat": {
                "address": "/",
                "messages": {_name(kind): {"$ref": f"#/components/messages/{_name(kind)}"} for kind in CLIENT + SERVER},
            }
        },
        "operations": {
            "receive": _operation("receive", "What a client sends.", CLIENT),
            "send": _operation("send", "What the server sends.", SERVER),
        },
        "components": {
            "messages": {_name(kind): _message(kind) for kind in CLIENT + SERVER},
            "schemas": _schemas(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": (
                        "`Authorization: Bearer <jwt>`; in a browser the subprotocols "
                        f"`{SUBPROTOCOL}, bearer.<jwt>`, of which the first alone is echoed."
                    ),
                }
            },
        },
    }


def _name(kind: type[BaseModel]) -> str:
    return kind.__name__.lower()


def _operation(action: str, summary: str, kinds: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/chat"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/chat/messages/{_name(kind)}"} for kind in kinds],
    }


def _message(kind: type[BaseModel]) -> dict[str, Any]:
    schema: dict[str, Any] = {"$ref": f"#/components/schemas/{kind.__name__}"}
    if kind in SEQUENCED and kind is not Error:
        schema = {"allOf": [{"$ref": "#/components/schemas/Envelope"}, schema]}
    summary = (kind.__doc__ or "").partition("\n")[0]
    return {"name": _name(kind), "summary": summary, "payload": schema}


def _schemas() -> dict[str, Any]:
    models = [(kind, "serialization") for kind in (*CLIENT, *SERVER, Envelope)]
    _, schema = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    schemas: dict[str, Any] = dict(sorted(schema["$defs"].items()))
    for item in schemas.values():
        # The tag has a default in Python, where the class says it; on the wire it must be there.
        tag = next((name for name in ("action", "type") if "const" in item.get("properties", {}).get(name, {})), None)
        if tag is not None:
            item["required"] = [tag, *(name for name in item.get("required", ()) if name != tag)]
    return schemas


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")

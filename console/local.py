"""Where the project is, and the local cloud that runs for it.

The cloud writes `.thinkaloud/local.json` into the project when it is ready: `page` and `ws` (URLs), `pid`, and
`environment`, the variables its functions get. `GET {page}local/config.json` gives `ws` and `http`, a fresh development
`token`, `tenant`, `user`, `model` and `model_note`, what to know of that model by language.
"""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from thinkaloud.errors import ThinkaloudError

#: The checkout this command was installed from.
CHECKOUT = Path(__file__).resolve().parents[1]
#: Seconds; a cloud on this machine answers in milliseconds.
PATIENCE = 3.0


class NoLocalCloud(ThinkaloudError):
    """None is running for this project."""

    def __init__(self) -> None:
        super().__init__("no local cloud is running; start one with: make dev")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What there is to connect to. Where the server tells, `model` is its name and `notes` what to know of it."""

    url: str
    token: Callable[[], Awaitable[str]]
    model: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunningCloud:
    """What `local.json` says of the cloud that runs."""

    page: str
    environment: Mapping[str, str]

    def config(self) -> dict[str, Any]:
        """Ask it for a token and its URLs.

        Raises:
            NoLocalCloud: nobody answers; the file was left behind by a cloud that was killed.
        """
        address = urlsplit(self.page)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
        try:
            connection.request("GET", f"{address.path}local/config.json")
            response = connection.getresponse()
            config = json.loads(response.read()) if response.status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            config = None
        finally:
            connection.close()
        if not isinstance(config, dict) or not {"ws", "token"} <= config.keys():
            raise NoLocalCloud
        return config

    def endpoint(self) -> Endpoint:
        """Its WebSocket, with a fresh token for every attempt to connect."""
        config = self.config()
        return Endpoint(str(config["ws"]), self._token, str(config.get("model", "")), config.get("model_note") or {})

    def http_endpoint(self) -> Endpoint:
        """Its HTTP API."""
        config = self.config()
        if not config.get("http"):
            raise NoLocalCloud  # one of before there was an HTTP API
        return Endpoint(str(config["http"]), self._token)

    async def _token(self) -> str:
        return str((await asyncio.to_thread(self.config))["token"])


def given_endpoint(url: str, token: str) -> Endpoint:
    """Somebody's own endpoint, with the token they have."""

    async def give() -> str:
        return token

    return Endpoint(url, give)


def project_folder(start: Path | None = None) -> Path:
    """The nearest folder with a project from `start` (by default the working directory) upwards, else the checkout.

    Raises:
        ThinkaloudError: there is neither.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents, CHECKOUT):
        if (folder / "template.yaml").is_file():
            return folder
    raise ThinkaloudError(f"there is no template.yaml in {start} or above it; run this inside the project")


def running_cloud(project: Path) -> RunningCloud:
    """The cloud that said it was ready.

    Raises:
        NoLocalCloud: none did, or what it wrote cannot be read.
    """
    try:
        said = json.loads((project / ".thinkaloud" / "local.json").read_text(encoding="utf-8"))
        return RunningCloud(str(said["page"]), dict(said.get("environment", {})))
    except (OSError, ValueError, KeyError, TypeError):
        raise NoLocalCloud from None

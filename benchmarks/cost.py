"""What an answer costs at AWS, from what it uses and `prices.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

PRICES = Path(__file__).parent / "prices.toml"
#: Messages besides the posts: the question, and its `accepted`.
_ASKING = 2
#: Invocations of an answer: `default` and `turn`.
_INVOCATIONS = 2
_MILLION = 1_000_000


@dataclass(frozen=True)
class Use:
    """What one answer uses. `seconds` is what its functions run together, and how long somebody is connected for it."""

    posts: float
    seconds: float
    write_units: float
    read_units: float
    memory_gb: float = 0.5


@dataclass(frozen=True)
class Prices:
    """US dollars for one of each."""

    gb_second: float
    request: float
    message: float
    connection_minute: float
    write_unit: float
    read_unit: float


def read_prices(path: Path = PRICES) -> Prices:
    """The price table.

    Raises:
        KeyError: a price is missing.
    """
    table = tomllib.loads(path.read_text())
    functions, socket, database = table["lambda"], table["websocket"], table["dynamodb"]
    return Prices(
        gb_second=functions["gb_second"],
        request=functions["million_requests"] / _MILLION,
        message=socket["million_messages"] / _MILLION,
        connection_minute=socket["million_connection_minutes"] / _MILLION,
        write_unit=database["million_write_units"] / _MILLION,
        read_unit=database["million_read_units"] / _MILLION,
    )


def shares(use: Use, prices: Prices) -> dict[str, float]:
    """US dollars for 1,000 such answers, by what they are paid for."""
    answer = {
        "messages": (use.posts + _ASKING) * prices.message,
        "connection": use.seconds / 60 * prices.connection_minute,
        "Lambda": _INVOCATIONS * prices.request + use.seconds * use.memory_gb * prices.gb_second,
        "DynamoDB": use.write_units * prices.write_unit + use.read_units * prices.read_unit,
    }
    return {name: 1_000 * dollars for name, dollars in answer.items()}


def per_1000(use: Use, prices: Prices) -> float:
    """US dollars for 1,000 such answers."""
    return sum(shares(use, prices).values())

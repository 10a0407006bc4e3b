"""`ConnectionStore` in memory, for tests and for reading: what the DynamoDB version must do."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from thinkaloud.state.records import Connection, Seat


class MemoryConnections:
    """`ConnectionStore` in a dict; who sits where is who is connected."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.items: dict[str, Connection] = {}

    def put(self, connection: Connection, most: int) -> tuple[Seat, ...]:
        with self._lock:
            taken = [each.seat for each in self.items.values() if _user(each) == _user(connection)]
            if len(taken) >= most:
                return tuple(sorted(taken, key=lambda seat: (seat.since, seat.connection)))
            self.items[connection.id] = connection
            return ()

    def get(self, connection: str) -> Connection | None:
        return self.items.get(connection)

    def extend(self, connection: str, expires: int) -> bool:
        with self._lock:
            found = self.items.get(connection)
            if found is None:
                return False
            self.items[connection] = replace(found, principal=replace(found.principal, expires=expires))
            return True

    def forget(self, connection: str) -> None:
        with self._lock:
            self.items.pop(connection, None)

    def vacate(self, tenant: str, user: str, seats: Sequence[Seat]) -> None:
        for seat in seats:
            self.forget(seat.connection)


def _user(connection: Connection) -> tuple[str, str]:
    return connection.principal.tenant, connection.principal.user

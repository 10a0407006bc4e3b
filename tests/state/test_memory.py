"""What only the version in memory shows."""

from __future__ import annotations

from tests.builders import principal
from thinkaloud.state.memory import MemoryConnections
from thinkaloud.state.records import Connection


def test_connections_can_be_looked_at() -> None:
    connections = MemoryConnections()
    opened = Connection("UXcB4dYzFiACJNw=", principal(), 1_763_631_000, 1_763_638_800)
    connections.put(opened)
    assert connections.items == {opened.id: opened}
    connections.delete(opened.id)
    assert connections.items == {}

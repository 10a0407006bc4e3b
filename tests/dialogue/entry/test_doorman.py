"""Who gets in when a user's connections are all taken: somebody, if one of them is only remembered."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.builders import NOW, principal
from thinkaloud.dialogue.entry.doorman import HANDSHAKE_TIME, Doorman
from thinkaloud.gateway.presence import MemoryPresence
from thinkaloud.state.memory_connections import MemoryConnections
from thinkaloud.state.records import CONNECTION_LIFETIME, Connection

OPENED = int(NOW)
LATER = OPENED + 3_600
MOST = 3
NAMES = ["a=", "b=", "c="]


def connection(name: str, at: int = OPENED, user: str = "lin") -> Connection:
    return Connection(name, principal(user=user), at, at + CONNECTION_LIFETIME)


@pytest.fixture
def connections() -> MemoryConnections:
    """All of lin's seats are taken."""
    connections = MemoryConnections()
    for name in NAMES:
        connections.put(connection(name), MOST)
    return connections


def test_a_user_with_a_seat_left_is_let_in_unseen(connections: MemoryConnections) -> None:
    connections.forget("b=")
    presence = MemoryPresence()
    assert Doorman(connections, presence, MOST).admit(connection("new=", LATER))
    assert presence.asked == [], "a look costs time, and most handshakes need none"
    assert set(connections.items) == {"a=", "c=", "new="}


def test_a_user_whose_connections_are_all_open_is_refused(connections: MemoryConnections) -> None:
    presence = MemoryPresence(NAMES)
    assert not Doorman(connections, presence, MOST).admit(connection("new=", LATER))
    assert presence.asked == NAMES
    assert set(connections.items) == set(NAMES)


def test_a_disconnect_that_never_came_is_made_up_for(connections: MemoryConnections) -> None:
    doorman = Doorman(connections, MemoryPresence(["b="]), MOST)
    assert doorman.admit(connection("new=", LATER))
    assert set(connections.items) == {"b=", "new="}, "all that are gone are removed, not just one"


def test_another_user_is_not_asked_to_leave(connections: MemoryConnections) -> None:
    connections.put(connection("mei=", user="mei"), MOST)
    assert Doorman(connections, MemoryPresence(), MOST).admit(connection("new=", LATER))
    assert set(connections.items) == {"mei=", "new="}


def test_a_handshake_under_way_keeps_its_seat(connections: MemoryConnections) -> None:
    """The gateway does not know a connection before `$connect` has answered: 410 then does not mean that it is gone."""
    presence = MemoryPresence()
    soon = OPENED + HANDSHAKE_TIME - 1
    assert not Doorman(connections, presence, MOST).admit(connection("new=", soon))
    assert presence.asked == []
    assert Doorman(connections, presence, MOST).admit(connection("new=", soon + 1))


def test_of_twenty_at_a_full_house_of_absent_ones_as_many_get_in_as_there_are_seats() -> None:
    connections, presence = MemoryConnections(), MemoryPresence()
    for number in range(10):
        connections.put(connection(f"old-{number}="), 10)
    doorman = Doorman(connections, presence, 10)
    together = threading.Barrier(20)

    def connect(number: int) -> bool:
        together.wait()
        return doorman.admit(connection(f"new-{number}=", LATER))

    with ThreadPoolExecutor(20) as people:
        assert sum(people.map(connect, range(20))) == 10
    assert len(connections.items) == 10

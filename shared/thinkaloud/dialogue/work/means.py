"""What a worker works with, and at what rhythm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.dialogue.work.job import Dispatcher
from thinkaloud.gateway.poster import Poster
from thinkaloud.protocol import HEARTBEAT
from thinkaloud.state.audit import AuditStore
from thinkaloud.state.records import LEASE
from thinkaloud.state.stores import ConnectionStore, ControlStore, ConversationStore, JournalStore
from thinkaloud.stream.pace import Pace


@dataclass(frozen=True)
class Rhythm:
    """How often the worker does what it does beside answering, in seconds.

    `look` is at the control item, `journal` writes down (an answer of six seconds may take 16 write units, so not more
    often), `ending` is what the function's deadline must leave for the turn to be closed. `abandon` is for how long a
    turn goes on that nobody listens to; 0 for to its end. `lease` is what a claim holds for, and how long the others
    wait for a worker that died.
    """

    look: float = 0.5
    journal: float = 1.1
    ending: float = 10.0
    abandon: float = 0.0
    heartbeat: float = HEARTBEAT
    lease: float = LEASE


@dataclass(frozen=True)
class Stores:
    """Where turns are kept, and who is connected. Without `audits` nobody can ask later why an answer was given."""

    conversations: ConversationStore
    journal: JournalStore
    control: ControlStore
    connections: ConnectionStore
    audits: AuditStore | None = None


@dataclass(frozen=True)
class Means:
    """What a worker works with. Without `abilities` it can only close turns, which takes no model.

    `dispatcher` takes the turns that it cannot see to itself.
    """

    stores: Stores
    poster: Poster
    abilities: Abilities | None
    dispatcher: Dispatcher
    rhythm: Rhythm
    pace: Pace
    clock: Callable[[], float]

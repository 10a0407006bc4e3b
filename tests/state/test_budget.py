"""What one answer costs in DynamoDB, against the budget of the design: 16 write units and 12 read units.

The answer takes six seconds, cites three of five passages from the sample handbook, and follows other questions.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.metering import MeteredDynamoDB, item_size
from tests.builders import match, principal, turn_key
from tests.dialogue.players import retrieval
from tests.virtual_time import in_virtual_time
from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.dialogue.entry.authentication import Authentication
from thinkaloud.dialogue.entry.reception import Reception
from thinkaloud.dialogue.work.job import RecordingDispatcher
from thinkaloud.dialogue.work.means import Stores
from thinkaloud.dialogue.work.run import REMEMBERED
from thinkaloud.dialogue.work.worker import Worker
from thinkaloud.gateway.events import Message
from thinkaloud.gateway.poster import RecordingPoster
from thinkaloud.knowledge.retrieval.search import Retrieval, Search
from thinkaloud.models.chat import ChatMessage, Delta, Finish
from thinkaloud.protocol.frames import Usage
from thinkaloud.protocol.requests import Ask, UserMessage
from thinkaloud.state.dynamo_audits import DynamoAudits
from thinkaloud.state.dynamo_conversations import DynamoConversations
from thinkaloud.state.dynamo_stream import DynamoControl, DynamoJournal
from thinkaloud.state.memory_connections import MemoryConnections
from thinkaloud.state.records import TurnKey

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HANDBOOK = Path(__file__).parents[2] / "samples/handbook"
SECONDS = 6.0
#: A snippet has 600 characters at most, a chunk of 300 estimated tokens some 300 in Chinese; so has an answer.
SNIPPET = {"en": 600, "zh": 300}
QUESTION = {"en": "How many days of annual leave do I have in my second year?", "zh": "入职第二年有几天年假？"}
ANSWER = {"en": 1_200, "zh": 330}


def passages(language: str) -> list[str]:
    """Five passages as they are found: real text, as what is stored is compressed."""
    files = sorted((HANDBOOK / language).glob("*.md"))[:5]
    return [path.read_text()[100 : 100 + SNIPPET[language]] for path in files]


def answer_of(language: str) -> str:
    """An answer of some 300 tokens that cites three of the five passages six times."""
    length = ANSWER[language] // 6
    sources = passages(language)
    return "".join(
        sources[number % 3][number // 3 * length :][:length].strip() + f"[{number % 3 + 1}]" for number in range(6)
    )


class SixSeconds:
    """A model that takes six seconds for an answer, beside a retriever that takes none."""

    name = "a-chat-model-of-today"

    def __init__(self, language: str) -> None:
        self._passages = passages(language)
        self._answer = answer_of(language)

    async def stream(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[Delta | Finish, None]:
        size = math.ceil(len(self._answer) / 300)
        for start in range(0, len(self._answer), size):
            await asyncio.sleep(SECONDS * size / len(self._answer))
            yield Delta(self._answer[start : start + size])
        yield Finish("stop", Usage(prompt=2_130, completion=304))

    async def retrieve(self, tenant: str, search: Search) -> Retrieval:
        return retrieval([match(passage) for passage in self._passages])


async def answer(client: Any, table: str, key: TurnKey, language: str) -> None:
    """All that `default` and `turn` do with the table for one question."""
    conversations, control = DynamoConversations(client, table), DynamoControl(client, table)
    jobs, clock = RecordingDispatcher(), asyncio.get_running_loop().time
    authentication = Authentication(MemoryConnections(), lambda: pytest.fail("no token was sent"), clock)
    reception = Reception(conversations, control, jobs, authentication, clock=clock)
    asked = Ask(session=key.session, turn=key.turn, message=UserMessage(id="m1", text=QUESTION[language]))
    reception.receive(Message("UXcB4dYzFiACJNw=", principal(), asked.model_dump_json()))
    models: Any = SixSeconds(language)
    worker = Worker(
        Stores(
            conversations,
            DynamoJournal(client, table, 3_600),
            control,
            MemoryConnections(),
            DynamoAudits(client, table, days=30),
        ),
        RecordingPoster(),
        Abilities(models, models, prompt_tokens=8_000),
        jobs,
        clock=clock,
    )
    assert await worker.work(jobs.jobs[0]) == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_answer_stays_within_its_budget(dynamodb: DynamoDBClient, table: str, language: str) -> None:
    for number in range(REMEMBERED):
        in_virtual_time(answer(dynamodb, table, turn_key(f"turn-{number:04}"), language))
    metered = MeteredDynamoDB(dynamodb)
    in_virtual_time(answer(metered, table, turn_key("turn-last"), language))
    stored = DynamoConversations(dynamodb, table).get(turn_key("turn-last"))
    assert stored is not None
    assert stored.outcome is not None
    assert stored.outcome.answer == answer_of(language)
    assert metered.written <= 16
    assert metered.read <= 12


def test_an_item_is_weighed_as_dynamodb_does() -> None:
    item = {
        "pk": {"S": "年假"},  # 2 + 6
        "n": {"N": "-123.45"},  # 1 + 4
        "l": {"L": [{"S": "a"}, {"BOOL": True}]},  # 1 + 3 + 2 + 2
        "m": {"M": {"k": {"NULL": True}}},  # 1 + 3 + 1 + 1 + 1
    }
    assert item_size(item) == 8 + 5 + 8 + 7

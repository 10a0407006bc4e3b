"""What one answer costs in DynamoDB, against the budget of the design: 16 write units and 12 read units.

The answer takes six seconds, cites three of five passages from the sample handbook, and follows other questions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.builders import NOW, question, turn_key
from tests.state.metering import MeteredDynamoDB, item_size
from thinkaloud.dialogue.citations import find_citations
from thinkaloud.dialogue.worker import REMEMBERED, WATCH_INTERVAL
from thinkaloud.state.dynamodb import DynamoConversations
from thinkaloud.state.records import Outcome, TurnKey

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECONDS = 6.0
#: A passage is at most as long as a chunk of 300 estimated tokens, its snippet as 600 characters.
PASSAGES = {
    "en": "A refund goes back to the card it was paid with and takes five working days once we have the parcel. ",
    "zh": "收到退货后五个工作日内，款项会退回原支付账户；节假日顺延，银行卡可能需要更长时间。",
}
LENGTHS = {"en": 600, "zh": 300}


def outcome_of(language: str) -> Outcome:
    """The outcome of an answer of some 300 tokens."""
    passage = (PASSAGES[language] * 10)[: LENGTHS[language]]
    sentence = PASSAGES[language].strip()
    answer = "".join(f"{sentence}[{number % 3 + 1}]" for number in range(7))
    sources = [
        {
            "id": str(number),
            "title": "Refunds and returns",
            "uri": "handbook/en/refunds.md",
            "media": "text/markdown",
            "score": 0.7312,
            "snippet": passage,
            "section": "How long it takes",
        }
        for number in range(1, 6)
    ]
    citations = find_citations("answer", answer, {str(number): passage for number in range(1, 6)})
    return Outcome(
        state="done",
        answer=answer,
        finish="stop",
        model="a-chat-model-of-today",
        sources=sources,
        citations=[citation.model_dump(mode="json") for citation in citations],
        usage={"prompt": 2_130, "completion": 304, "estimated": False},
        timings={"embed": 0.1213, "retrieval": 0.2122, "first_token": 0.4512, "generation": 5.2, "total": 6.1},
    )


def answer(store: DynamoConversations, key: TurnKey, language: str) -> None:
    """All that `default` and `turn` do with the table for one question."""
    active = store.activate(key, "lin", NOW, NOW + 75)
    store.create(question(PASSAGES[language], key=key))
    store.claim(key)
    store.exchanges(key.tenant, key.session, active.recent[-REMEMBERED:])
    for _ in range(int(SECONDS / WATCH_INTERVAL)):
        store.stop_requested(key, "lin")
    store.finish(key, outcome_of(language), active.recent)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_answer_stays_within_its_budget(dynamodb: DynamoDBClient, table: str, language: str) -> None:
    for number in range(REMEMBERED):
        answer(DynamoConversations(dynamodb, table), turn_key(f"turn-{number:04}"), language)
    metered = MeteredDynamoDB(dynamodb)
    answer(DynamoConversations(cast("Any", metered), table), turn_key("turn-last"), language)
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

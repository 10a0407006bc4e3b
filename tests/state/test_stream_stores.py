"""The contract of the journal and of the control item: one suite over the versions in memory and in DynamoDB."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import NOW, turn_key
from tests.stream.frames import log_of, text
from thinkaloud.errors import StorageError
from thinkaloud.state.dynamo_stream import CONTROL_LIFETIME, DynamoControl, DynamoJournal
from thinkaloud.state.records import Control, Reader, Segment
from thinkaloud.state.stores import MOST_WISHES, ControlStore, JournalStore
from thinkaloud.stream.journal import entries_of, segment, segments

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY = turn_key()
SEGMENTS = [Segment(1, 1, 20, '[{"年":"👍"}]'), Segment(1, 21, 30, "[]"), Segment(2, 1_001, 1_001, "[1]")]
READER = Reader("UXcB4dYzFiACJNw=", 17, "7", NOW)

# ---- journal ---------------------------------------------------------------------------------------------------------


def test_segments_are_read_as_they_were_written(journal: JournalStore) -> None:
    for item in SEGMENTS:
        journal.write(KEY, item, NOW)
    assert sorted(journal.read(KEY), key=lambda item: (item.epoch, item.first)) == SEGMENTS


def test_a_turn_has_its_own_journal_though_its_name_begins_anothers(journal: JournalStore) -> None:
    journal.write(turn_key("turn-0001"), SEGMENTS[0], NOW)
    journal.write(turn_key("turn-00011"), SEGMENTS[1], NOW)
    journal.write(turn_key("turn-0001", tenant="green-mountain"), SEGMENTS[2], NOW)
    assert journal.read(turn_key("turn-0001")) == [SEGMENTS[0]]
    assert journal.read(turn_key("turn-0002")) == []


def test_a_segment_that_is_written_again_is_there_once(journal: JournalStore) -> None:
    journal.write(KEY, SEGMENTS[0], NOW)
    journal.write(KEY, SEGMENTS[0], NOW)
    assert journal.read(KEY) == [SEGMENTS[0]]


def test_segments_of_more_than_one_page_are_all_read(dynamodb: DynamoDBClient, table: str) -> None:
    journal = DynamoJournal(dynamodb, table, lifetime=60)
    for number in range(1, 6):
        journal.write(KEY, Segment(1, number, number, "x" * 300_000), NOW)
    assert len(journal.read(KEY)) == 5


@pytest.mark.parametrize("alphabet", [(0x20, 0x7E), (0x4E00, 0x9FFF)], ids=["ascii", "han"])
def test_what_cannot_be_compressed_is_stored_in_as_many_segments_as_it_takes(
    dynamodb: DynamoDBClient, table: str, alphabet: tuple[int, int]
) -> None:
    journal, chance = DynamoJournal(dynamodb, table, lifetime=60), random.Random(7)
    noise = "".join(chr(chance.randint(*alphabet)) for _ in range(700_000))
    entries = log_of([text(noise[start : start + 8_000]) for start in range(0, len(noise), 8_000)]).after(0)
    with pytest.raises(StorageError):
        journal.write(KEY, segment(1, entries), NOW)
    for item in segments(1, entries):
        journal.write(KEY, item, NOW)
    assert entries_of(journal.read(KEY)) == list(entries)


def test_a_segment_goes_when_its_time_is_over(dynamodb: DynamoDBClient, table: str) -> None:
    DynamoJournal(dynamodb, table, lifetime=3_600).write(KEY, SEGMENTS[0], NOW)
    [item] = dynamodb.scan(TableName=table)["Items"]
    assert item["expires_at"] == {"N": str(int(NOW) + 3_600)}
    assert item["sk"] == {"S": "JOURNAL#turn-0001#001#0000000000000001"}


# ---- control ---------------------------------------------------------------------------------------------------------


def test_nothing_was_said(control: ControlStore) -> None:
    assert control.look(KEY) == control.look(KEY, consistent=True) == Control()


def test_a_stop_may_come_twice_and_before_its_turn(control: ControlStore) -> None:
    control.stop(KEY, "lin", NOW)
    control.stop(KEY, "lin", NOW + 1)
    assert control.look(KEY, consistent=True) == Control(stopped_by=frozenset({"lin"}))
    assert control.look(turn_key("turn-0002"), consistent=True) == Control()


def test_a_strangers_stop_does_not_hide_the_owners(control: ControlStore) -> None:
    control.stop(KEY, "mei", NOW)
    control.stop(KEY, "lin", NOW)
    assert control.look(KEY, consistent=True).stopped_by == {"lin", "mei"}


def test_a_later_question_supersedes(control: ControlStore) -> None:
    control.supersede(KEY, NOW)
    assert control.look(KEY, consistent=True) == Control(superseded=True)


def test_every_wish_of_every_connection_is_kept(control: ControlStore) -> None:
    control.attach(KEY, READER)
    control.attach(KEY, Reader("other#connection=", 0, None, NOW + 1))
    control.attach(KEY, Reader(READER.connection, 42, "8", NOW + 2))
    assert set(control.look(KEY, consistent=True).readers) == {
        READER,
        Reader("other#connection=", 0, None, NOW + 1),
        Reader(READER.connection, 42, "8", NOW + 2),
    }


def test_but_only_so_many_of_one_connection(control: ControlStore) -> None:
    other = Reader("other#connection=", 0, None, NOW)
    control.attach(KEY, other)
    for number in range(MOST_WISHES + 3):
        control.attach(KEY, Reader(READER.connection, number, str(number), NOW + number))
    kept = [reader for reader in control.look(KEY, consistent=True).readers if reader != other]
    assert [reader.after for reader in kept] == [MOST_WISHES, MOST_WISHES + 1, MOST_WISHES + 2]
    assert other in control.look(KEY, consistent=True).readers


def test_words_said_at_once_are_all_heard(control: ControlStore) -> None:
    together = threading.Barrier(12)

    def say(number: int) -> None:
        together.wait()
        match number % 3:
            case 0:
                control.stop(KEY, f"user-{number}", NOW)
            case 1:
                control.attach(KEY, Reader(f"connection-{number % 2}", number, None, NOW))
            case _:
                control.supersede(KEY, NOW)

    with ThreadPoolExecutor(12) as people:
        list(people.map(say, range(12)))
    heard = control.look(KEY, consistent=True)
    assert heard.stopped_by == {"user-0", "user-3", "user-6", "user-9"}
    assert {reader.after for reader in heard.readers} == {1, 4, 7, 10}
    assert heard.superseded


def test_a_word_to_the_worker_is_gone_some_time_after_any_turn_is(dynamodb: DynamoDBClient, table: str) -> None:
    control = DynamoControl(dynamodb, table)
    control.stop(KEY, "lin", NOW)
    control.attach(KEY, READER)
    [item] = dynamodb.scan(TableName=table)["Items"]
    assert item["expires_at"] == {"N": str(int(NOW) + CONTROL_LIFETIME)}
    assert CONTROL_LIFETIME > 900, "longer than a Lambda may run"


def test_a_wish_takes_the_place_of_what_is_none(dynamodb: DynamoDBClient, table: str) -> None:
    control = DynamoControl(dynamodb, table)
    control.attach(KEY, READER)
    [item] = dynamodb.scan(TableName=table)["Items"]
    dynamodb.put_item(TableName=table, Item={**item, f"reader#{READER.connection}": {"S": "?"}})
    control.attach(KEY, READER)
    assert control.look(KEY, consistent=True) == Control(readers=(READER,))


CORRUPT: dict[str, dict[str, Any]] = {
    "a reader that is text": {"reader#broken=": {"S": "?"}},
    "a reader without a cursor": {"reader#broken=": {"M": {"at": {"N": "1"}}}},
    "a cursor that is no number": {"reader#broken=": {"M": {"after": {"S": "many"}, "at": {"N": "1"}}}},
    "a list with something else in it": {"reader#broken=": {"L": [{"S": "?"}, {"M": {"at": {"N": "1"}}}]}},
    "a cursor below zero": {"reader#broken=": {"M": {"after": {"N": "-5"}, "at": {"N": "1"}}}},
    "a stop that is a number": {"stopped_by": {"N": "1"}},
    "a stop that is text": {"stopped_by": {"S": "lin"}},
    "an answer that is none": {"superseded": {"S": "maybe"}},
}


@pytest.mark.parametrize("damage", CORRUPT.values(), ids=CORRUPT)
def test_what_cannot_be_read_counts_as_not_said_and_hides_nothing(
    dynamodb: DynamoDBClient, table: str, damage: dict[str, Any]
) -> None:
    control = DynamoControl(dynamodb, table)
    control.attach(KEY, READER)
    [item] = dynamodb.scan(TableName=table)["Items"]
    dynamodb.put_item(TableName=table, Item={**item, **damage})
    assert control.look(KEY, consistent=True) == Control(readers=(READER,))


BROKEN: dict[str, dict[str, Any]] = {
    "text": {"frames": {"S": "[]"}},
    "noise": {"frames": {"B": b"noise"}},
    "no end": {"last": {"S": "many"}},
}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_a_broken_segment_is_read_as_one_that_holds_nothing(
    dynamodb: DynamoDBClient, table: str, damage: dict[str, Any]
) -> None:
    journal = DynamoJournal(dynamodb, table, lifetime=60)
    journal.write(KEY, SEGMENTS[0], NOW)
    [item] = dynamodb.scan(TableName=table)["Items"]
    dynamodb.put_item(TableName=table, Item={**item, **damage})
    assert journal.read(KEY) == [Segment(1, 1, 1, "")]

"""Golden transcripts: seen whole, cut at every frame and resumed, or followed, they fold to one message."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.scripted import Peer, listen
from tests.client.transcript import NAMES, Reader, Transcript, encoded
from tests.client.wire import Network, play
from thinkaloud.client import Client
from thinkaloud.protocol.frames import Fragment

#: Deltas that one replayed frame stands for at most: none are merged, some are, all are.
MERGES = (1, 2, 1000)

pytestmark = pytest.mark.parametrize("transcript", [Transcript.load(name) for name in NAMES], ids=NAMES)


def test_the_whole_transcript(transcript: Transcript):
    reader = Reader(transcript)
    reader.hear(transcript.lines)
    assert reader.message == transcript.message


def test_citations_point_at_their_markers(transcript: Transcript):
    """Offsets count UTF-16 code units, and some of the texts hold characters that take two of them."""
    texts = {part["part"]: part["text"] for part in transcript.message["parts"] if part["type"] == "text"}
    for citation in transcript.message["metadata"].get("citations", []):
        units = texts[citation["part"]].encode("utf-16-le")
        marker = units[2 * citation["start"] : 2 * citation["end"]].decode("utf-16-le")
        assert marker == f"[{citation['source']}]"


@pytest.mark.parametrize("unwritten", [0, 2])
@pytest.mark.parametrize("most", MERGES)
def test_cut_at_every_line_and_resumed(transcript: Transcript, most: int, unwritten: int):
    for cut in range(len(transcript.lines) + 1):
        reader = Reader(transcript)
        reader.hear(transcript.lines, cut)
        reader.hear(encoded(transcript.replay(reader.order.cursor, most=most, unwritten=unwritten)))
        assert reader.message == transcript.message, cut


def test_cut_at_every_line_and_again_at_every_line_of_the_replay(transcript: Transcript):
    for cut in range(len(transcript.lines) + 1):
        before = Reader(transcript)
        before.hear(transcript.lines, cut)
        replay = encoded(transcript.replay(before.order.cursor, most=3))
        for again in range(len(replay) + 1):
            reader = Reader(transcript)
            reader.hear(transcript.lines, cut)
            reader.hear(replay, again)
            reader.hear(encoded(transcript.replay(reader.order.cursor, most=1000)))
            assert reader.message == transcript.message, (cut, again)


def test_a_client_whose_connection_breaks_at_every_line(transcript: Transcript):
    for cut in range(len(transcript.lines) + 1):

        async def breaks(peer: Peer, cut: int = cut) -> None:
            ask = await peer.receive()
            for line in transcript.lines[:cut]:
                await peer.send(**rewritten(line, ask["id"]))

        async def knows_it(peer: Peer) -> None:
            frame = await peer.receive()
            if frame["action"] == "ask":
                await peer.send(**rewritten(transcript.lines[0], frame["id"]))
                frame = await peer.receive()
            for fields in transcript.replay(frame["after"], most=3, unwritten=2):
                await peer.send(**fields)
            await listen(peer)

        async def scenario(client: Client, _: Network) -> dict[str, Any]:
            answer = client.ask("?", session=transcript.session, turn=transcript.turn)
            finals = [received.final async for received in answer]
            assert finals.count(True) == 1
            return answer.message.to_json()

        assert play(scenario, breaks, knows_it) == transcript.message, cut


def test_who_follows_sees_the_same(transcript: Transcript):
    async def replays(peer: Peer) -> None:
        resume = await peer.receive()
        for fields in transcript.replay(resume["after"], most=1000, unwritten=2):
            await peer.send(**({"re": resume["id"]} if fields["type"] == "resumed" else {}), **fields)
        await listen(peer)

    async def scenario(client: Client, _: Network) -> dict[str, Any]:
        answer = client.follow(transcript.session)
        async for _received in answer:
            pass
        return answer.message.to_json()

    assert play(scenario, replays) == transcript.message


@given(data=st.data())
def test_any_cuts_merges_fragments_and_repetitions(transcript: Transcript, data: st.DataObject):
    reader = Reader(transcript)
    reader.hear(transcript.lines, data.draw(st.integers(0, len(transcript.lines)), "first cut"))
    for _ in range(data.draw(st.integers(0, 3), "breaks")):
        back = data.draw(st.integers(0, reader.order.cursor), "an older cursor")
        lines = damaged(encoded(transcript.replay(back, most=data.draw(st.integers(1, 5), "merge"))), data)
        reader.hear(lines, data.draw(st.integers(0, len(lines)), "cut"))
        reader.order.replay()
    reader.hear(encoded(transcript.replay(reader.order.cursor, most=data.draw(st.integers(1, 5), "last merge"))))
    assert reader.message == transcript.message
    assert not reader.order.missing


def damaged(lines: list[str], data: st.DataObject) -> list[str]:
    """Some lines twice, and some in pieces, which come in any order."""
    found = []
    for number, line in enumerate(lines):
        found += [line] * data.draw(st.integers(1, 2), "copies")
        if data.draw(st.booleans(), "in pieces"):
            size = data.draw(st.integers(20, 200), "size")
            parts = [line[at : at + size] for at in range(0, len(line), size)]
            pieces = [
                Fragment(id=f"f{number}", index=index, count=len(parts), data=part).model_dump_json()
                for index, part in enumerate(parts)
            ]
            found[-1:] = data.draw(st.permutations(pieces), "order of pieces")
    return found


def rewritten(line: str, ask: str) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(line)
    return {**fields, "re": ask} if fields["type"] == "accepted" else fields

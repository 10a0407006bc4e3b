"""Coming back to an answer: every test in virtual time, over connections in memory."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.client.scripted import Peer, Script, listen
from tests.client.wire import Network, play
from thinkaloud.client import (
    Answer,
    CannotConnect,
    Client,
    ClientError,
    ConnectionLost,
    FramesMissing,
    HandshakeRefused,
    Limits,
    NoReply,
    TurnLost,
)

SESSION, TURN = "s-12345678", "t-12345678"
#: The scripts here know no ping.
WITHOUT_PINGS = Limits(ping=86_400)
DOWN = CannotConnect("wss://in.memory: nobody answers (connection refused)")


async def drain(answer: Answer) -> list[str]:
    return [received.type async for received in answer]


def text_of(*scripts: Script | Exception, **options: Any) -> tuple[str, Network]:
    """Ask one question; the text of its whole answer."""

    async def scenario(client: Client, network: Network) -> tuple[str, Network]:
        answer = client.ask("?", session=SESSION, turn=TURN)
        types = await drain(answer)
        assert types.count("complete") == 1
        assert types[-1] == "complete"
        return answer.message.text, network

    return play(scenario, *scripts, **{"limits": WITHOUT_PINGS, **options})


def failure_of(*scripts: Script | Exception, **options: Any) -> tuple[ClientError, str, float]:
    """Ask one question; what is raised, the text until then, and when."""

    async def scenario(client: Client, _: Network) -> tuple[ClientError, str, float]:
        answer = client.ask("?", session=SESSION, turn=TURN)
        with pytest.raises(ClientError) as caught:
            await drain(answer)
        assert [frame async for frame in answer] == []
        return caught.value, answer.message.text, asyncio.get_running_loop().time()

    return play(scenario, *scripts, **options)


async def breaks_halfway(peer: Peer) -> None:
    await peer.accept()
    await peer.text("五个")
    await peer.text("工作日")


async def the_rest(peer: Peer) -> None:
    resume = await peer.resume()
    assert (resume["session"], resume["turn"], resume["after"]) == (SESSION, TURN, 2)
    await peer.text("到账。")
    await peer.complete()
    await listen(peer)


# ---- after a lost connection -------------------------------------------------------------------------------------


def test_a_break_in_mid_answer_goes_on_after_the_last_number_seen():
    text, network = text_of(breaks_halfway, the_rest)
    assert text == "五个工作日到账。"
    assert len(network.dialled) == 2


def test_what_is_sent_again_is_shown_once():
    async def again(peer: Peer) -> None:
        await peer.resume()
        peer.seq = 0
        for piece in ("五个", "工作日", "到账。"):
            await peer.text(piece)
        await peer.complete()

    assert text_of(breaks_halfway, again)[0] == "五个工作日到账。"


def test_a_break_before_the_first_token():
    async def accepts(peer: Peer) -> None:
        await peer.accept()

    async def pending(peer: Peer) -> None:
        assert (await peer.resume("pending"))["after"] == 0
        await asyncio.sleep(5)
        await peer.text("One copy.")
        await peer.complete()

    assert text_of(accepts, pending)[0] == "One copy."


def test_a_turn_that_stays_pending_is_waited_for_longer_than_patience():
    async def accepts(peer: Peer) -> None:
        await peer.accept()

    async def pending(peer: Peer) -> None:
        for _ in range(60):
            await peer.resume("pending")
        await peer.text("At last.")
        await peer.complete()

    assert text_of(accepts, pending)[0] == "At last."


def test_a_break_while_resuming():
    async def breaks(peer: Peer) -> None:
        await peer.receive()

    assert text_of(breaks_halfway, breaks, breaks, the_rest)[0] == "五个工作日到账。"


def test_gone_and_back_thirty_seconds_later():
    text, network = text_of(breaks_halfway, *[DOWN] * 12, the_rest)
    assert text == "五个工作日到账。"
    pauses = [later - earlier for earlier, later in zip(network.dialled, network.dialled[1:], strict=False)]
    assert max(pauses) <= 8.0 + 8.0  # a pause between two attempts, and one between two rounds of them
    assert len(set(pauses)) == len(pauses)


def test_an_answer_that_is_not_found_again_is_given_up_with_the_last_reason():
    error, text, when = failure_of(breaks_halfway, DOWN)
    assert isinstance(error, CannotConnect)
    assert text == "五个工作日"
    assert 120 <= when < 150


def test_connections_that_break_without_end_are_given_up_with_the_close_code():
    async def breaks(peer: Peer) -> None:
        await peer.receive()
        await peer.socket.close(1001, "Going away")

    error, _, when = failure_of(breaks)
    assert isinstance(error, ConnectionLost)
    assert "1001, Going away" in str(error)
    assert when < 150


def test_who_may_not_come_back_is_told_at_once():
    error, text, when = failure_of(breaks_halfway, HandshakeRefused("wss://in.memory", 401))
    assert isinstance(error, HandshakeRefused)
    assert text == "五个工作日"
    assert when < 1


def test_a_token_source_that_fails_for_a_while():
    outcomes = iter(["first", OSError("no route"), OSError("no route"), "second"])

    async def token() -> str:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    text, network = text_of(breaks_halfway, the_rest, token=token)
    assert text == "五个工作日到账。"
    assert network.bearers == ["first", "second"]


def test_a_question_asked_twice_is_joined_where_it_stands():
    """The first ask was taken and its reply lost, so the answer is on its way to a connection that is gone."""
    seen = []

    async def breaks(peer: Peer) -> None:
        seen.append(await peer.receive())

    async def knows_it(peer: Peer) -> None:
        seen.append(await peer.accept())
        assert (await peer.resume())["after"] == 0
        await peer.text("One copy.")
        await peer.complete()

    assert text_of(breaks, knows_it)[0] == "One copy."
    assert seen[0] == seen[1]


def test_a_question_that_nobody_answers_is_asked_again_over_a_new_connection():
    async def works(peer: Peer) -> None:
        await peer.accept()
        await peer.resume()
        await peer.text("Yes.")
        await peer.complete()

    assert text_of(listen, works)[0] == "Yes."


def test_nothing_ever_comes_back():
    error, _, when = failure_of(listen, limits=Limits(reply=5, patience=20))
    assert isinstance(error, NoReply)
    assert "not accepted: nothing came for 5 s" in str(error)
    assert 20 <= when < 40


# ---- what the server knows of the turn ---------------------------------------------------------------------------


def test_an_unknown_turn_is_lost():
    async def knows_nothing(peer: Peer) -> None:
        await peer.resume("none")

    error, text, _ = failure_of(breaks_halfway, knows_nothing)
    assert isinstance(error, TurnLost)
    assert (error.session, error.turn, error.reason) == (SESSION, TURN, "none")
    assert text == "五个工作日"


def test_a_refused_resume_is_told_with_its_code():
    async def refuses(peer: Peer) -> None:
        resume = await peer.receive()
        await peer.send(type="error", re=resume["id"], code="forbidden", message="Not yours.", retryable=False)
        await listen(peer)

    error, _, when = failure_of(breaks_halfway, refuses)
    assert isinstance(error, TurnLost)
    assert error.reason == "forbidden"
    assert "Not yours." in str(error)
    assert when < 1


def test_a_resume_that_is_throttled_or_fails_at_the_gateway_is_tried_again():
    async def busy(peer: Peer) -> None:
        resume = await peer.receive()
        await peer.send(type="error", re=resume["id"], code="throttled", message="Later.", retryable=True)
        await peer.receive()
        await peer.send(message="Internal server error", connectionId="c=", requestId="r-1")
        await the_rest(peer)

    assert text_of(breaks_halfway, busy)[0] == "五个工作日到账。"


def test_the_whole_answer_in_one_piece_after_a_reset():
    async def rebuilt(peer: Peer) -> None:
        await peer.resume("done", to=42)
        peer.seq = 39
        await peer.say("reset", step=0)
        await peer.text("五个工作日到账。")
        await peer.complete()

    assert text_of(breaks_halfway, rebuilt)[0] == "五个工作日到账。"


def test_a_turn_that_has_ended_is_replayed_by_ranges():
    async def replays(peer: Peer) -> None:
        await peer.resume("done", to=6)
        peer.seq = 4
        await peer.say("text", part="p1", step=1, content="到账。", **{"from": 3})
        await peer.complete()

    assert text_of(breaks_halfway, replays)[0] == "五个工作日到账。"


# ---- holes and silence -------------------------------------------------------------------------------------------


def test_a_hole_is_asked_for_over_the_same_connection():
    async def loses_one(peer: Peer) -> None:
        await peer.accept()
        await peer.text("a")
        peer.numbered("text")
        for letter in "cd":
            await peer.text(letter)
        assert (await peer.resume())["after"] == 1
        for letter in "bcd":
            await peer.text(letter)
        await peer.complete()

    text, network = text_of(loses_one)
    assert text == "abcd"
    assert len(network.dialled) == 1


def test_frames_behind_a_hole_do_not_put_off_its_repair():
    async def loses_one(peer: Peer) -> None:
        await peer.accept()
        peer.numbered("text")
        asked = asyncio.create_task(peer.receive())
        while not asked.done():
            await peer.text("b")
            await asyncio.sleep(0.5)
        assert asyncio.get_running_loop().time() < 4.5
        last, peer.seq = peer.seq, 0
        resume = asked.result()
        await peer.send(
            type="resumed", re=resume["id"], session=SESSION, turn=TURN, state="running", **{"from": 1, "to": last}
        )
        await peer.text("a")
        peer.seq = last - 1
        await peer.say("text", part="p1", step=1, content="b" * (last - 1), **{"from": 2})
        await peer.complete()

    text, _ = text_of(loses_one)
    assert text.strip("b") == "a"


def test_a_hole_that_no_replay_fills_is_an_error_that_names_it():
    async def loses_two(peer: Peer) -> None:
        await peer.accept()
        await peer.text("a")
        peer.numbered("text")
        peer.numbered("text")
        await peer.complete()
        while True:
            await peer.resume()
            peer.seq = 3
            await peer.complete()

    error, text, _ = failure_of(loses_two)
    assert isinstance(error, FramesMissing)
    assert (error.first, error.last) == (2, 3)
    assert text == "a"


def test_a_range_that_was_partly_seen_is_asked_for_again_from_the_cursor():
    async def tears(peer: Peer) -> None:
        await peer.accept()
        for letter in "abc":
            await peer.text(letter)
        peer.seq = 4
        await peer.say("text", part="p1", step=1, content="bcde", **{"from": 2})
        assert (await peer.resume())["after"] == 3
        peer.seq = 4
        await peer.say("text", part="p1", step=1, content="de", **{"from": 4})
        await peer.complete()

    assert text_of(tears)[0] == "abcde"


def test_silence_is_asked_about_over_the_same_connection_and_then_over_a_new_one():
    asked = []

    async def dies(peer: Peer) -> None:
        await breaks_halfway(peer)
        await peer.receive()
        asked.append(asyncio.get_running_loop().time())
        await listen(peer)

    async def lives(peer: Peer) -> None:
        asked.append(asyncio.get_running_loop().time())
        await the_rest(peer)

    assert text_of(dies, lives)[0] == "五个工作日到账。"
    first, second = asked
    assert 12 <= first <= 12.3
    assert 20 <= second <= 20.8  # two intervals, and the pauses


def test_a_server_slow_under_load_is_given_more_time_by_each_connection():
    async def mute(peer: Peer) -> None:
        await listen(peer)

    async def slow(peer: Peer) -> None:
        resume = await peer.receive()
        await asyncio.sleep(30)
        peer.start(resume)
        peer.seq = resume["after"]
        numbers = {"from": 3, "to": 2}
        await peer.send(type="resumed", re=resume["id"], session=SESSION, turn=TURN, state="running", **numbers)
        await peer.text("到账。")
        await peer.complete()

    text, network = text_of(breaks_halfway, mute, mute, slow)
    assert text == "五个工作日到账。"
    waits = [later - earlier for earlier, later in zip(network.dialled[1:], network.dialled[2:], strict=False)]
    assert 8 <= waits[0] < 9 < 16 <= waits[1] < 18


def test_the_last_frame_is_lost():
    async def loses_the_end(peer: Peer) -> None:
        await peer.accept()
        await peer.text("Done.")
        await peer.resume("done", to=2)
        await peer.complete()

    async def scenario(client: Client, _: Network) -> float:
        await drain(client.ask("?", session=SESSION, turn=TURN))
        return asyncio.get_running_loop().time()

    assert play(scenario, loses_the_end) < 12.5


def test_heartbeats_carry_an_answer_through_eight_minutes_of_silence():
    async def thinks(peer: Peer) -> None:
        await peer.accept()
        for _ in range(48):
            await asyncio.sleep(10)
            await peer.send(type="heartbeat", session=SESSION, turn=TURN)
        await peer.text("42")
        await peer.complete()

    async def scenario(client: Client, network: Network) -> list[str]:
        answer = client.ask("?", session=SESSION, turn=TURN)
        types = await drain(answer)
        sent = network.near[0].outbox
        assert [await sent.get() for _ in range(sent.qsize())] == []
        return types

    assert play(scenario, thinks, limits=WITHOUT_PINGS) == ["accepted", *["heartbeat"] * 48, "text", "complete"]


def test_the_interval_is_the_servers():
    async def quick(peer: Peer) -> None:
        ask = await peer.receive()
        peer.start(ask)
        await peer.send(type="accepted", re=ask["id"], **peer.turn, heartbeat=1.0)
        await peer.receive()
        assert 1.2 <= asyncio.get_running_loop().time() <= 1.5
        peer.start(ask)
        await peer.complete()

    text_of(quick)


def test_an_answer_that_runs_but_never_speaks_is_given_up():
    async def mute(peer: Peer) -> None:
        await peer.accept()
        while True:
            await peer.resume("running")

    error, _, when = failure_of(mute)
    assert isinstance(error, NoReply)
    assert "fell silent: nothing came for 12 s" in str(error)
    assert 120 <= when < 160


# ---- following ---------------------------------------------------------------------------------------------------


async def tells_all(peer: Peer) -> None:
    resume = await peer.resume()
    assert (resume["session"], resume["after"]) == (SESSION, 0)
    await peer.text("All of it.")
    await peer.complete()


@pytest.mark.parametrize("turn", [TURN, None])
def test_a_second_client_follows(turn: str | None):
    async def scenario(client: Client, _: Network) -> Answer:
        answer = client.follow(SESSION, turn)
        assert await drain(answer) == ["resumed", "text", "complete"]
        return answer

    answer = play(scenario, tells_all)
    assert answer.turn == answer.message.id == TURN
    assert answer.message.text == "All of it."
    assert answer.message.metadata["trace"] == "trace-1"


def test_a_session_without_a_turn_cannot_be_followed():
    async def knows_nothing(peer: Peer) -> None:
        resume = await peer.receive()
        assert "turn" not in resume
        nothing = {"turn": None, "state": "none", "from": 1, "to": 0}
        await peer.send(type="resumed", re=resume["id"], session=SESSION, **nothing)
        await listen(peer)

    async def scenario(client: Client, _: Network) -> None:
        answer = client.follow(SESSION)
        with pytest.raises(ClientError, match="not said yet which turn"):
            await answer.stop()
        with pytest.raises(TurnLost, match="a turn of session s-12345678"):
            await drain(answer)

    play(scenario, knows_nothing)


def test_who_follows_may_stop():
    async def stops(peer: Peer) -> None:
        await peer.resume()
        await peer.text("All")
        stop = await peer.receive()
        assert (stop["action"], stop["turn"]) == ("stop", TURN)
        await peer.complete("stopped", reason="user")

    async def scenario(client: Client, _: Network) -> str:
        answer = client.follow(SESSION)
        async for received in answer:
            if received.type == "text":
                await answer.stop()
        return str(answer.message.metadata["finish"])

    assert play(scenario, stops) == "stopped"


def test_an_answer_goes_on_while_nobody_iterates():
    async def both(peer: Peer) -> None:
        await breaks_halfway(peer)

    async def scenario(client: Client, network: Network) -> str:
        answer = client.ask("?", session=SESSION, turn=TURN)
        await anext(answer)
        await asyncio.sleep(60)
        assert len(network.dialled) == 2
        await drain(answer)
        return answer.message.text

    assert play(scenario, both, the_rest) == "五个工作日到账。"


def test_closing_ends_an_answer_that_is_on_its_way_back():
    async def scenario(client: Client, _: Network) -> None:
        answer = client.ask("?", session=SESSION, turn=TURN)
        waiting = asyncio.create_task(drain(answer))
        await asyncio.sleep(10)
        await client.close()
        with pytest.raises(ConnectionLost, match="the client is closed"):
            await waiting

    play(scenario, breaks_halfway, DOWN)


def test_a_large_frame_is_joined_from_its_pieces():
    content = "退款" * 20_000

    async def splits(peer: Peer) -> None:
        await peer.accept()
        whole = json.dumps(peer.numbered("text", part="p1", step=1, content=content), ensure_ascii=False)
        pieces = [whole[at : at + 9_000] for at in range(0, len(whole), 9_000)]
        for index in reversed(range(len(pieces))):
            await peer.send(type="fragment", id="f1", index=index, count=len(pieces), data=pieces[index])
        await peer.complete()

    assert text_of(splits)[0] == content

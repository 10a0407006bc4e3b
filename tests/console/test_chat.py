import asyncio
import json
import signal
from pathlib import Path

import pytest

from tests.client.scripted import DOCS, Peer, Scripted, forever, listen, scripted_server
from tests.console.command import THINKALOUD, environment, finish, start, thinkaloud

CONFIG = {"token": "local.jwt", "model": "extractive", "model_note": {"en": "Quotes.", "zh": "摘录。"}}


async def refund(peer: Peer) -> None:
    await peer.answer("Five working ", "days, 也就是一周。 [1]")
    await listen(peer)


def announce(project: Path, server: Scripted) -> None:
    (project / ".thinkaloud").mkdir()
    (project / ".thinkaloud" / "local.json").write_text(json.dumps({"page": server.page, "environment": {}}))


async def test_once_with_json_prints_every_frame(project: Path):
    async with scripted_server(refund) as server:
        finished = await thinkaloud(
            "chat", "--once", "How long?", "--json", "--url", server.ws, "--token", "a.b.c", cwd=project
        )
    assert (finished.code, finished.err) == (0, "")
    assert [frame["type"] for frame in finished.frames] == [
        "accepted",
        "status",
        "status",
        "source",
        "status",
        "text",
        "text",
        "complete",
    ]
    assert [frame["seq"] for frame in finished.frames[1:]] == list(range(1, 8))
    assert finished.frames[3]["docs"] == DOCS
    assert "也就是一周。" in finished.out  # as UTF-8, not escaped
    assert server.handshakes[0]["Authorization"] == "Bearer a.b.c"


async def test_json_is_utf_8_in_any_locale(project: Path):
    env = environment(LC_ALL="C", PYTHONIOENCODING="ascii", THINKALOUD_TOKEN="t")
    async with scripted_server(refund) as server:
        finished = await thinkaloud("chat", "--once", "?", "--json", "--url", server.ws, cwd=project, env=env)
    assert finished.code == 0
    assert "也就是一周。" in finished.out


async def test_once_alone_prints_the_answer_and_what_it_cites(project: Path):
    async with scripted_server(refund) as server:
        finished = await thinkaloud("chat", "--once", "How long?", "--url", server.ws, "--token", "t", cwd=project)
    assert finished.out == "Five working days, 也就是一周。 [1]\n\n[1] Refunds  handbook/en/refunds.md\n"
    assert (finished.code, finished.err) == (0, "")


async def test_the_running_local_cloud_is_the_default(project: Path):
    async with scripted_server(refund, config=CONFIG) as server:
        announce(project, server)
        finished = await thinkaloud("chat", "--once", "How long?", cwd=project)
    assert (finished.code, finished.err) == (0, "")
    assert server.handshakes[0]["Authorization"] == "Bearer local.jwt"


async def test_a_token_for_elsewhere_is_not_sent_to_the_local_cloud(project: Path):
    async with scripted_server(refund, config=CONFIG) as server:
        announce(project, server)
        env = environment(THINKALOUD_TOKEN="elsewhere")
        await thinkaloud("chat", "--once", "How long?", cwd=project, env=env)
    assert server.handshakes[0]["Authorization"] == "Bearer local.jwt"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"LANG": "en_US.UTF-8"}, "thinkaloud: No local cloud is running. Start one with `make dev`"),
        ({"LANG": "zh_CN.UTF-8"}, "thinkaloud: 本地云没有运行。请用 `make dev` 启动"),
    ],
)
async def test_no_local_cloud_is_one_line(project: Path, changes: dict[str, str], line: str):
    finished = await thinkaloud("chat", cwd=project, env=environment(**changes))
    assert (finished.code, finished.out) == (1, "")
    assert finished.err.startswith(line)
    assert finished.err.count("\n") == 1


async def test_session_and_locale_are_sent(project: Path):
    asks = []

    async def script(peer: Peer) -> None:
        asks.append(await peer.answer("a"))
        await listen(peer)

    async with scripted_server(script) as server:
        to = ("--url", server.ws, "--token", "t")
        await thinkaloud("chat", "--once", "?", *to, "--session", "s-4711aaaa", "--locale", "zh_CN", cwd=project)
        await thinkaloud("chat", "--once", "?", *to, cwd=project, env=environment(LANG="en_GB.UTF-8"))
        await thinkaloud("chat", "--once", "?", *to, cwd=project, env=environment(LANG="C"))
    assert asks[0]["session"] == "s-4711aaaa"
    assert [ask.get("locale") for ask in asks] == ["zh-CN", "en-GB", None]


async def test_a_failed_turn_is_an_error_and_what_was_said_stays(project: Path):
    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.text("Five")
        await peer.say("error", code="model_broken", message="The answer broke off.", retryable=True)
        await listen(peer)

    async with scripted_server(script) as server:
        to = ("--url", server.ws, "--token", "t")
        plain = await thinkaloud("chat", "--once", "?", *to, cwd=project)
        lines = await thinkaloud("chat", "--once", "?", "--json", *to, cwd=project)
        chinese = await thinkaloud("chat", "--once", "？", "--locale", "zh", *to, cwd=project)
    assert (plain.code, plain.out, plain.err) == (1, "Five\n", "The answer broke off. (model_broken)\n")
    assert lines.code == 1
    assert [frame["type"] for frame in lines.frames] == ["accepted", "text", "error"]
    assert lines.err == "The answer broke off. (model_broken)\n"
    assert chinese.err == "出错了：The answer broke off. (model_broken)\n"


async def test_a_connection_that_breaks_in_mid_answer(project: Path):
    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.text("Five")
        await peer.socket.close(1001, "Going away")

    async def goes_on(peer: Peer) -> None:
        await peer.resume()
        await peer.text(" days.")
        await peer.complete()
        await listen(peer)

    async with scripted_server(script, goes_on) as server:
        finished = await thinkaloud("chat", "--once", "?", "--json", "--url", server.ws, "--token", "t", cwd=project)
    assert finished.code == 0, finished.err
    assert [frame["type"] for frame in finished.frames] == ["accepted", "text", "resumed", "text", "complete"]


async def test_an_answer_that_the_server_no_longer_has(project: Path):
    async def script(peer: Peer) -> None:
        await peer.accept()

    async def knows_nothing(peer: Peer) -> None:
        await peer.resume("none")
        await listen(peer)

    async with scripted_server(script, knows_nothing) as server:
        finished = await thinkaloud("chat", "--once", "？", "--url", server.ws, "--token", "t", cwd=project)
    assert finished.code == 1
    assert "it is unknown there, or too old" in finished.err


async def test_a_refused_token(project: Path):
    async with scripted_server(listen) as server:
        server.refusals[:] = [401]
        finished = await thinkaloud("chat", "--once", "?", "--url", server.ws, "--token", "t", cwd=project)
    assert finished.code == 1
    assert "the token is missing, expired or not valid here (HTTP 401)" in finished.err
    assert finished.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--url", "https://example.com", "--token", "t"), "not a WebSocket URL"),
        (("--url", "ws://127.0.0.1:1"), "THINKALOUD_TOKEN"),
        (("--json",), "--once TEXT --json"),
        (("--locale", "klingon!"), "it is no locale"),
    ],
)
async def test_what_cannot_be_done_is_said(project: Path, arguments: tuple[str, ...], said: str):
    finished = await thinkaloud("chat", *arguments, cwd=project)
    assert finished.code in {1, 2}
    assert said in finished.err
    assert "Traceback" not in finished.err


@pytest.mark.parametrize(("text", "said"), [("", "text: "), ("长" * 8001, "8000"), ("?", "session")])
async def test_a_question_that_cannot_be_sent(project: Path, text: str, said: str):
    async with scripted_server(listen) as server:
        arguments = ["--session", "short"] if text == "?" else []
        finished = await thinkaloud("chat", "--once", text, "--url", server.ws, "--token", "t", *arguments, cwd=project)
    assert finished.code == 1
    assert said in finished.err
    assert finished.err.count("\n") == 1


async def test_ctrl_c_stops_the_answer_and_waits_for_its_end(project: Path):
    async with scripted_server(forever) as server:
        process = await start("chat", "--once", "?", "--json", "--url", server.ws, "--token", "t", cwd=project)
        assert process.stdout is not None
        first = [json.loads(await process.stdout.readline()) for _ in range(3)]
        process.send_signal(signal.SIGINT)
        finished = await finish(process)
    assert [frame["type"] for frame in first] == ["accepted", "status", "text"]
    assert finished.frames[-1]["type"] == "complete"
    assert finished.frames[-1]["finish"] == "stopped"
    assert (finished.code, finished.err) == (130, "Stopping\n")


async def test_a_second_ctrl_c_leaves_a_server_that_does_not_stop(project: Path):
    stopped = asyncio.Event()

    async def deaf(peer: Peer) -> None:
        await peer.accept()
        await peer.text("Five")
        await peer.receive()
        stopped.set()
        await listen(peer)

    async with scripted_server(deaf) as server:
        process = await start("chat", "--once", "?", "--json", "--url", server.ws, "--token", "t", cwd=project)
        assert process.stdout is not None
        for _ in range(2):
            await process.stdout.readline()
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(stopped.wait(), 10)
        process.send_signal(signal.SIGINT)
        finished = await finish(process)
    assert finished.code == 130
    assert "Traceback" not in finished.err


async def test_a_reader_that_leaves_early_is_no_bug(project: Path):
    async def talk(peer: Peer) -> None:
        await peer.accept()
        leaving = asyncio.create_task(listen(peer))
        while not leaving.done():
            await peer.text("word ")
            await asyncio.wait([leaving], timeout=0.02)

    async with scripted_server(talk) as server:
        line = f"{THINKALOUD} chat --once ? --json --url {server.ws} --token t | head -n 1"
        process = await asyncio.create_subprocess_shell(
            line, cwd=project, env=environment(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        finished = await finish(process)
    assert [frame["type"] for frame in finished.frames] == ["accepted"]
    assert finished.err == ""

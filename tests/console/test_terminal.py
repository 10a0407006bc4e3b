"""`thinkaloud chat` before a person: on a pseudo-terminal, reading what the screen shows."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from rich.cells import cell_len

from tests.client.scripted import DOCS, Peer, Script, forever, listen, scripted_server
from tests.console.command import THINKALOUD, environment
from tests.console.terminal import Terminal

CTRL_C, CTRL_D = "\x03", "\x04"


@contextlib.asynccontextmanager
async def chatting(
    project: Path, *scripts: Script, language: str = "en_US", columns: int = 60
) -> AsyncIterator[Terminal]:
    env = environment(LANG=f"{language}.UTF-8", THINKALOUD_TOKEN="t")
    async with scripted_server(*scripts) as server:
        command = (THINKALOUD, "chat", "--url", server.ws)
        async with Terminal(*command, cwd=project, env=env, columns=columns, lines=24) as terminal:
            await terminal.until("›")
            yield terminal
            # The server waits for the scripts, and those for the client: end it first.
            if terminal.process.returncode is None:
                await leave(terminal)


async def prompts(terminal: Terminal, count: int) -> None:
    """Wait for this many prompts: keys typed before one belong to the answer."""
    await terminal.until_true(lambda shown: shown.count("›") == count, what=f"prompt {count}")


async def leave(terminal: Terminal) -> int:
    """Ctrl-C at the prompt. CPython's readline overlooks one that comes in the instant after it draws the prompt."""
    while True:
        terminal.type(CTRL_C)
        with contextlib.suppress(TimeoutError):
            return await terminal.end(patience=1.0)


async def annual_leave(peer: Peer) -> None:
    """An answer in Chinese, phase by phase."""
    await peer.accept()
    await peer.say("status", id="s1", phase="retrieval", state="start", label="正在检索资料")
    await peer.say("status", id="s1", phase="retrieval", state="end", label="找到 2 段相关资料", latency=0.3)
    await peer.say("source", docs=DOCS)
    await peer.say("status", id="s2", phase="generation", state="start", label="撰写回答")
    for piece in (
        "## 年假\n\n员工入职满一年后，每年享有 10 天",
        "年假 [2]；入职满三年为 15 天，满五年为 **20 天**。\n",
    ):
        await peer.text(piece)
    await peer.complete(citations=[{"part": "p1", "start": 0, "end": 3, "source": "2", "quote": "十天"}])
    await listen(peer)


async def test_a_conversation_in_english(project: Path):
    async def refund(peer: Peer) -> None:
        await peer.answer("Five **working** ", "days. [1]")
        await listen(peer)

    async with chatting(project, refund) as terminal:
        assert terminal.screen.text.startswith("Thinkaloud. Ask in English or Chinese.\n")
        terminal.type("How long does a refund take?\n")
        await prompts(terminal, 2)
        terminal.type(CTRL_D)
        assert await terminal.end() == 0
    shown = terminal.screen.text
    assert shown[shown.index("› How") :].splitlines()[:9] == [
        "› How long does a refund take?",
        "✓ Searching 12 ms   ✓ Answering 1.2 s",
        "[1] Refunds handbook/en/refunds.md",
        "[2] 配送    handbook/zh/shipping.md",
        "",
        "Five working days. [1]",
        "",
        "1.3 s · 90 tokens in, 12 out · extractive",
        "",
    ]
    assert "To go on later: thinkaloud chat --session s-" in shown


async def test_a_conversation_in_chinese_on_a_narrow_terminal(project: Path):
    async with chatting(project, annual_leave, language="zh_CN", columns=30) as terminal:
        assert terminal.screen.text.startswith("Thinkaloud：请用中文或英文提问")
        terminal.type("年假有多少天？\n")
        await prompts(terminal, 2)
        assert await leave(terminal) == 0
    shown = terminal.screen.text
    rows = [row for row in shown[shown.index("› 年假") : shown.index("\n›\n")].splitlines() if row]
    assert rows == [
        "› 年假有多少天？",
        "✓ 找到 2 段相关资料 300 ms   ✓",
        "撰写回答 1.2 s",
        "[1] Refunds handbook/en/refun…",
        "[2] 配送    handbook/zh/shipp…",
        "年假",
        "员工入职满一年后，每年享有 10",
        "天年假 [2]；入职满三年为 15",
        "天，满五年为 20 天。",
        "1.3 s · 输入 90 词元，输出 12",
        "词元 · extractive",
    ]
    assert all(cell_len(row) <= 30 for row in rows)


async def test_ctrl_c_stops_the_answer_and_the_prompt_comes_again(project: Path):
    async def twice(peer: Peer) -> None:
        stopping = asyncio.create_task(forever(Peer(peer.socket)))
        await listen(peer)
        await stopping

    async with chatting(project, twice) as terminal:
        terminal.type("Tell me everything\n")
        await terminal.until("word word")
        terminal.type(CTRL_C)
        await terminal.until("Stopped.")
        await prompts(terminal, 2)
        assert "Stopping" not in terminal.screen.text
        terminal.type("/quit\n")
        assert await terminal.end() == 0


async def test_a_second_ctrl_c_leaves(project: Path):
    asked_to_stop = asyncio.Event()

    async def deaf(peer: Peer) -> None:
        await peer.accept()
        await peer.text("Five")
        await peer.receive()
        asked_to_stop.set()
        await listen(peer)

    async with chatting(project, deaf) as terminal:
        terminal.type("How long?\n")
        await terminal.until("Five")
        terminal.type(CTRL_C)
        await asyncio.wait_for(asked_to_stop.wait(), 10)
        terminal.type(CTRL_C)
        assert await terminal.end() == 0
    assert "Traceback" not in terminal.screen.text


async def test_what_is_typed_ahead_stays_out_of_the_answer_and_is_asked_next(project: Path):
    typed = asyncio.Event()

    async def waits(peer: Peer) -> None:
        await peer.accept()
        await peer.text("Five ")
        await typed.wait()
        await peer.text("days.")
        await peer.complete()
        assert (await peer.accept())["message"]["text"] == "And then?"
        await peer.text("Then it ends.")
        await peer.complete()
        await listen(peer)

    async with chatting(project, waits) as terminal:
        terminal.type("How long?\n")
        await terminal.until("Five")
        terminal.type("And then?\n")
        typed.set()
        shown = await terminal.until("Then it ends.")
        await prompts(terminal, 3)
    answer = shown[shown.index("› How long?") : shown.index("› And then?")]
    assert "And then" not in answer
    assert shown.count("And then?") == 1


async def test_a_connection_that_breaks_is_come_back_from_and_the_answer_goes_on(project: Path):
    async def breaks(peer: Peer) -> None:
        await peer.accept()
        await peer.text("Fi")
        await peer.socket.close(1001, "Going away")

    async def goes_on(peer: Peer) -> None:
        await peer.resume()
        await peer.text("ve days.")
        await peer.complete()
        await peer.answer("Ten days.")
        await listen(peer)

    async with chatting(project, breaks, goes_on) as terminal:
        terminal.type("How long?\n")
        await terminal.until("Five days.", "tokens in")
        await prompts(terminal, 2)
        terminal.type("How long?\n")
        await terminal.until("Ten days.")
    assert "connection" not in terminal.screen.text


async def test_commands(project: Path):
    sessions = []

    async def script(peer: Peer) -> None:
        sessions.extend([(await peer.answer("Yes."))["session"] for _ in range(2)])
        await listen(peer)

    async with chatting(project, script) as terminal:
        terminal.type("/what\n")
        await terminal.until("/what: no such command; there are /new and /quit.")
        await prompts(terminal, 2)
        terminal.type("One?\n")
        await prompts(terminal, 3)
        terminal.type("/new\n")
        await terminal.until("New conversation.")
        await prompts(terminal, 4)
        terminal.type("Two?\n")
        await prompts(terminal, 5)
        terminal.type("/quit\n")
        assert await terminal.end() == 0
    assert len(set(sessions)) == 2
    assert f"--session {sessions[1]}" in terminal.screen.text.replace("\n", "")

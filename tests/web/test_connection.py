"""Lost connections, found connections, and connections typed by hand."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect
from websockets.asyncio.server import ServerConnection

from tests.web import scenes
from tests.web.conftest import OpenPage
from tests.web.stage import Frame, Stage, Turn

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("markdown")]

#: What Chromium says of every handshake that fails.
FAILED = ("WebSocket connection to", "Failed to load resource")


async def ask(page: Page, question: str) -> None:
    await page.get_by_role("textbox", name="Your question").fill(question)
    await page.keyboard.press("Enter")


async def connected(page: Page) -> None:
    await expect(page.locator("#link")).to_have_attribute("data-state", "open")


class Resuming:
    """A server that knows `resume`: says the first half, and the rest to whoever comes back for it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._turn: Turn
        self.halfway = asyncio.Event()

    async def on_ask(self, turn: Turn) -> None:
        self._turn = turn
        await scenes.find(turn)
        await turn.text("A refund takes **at most ")
        self.halfway.set()

    async def on_frame(self, socket: ServerConnection, frame: Frame) -> None:
        turn = self._turn
        turn.socket = socket
        reply = {"type": "resumed", "re": frame["id"], "session": frame["session"], "turn": frame["turn"]}
        await self._stage.send(socket, {**reply, "state": "running", "from": frame["after"] + 1, "to": 7})
        # What the client has already, once more: a cursor may be behind.
        await self._stage.send(
            socket, turn.frame("text", seq=5, part="answer", step=1, content="A refund takes **at most ")
        )
        await turn.text("5 working days** [1].")
        await scenes.finish(turn)


async def test_reconnects_in_mid_answer_without_loss_or_repetition(open_page: OpenPage, stage: Stage) -> None:
    server = Resuming(stage)
    stage.on_ask, stage.on_frame = server.on_ask, server.on_frame
    page = await open_page(tolerate=FAILED)
    await ask(page, scenes.QUESTION)
    await expect(page.locator("strong")).to_have_text("at most")
    stage.down = True
    await stage.drop()
    await expect(page.locator("#link-text")).to_contain_text("Reconnecting in")
    await expect(page.locator(".trail li").last).to_have_text("Reconnecting to the answer")
    stage.down = False
    await connected(page)
    await expect(page.locator(".prose")).to_have_text("A refund takes at most 5 working days 1.")
    await expect(page.locator(".turn")).to_have_attribute("data-state", "done")
    assert (await stage.wait_for("resume"))["after"] == 5
    assert stage.subprotocols[1] != "bearer.token-1"


async def test_an_answer_that_cannot_be_resumed_says_so_and_is_asked_again(open_page: OpenPage, stage: Stage) -> None:
    async def on_frame(socket: ServerConnection, frame: Frame) -> None:
        error = {"type": "error", "code": "unknown_action", "message": "unknown", "retryable": False}
        await stage.send(socket, {**error, "re": frame["id"]})

    stage.on_ask, stage.on_frame = scenes.halting(asyncio.Event(), "A refund takes"), on_frame
    page = await open_page(tolerate=FAILED)
    await ask(page, scenes.QUESTION)
    await expect(page.locator(".prose")).to_have_text("A refund takes")
    await stage.drop()
    trouble = page.locator(".trouble").filter(visible=True)
    await expect(trouble).to_contain_text("the rest of this answer did not arrive")
    await expect(page.locator(".prose")).to_have_text("A refund takes")
    stage.on_ask = scenes.whole
    await trouble.get_by_role("button", name="Ask again").click()
    await expect(page.locator(".turn")).to_have_attribute("data-state", "done")


async def test_a_question_asked_without_connection_is_sent_later(open_page: OpenPage, stage: Stage) -> None:
    stage.on_ask = scenes.whole
    page = await open_page(tolerate=FAILED)
    await connected(page)
    stage.down = True
    await stage.drop()
    await expect(page.locator("#link")).to_have_attribute("data-state", "waiting")
    await ask(page, scenes.QUESTION)
    await expect(page.locator(".trail")).to_have_text("Will be sent once connected")
    assert stage.received == []
    stage.down = False
    await expect(page.locator(".turn")).to_have_attribute("data-state", "done")
    assert len(stage.received) == 1


async def test_the_same_id_when_the_connection_breaks_before_accepted(open_page: OpenPage, stage: Stage) -> None:
    async def vanish(turn: Turn) -> None:
        stage.on_ask = scenes.whole
        await stage.drop()

    stage.on_ask = vanish
    page = await open_page(tolerate=FAILED)
    await ask(page, scenes.QUESTION)
    await expect(page.locator(".turn")).to_have_attribute("data-state", "done")
    first, second, *more = stage.received
    assert first == second
    assert [frame["action"] for frame in more] == ["resume"], "the first may have been taken after all"


async def test_offline_and_online_again(open_page: OpenPage, stage: Stage) -> None:
    page = await open_page(tolerate=FAILED)
    await connected(page)
    await page.context.set_offline(True)
    await stage.drop()
    await expect(page.locator("#link-text")).to_have_text("Offline")
    await page.context.set_offline(False)
    await connected(page)


async def test_try_now_does_not_wait(open_page: OpenPage, stage: Stage) -> None:
    stage.down = True
    page = await open_page(tolerate=FAILED)
    now = page.get_by_role("button", name="Try now")
    await expect(now).to_be_visible(timeout=20_000)
    stage.down = False
    await now.click()
    await connected(page)
    await expect(now).to_be_hidden()


async def test_an_expired_token_is_renewed_without_bothering_anyone(open_page: OpenPage, stage: Stage) -> None:
    async def refuse(turn: Turn) -> None:
        stage.on_ask = scenes.whole
        error = {"type": "error", "code": "unauthorized", "message": "expired", "retryable": False}
        await stage.send(turn.socket, {**error, "re": turn.ask["id"]})

    stage.on_ask = refuse
    page = await open_page()
    await ask(page, scenes.QUESTION)
    await expect(page.locator(".turn")).to_have_attribute("data-state", "done")
    assert stage.subprotocols == ["thinkaloud.v1", "bearer.token-2"]


async def test_rotate_opens_the_next_connection_before_the_old_one_closes(open_page: OpenPage, stage: Stage) -> None:
    server = Resuming(stage)
    stage.on_ask, stage.on_frame = server.on_ask, server.on_frame
    page = await open_page()
    await ask(page, scenes.QUESTION)
    await server.halfway.wait()
    await stage.send(stage.sockets[0], {"type": "rotate"})
    await expect(page.locator(".turn")).to_have_attribute("data-state", "done")
    await stage.sockets[0].wait_closed()
    assert len(stage.sockets) == 2
    assert stage.sockets[0].close_code == 1000


async def test_a_ping_after_five_quiet_minutes_and_a_new_connection_where_nothing_answers(
    open_page: OpenPage, stage: Stage
) -> None:
    page = await open_page(path="icon.svg", tolerate=FAILED)
    await page.clock.install()
    async with page.expect_websocket() as opening:
        await page.goto(stage.url)
    socket = await opening.value
    await connected(page)
    async with socket.expect_event("framereceived"):
        await page.clock.run_for(5 * 60_000)
    await stage.wait_for("ping")
    stage.answers_pings = False
    await page.clock.run_for(5 * 60_000)
    await stage.wait_for("ping", 2)
    # How soon it tries again is up to chance, so that a moment between the two is not always to be seen.
    await page.clock.run_for(15_000)
    async with asyncio.timeout(20):
        while len(stage.sockets) < 2:
            await page.clock.run_for(1_000)
    await connected(page)
    assert len(stage.sockets) == 2


async def test_address_and_token_by_hand(open_page: OpenPage, stage: Stage) -> None:
    stage.config, stage.on_ask = None, scenes.whole
    page = await open_page(tolerate=FAILED)
    await expect(page.get_by_role("heading", name="Connect to a server")).to_be_visible()
    address, token = page.get_by_label("Address"), page.get_by_label("Token")
    connect = page.get_by_role("button", name="Connect", exact=True)

    await address.fill("http://example.com")
    await connect.click()
    await expect(page.get_by_role("alert")).to_contain_text("has to start with wss://")
    await expect(address).to_be_focused()
    await address.fill(stage.ws)
    await token.fill("two words")
    await connect.click()
    await expect(page.get_by_role("alert")).to_contain_text("A token is one word")
    await token.fill("my-own.token")
    await connect.click()
    await connected(page)
    await expect(page.get_by_role("heading", name="Connect to a server")).to_be_hidden()
    assert stage.subprotocols == ["thinkaloud.v1", "bearer.my-own.token"]
    assert await page.evaluate("localStorage.length") == 0

    await ask(page, scenes.QUESTION)
    await expect(page.locator(".turn")).to_have_attribute("data-state", "done")
    await page.get_by_role("button", name="Change").click()
    await expect(address).to_be_visible()


async def test_a_typed_address_that_does_not_answer_is_asked_for_again(open_page: OpenPage, stage: Stage) -> None:
    stage.config, stage.down = None, True
    page = await open_page(tolerate=FAILED)
    await page.get_by_label("Address").fill(stage.ws)
    await page.get_by_label("Token").fill("token")
    await page.get_by_role("button", name="Connect", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("No connection.")
    await expect(page.get_by_label("Address")).to_have_value(stage.ws)

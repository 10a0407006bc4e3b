from __future__ import annotations

import json
from pathlib import Path

import pytest

from localcloud.gateway.pages import Page, PageRequest
from localcloud.page import ChatPage

CONFIG = {"ws": "ws://127.0.0.1:1/live", "token": "jwt", "user": "李雷"}


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """The page's folder, with a file beside it that is nobody's business."""
    folder = tmp_path / "web"
    (folder / "js").mkdir(parents=True)
    for name in ("index.html", "style.css", "js/main.js", "js/purify.mjs", "icon.svg", "photo.png", "data.unknown"):
        (folder / name).write_text(name)
    (tmp_path / "secrets.json").write_text("secret")
    (folder / "link.json").symlink_to(tmp_path / "secrets.json")
    return folder


@pytest.fixture
def page(web: Path) -> ChatPage:
    return ChatPage(web, lambda: CONFIG)


async def get(page: ChatPage, path: str, host: str = "127.0.0.1:8080") -> Page:
    return await page(PageRequest(path, {}, {"host": host}))


@pytest.mark.parametrize(
    ("path", "media"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/js/main.js", "text/javascript; charset=utf-8"),
        ("/js/purify.mjs", "text/javascript; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
        ("/photo.png", "image/png"),
        ("/data.unknown", "application/octet-stream"),
    ],
)
async def test_files_have_the_media_type_that_browsers_ask_of_modules(page: ChatPage, path: str, media: str):
    answer = await get(page, path)
    assert (answer.status, answer.media) == (200, media)
    assert answer.body.decode() == (path.lstrip("/") or "index.html")


@pytest.mark.parametrize(
    "path",
    [
        "/../secrets.json",
        "//../secrets.json",
        "/js/../../secrets.json",
        "/..\\secrets.json",
        "/link.json",
        "/js",
        "/js/",
        "/missing.js",
        "/secrets.json",
        "/index.html\0.png",
        "/" + "x" * 5_000,
        "/\udcff",
    ],
)
async def test_there_is_nothing_beside_the_folder(page: ChatPage, path: str):
    answer = await get(page, path)
    assert (answer.status, answer.media) == (404, "text/plain; charset=utf-8")
    assert answer.body == b"there is no such file here\n"


async def test_not_even_by_its_absolute_path(page: ChatPage, web: Path):
    assert (await get(page, f"/{web.parent / 'secrets.json'}")).status == 404


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "127.0.0.1", "localhost:8080", "localhost", "[::1]:8080", "[::1]"])
async def test_this_machine_under_its_own_names(page: ChatPage, host: str):
    answer = await get(page, "/local/config.json", host)
    assert (answer.status, answer.media) == (200, "application/json")
    assert json.loads(answer.body) == CONFIG


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example:8080", "[::1].x"],
)
@pytest.mark.parametrize("path", ["/", "/local/config.json"])
async def test_a_foreign_name_for_this_machine_gets_nothing(page: ChatPage, host: str, path: str):
    """A page elsewhere may have its name resolve to 127.0.0.1, and then read answers as its own."""
    answer = await get(page, path, host)
    assert answer.status == 403
    assert b"jwt" not in answer.body
    assert b"127.0.0.1" in answer.body


async def test_without_a_host_there_is_no_answer(page: ChatPage):
    assert (await page(PageRequest("/", {}, {}))).status == 403


@pytest.mark.parametrize("path", ["/", "/js/main.js", "/local/config.json", "/missing"])
async def test_every_answer_says_what_the_page_may_do(page: ChatPage, path: str):
    headers = (await get(page, path)).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["connect-src"] == "'self' ws: wss: https: http://127.0.0.1:* http://localhost:*"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == policy["form-action"] == "'none'"
    assert (policy["require-trusted-types-for"], policy["trusted-types"]) == ("'script'", "dompurify")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


async def test_the_token_is_stored_nowhere_and_files_are_asked_for_again(page: ChatPage):
    assert (await get(page, "/local/config.json")).headers["Cache-Control"] == "no-store"
    assert (await get(page, "/js/main.js")).headers["Cache-Control"] == "no-cache"


async def test_the_config_is_made_for_each_who_asks(web: Path):
    tokens = iter("ab")
    page = ChatPage(web, lambda: {"token": next(tokens)})
    asked = [json.loads((await get(page, "/local/config.json")).body) for _ in range(2)]
    assert asked == [{"token": "a"}, {"token": "b"}]

"""What the terminal chat says by itself, in both languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from thinkaloud.language import Language

_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words; `{}` marks are for `str.format`."""

    greeting: str
    hints: str
    resume: str
    asking: str
    tokens: str
    estimated: str
    stopping: str
    stopped: str
    not_stopped: str
    cut: str
    filtered: str
    uncovered: str
    page: str
    new_session: str
    unknown_command: str
    failed: str
    no_cloud: str


_WORDS: dict[Language, Words] = {
    "en": Words(
        greeting="Thinkaloud. Ask in English or Chinese.",
        hints="Ctrl-C stops an answer, at the prompt it leaves. /new starts another conversation, /quit leaves.",
        resume="To go on later: thinkaloud chat --session {}",
        asking="Asking",
        tokens="{} tokens in, {} out",
        estimated="estimated",
        stopping="Stopping",
        stopped="Stopped.",
        not_stopped="Not listening any more; the answer itself may go on.",
        cut="The answer reached its length limit.",
        filtered="The model's provider withheld the rest.",
        uncovered="Not covered by the documents",
        page="p. {}",
        new_session="New conversation.",
        unknown_command="{}: no such command; there are /new and /quit.",
        failed="{}",
        no_cloud="No local cloud is running. Start one with `make dev`, or name another with --url and --token.",
    ),
    "zh": Words(
        greeting="Thinkaloud：请用中文或英文提问。",
        hints="Ctrl-C 停止回答，在提示符处则退出。/new 开始新会话，/quit 退出。",
        resume="继续此会话：thinkaloud chat --session {}",
        asking="正在提问",
        tokens="输入 {} 词元，输出 {} 词元",
        estimated="估算",
        stopping="正在停止",
        stopped="已停止。",
        not_stopped="已不再接收；服务端可能仍在回答。",
        cut="回答达到了长度上限。",
        filtered="其余内容被模型服务方屏蔽。",
        uncovered="资料未涵盖此问题",
        page="第 {} 页",
        new_session="已开始新会话。",
        unknown_command="没有命令 {}；可用的有 /new 和 /quit。",
        failed="出错了：{}",
        no_cloud="本地云没有运行。请用 `make dev` 启动，或用 --url 和 --token 指定其他地址。",
    ),
}


#: What a client's exception means, by its name, for those who read Chinese; the English is the exception's own.
_FAILURES = {
    "BadAddress": "地址无法使用",
    "BadToken": "令牌无法发送",
    "HandshakeRefused": "服务器拒绝了连接，请检查令牌和地址",
    "CannotConnect": "无法连接服务器",
    "ConnectionLost": "连接中断，服务端可能仍在回答",
    "NoReply": "没有收到回复",
    "FramesMissing": "回答不完整，部分内容没有送达",
    "Refused": "服务端拒绝了请求",
    "RequestRefused": "HTTP API 拒绝了请求",
    "TurnLost": "服务端没有这个回答，或已过期",
    "GatewayError": "网关报告了错误",
    "InvalidFrame": "这个问题无法发送",
}


def explain(error: Exception, language: Language) -> str:
    """What went wrong, for a person; the technical words follow in brackets where they are English."""
    if language == "zh":
        for kind in type(error).__mro__:
            if kind.__name__ in _FAILURES:
                return f"{_FAILURES[kind.__name__]}（{error}）"
    return str(error)


def words(language: Language) -> Words:
    """The words of one language."""
    return _WORDS[language]


def system_locale(environ: Mapping[str, str]) -> str | None:
    """The locale that POSIX variables ask for, as the protocol writes it (`zh-CN`); None for C, POSIX and nothing."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(name, "")
        if value:
            return valid_locale(value.partition(".")[0].partition("@")[0])
    return None


def valid_locale(value: str) -> str | None:
    """`zh_CN` -> `zh-CN`; None for what is no locale."""
    if not _LOCALE.fullmatch(value) or value == "POSIX":
        return None
    return value.replace("_", "-")

"""What people read besides the answer, in both languages."""

from __future__ import annotations

from thinkaloud.language import Language

_LABELS: dict[str, dict[Language, str]] = {
    "retrieval.start": {"en": "Searching the documents", "zh": "正在检索资料"},
    "retrieval.end": {"en": "Found {count} passages", "zh": "找到 {count} 段相关资料"},
    "retrieval.end.one": {"en": "Found 1 passage", "zh": "找到 1 段相关资料"},
    "retrieval.end.none": {"en": "Found nothing on this in the documents", "zh": "资料中没有找到相关内容"},
    "retrieval.error": {
        "en": "The search failed; answering without the documents",
        "zh": "检索失败，以下回答未参考资料",
    },
    "generation.start": {"en": "Writing the answer", "zh": "撰写回答"},
    "generation.error": {"en": "The answer broke off", "zh": "回答中断"},
}

#: Error code -> what a client may show. Codes are those of `thinkaloud.client_codes.CLIENT_CODES`.
_ERRORS: dict[str, dict[Language, str]] = {
    "busy": {
        "en": "The previous question is still being answered. Wait for it, or stop it.",
        "zh": "上一个问题还在回答中，请等待完成或先停止。",
    },
    "forbidden": {"en": "This conversation belongs to someone else.", "zh": "该会话属于其他用户。"},
    "throttled": {"en": "Too many requests just now. Please try again.", "zh": "当前请求过多，请稍后重试。"},
    "storage_unavailable": {
        "en": "The conversation could not be stored. Please try again.",
        "zh": "会话暂时无法保存，请重试。",
    },
    "knowledge_unavailable": {"en": "The documents cannot be searched right now.", "zh": "暂时无法检索资料。"},
    "model_refused": {
        "en": "The language model refused the request. Please tell your administrator.",
        "zh": "语言模型拒绝了请求，请联系管理员。",
    },
    "model_busy": {"en": "The language model is overloaded. Please try again.", "zh": "语言模型繁忙，请稍后重试。"},
    "model_unavailable": {
        "en": "The language model cannot be reached. Please try again.",
        "zh": "暂时无法连接语言模型，请重试。",
    },
    "model_broken": {
        "en": "The language model's answer broke off. Please try again.",
        "zh": "语言模型的回答中断了，请重试。",
    },
    "model_stalled": {
        "en": "The language model stopped responding. Please try again.",
        "zh": "语言模型长时间没有响应，请重试。",
    },
    "wrong_user": {
        "en": "This sign-in belongs to someone else. Open a new connection for it.",
        "zh": "该登录凭证属于其他用户，请为其新建连接。",
    },
    "sign_in_unavailable": {
        "en": "Your sign-in cannot be checked right now. Please try again.",
        "zh": "暂时无法验证登录，请稍后重试。",
    },
    "crashed": {
        "en": "The answer broke off on our side. Please ask again.",
        "zh": "回答因服务故障中断，请重新提问。",
    },
    "unauthorized": {"en": "Your sign-in has expired. Please connect again.", "zh": "登录已过期，请重新连接。"},
    "internal": {"en": "Something went wrong on our side. Please try again.", "zh": "服务出现问题，请重试。"},
}

#: Code of a `notice` -> what a client may show.
_NOTICES: dict[str, dict[Language, str]] = {
    "authenticated": {"en": "Your sign-in was renewed.", "zh": "登录已续期。"},
    "stopping": {"en": "The answer is being stopped.", "zh": "正在停止回答。"},
    "already_ended": {"en": "The answer has ended already.", "zh": "回答已经结束。"},
    "unknown_turn": {
        "en": "There is no such question. Should it still come, it will be stopped.",
        "zh": "没有这个提问；如果稍后收到，将会停止回答。",
    },
}


def label(name: str, language: Language, **values: object) -> str:
    """The text of a `status`."""
    return _LABELS[name][language].format(**values)


def error_message(code: str, language: Language) -> str:
    """The text of an `error` frame; codes about malformed frames have none, their exception says it."""
    return _ERRORS[code][language]


def notice_message(code: str, language: Language) -> str:
    """The text of a `notice` frame."""
    return _NOTICES[code][language]

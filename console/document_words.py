"""What `thinkaloud ingest` says, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from console.words import explain
from thinkaloud.client.errors import RequestRefused
from thinkaloud.language import Language


@dataclass(frozen=True, slots=True)
class DocumentWords:
    """One language's words; `{}` marks are for `str.format`."""

    overall: str
    hashing: str
    uploading: str
    queued: str
    reading: str
    so_far: str
    deleting: str
    ready: str
    unchanged: str
    deleted: str
    absent: str
    failed: str
    chunk: str
    chunks: str
    file: str
    outcome: str
    detail: str
    seconds: str
    summary: str
    more: str
    nothing: str
    unreadable: str
    misspelt: str
    twice: str
    interrupted: str
    ended: str


_WORDS: dict[Language, DocumentWords] = {
    "en": DocumentWords(
        overall="All files",
        hashing="comparing",
        uploading="uploading",
        queued="waiting to be read",
        reading="reading",
        so_far="reading, {} passages so far",
        deleting="deleting",
        ready="loaded",
        unchanged="unchanged",
        deleted="deleted",
        absent="not there",
        failed="failed",
        chunk="1 passage",
        chunks="{} passages",
        file="File",
        outcome="Outcome",
        detail="Detail",
        seconds="Time",
        summary="{} loaded (passages: {}), {} unchanged, {} deleted, {} failed",
        more="... and {} more without trouble",
        nothing="There is no file in what was given.",
        unreadable="The file cannot be read: {}",
        misspelt="The file's name is not UTF-8; rename it.",
        twice="Another file of this run is called {} too; load their folder instead.",
        interrupted="Interrupted. The same command goes on where this one ended.",
        ended="Ended early: {}",
    ),
    "zh": DocumentWords(
        overall="全部文件",
        hashing="比对",
        uploading="上传",
        queued="等待读取",
        reading="读取",
        so_far="读取，已有 {} 段",
        deleting="删除",
        ready="已导入",
        unchanged="未变",
        deleted="已删除",
        absent="不存在",
        failed="失败",
        chunk="1 段",
        chunks="{} 段",
        file="文件",
        outcome="结果",
        detail="说明",
        seconds="用时",
        summary="导入 {} 个（{} 段），未变 {} 个，删除 {} 个，失败 {} 个",
        more="……另有 {} 个没有问题",
        nothing="给出的路径里没有文件。",
        unreadable="无法读取文件：{}",
        misspelt="文件名不是 UTF-8 编码，请改名。",
        twice="本次另有文件也叫 {}；请改为导入它们所在的文件夹。",
        interrupted="已中断。再次运行同一命令会从中断处继续。",
        ended="提前结束：{}",
    ),
}

#: The typed outcomes of documents, and the API's refusals, for a person.
_REASONS: dict[Language, dict[str, str]] = {
    "en": {
        "unsupported": "Files of this kind cannot be read.",
        "empty": "There is no text in it.",
        "scanned": "Its pages are pictures, without text to search. Run text recognition (OCR) over it first.",
        "encrypted": "It is locked with a password. Save it without one.",
        "broken": "It is damaged and cannot be opened.",
        "misnamed": "What is in it does not fit the end of its name. Give it its right ending.",
        "too_large": "It is too large. Split it.",
        "bomb": "It would unpack to far more than it seems to hold, so it was not opened.",
        "unauthorized": "The token is not accepted; it may have run out.",
        "forbidden": "The token does not allow this: it needs the scopes documents:read and documents:write.",
        "upload_refused": "The bucket did not take the file.",
        "expired": "Its file did not arrive in time.",
        "busy": "It is still being deleted. Try again in a moment.",
        "gone": "It was deleted while it was loaded.",
    },
    "zh": {
        "unsupported": "无法读取这种文件。",
        "empty": "里面没有文字。",
        "scanned": "页面都是图片，没有可检索的文字。请先做文字识别（OCR）。",
        "encrypted": "有密码保护。请另存为无密码的文件。",
        "broken": "已损坏，无法打开。",
        "misnamed": "内容与扩展名不符。请改成正确的扩展名。",
        "too_large": "太大。请拆分。",
        "bomb": "解压后远大于它看上去的大小，因此没有打开。",
        "unauthorized": "令牌未被接受，可能已过期。",
        "forbidden": "令牌没有此权限：需要 documents:read 和 documents:write。",
        "upload_refused": "存储桶没有收下这个文件。",
        "expired": "文件没有按时送达。",
        "busy": "还在删除中，请稍候再试。",
        "gone": "导入过程中被删除了。",
    },
}


def document_words(language: Language) -> DocumentWords:
    """The words of one language."""
    return _WORDS[language]


def reason(code: str, message: str, language: Language) -> str:
    """Why something failed; the server's own words where there are none for its code."""
    return _REASONS[language].get(code) or message or code


def trouble(error: Exception, language: Language) -> str:
    """What ended a run."""
    if isinstance(error, RequestRefused) and error.code in _REASONS[language]:
        return reason(error.code, error.message, language)
    return explain(error, language)

"""Why a document could not be read, in the reader's language. The register keeps the English line."""

from __future__ import annotations

from thinkaloud.language import Language
from thinkaloud.state.documents import StoredDocument

_CHINESE = {
    "bomb": "{name}：解压后的内容大得不合理，未予读取。",
    "broken": "{name}：文件已损坏，或读取它所需的内存超出限制；请在原软件中打开并重新保存。",
    "crashed": "{name}：多次尝试后仍无法读取；请拆分后重新上传，或联系管理员。",
    "empty": "{name}：文件中没有可用的文字。",
    "encrypted": "{name}：文件有密码保护；请去除密码后重新上传。",
    "expired": "{name}：未在规定时间内上传；请重新上传。",
    "knowledge_unavailable": "{name}：处理所需的服务没有应答；请稍后重新上传。",
    "misnamed": "{name}：文件内容与扩展名不符；请改正扩展名，或另存为正确的格式。",
    "missing": "{name}：找不到已上传的文件；请重新上传。",
    "scanned": "{name}：页面是图片，没有文字；请先进行文字识别（OCR）。",
    "storage_unavailable": "{name}：存储服务没有应答；请稍后重新上传。",
    "throttled": "{name}：存储服务繁忙；请稍后重新上传。",
    "too_large": "{name}：文件过大，或读取时间过长；请拆分后重新上传。",
    "unreadable": "{name}：无法读取该文件。",
    "unsupported": "{name}：不支持这种类型或编码的文件。",
    "wrong_size": "{name}：上传的字节数与声明的不符；请重新上传。",
}


def failure_message(document: StoredDocument, language: Language) -> str:
    """The line for a person; empty where nothing failed."""
    if document.failure is None:
        return ""
    words = _CHINESE.get(document.failure.code) if language == "zh" else None
    return words.format(name=document.announced.name) if words else document.failure.message

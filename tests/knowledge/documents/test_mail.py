"""E-mail: who, when, what, and the names of what came with it."""

from __future__ import annotations

from email.message import EmailMessage

from tests.knowledge.documents.conftest import Blocks, Read, Refusal


def message(subject: str = "退款 refunds", text: str = "", html: str = "") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = "李雷 <lei@qinghe.example>", "help@qinghe.example"
    mail["Subject"], mail["Date"] = subject, "Mon, 05 Oct 2026 10:00:00 +0800"
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


def test_a_mail_is_titled_by_its_subject(read: Read) -> None:
    document = read("a.eml", message(text="What about my refund?\n\n五天了。\n").as_bytes())
    assert document.title == "退款 refunds"
    assert [block.text for block in document.blocks()] == [
        "From: 李雷 <lei@qinghe.example>\nTo: help@qinghe.example\nDate: Mon, 05 Oct 2026 10:00:00 +0800",
        "What about my refund?",
        "五天了。",
    ]


def test_html_is_read_where_there_is_no_text(blocks: Blocks) -> None:
    html = "<table><tr><td><h1>Order</h1><p>Sent.</p></td></tr></table><script>alert(1)</script>"
    assert [block.text for block in blocks("a.eml", message(html=html).as_bytes())[1:]] == ["Order", "Sent."]


def test_attachments_are_named_and_not_read(blocks: Blocks) -> None:
    mail = message(text="See the files.")
    mail.add_attachment(b"PK\x03\x04 a bomb", maintype="application", subtype="zip", filename="账单.zip")
    mail.add_attachment(message("Fwd: boots", "inner text"))
    found = [block.text for block in blocks("a.eml", mail.as_bytes())]
    assert found[1:] == ["See the files.", "Attachments: 账单.zip, Fwd: boots"]


def test_a_charset_that_says_too_little_is_understood(blocks: Blocks) -> None:
    raw = b"From: a@x.example\nSubject: =?gb2312?B?zsrM4g==?=\nContent-Type: text/plain; charset=gb2312\n\n"
    assert blocks("a.eml", raw + "镕基，年假".encode("gbk"))[1].text == "镕基，年假"


def test_headers_that_break_the_librarys_parser_are_shown_as_they_are(read: Read) -> None:
    raw = b'From: =?utf-8?Q?=FF?= <<<>>@[ \nTo: "\nSubject: hi\nDate: never\nMessage-ID: [<\n\ntext\n'
    assert "text" in read("a.eml", raw).text()


def test_encrypted_mail_is_said_to_be(refusal: Refusal) -> None:
    raw = b"From: a@x.example\nContent-Type: multipart/encrypted; boundary=b\n\n--b\n\nx\n--b--\n"
    assert refusal("a.eml", raw)[0] == "encrypted"


def test_what_has_no_headers_is_no_mail(refusal: Refusal) -> None:
    assert refusal("a.eml", "Dear all,\n\nno header here")[0] == "misnamed"


def test_parts_within_parts_have_an_end(refusal: Refusal, blocks: Blocks) -> None:
    raw = "From: a@x.example\n" + "".join(
        f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n" for level in range(2_000)
    )
    assert refusal("a.eml", raw)[0] == "broken"

"""Every way in which a document can fail has its words in both languages."""

from __future__ import annotations

import pytest

from tests.builders import NOW
from thinkaloud import errors
from thinkaloud.library.clerk import OURS
from thinkaloud.library.words import failure_message
from thinkaloud.state.documents import Announced, DocumentKey, Failure, StoredDocument

CODES = {
    kind.code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.DocumentError)
}


def failed(code: str) -> StoredDocument:
    announced = Announced("退货 {0}.pdf", "application/pdf", 5, "lin", NOW)
    failure = Failure(code, "退货 {0}.pdf: as it is kept")
    return StoredDocument(DocumentKey("qinghe", "0" * 32), announced, 1, "failed", NOW, NOW, failure=failure)


@pytest.mark.parametrize("code", sorted(CODES | OURS | {"expired", "wrong_size"}))
def test_a_failure_in_both_languages(code: str) -> None:
    assert failure_message(failed(code), "en") == "退货 {0}.pdf: as it is kept"
    chinese = failure_message(failed(code), "zh")
    assert chinese.startswith("退货 {0}.pdf：")
    assert chinese.endswith("。")


def test_a_code_of_tomorrow_has_at_least_the_line_that_is_kept() -> None:
    assert failure_message(failed("melted"), "zh") == "退货 {0}.pdf: as it is kept"

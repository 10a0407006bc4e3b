"""Halves of a character that arrive in two deltas.

JSON may write a character beyond U+FFFF as two escapes, and some servers cut between them. Half a character cannot be
encoded as UTF-8, so the first half is held back until the second is there.
"""

from __future__ import annotations


class SurrogateJoiner:
    """Joins surrogate pairs over the pieces of one text; a half that stays alone becomes U+FFFD."""

    def __init__(self) -> None:
        self._held = ""

    def join(self, piece: str) -> str:
        """What may be shown now: `piece` after what was held, without a high surrogate at its end."""
        if not piece:
            return ""
        whole, self._held = self._held + piece, ""
        if "\ud800" <= whole[-1] <= "\udbff":
            whole, self._held = whole[:-1], whole[-1]
        return _repaired(whole)

    def rest(self) -> str:
        """What is left at the end of the text."""
        held, self._held = self._held, ""
        return _repaired(held)


def _repaired(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

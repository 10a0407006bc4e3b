"""Which version of the answer's prompt a session gets: shares of sessions, told apart by a stable hash."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from thinkaloud.dialogue.prompts import versions
from thinkaloud.errors import ConfigurationError

_SHARE = re.compile(r"([\w-]+):(\d{1,6})")


@dataclass(frozen=True)
class Variants:
    """Versions of the prompt `answer`, each with its weight among all.

    A session has one version from its first turn to its last, on every worker, as long as the shares stay.
    """

    shares: tuple[tuple[str, int], ...] = (("v1", 1),)

    @classmethod
    def parse(cls, text: str) -> Variants:
        """`v1:90,v2:10` -> nine sessions of ten get v1.

        Raises:
            ConfigurationError: it is written otherwise, names a version that is not there, or one twice.
        """
        found = [_SHARE.fullmatch(piece.strip()) for piece in text.split(",")]
        shares = tuple((match[1], int(match[2])) for match in found if match)
        if len(shares) < len(found) or not sum(weight for _, weight in shares):
            raise ConfigurationError(f"PROMPT_VARIANTS is {text!r}; it must be like v1:90,v2:10, with a weight above 0")
        known, names = versions("answer"), [name for name, _ in shares]
        if unknown := set(names) - set(known):
            raise ConfigurationError(f"PROMPT_VARIANTS names {min(unknown)!r}; there are {', '.join(known)}")
        if len(set(names)) < len(names):
            raise ConfigurationError(f"PROMPT_VARIANTS is {text!r}; it names a version twice")
        return cls(shares)

    def of(self, tenant: str, session: str) -> str:
        """The session's version."""
        digest = hashlib.blake2b(f"{tenant}\0{session}".encode(), digest_size=8).digest()
        place = int.from_bytes(digest, "big") % sum(weight for _, weight in self.shares)
        for name, weight in self.shares:
            if place < weight:
                return name
            place -= weight
        raise AssertionError("a place is below the sum of the weights")

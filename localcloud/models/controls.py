"""What can be changed from outside while the server runs: which model answers a question, and what fails."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from localcloud.models.openai_types import ApiError


class Override(BaseModel):
    """Where the last user message contains this text, `model` answers, whichever was asked for."""

    model_config = ConfigDict(extra="forbid")

    contains: str = Field(min_length=1)
    model: str = Field(min_length=1)


class Fault(BaseModel):
    """What befalls the next `count` requests to `path` (all, if null): a wait of `delay` s, then error `status`."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(pattern="^/")
    status: int | None = Field(None, ge=400, le=599)
    count: int | None = Field(1, ge=1)
    delay: float = Field(0, ge=0, le=3600)
    message: str = "A fault was put here."
    headers: dict[str, str] = {}

    @model_validator(mode="after")
    def _does_something(self) -> Fault:
        if self.status is None and not self.delay:
            raise ValueError("give a `status`, a `delay`, or both")
        return self

    def error(self) -> ApiError | None:
        """The error to answer with, or None where the request is only late."""
        if self.status is None:
            return None
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        return ApiError(self.status, self.message, kind=kind, code="fault", headers=self.headers)


class Controls:
    """The overrides and faults now in force; one of each for a text and for a path, the later replacing the earlier."""

    def __init__(self) -> None:
        self._overrides: dict[str, Override] = {}
        self._faults: dict[str, Fault] = {}

    @property
    def overrides(self) -> list[Override]:
        """Every override, oldest first."""
        return list(self._overrides.values())

    @property
    def faults(self) -> list[Fault]:
        """Every fault, `count` being what is left of it."""
        return list(self._faults.values())

    def put_override(self, override: Override) -> None:
        """Add an override, or replace the one for the same text."""
        self._overrides[override.contains] = override

    def drop_overrides(self, contains: str | None = None) -> None:
        """Take back the override for a text, or all."""
        if contains is None:
            self._overrides.clear()
        else:
            self._overrides.pop(contains, None)

    def put_fault(self, fault: Fault) -> None:
        """Add a fault, or replace the one on the same path."""
        self._faults[fault.path] = fault

    def drop_faults(self, path: str | None = None) -> None:
        """Take back the fault on a path, or all."""
        if path is None:
            self._faults.clear()
        else:
            self._faults.pop(path, None)

    def model_for(self, message: str, asked: str) -> str:
        """The model that answers `message`: the newest override that fits, else the one asked for."""
        for override in reversed(self._overrides.values()):
            if override.contains in message:
                return override.model
        return asked

    def strike(self, path: str) -> Fault | None:
        """The fault that befalls this request, if any; counts it down."""
        fault = self._faults.get(path)
        if fault is not None and fault.count is not None:
            if fault.count == 1:
                del self._faults[path]
            else:
                self._faults[path] = fault.model_copy(update={"count": fault.count - 1})
        return fault

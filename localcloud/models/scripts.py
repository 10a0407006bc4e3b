"""Scripts: models that do exactly what they are told, for tests and benchmarks.

`script:<name>` plays `scripts/<name>.yaml`, or what was put under that name over the admin API. A script is a list of
steps (see `script_steps`) and how it ends:

    description: Twenty words, then nothing more.
    steps:
      - {do: text, tokens: 20, rate: 50}       # or `text: "..."`; rate in tokens a second, 0 for all at once
      - {do: stall, delay: 0.5}                # every step may wait `delay` seconds first
    finish_reason: stop                        # null: the stream ends without one
    usage: true                                # false: no usage even if the client asks
    done: true                                 # false: no [DONE]
    next:                                      # what it does when called again in the same turn, after tool results
      - steps: [{do: text, text: "It is 21 degrees."}]
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from localcloud.models.openai_types import ApiError, model_not_found
from localcloud.models.performance import Action, FinishReason, Performance
from localcloud.models.script_steps import LAST_STEPS, Step, ToolCall

PREFIX = "script:"
SHIPPED = Path(__file__).parent / "scripts"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class Round(BaseModel):
    """One call's worth of a script."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: list[Step] = []
    finish_reason: FinishReason | Literal["auto"] | None = "auto"
    usage: bool = True
    done: bool = True

    @model_validator(mode="after")
    def _reachable(self) -> Round:
        for number, step in enumerate(self.steps[:-1], start=1):
            if isinstance(step, LAST_STEPS):
                raise ValueError(f"step {number} is `{step.do}`, which ends the stream: nothing after it would play")
        return self

    def perform(self) -> Performance:
        """The round as actions; `auto` finishes with `tool_calls` where it calls a tool, else with `stop`."""
        actions: list[Action] = [action for step in self.steps for action in step.actions()]
        reason = self.finish_reason
        if reason == "auto":
            reason = "tool_calls" if any(isinstance(step, ToolCall) for step in self.steps) else "stop"
        return Performance(actions, reason, self.usage, self.done)


class Script(Round):
    """A script: its first round, and the `next` ones for later calls in the same turn; the last one repeats."""

    description: str = ""
    next: list[Round] = []

    def perform_call(self, earlier_calls: int) -> Performance:
        """What it does when the model has been called `earlier_calls` times in this turn."""
        rounds = [self, *self.next]
        return rounds[min(earlier_calls, len(rounds) - 1)].perform()


class ScriptLibrary:
    """Scripts by name: those of a folder, read when first asked for, and those put at run time, which come first."""

    def __init__(self, folder: Path = SHIPPED) -> None:
        self._folder = folder
        self._read: dict[str, Script] = {}
        self._put: dict[str, Script] = {}

    def names(self) -> list[str]:
        """Every name there is, sorted."""
        return sorted({path.stem for path in self._folder.glob("*.yaml")} | self._put.keys())

    def get(self, name: str) -> Script:
        """The script of that name.

        Raises:
            ApiError: 404 `model_not_found`, or 500 where its file is not a script.
        """
        if name in self._put:
            return self._put[name]
        if name not in self._read:
            self._read[name] = self._load(name)
        return self._read[name]

    def put(self, name: str, script: Script) -> None:
        """Let `script:<name>` play this one from now on.

        Raises:
            ApiError: 400 for a name that no file could have.
        """
        if not _NAME.fullmatch(name):
            raise ApiError(400, f"'{name}' is no script name: use up to 64 of a-z, 0-9 and '-'.", code="invalid_value")
        self._put[name] = script

    def restore(self, name: str | None = None) -> None:
        """Forget what was put under that name, or under any."""
        if name is None:
            self._put.clear()
        else:
            self._put.pop(name, None)

    def _load(self, name: str) -> Script:
        path = self._folder / f"{name}.yaml"
        if not _NAME.fullmatch(name) or not path.is_file():
            raise model_not_found(PREFIX + name, f"Scripts: {', '.join(self.names())}.")
        try:
            return Script.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (yaml.YAMLError, ValidationError) as broken:
            raise ApiError(500, f"{path.name} is not a script: {broken}", kind="server_error") from broken

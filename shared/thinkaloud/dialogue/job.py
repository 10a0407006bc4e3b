"""What `default` hands to `turn`: the payload of the asynchronous invocation, and who sends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ConfigDict, TypeAdapter

from thinkaloud.errors import DispatchFailed
from thinkaloud.state.records import Question

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


@dataclass(frozen=True)
class TurnJob:
    """A turn to run: the question, the connection that hears the answer, and the session's last ended turns."""

    __pydantic_config__ = ConfigDict(defer_build=True)

    question: Question
    connection: str
    recent: tuple[str, ...]


_JOB: TypeAdapter[TurnJob] = TypeAdapter(TurnJob)


def encode_job(job: TurnJob) -> bytes:
    """The job as JSON."""
    return _JOB.dump_json(job)


def decode_job(event: dict[str, Any]) -> TurnJob:
    """The job from an invocation's event.

    Raises:
        pydantic.ValidationError: the function was invoked with something else.
    """
    return _JOB.validate_python(event)


class Dispatcher(Protocol):
    """Starts a turn and does not wait for it."""

    def dispatch(self, job: TurnJob) -> None:
        """Hand the job over; it may arrive more than once.

        Raises:
            DispatchFailed: it was not taken.
        """


class LambdaDispatcher:
    """Invokes the turn function asynchronously: a WebSocket integration ends after 29 s, an answer may take longer."""

    def __init__(self, client: LambdaClient, function: str) -> None:
        self._client = client
        self._function = function

    def dispatch(self, job: TurnJob) -> None:
        try:
            self._client.invoke(FunctionName=self._function, InvocationType="Event", Payload=encode_job(job))
        except (ClientError, BotoCoreError) as error:
            raise DispatchFailed(f"the turn could not be started: {error}") from error


class RecordingDispatcher:
    """Keeps the jobs, for tests."""

    def __init__(self) -> None:
        self.jobs: list[TurnJob] = []

    def dispatch(self, job: TurnJob) -> None:
        self.jobs.append(job)

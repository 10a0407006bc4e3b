"""What `default` hands to `turn`: the payload of the asynchronous invocation, and who sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from thinkaloud.errors import DispatchFailed
from thinkaloud.state.records import Reader, TurnKey

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


# Deferred on the dataclass: only the turn function ever reads a job, and `default` need not build the schema.
@dataclass(frozen=True, config=ConfigDict(defer_build=True))
class TurnJob:
    """See to a turn: run it if nobody does, else replay it to `reader`.

    It holds ids alone; the question is in the table. `last_try`: nobody will come after this worker, so that a turn
    that was broken off is closed and not started over.
    """

    key: TurnKey
    reader: Reader | None = None
    last_try: bool = False


_JOB: TypeAdapter[TurnJob] = TypeAdapter(TurnJob)


def encode_job(job: TurnJob) -> bytes:
    """The job as JSON."""
    return _JOB.dump_json(job)


def decode_job(event: dict[str, Any]) -> TurnJob:
    """The job from an invocation's event, or from the record of one that failed for good.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html

    Raises:
        pydantic.ValidationError: the function was invoked with something else.
    """
    if "requestPayload" in event:
        return _JOB.validate_python({**event["requestPayload"], "last_try": True})
    return _JOB.validate_python(event)


class Dispatcher(Protocol):
    """Starts a worker and does not wait for it."""

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

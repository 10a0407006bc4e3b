"""`Aws`: the AWS services that functions use, started and filled from the template."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from localcloud.aws.credentials import signing_environment
from localcloud.aws.errors import AwsUnavailable
from localcloud.aws.keeping import restore, save
from localcloud.aws.process import MotoProcess
from localcloud.aws.storage import create_buckets, create_queues
from localcloud.template.model import Application, Table
from localcloud.template.translate import REGION

if TYPE_CHECKING:
    from types import TracebackType

LOG = logging.getLogger(__name__)


class Aws:
    """DynamoDB, Secrets Manager and the rest at one URL.

    A moto process of our own, unless `environment` (the user's) has `AWS_ENDPOINT_URL`: then that endpoint is used and
    left running. With `keep`, a file, moto's tables begin with what they held for good when it was stopped.
    """

    def __init__(self, environment: Mapping[str, str] | None = None, *, keep: Path | None = None) -> None:
        environment = os.environ if environment is None else environment
        self._given_url = environment.get("AWS_ENDPOINT_URL")
        self._credentials = signing_environment(environment)
        self._keep = None if self._given_url else keep
        self._tables: list[Table] = []
        self._moto: MotoProcess | None = None
        self._url: str | None = None

    @property
    def url(self) -> str:
        """The endpoint of every service."""
        if self._url is None:
            raise RuntimeError("start() comes first")
        return self._url

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which any AWS client finds these services."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            **self._credentials,
        }

    async def start(self, port: int = 0) -> Self:
        """Starts moto on `port` (0: any free one), or takes the endpoint the user names. AwsUnavailable if it fails."""
        if self._given_url:
            self._url = self._given_url
        else:
            self._moto, self._url = await MotoProcess.start(port, self._credentials)
        return self

    async def stop(self) -> None:
        """Ends moto, if it is ours."""
        moto, self._moto = self._moto, None
        if moto is None:
            return
        try:
            if self._keep is not None and self._tables:
                await asyncio.to_thread(save, self._client("dynamodb"), self._tables, self._keep)
        except (BotoCoreError, ClientError) as error:
            LOG.warning("the tables are not kept: %s", error)
        finally:
            await moto.stop()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def create(self, application: Application) -> None:
        """Creates the application's tables, queues and buckets. What exists keeps what is in it."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.to_thread(self._create_tables, list(application.tables.values())))
            tasks.create_task(asyncio.to_thread(self._create_storage, application))

    def forget(self) -> None:
        """Begin with empty tables, whatever the last run kept."""
        if self._keep is not None:
            self._keep.unlink(missing_ok=True)

    async def put_secret(self, name: str, value: str) -> str:
        """Stores a secret, replacing an older value, and gives its ARN."""
        return await asyncio.to_thread(self._put_secret, name, value)

    def _create_tables(self, tables: list[Table]) -> None:
        dynamodb = self._client("dynamodb")
        with self._reachable():
            for table in tables:
                try:
                    dynamodb.create_table(**table.create)
                except dynamodb.exceptions.ResourceInUseException:
                    LOG.info("the table %s is there already", table.name)
                    continue
                dynamodb.get_waiter("table_exists").wait(TableName=table.name, WaiterConfig={"Delay": 1})
                if table.ttl_attribute:
                    dynamodb.update_time_to_live(
                        TableName=table.name,
                        TimeToLiveSpecification={"Enabled": True, "AttributeName": table.ttl_attribute},
                    )
            if self._keep is not None:
                restore(dynamodb, tables, self._keep)
        self._tables = tables

    def _create_storage(self, application: Application) -> None:
        if not application.queues and not application.buckets:
            return
        with self._reachable():
            create_queues(self._client("sqs"), application.queues.values())
            create_buckets(self._client("s3"), application.buckets.values())

    def _put_secret(self, name: str, value: str) -> str:
        secrets = self._client("secretsmanager")
        with self._reachable():
            try:
                answer = secrets.create_secret(Name=name, SecretString=value)
            except secrets.exceptions.ResourceExistsException:
                answer = secrets.put_secret_value(SecretId=name, SecretString=value)
        return str(answer["ARN"])

    @contextlib.contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except EndpointConnectionError:
            advice = ", which AWS_ENDPOINT_URL names; start it, or unset the variable" if self._given_url else ""
            raise AwsUnavailable(f"nothing answers at {self.url}{advice}") from None

    def _client(self, service: str) -> Any:
        session = boto3.session.Session(
            aws_access_key_id=self._credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self._credentials["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=self._credentials.get("AWS_SESSION_TOKEN"),
            region_name=REGION,
        )
        config = Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 1})
        return session.client(service, endpoint_url=self.url, config=config)  # type: ignore[call-overload]

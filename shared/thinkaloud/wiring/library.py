"""The parts that the `api` and the `ingest` function have in common."""

from __future__ import annotations

import os
from functools import cache

import boto3

from thinkaloud.library.jobs import SqsJobs
from thinkaloud.library.s3_uploads import CLIENT_CONFIG as S3_CONFIG
from thinkaloud.library.s3_uploads import S3Uploads
from thinkaloud.settings import TableSettings, UploadSettings, read
from thinkaloud.state.dynamo_documents import DynamoDocuments
from thinkaloud.state.items import CLIENT_CONFIG


@cache
def documents() -> DynamoDocuments:
    """The register."""
    return DynamoDocuments(boto3.client("dynamodb", config=CLIENT_CONFIG), read(TableSettings, os.environ).name)


@cache
def uploads() -> S3Uploads:
    """The bucket."""
    return S3Uploads(boto3.client("s3", config=S3_CONFIG), read(UploadSettings, os.environ).bucket)


@cache
def jobs() -> SqsJobs:
    """The queue."""
    return SqsJobs(boto3.client("sqs", config=CLIENT_CONFIG), read(UploadSettings, os.environ).queue_url)

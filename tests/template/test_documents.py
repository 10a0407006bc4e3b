"""How a document gets in: the bucket, the queue and what feeds the function from it."""

from __future__ import annotations

from typing import Any

from localcloud.template.document import Document
from thinkaloud.knowledge.documents import MAX_BYTES
from thinkaloud.library.clerk import HELD
from thinkaloud.settings import UploadSettings

#: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
TIMES_THE_TIMEOUT = 6


def test_nobody_but_the_functions_gets_at_the_bucket(resources: dict[str, Any]) -> None:
    bucket = resources["UploadBucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    statements = resources["UploadBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert {each["Effect"] for each in statements} == {"Deny"}
    assert [each["Condition"] for each in statements] == [
        {"Bool": {"aws:SecureTransport": False}},
        {"Null": {"s3:if-none-match": True}},
    ]


def test_pages_may_upload_and_nothing_else(resources: dict[str, Any]) -> None:
    (rule,) = resources["UploadBucket"]["Properties"]["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["PUT"]
    assert rule["AllowedOrigins"] == {"Fn::Split": [",", {"Ref": "AllowedOrigins"}]}
    assert rule["AllowedHeaders"] == ["content-type", "if-none-match"], "what an upload's headers are"


def test_what_nobody_reads_is_deleted(resources: dict[str, Any]) -> None:
    (rule,) = resources["UploadBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert (rule["Prefix"], rule["ExpirationInDays"]) == ("uploads/", 1)
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_the_bucket_tells_the_queue_which_lets_it(resources: dict[str, Any]) -> None:
    bucket = resources["UploadBucket"]
    (told,) = bucket["Properties"]["NotificationConfiguration"]["QueueConfigurations"]
    assert told["Queue"] == {"Fn::GetAtt": ["IngestQueue", "Arn"]}
    assert told["Filter"] == {"S3Key": {"Rules": [{"Name": "prefix", "Value": "uploads/"}]}}
    assert bucket["DependsOn"] == "IngestQueuePolicy", "S3 tries the queue at once"
    policy = resources["IngestQueuePolicy"]["Properties"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert "UploadBucket" not in str(policy), "that would make a circle"


def test_a_message_is_hidden_for_as_long_as_lambda_may_take_it(resources: dict[str, Any]) -> None:
    queue = resources["IngestQueue"]["Properties"]
    timeout = resources["IngestFunction"]["Properties"]["Timeout"]
    assert queue["VisibilityTimeout"] >= TIMES_THE_TIMEOUT * timeout
    assert queue["MessageRetentionPeriod"] < resources["IngestFailures"]["Properties"]["MessageRetentionPeriod"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["IngestFailures", "Arn"]}
    # A second delivery looks again every HELD seconds, for as long as the first may be at work.
    assert queue["RedrivePolicy"]["maxReceiveCount"] * HELD > timeout
    for each in ("IngestQueue", "IngestFailures"):
        assert resources[each]["Properties"]["SqsManagedSseEnabled"] is True


def test_jobs_reach_the_live_version_and_fail_one_by_one(resources: dict[str, Any]) -> None:
    mapping = resources["IngestFunctionJobs"]["Properties"]
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["IngestQueue", "Arn"]}
    assert mapping["FunctionName"] == {"Ref": "IngestFunctionAliaslive"}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "IngestConcurrency"}}


def test_a_document_may_be_as_large_as_the_readers_take(document: Document) -> None:
    parameter = document.body["Parameters"]["MaxUploadBytes"]
    assert parameter["Default"] == parameter["MaxValue"] == MAX_BYTES == UploadSettings.max_bytes

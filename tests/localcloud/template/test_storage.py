"""Queues, buckets and event source mappings out of templates."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.template.errors import TemplateError
from localcloud.template.model import Bucket, EventSourceMapping
from localcloud.template.reader import read_application

Project = Callable[[str], Path]

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Most: {Type: Number, Default: 7}
Resources:
  Uploads:
    Type: AWS::S3::Bucket
    Properties:
      CorsConfiguration:
        CorsRules:
          - AllowedOrigins: ["http://a"]
            AllowedMethods: [PUT]
            AllowedHeaders: ["*"]
            ExposedHeaders: [ETag]
            MaxAge: 60
      NotificationConfiguration:
        QueueConfigurations:
          - Event: s3:ObjectCreated:*
            Filter: {S3Key: {Rules: [{Name: prefix, Value: uploads/}]}}
            Queue: !GetAtt Jobs.Arn
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 360
      SqsManagedSseEnabled: true
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Failures.Arn, maxReceiveCount: !Ref Most}
  Failures: {Type: AWS::SQS::Queue, Properties: {QueueName: failures}}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Jobs]
      PolicyDocument: {Version: "2012-10-17", Statement: []}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      CodeUri: functions/hello
      Handler: app.handler
      AutoPublishAlias: live
      Environment: {Variables: {BUCKET: !Ref Uploads, QUEUE: !Ref Jobs}}
      Events:
        Jobs:
          Type: SQS
          Properties:
            Queue: !GetAtt Jobs.Arn
            BatchSize: 5
            MaximumBatchingWindowInSeconds: 2
            FunctionResponseTypes: [ReportBatchItemFailures]
            ScalingConfig: {MaximumConcurrency: !Ref Most}
"""
JOBS = "arn:aws:sqs:us-east-1:123456789012:Jobs"


def test_queues_buckets_and_who_reads_them(project: Project):
    application = read_application(project(TEMPLATE))
    jobs, failures = application.queues["Jobs"], application.queues["Failures"]
    assert (jobs.name, jobs.arn, jobs.attributes.pop("VisibilityTimeout")) == ("Jobs", JOBS, "360")
    assert {name: json.loads(value)["Statement"] for name, value in jobs.attributes.items()} == {"Policy": []}
    assert jobs.redrive == {
        "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:failures",
        "maxReceiveCount": "7",
    }
    assert (failures.name, failures.attributes, failures.redrive) == ("failures", {}, None)
    assert application.buckets == {
        "Uploads": Bucket(
            logical_id="Uploads",
            name="local-uploads",
            cors=[
                {
                    "AllowedOrigins": ["http://a"],
                    "AllowedMethods": ["PUT"],
                    "AllowedHeaders": ["*"],
                    "ExposeHeaders": ["ETag"],
                    "MaxAgeSeconds": 60,
                }
            ],
            notifications=[
                {
                    "Events": ["s3:ObjectCreated:*"],
                    "QueueArn": JOBS,
                    "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "uploads/"}]}},
                }
            ],
        )
    }
    assert application.mappings == {
        "WorkerJobs": EventSourceMapping("WorkerJobs", JOBS, "Worker", 5, 2.0, partial=True, max_concurrency=7)
    }
    assert application.functions["Worker"].environment == {
        "BUCKET": "local-uploads",
        "QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/Jobs",
    }


def test_a_mapping_as_lambda_makes_it_by_default(project: Project):
    start, _, end = TEMPLATE.partition("            BatchSize: 5")
    [mapping] = read_application(project(start)).mappings.values()
    assert (mapping.batch_size, mapping.window_s, mapping.partial, mapping.max_concurrency) == (10, 0, False, None)
    assert end


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("BatchSize: 5", "BatchSize: 0", "BatchSize is 0"),
        ("BatchSize: 5", 'FilterCriteria: {Filters: [{Pattern: "{}"}]}', "FilterCriteria are not supported"),
        ("QueueConfigurations:", "TopicConfigurations:", "TopicConfigurations: locally a bucket notifies queues alone"),
        ("Runtime: python3.13", "Runtime: nodejs22.x", "the mapping calls"),
    ],
)
def test_what_is_not_served_is_said(project: Project, old: str, new: str, problem: str):
    assert TEMPLATE.count(old) == 1
    with pytest.raises(TemplateError, match=problem):
        read_application(project(TEMPLATE.replace(old, new)))


def test_one_that_is_switched_off_is_not_there(project: Project):
    text = TEMPLATE.replace("BatchSize: 5", "Enabled: false")
    assert read_application(project(text)).mappings == {}

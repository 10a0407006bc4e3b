from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from localcloud.template.document import Document
from localcloud.template.errors import TemplateError
from localcloud.template.intrinsics import Resolver

TEMPLATE: dict[str, Any] = {
    "Mappings": {"Sizes": {"dev": {"Memory": 128}, "prod": {"Memory": 512}}},
    "Conditions": {
        "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]},
        "Both": {"Fn::And": [{"Condition": "IsProd"}, {"Condition": "IsDev"}]},
        "Either": {"Fn::Or": [{"Condition": "IsProd"}, {"Condition": "IsDev"}]},
        "Circle": {"Fn::Not": [{"Condition": "Circle"}]},
    },
    "Resources": {
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"ProtocolType": "WEBSOCKET"}},
        "Http": {"Type": "AWS::ApiGatewayV2::Api"},
        "Uploads": {"Type": "AWS::S3::Bucket"},
        "Turn": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": {"Fn::Sub": "turn-${Stage}"}}},
        "Live": {"Type": "AWS::Lambda::Alias", "Properties": {"Name": "live", "FunctionName": {"Ref": "Turn"}}},
        "One": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Fn::GetAtt": ["Turn", "Arn"]}}},
        "Layer": {"Type": "AWS::Lambda::LayerVersion"},
        "Table": {"Type": "AWS::DynamoDB::Table"},
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "files"}},
        "Role": {"Type": "AWS::IAM::Role"},
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/aws/lambda/turn"}},
        "Secret": {"Type": "AWS::SecretsManager::Secret"},
        "Domain": {"Type": "AWS::ApiGatewayV2::DomainName"},
        "OnlyProd": {"Type": "AWS::SQS::Queue", "Condition": "IsProd"},
        "Narcissus": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Narcissus"}}},
    },
}
LAMBDA = "arn:aws:lambda:us-east-1:123456789012"


@pytest.fixture
def resolver() -> Resolver:
    document = Document(Path("template.yaml"), TEMPLATE)
    return Resolver(document, TEMPLATE, {"Stage": "dev", "Origins": ["a", "b"]})


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Ref": "Stage"}, "dev"),
        ({"Ref": "Origins"}, ["a", "b"]),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "AWS::NotificationARNs"}, []),
        ({"Ref": "Turn"}, "turn-dev"),
        ({"Ref": "Live"}, f"{LAMBDA}:function:turn-dev:live"),
        ({"Ref": "One"}, f"{LAMBDA}:function:turn-dev:1"),
        ({"Ref": "Layer"}, f"{LAMBDA}:layer:Layer:1"),
        ({"Ref": "Queue"}, "https://sqs.us-east-1.amazonaws.com/123456789012/Queue"),
        ({"Ref": "Secret"}, "arn:aws:secretsmanager:us-east-1:123456789012:secret:Secret"),
        ({"Fn::GetAtt": ["Turn", "Arn"]}, f"{LAMBDA}:function:turn-dev"),
        ({"Fn::GetAtt": "Turn.Arn"}, f"{LAMBDA}:function:turn-dev"),
        ({"Fn::GetAtt": ["One", "Version"]}, "1"),
        ({"Fn::GetAtt": ["Table", "Arn"]}, "arn:aws:dynamodb:us-east-1:123456789012:table/Table"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:aws:sqs:us-east-1:123456789012:Queue"),
        ({"Fn::GetAtt": ["Queue", "QueueName"]}, "Queue"),
        ({"Fn::GetAtt": ["Queue", "QueueUrl"]}, "https://sqs.us-east-1.amazonaws.com/123456789012/Queue"),
        ({"Fn::GetAtt": ["Topic", "TopicArn"]}, "arn:aws:sns:us-east-1:123456789012:Topic"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "arn:aws:s3:::files"),
        ({"Fn::GetAtt": ["Role", "Arn"]}, "arn:aws:iam::123456789012:role/Role"),
        ({"Fn::GetAtt": ["Group", "Arn"]}, "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/turn:*"),
        ({"Fn::GetAtt": ["Domain", "Arn"]}, "arn:aws:apigatewayv2:us-east-1:123456789012:domainname/Domain"),
        ({"Fn::GetAtt": ["Api", "ApiEndpoint"]}, "wss://Api.execute-api.us-east-1.amazonaws.com"),
        ({"Fn::GetAtt": ["Http", "ApiEndpoint"]}, "https://Http.execute-api.us-east-1.amazonaws.com"),
        ({"Fn::GetAtt": ["Api", "ApiId"]}, "Api"),
        ({"Ref": "Uploads"}, "local-uploads"),
        (
            {"Fn::GetAtt": ["Table", "StreamArn"]},
            "arn:aws:dynamodb:us-east-1:123456789012:table/Table/stream/2024-01-01T00:00:00.000",
        ),
        ({"Fn::Sub": "${Turn.Arn}-${AWS::AccountId}-${!kept}"}, f"{LAMBDA}:function:turn-dev-123456789012-${{kept}}"),
        ({"Fn::Sub": ["${a}/${Stage}", {"a": {"Ref": "Api"}}]}, "Api/dev"),
        ({"Fn::Join": [",", {"Ref": "Origins"}]}, "a,b"),
        ({"Fn::Join": ["", ["a", {"Ref": "Stage"}, 1]]}, "adev1"),
        ({"Fn::Split": ["-", {"Ref": "Turn"}]}, ["turn", "dev"]),
        ({"Fn::Select": ["1", {"Fn::Split": ["-", "a-b"]}]}, "b"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Memory"]}, 128),
        ({"Fn::FindInMap": ["Sizes", "none", "Memory", {"DefaultValue": 1}]}, 1),
        ({"Fn::If": ["IsProd", 1, {"Ref": "Stage"}]}, "dev"),
        ({"a": {"Fn::If": ["IsProd", 1, {"Ref": "AWS::NoValue"}]}, "b": 2}, {"b": 2}),
        ([1, {"Ref": "AWS::NoValue"}], [1]),
        ({"Fn::Base64": "问"}, "6Zeu"),
    ],
)
def test_every_intrinsic_function(resolver: Resolver, node: Any, value: Any) -> None:
    assert resolver.value(node) == value


def test_conditions(resolver: Resolver) -> None:
    assert {name: resolver.condition(name) for name in ("IsProd", "IsDev", "Both", "Either")} == {
        "IsProd": False,
        "IsDev": True,
        "Both": False,
        "Either": True,
    }
    assert resolver.exists("Queue")
    assert not resolver.exists("OnlyProd")
    assert not resolver.exists("Nothing")


@pytest.mark.parametrize(
    ("node", "complaint"),
    [
        ({"Ref": "Nothing"}, "Nothing is neither a parameter nor a resource"),
        ({"Fn::GetAtt": ["Domain", "RegionalHostedZone"]}, "known only once AWS::ApiGatewayV2::DomainName is deployed"),
        ({"Fn::Sub": "${Nothing.Arn}"}, "Nothing is neither a parameter nor a resource"),
        ({"Fn::Sub": 1}, "Fn::Sub takes a list of 2 values"),
        ({"Fn::Sub": [1, {}]}, "Fn::Sub takes a text"),
        ({"Fn::Join": [",", "abc"]}, "Fn::Join takes a list of texts"),
        ({"Fn::Select": [5, ["a"]]}, "Fn::Select has no entry 5"),
        ({"Fn::Select": ["x", ["a"]]}, "a number is needed where 'x' stands"),
        ({"Fn::FindInMap": ["Sizes", "none", "Memory"]}, "Fn::FindInMap finds nothing at Sizes.none.Memory"),
        ({"Fn::If": ["Nothing", 1, 2]}, "the condition Nothing is unknown"),
        ({"Fn::If": ["Circle", 1, 2]}, "Circle: refers to itself"),
        ({"Ref": "Narcissus"}, "Narcissus: refers to itself"),
        ({"Fn::ImportValue": "other-stack"}, "Fn::ImportValue other-stack needs another stack; use a parameter"),
        ({"Fn::Transform": {"Name": "AWS::Include"}}, "Fn::Transform is not supported locally"),
        ({"Fn::And": [True]}, "Fn::And takes a list of"),
        ({"Fn::Not": ["maybe"]}, "a condition is needed where 'maybe' stands"),
    ],
)
def test_what_cannot_be_resolved_is_an_error_of_one_line(resolver: Resolver, node: Any, complaint: str) -> None:
    with pytest.raises(TemplateError) as caught, resolver.reading("Turn"):
        resolver.value(node)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_errors_name_what_is_being_read(resolver: Resolver) -> None:
    with resolver.reading("Turn"):
        with pytest.raises(TemplateError, match=r"^template\.yaml: Turn: text is needed where \['a'\] stands$"):
            resolver.text(["a"])
        with pytest.raises(TemplateError, match=r"^template\.yaml: Turn: RouteKey is missing; add it$"):
            resolver.required({}, "RouteKey")

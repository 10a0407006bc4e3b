"""What `Ref` and `Fn::GetAtt` give for a resource that is not deployed: names, ids and ARNs made from the logical id.

A resource without a name of its own is named after its logical id, so every identifier is the same in every run. The
sources are the "Return values" sections of
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html
"""

from __future__ import annotations

from localcloud.template.translate import REGION

ACCOUNT = "123456789012"
"""The account of every ARN: the one moto answers for."""

PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/local/local",
    "AWS::StackName": "local",
    "AWS::URLSuffix": "amazonaws.com",
}

NAME_PROPERTY = {
    "AWS::ApiGatewayV2::Stage": "StageName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Alias": "Name",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Lambda::LayerVersion": "LayerName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SSM::Parameter": "Name",
    "AWS::SecretsManager::Secret": "Name",
}
"""The property that names a resource of a type, where it has one."""

OWNER_PROPERTY = {"AWS::Lambda::Alias": "FunctionName", "AWS::Lambda::Version": "FunctionName"}
"""The property that refers to the resource which this one is a part of."""

_REF_IS_ARN = frozenset(
    {
        "AWS::Lambda::Alias",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Version",
        "AWS::SNS::Topic",
        "AWS::SecretsManager::Secret",
        "AWS::StepFunctions::StateMachine",
    }
)


def default_name(kind: str, logical_id: str) -> str:
    """The name of a resource that the template does not name: its logical id, for a bucket as S3 would take it."""
    if kind == "AWS::S3::Bucket":
        return f"{PSEUDO_PARAMETERS['AWS::StackName']}-{logical_id}".lower()
    return logical_id


def function_arn(name: str, qualifier: str | None = None) -> str:
    """The ARN of a Lambda function, of one of its aliases or versions where `qualifier` names it."""
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


def api_host(api: str) -> str:
    """The host name that API Gateway gives an API."""
    return f"{api}.execute-api.{REGION}.{PSEUDO_PARAMETERS['AWS::URLSuffix']}"


def reference(kind: str, name: str, owner: str | None) -> str:
    """What `Ref` gives for a resource of type `kind`; `owner` is the function of an alias or a version."""
    if kind in _REF_IS_ARN:
        return arn(kind, name, owner)
    if kind == "AWS::SQS::Queue":
        return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
    return name


def arn(kind: str, name: str, owner: str | None) -> str:
    """The ARN of a resource of type `kind`."""
    here = f"{REGION}:{ACCOUNT}"
    match kind:
        case "AWS::Lambda::Function":
            return function_arn(name)
        case "AWS::Lambda::Alias":
            return function_arn(function_name(owner or name), name)
        case "AWS::Lambda::Version":
            return function_arn(function_name(owner or name), "1")
        case "AWS::Lambda::LayerVersion":
            return f"arn:aws:lambda:{here}:layer:{name}:1"
        case "AWS::DynamoDB::Table":
            return f"arn:aws:dynamodb:{here}:table/{name}"
        case "AWS::SQS::Queue" | "AWS::SNS::Topic":
            return f"arn:aws:{kind.split('::')[1].lower()}:{here}:{name}"
        case "AWS::S3::Bucket":
            return f"arn:aws:s3:::{name}"
        case "AWS::IAM::Role":
            return f"arn:aws:iam::{ACCOUNT}:role/{name}"
        case "AWS::Logs::LogGroup":
            return f"arn:aws:logs:{here}:log-group:{name}:*"
        case "AWS::SecretsManager::Secret":
            return f"arn:aws:secretsmanager:{here}:secret:{name}"
        case _:
            _, service, resource = f"{kind}::".split("::")[:3]
            return f"arn:aws:{service.lower()}:{here}:{resource.lower()}/{name}"


def attribute(kind: str, name: str, owner: str | None, attribute_name: str) -> str | None:
    """What `Fn::GetAtt` gives; None for an attribute that only a deployed resource has."""
    match kind, attribute_name:
        case _, "Arn" | "AliasArn" | "FunctionArn" | "LayerVersionArn" | "TopicArn":
            return arn(kind, name, owner)
        case "AWS::DynamoDB::Table", "StreamArn":
            return f"{arn(kind, name, owner)}/stream/2024-01-01T00:00:00.000"
        case "AWS::Lambda::Version", "Version":
            return "1"
        case "AWS::SQS::Queue", "QueueUrl":
            return reference(kind, name, owner)
        case _ if attribute_name.endswith(("Id", "Name")):
            return name
    return None


def split_function(identifier: str) -> tuple[str, str | None]:
    """The name, and the alias or version if there is one, in a function's ARN, partial ARN or name.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestParameters
    """
    _, found, rest = identifier.rpartition("function:")
    name, _, qualifier = (rest if found else identifier).partition(":")
    return name, qualifier or None


def function_name(identifier: str) -> str:
    """The name alone."""
    return split_function(identifier)[0]

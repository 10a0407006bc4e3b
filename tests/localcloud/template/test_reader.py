"""Whole templates: the new style, the old hand-written one, and what is refused."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.template.errors import TemplateError
from localcloud.template.localise import LocalUrls
from localcloud.template.model import AsyncInvocation, Authorizer, LogSettings, Route
from localcloud.template.reader import parameter_names, read_application

Project = Callable[[str], Path]

NEW_STYLE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
  Origins: {Type: CommaDelimitedList, Default: "http://a,http://b"}
Globals:
  Function:
    Runtime: python3.13
    CodeUri: functions/hello
    Timeout: 10
    MemorySize: 512
    Layers: [!Ref Shared, "arn:aws:lambda:us-east-1:017000801446:layer:Powertools:1"]
    AutoPublishAlias: live
    Environment:
      Variables:
        STAGE: !Ref Stage
Resources:
  Shared:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: shared/}
  Gate:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: functions/gate, Handler: app.handler, Policies: [AmazonDynamoDBReadOnlyAccess]}
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub "${AWS::StackName}-hello"
      Handler: app.handler
      Timeout: 900
      LoggingConfig: {LogFormat: JSON, ApplicationLogLevel: DEBUG, LogGroup: /hello}
      Environment:
        Variables:
          GATEWAY_URL: !Sub "https://${Socket}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${Stage}"
          ORIGINS: !Join [",", !Ref Origins]
          TABLE_NAME: !Ref Table
          ENABLED: true
          SIZE: 12
      EventInvokeConfig:
        MaximumRetryAttempts: 1
        MaximumEventAgeInSeconds: 60
        DestinationConfig: {OnFailure: {Type: Lambda, Destination: !GetAtt Gate.Arn}}
  Socket:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      StageName: !Ref Stage
      Auth: {AuthType: CUSTOM, AuthArn: !GetAtt Gate.Arn, IdentitySource: [route.request.header.Host]}
      Routes:
        $connect: {FunctionArn: !Ref Gate.Alias, IntegrationTimeout: 5000}
        $default: {FunctionArn: !Ref Hello.Alias, RouteResponseSelectionExpression: $default}
        ping: {FunctionArn: !GetAtt Hello.Arn}
  Answer:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref Socket, RouteId: !Ref SocketDefaultRoute, RouteResponseKey: $default}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}
      SSESpecification: {SSEEnabled: true}
  Domain:
    Type: AWS::ApiGatewayV2::DomainName
    Properties: {DomainName: chat.example.com}
Outputs:
  Url: {Value: !Sub "wss://${Socket}.execute-api.${AWS::Region}.amazonaws.com/${Stage}"}
  Zone: {Value: !GetAtt Domain.RegionalHostedZone}
"""

OLD_STYLE = """
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Conditions:
  WithEcho: !Equals ["yes", "no"]
Resources:
  ChatApi:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: chat, ProtocolType: WEBSOCKET, RouteSelectionExpression: "$request.body.message"}
  ConnectRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref ChatApi
      RouteKey: $connect
      AuthorizationType: CUSTOM
      AuthorizerId: !Ref Guard
      Target: !Join ["/", [integrations, !Ref ConnectIntegration]]
  ConnectIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref ChatApi
      IntegrationType: AWS_PROXY
      IntegrationUri:
        Fn::Sub: arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Hello.Arn}/invocations
  SendRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref ChatApi, RouteKey: send, Target: !Sub "integrations/${SendIntegration}"}
  SendIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref ChatApi
      IntegrationType: AWS_PROXY
      TimeoutInMillis: 3000
      IntegrationUri: !Join
        - ""
        - - "arn:aws:apigateway:"
          - !Ref AWS::Region
          - ":lambda:path/2015-03-31/functions/"
          - !Ref HelloLive
          - /invocations
  EchoRoute:
    Type: AWS::ApiGatewayV2::Route
    Condition: WithEcho
    Properties: {ApiId: !Ref ChatApi, RouteKey: echo, Target: nowhere}
  Guard:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref ChatApi
      AuthorizerType: REQUEST
      IdentitySource: [route.request.querystring.token]
      AuthorizerUri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Gate.Arn}/invocations"
  Deployment:
    Type: AWS::ApiGatewayV2::Deployment
    DependsOn: [ConnectRoute, SendRoute]
    Properties: {ApiId: !Ref ChatApi}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {StageName: Prod, DeploymentId: !Ref Deployment, ApiId: !Ref ChatApi}
  Hello:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: functions/hello/, Handler: app.handler, Runtime: python3.12}
  HelloLive:
    Type: AWS::Lambda::Alias
    Properties: {Name: live, FunctionName: !Ref Hello, FunctionVersion: $LATEST}
  Gate:
    Type: AWS::Lambda::Function
    Properties:
      Code: functions/gate
      Handler: app.handler
      Runtime: python3.12
      Role: arn:aws:iam::123456789012:role/gate
  Web:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: s3://bucket/web.zip, Handler: index.handler, Runtime: nodejs22.x}
"""


def test_the_new_style(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    path = project(NEW_STYLE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        application = read_application(
            path, {"Stage": "test"}, local_urls={"Socket": LocalUrls("http://127.0.0.1:1", "ws://127.0.0.1:2")}
        )
        gc.collect()
    assert not caplog.records

    api = application.apis["Socket"]
    assert (api.stage, api.selection_expression) == ("test", "$request.body.action")
    assert api.routes == {
        "$connect": Route("$connect", "Gate", two_way=False, timeout_s=5.0),
        "$default": Route("$default", "Hello", two_way=True),
        "ping": Route("ping", "Hello", two_way=False),
    }
    assert api.authorizer == Authorizer("Gate", ("route.request.header.Host",))

    hello = application.functions["Hello"]
    assert (hello.name, hello.handler, hello.runtime) == ("local-hello", "app.handler", "python3.13")
    assert (hello.timeout_s, hello.memory_mb) == (900.0, 512)
    assert hello.code == path.parent / "functions/hello"
    assert hello.layers == (path.parent / "shared",)
    assert hello.environment == {
        "STAGE": "test",
        "GATEWAY_URL": "http://127.0.0.1:1/test",
        "ORIGINS": "http://a,http://b",
        "TABLE_NAME": "Table",
        "ENABLED": "true",
        "SIZE": "12",
    }
    assert hello.log == LogSettings("JSON", "DEBUG", "/hello")
    assert hello.invocation == AsyncInvocation(1, 60.0, "arn:aws:lambda:us-east-1:123456789012:function:Gate")
    gate = application.functions["Gate"]
    assert (gate.name, gate.code, gate.timeout_s) == ("Gate", path.parent / "functions/gate", 10.0)
    assert gate.invocation == AsyncInvocation()

    table = application.tables["Table"]
    assert (table.name, table.ttl_attribute) == ("Table", "expires_at")
    assert table.create == {
        "TableName": "Table",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    }
    assert application.parameters == {"Stage": "test", "Origins": "http://a,http://b"}
    assert application.outputs == {"Url": "ws://127.0.0.1:2/test"}
    assert parameter_names(path) == {"Stage", "Origins"}


def test_the_old_style(project: Project) -> None:
    path = project(OLD_STYLE)
    application = read_application(path)
    api = application.apis["ChatApi"]
    assert (api.stage, api.selection_expression) == ("Prod", "$request.body.message")
    assert api.routes == {
        "$connect": Route("$connect", "Hello", two_way=False),
        "send": Route("send", "Hello", two_way=False, timeout_s=3.0),
    }
    assert api.authorizer == Authorizer("Gate", ("route.request.querystring.token",))
    assert application.functions["Gate"].code == path.parent / "functions/gate"
    assert application.functions["Gate"].timeout_s == 3.0
    assert "Web" not in application.functions


def test_tables_with_indexes_and_capacity(project: Project) -> None:
    application = read_application(
        project(
            """
            Parameters: {Reads: {Type: Number, Default: 5}}
            Resources:
              Table:
                Type: AWS::DynamoDB::Table
                Properties:
                  TableName: chat
                  ProvisionedThroughput: {ReadCapacityUnits: !Ref Reads, WriteCapacityUnits: "2"}
                  AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: sk, AttributeType: S}]
                  KeySchema: [{AttributeName: pk, KeyType: HASH}]
                  StreamSpecification: {StreamViewType: NEW_IMAGE}
                  GlobalSecondaryIndexes:
                    - IndexName: by-sk
                      KeySchema: [{AttributeName: sk, KeyType: HASH}]
                      Projection: {ProjectionType: ALL}
                      ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 1}
                      ContributorInsightsSpecification: {Enabled: true}
            """
        )
    )
    create = application.tables["Table"].create
    assert create["TableName"] == "chat"
    assert create["ProvisionedThroughput"] == {"ReadCapacityUnits": 5, "WriteCapacityUnits": 2}
    assert create["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert set(create["GlobalSecondaryIndexes"][0]) == {"IndexName", "KeySchema", "Projection", "ProvisionedThroughput"}
    assert application.tables["Table"].ttl_attribute is None


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("RouteKey: send, ", "", "SendRoute: RouteKey is missing; add it"),
        ("StageName: Prod,", "", None),
        ("Type: AWS::ApiGatewayV2::Stage", "Type: AWS::Nothing::Stage", "ChatApi: has no stage"),
        ("integrations/${SendIntegration}", "integrations/Nothing", "the route send leads to integrations/Nothing"),
        ("IntegrationType: AWS_PROXY\n      TimeoutInMillis", "IntegrationType: MOCK\n      TimeoutInMillis",
         "SendIntegration: the integration type MOCK of the route send is not supported locally; use AWS_PROXY"),
        ("!Ref HelloLive", "Goodbye", "calls Goodbye, which cannot run: no such function in the template"),
        ("${Gate.Arn}", "${Web.Arn}", "its runtime is nodejs22.x, and only Python runs locally"),
        ("AuthorizerId: !Ref Guard", "AuthorizerId: Guardian", "ConnectRoute: the authorizer Guardian is unknown"),
        ("${Hello.Arn}/invocations", "${Hello.Arn}", "is not the URI of a Lambda function"),
        ("CodeUri: functions/hello/", "CodeUri: functions/none", "none, which is not a folder; correct it"),
        ("CodeUri: functions/hello/, ", "", "Hello: CodeUri is missing; name the folder of its code"),
        ("FunctionName: !Ref Hello,", "FunctionName: !Ref Helo,", "Helo is neither a parameter nor a resource"),
        ("Handler: app.handler, Runtime: python3.12", "Handler: app.handler, Nonsense: 1", "Nonsense not defined"),
    ],
)  # fmt: skip
def test_what_cannot_be_served_is_one_clear_line(project: Project, old: str, new: str, complaint: str | None) -> None:
    assert old in OLD_STYLE
    path = project(OLD_STYLE.replace(old, new))
    if complaint is None:
        assert read_application(path).apis["ChatApi"].stage == "Stage"
        return
    with pytest.raises(TemplateError) as caught:
        read_application(path)
    assert complaint in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


OURS = Path(__file__).parents[3] / "template.yaml"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"


def test_our_own_template() -> None:
    application = read_application(
        OURS,
        {
            "JwtAlgorithm": "HS256",
            "JwtIssuer": "http://127.0.0.1",
            "JwtAudience": "thinkaloud",
            "JwtSecretArn": f"{SECRET}jwt",
            "AllowedOrigins": "http://127.0.0.1:8080",
            "ChatBaseUrl": "http://127.0.0.1:4003/v1",
            "ChatModel": "extractive",
            "EmbeddingBaseUrl": "http://127.0.0.1:4003/v1",
            "EmbeddingModel": "wordllama",
            "PineconeIndexHost": "http://127.0.0.1:4004",
            "PineconeApiKeyArn": f"{SECRET}pinecone",
            "Release": "0123456789",
        },
        local_urls={"ChatApi": LocalUrls("http://127.0.0.1:4001", "ws://127.0.0.1:8080")},
    )
    api = application.apis["ChatApi"]
    assert {route.key: route.two_way for route in api.routes.values()} == {
        "$connect": False,
        "$default": True,
        "$disconnect": False,
    }
    assert api.authorizer is not None
    turn = application.functions["TurnFunction"]
    assert turn.environment["GATEWAY_URL"] == "http://127.0.0.1:4001/live"
    assert turn.environment["TABLE_NAME"] == application.tables["StateTable"].name
    assert application.functions["DefaultFunction"].environment["TURN_FUNCTION"].endswith(f":function:{turn.name}:live")
    assert application.outputs["WebSocketUrl"] == "ws://127.0.0.1:8080/live"

"""HTTP APIs out of SAM templates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.template.errors import TemplateError
from localcloud.template.localise import LocalUrls
from localcloud.template.model import Cors, HttpApi, HttpAuthorizer, HttpRoute
from localcloud.template.reader import read_application

Project = Callable[[str], Path]

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Origins: {Type: String, Default: "http://a,http://b"}
Globals:
  Function: {Runtime: python3.13, CodeUri: functions/hello, Handler: app.handler, AutoPublishAlias: live}
Resources:
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefinitionBody:
        openapi: 3.0.1
        info: {title: x, version: "1"}
        paths: {}
        x-amazon-apigateway-cors:
          allowOrigins: !Split [",", !Ref Origins]
          allowMethods: [get, PUT]
          allowHeaders: [Authorization]
          maxAge: 600
      Auth:
        DefaultAuthorizer: Token
        Authorizers:
          Token:
            FunctionArn: !Ref Gate.Alias
            AuthorizerPayloadFormatVersion: "2.0"
            EnableSimpleResponses: true
            Identity: {Headers: [Authorization], ReauthorizeEvery: 300}
  Gate: {Type: AWS::Serverless::Function, Properties: {CodeUri: functions/gate}}
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Environment: {Variables: {HTTP_URL: !Sub "https://${Http}.execute-api.${AWS::Region}.amazonaws.com"}}
      Events:
        Show: {Type: HttpApi, Properties: {ApiId: !Ref Http, Method: GET, Path: "/documents/{id}"}}
        Docs: {Type: HttpApi, Properties: {ApiId: !Ref Http, Method: GET, Path: /docs, Auth: {Authorizer: NONE}}}
        Rest: {Type: HttpApi, Properties: {ApiId: !Ref Http, Method: ANY, Path: "/{proxy+}", TimeoutInMillis: 5000}}
        Last: {Type: HttpApi, Properties: {ApiId: !Ref Http}}
Outputs:
  HttpUrl: {Value: !GetAtt Http.ApiEndpoint}
"""
TOKEN = HttpAuthorizer("Token", "Gate", ("$request.header.Authorization",), simple=True, ttl_s=300.0)


def test_a_whole_api(project: Project):
    application = read_application(project(TEMPLATE), local_urls={"Http": LocalUrls(https="http://127.0.0.1:8081")})
    assert application.http_apis == {
        "Http": HttpApi(
            logical_id="Http",
            stage="$default",
            routes={
                "GET /documents/{id}": HttpRoute("GET /documents/{id}", "Hello", TOKEN),
                "GET /docs": HttpRoute("GET /docs", "Hello", None),
                "ANY /{proxy+}": HttpRoute("ANY /{proxy+}", "Hello", TOKEN, 5.0),
                "$default": HttpRoute("$default", "Hello", TOKEN),
            },
            cors=Cors(("http://a", "http://b"), ("GET", "PUT"), ("authorization",), max_age_s=600),
        )
    }
    assert application.apis == {}
    assert application.outputs == {"HttpUrl": "http://127.0.0.1:8081"}
    assert application.functions["Hello"].environment == {"HTTP_URL": "http://127.0.0.1:8081"}


def test_a_bare_one(project: Project):
    bare = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Hello:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          CodeUri: functions/hello
          Handler: app.handler
          Events: {Go: {Type: HttpApi, Properties: {Method: post, Path: /go}}}
    """
    [api] = read_application(project(bare)).http_apis.values()
    assert (api.cors, api.routes) == (None, {"POST /go": HttpRoute("POST /go", "Hello", None)})


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('AuthorizerPayloadFormatVersion: "2.0"', 'AuthorizerPayloadFormatVersion: "1.0"', "the authorizer Token of"),
        ("Path: /docs,", 'Path: /docs, PayloadFormatVersion: "1.0",', "the route GET /docs has an integration of type"),
        ("functions/gate}", 'functions/gate, Runtime: nodejs22.x}', "the authorizer Token calls"),
    ],
)  # fmt: skip
def test_what_is_not_served_is_said(project: Project, old: str, new: str, problem: str):
    assert TEMPLATE.count(old) == 1
    text = TEMPLATE.replace(old, new)
    if "1.0" in new and "Authorizer" in new:
        text = text.replace("            EnableSimpleResponses: true\n", "")
    with pytest.raises(TemplateError, match=problem):
        read_application(project(text))


def test_origins_that_sam_loses_are_said(project: Project):
    start, _, rest = TEMPLATE.partition("      DefinitionBody:")
    cors = '      CorsConfiguration: {AllowOrigins: !Split [",", !Ref Origins]}\n'
    text = f"{start}{cors}      Auth:{rest.partition('      Auth:')[2]}"
    with pytest.raises(TemplateError, match=r"Http: its x-amazon-apigateway-cors is not a map"):
        read_application(project(text))

"""HTTP APIs with their routes, authorizers and CORS, out of the OpenAPI definition that SAM makes of them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from localcloud.template.intrinsics import Resolver
from localcloud.template.invocations import called_function
from localcloud.template.lambdas import Lambdas
from localcloud.template.model import Cors, HttpApi, HttpAuthorizer, HttpRoute

_LONGEST_INTEGRATION_S = 30.0
_ANY = "x-amazon-apigateway-any-method"
_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", _ANY})


class HttpReader:
    """Reads the HTTP APIs of the resolver's template, whose functions are `lambdas`."""

    def __init__(self, resolver: Resolver, lambdas: Lambdas) -> None:
        self._resolver = resolver
        self._lambdas = lambdas

    def apis(self) -> dict[str, HttpApi]:
        """Every HTTP API by logical id."""
        return dict(self._apis())

    def _apis(self) -> Iterator[tuple[str, HttpApi]]:
        for logical_id, properties in self._resolver.of_type("AWS::ApiGatewayV2::Api"):
            with self._resolver.reading(logical_id):
                if self._resolver.text(properties.get("ProtocolType", "HTTP")) != "HTTP":
                    continue
                if "Body" not in properties:
                    raise self._resolver.problem(
                        "has no OpenAPI definition in its Body; locally an HTTP API is an AWS::Serverless::HttpApi"
                    )
                body = self._resolver.value(properties["Body"])
                routes = {route.key: route for route in self._routes(body)}
                yield logical_id, HttpApi(logical_id, self._stage(logical_id), routes, self._cors(body))

    def _stage(self, api: str) -> str:
        for stage_id, properties in self._resolver.of_type("AWS::ApiGatewayV2::Stage"):
            with self._resolver.reading(stage_id):
                if self._resolver.text(properties.get("ApiId", "")) == api:
                    return self._resolver.name(stage_id)
        raise self._resolver.problem("has no stage; add an AWS::ApiGatewayV2::Stage for it")

    def _routes(self, body: dict[str, Any]) -> Iterator[HttpRoute]:
        schemes = (body.get("components") or {}).get("securitySchemes") or {}
        for path, operations in (body.get("paths") or {}).items():
            for method, operation in operations.items():
                if method in _METHODS:
                    yield self._route(_key(method, path), operation, schemes)

    def _route(self, key: str, operation: dict[str, Any], schemes: dict[str, Any]) -> HttpRoute:
        integration = operation.get("x-amazon-apigateway-integration") or {}
        kind, version = str(integration.get("type", "")).lower(), str(integration.get("payloadFormatVersion", ""))
        if kind != "aws_proxy" or version != "2.0":
            raise self._resolver.problem(
                f"the route {key} has an integration of type {kind or '(none)'} and payload format {version or '1.0'}; "
                "locally it must be aws_proxy with 2.0"
            )
        function = called_function(integration.get("uri"), f"the route {key}", self._resolver, self._lambdas)
        timeout_ms = float(integration.get("timeoutInMillis", _LONGEST_INTEGRATION_S * 1000))
        return HttpRoute(key, function, self._authorizer(key, operation, schemes), timeout_ms / 1000)

    def _authorizer(self, key: str, operation: dict[str, Any], schemes: dict[str, Any]) -> HttpAuthorizer | None:
        # SAM writes the authorizer NONE, which no scheme defines, for a route that anybody may call.
        [name, *_] = [name for wanted in operation.get("security") or [{}] for name in wanted] or ["NONE"]
        if name not in schemes:
            return None
        authorizer = schemes[name].get("x-amazon-apigateway-authorizer") or {}
        version = str(authorizer.get("authorizerPayloadFormatVersion", ""))
        if authorizer.get("type") != "request" or version != "2.0":
            raise self._resolver.problem(
                f"the authorizer {name} of the route {key} is not a Lambda authorizer in payload format 2.0, "
                "the only kind that runs locally"
            )
        sources = authorizer.get("identitySource") or []
        return HttpAuthorizer(
            name=name,
            function=called_function(
                authorizer.get("authorizerUri"), f"the authorizer {name}", self._resolver, self._lambdas
            ),
            identity_sources=tuple(
                part.strip() for part in (sources.split(",") if isinstance(sources, str) else sources)
            ),
            simple=str(authorizer.get("enableSimpleResponses", "")).lower() == "true",
            ttl_s=float(authorizer.get("authorizerResultTtlInSeconds", 0)),
        )

    def _cors(self, body: dict[str, Any]) -> Cors | None:
        settings = body.get("x-amazon-apigateway-cors")
        if not settings:
            return None
        if not isinstance(settings, dict):
            # What SAM makes of a CorsConfiguration whose AllowOrigins are an intrinsic function.
            raise self._resolver.problem(
                "its x-amazon-apigateway-cors is not a map; write it in the DefinitionBody where origins are computed"
            )
        age = settings.get("maxAge")
        return Cors(
            origins=_texts(settings.get("allowOrigins")),
            methods=tuple(method.upper() for method in _texts(settings.get("allowMethods"))),
            headers=tuple(header.lower() for header in _texts(settings.get("allowHeaders"))),
            exposed=_texts(settings.get("exposeHeaders")),
            max_age_s=None if age is None else int(age),
            credentials=str(settings.get("allowCredentials", "")).lower() == "true",
        )


def _key(method: str, path: str) -> str:
    if path == "$default":
        return path
    return f"{'ANY' if method == _ANY else method.upper()} {path}"


def _texts(given: Any) -> tuple[str, ...]:
    return tuple([given] if isinstance(given, str) else given or ())

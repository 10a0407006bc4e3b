"""WebSocket APIs with their routes and authorizer, out of plain CloudFormation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from localcloud.template.intrinsics import Resolver
from localcloud.template.invocations import called_function
from localcloud.template.lambdas import Lambdas
from localcloud.template.model import Authorizer, Route, WebSocketApi

_LONGEST_INTEGRATION_S = 29.0


class WebSocketReader:
    """Reads the WebSocket APIs of the resolver's template, whose functions are `lambdas`."""

    def __init__(self, resolver: Resolver, lambdas: Lambdas) -> None:
        self._resolver = resolver
        self._lambdas = lambdas

    def apis(self) -> dict[str, WebSocketApi]:
        """Every WebSocket API by logical id."""
        return dict(self._apis())

    def _apis(self) -> Iterator[tuple[str, WebSocketApi]]:
        for logical_id, properties in self._resolver.of_type("AWS::ApiGatewayV2::Api"):
            with self._resolver.reading(logical_id):
                if self._resolver.text(properties.get("ProtocolType", "HTTP")) != "WEBSOCKET":
                    continue
                stages = [self._resolver.name(key) for key, _ in self._of_api("AWS::ApiGatewayV2::Stage", logical_id)]
                if not stages:
                    raise self._resolver.problem("has no stage; add an AWS::ApiGatewayV2::Stage for it")
                selection = self._resolver.text(properties.get("RouteSelectionExpression", "$request.body.action"))
            routes: dict[str, Route] = {}
            authorizer = None
            for route_id, route in self._of_api("AWS::ApiGatewayV2::Route", logical_id):
                with self._resolver.reading(route_id):
                    key = self._resolver.required(route, "RouteKey")
                    routes[key] = self._route(key, route_id, route)
                    if key == "$connect":
                        authorizer = self._authorizer(route)
            yield logical_id, WebSocketApi(logical_id, stages[0], selection, routes, authorizer)

    def _route(self, key: str, route_id: str, route: dict[str, Any]) -> Route:
        target = self._resolver.text(route.get("Target", ""))
        integration_id = target.removeprefix("integrations/")
        integrations = dict(self._resolver.of_type("AWS::ApiGatewayV2::Integration"))
        if integration_id not in integrations:
            raise self._resolver.problem(
                f"the route {key} leads to {target or 'nothing'}, which is not an integration; set its Target"
            )
        integration = integrations[integration_id]
        with self._resolver.reading(integration_id):
            kind = self._resolver.text(integration.get("IntegrationType", ""))
            if kind != "AWS_PROXY":
                raise self._resolver.problem(
                    f"the integration type {kind} of the route {key} is not supported locally; use AWS_PROXY"
                )
            timeout_ms = self._resolver.number(integration.get("TimeoutInMillis", _LONGEST_INTEGRATION_S * 1000))
            function = self._function(integration.get("IntegrationUri"), f"the route {key}")
        answered = any(
            self._resolver.text(response.get("RouteId", "")) == route_id
            for _, response in self._resolver.of_type("AWS::ApiGatewayV2::RouteResponse")
        )
        return Route(
            key=key,
            function=function,
            # The returned body reaches the client only with both: the selection expression and the route response.
            two_way=answered and "RouteResponseSelectionExpression" in route,
            timeout_s=timeout_ms / 1000,
        )

    def _authorizer(self, connect: dict[str, Any]) -> Authorizer | None:
        """The Lambda authorizer of `$connect`; requests signed for IAM are let in unchecked."""
        if self._resolver.text(connect.get("AuthorizationType", "NONE")) != "CUSTOM":
            return None
        wanted = self._resolver.text(connect.get("AuthorizerId", ""))
        for authorizer_id, authorizer in self._resolver.of_type("AWS::ApiGatewayV2::Authorizer"):
            if authorizer_id == wanted:
                with self._resolver.reading(authorizer_id):
                    sources = self._resolver.value(authorizer.get("IdentitySource")) or []
                    return Authorizer(
                        function=self._function(authorizer.get("AuthorizerUri"), "the authorizer"),
                        identity_sources=tuple([sources] if isinstance(sources, str) else sources),
                    )
        raise self._resolver.problem(f"the authorizer {wanted or '(none named)'} is unknown; set AuthorizerId")

    def _function(self, uri: object, user: str) -> str:
        return called_function(uri, user, self._resolver, self._lambdas)

    def _of_api(self, kind: str, api: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for logical_id, properties in self._resolver.of_type(kind):
            with self._resolver.reading(logical_id):
                if self._resolver.text(properties.get("ApiId", "")) == api:
                    yield logical_id, properties

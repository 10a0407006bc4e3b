"""From a template's path to the `Application` that the local cloud runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from localcloud.template.document import load_document
from localcloud.template.errors import TemplateError
from localcloud.template.http import HttpReader
from localcloud.template.intrinsics import Resolver
from localcloud.template.lambdas import read_lambdas
from localcloud.template.localise import LocalUrls, localised
from localcloud.template.model import Application
from localcloud.template.parameters import parameter_values, typed_values
from localcloud.template.storage import queue_policies, read_bucket, read_mapping, read_queue
from localcloud.template.tables import read_table
from localcloud.template.translate import translate
from localcloud.template.websocket import WebSocketReader


def parameter_names(path: Path) -> frozenset[str]:
    """The parameters a template declares, so that a caller passes only what the template knows."""
    return frozenset(load_document(path).section("Parameters"))


def read_application(
    path: Path, parameters: Mapping[str, str] | None = None, *, local_urls: Mapping[str, LocalUrls] | None = None
) -> Application:
    """Reads the SAM or CloudFormation template at `path`.

    `parameters` are the deployer's values. With `local_urls` (by the API's logical id) addresses of an API point to
    localhost; without, they are what API Gateway would give, and `localised` may rewrite them later. Whatever cannot be
    served is a TemplateError of one line.
    """
    document = load_document(path)
    values = parameter_values(document, parameters or {})
    typed = typed_values(document, values)
    translation = translate(document, typed)
    resolver = Resolver(document, translation.body, typed)
    lambdas = read_lambdas(translation, resolver)
    of_type, policies = resolver.of_type, queue_policies(resolver)
    mappings = {key: read_mapping(key, it, resolver, lambdas) for key, it in of_type("AWS::Lambda::EventSourceMapping")}
    application = Application(
        apis=WebSocketReader(resolver, lambdas).apis(),
        functions=lambdas.runnable,
        tables={key: read_table(key, it, resolver) for key, it in of_type("AWS::DynamoDB::Table")},
        parameters=values,
        outputs=_outputs(translation.body.get("Outputs") or {}, resolver),
        http_apis=HttpReader(resolver, lambdas).apis(),
        queues={key: read_queue(key, it, policies, resolver) for key, it in of_type("AWS::SQS::Queue")},
        buckets={key: read_bucket(key, it, resolver) for key, it in of_type("AWS::S3::Bucket")},
        mappings={key: mapping for key, mapping in mappings.items() if mapping is not None},
    )
    return localised(application, local_urls or {})


def _outputs(outputs: Mapping[str, dict[str, object]], resolver: Resolver) -> dict[str, str]:
    """The outputs that make sense here: one about a resource that is not run locally is left out."""
    found: dict[str, str] = {}
    for name, output in outputs.items():
        with resolver.reading(name):
            if "Condition" in output and not resolver.condition(str(output["Condition"])):
                continue
            try:
                found[name] = resolver.required(output, "Value")
            except TemplateError:
                continue
    return found

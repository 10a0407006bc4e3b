"""The API's description: where it is served, what it holds, and its copy in docs/."""

from __future__ import annotations

import json
from pathlib import Path

from localcloud.template.document import load_document
from tests.api.conftest import Desktop
from thinkaloud.api.openapi import document

ROOT = Path(__file__).parents[2]


def test_it_is_served_without_a_token(api: Desktop) -> None:
    assert api.ask("GET", "/openapi.json", context={}).body == document()
    page = api.ask("GET", "/docs", context={})
    assert page.status == 200
    assert "/openapi.json" in page.body


def test_the_copy_in_docs_is_up_to_date() -> None:
    kept = json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(document())), "write it again: make docs"


def test_the_template_routes_exactly_what_the_application_serves() -> None:
    events = load_document(ROOT / "template.yaml").body["Resources"]["ApiFunction"]["Properties"]["Events"].values()
    routed = {(event["Properties"]["Method"].lower(), event["Properties"]["Path"]) for event in events}
    served = {(method, path) for path, methods in document()["paths"].items() for method in methods}
    assert routed == served | {("get", "/docs"), ("get", "/openapi.json")}


def test_every_route_of_documents_takes_a_token_and_names_its_errors() -> None:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            assert operation["security"] == [{"HTTPBearer": []}], (method, path)
            refused = operation["responses"]["422"]["content"]["application/json"]["schema"]["$ref"]
            assert refused.endswith("/Refusal"), (method, path)

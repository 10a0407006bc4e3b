"""The built output answers a question: every function runs under awslambdaric with nothing but what the build ships."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from localcloud.cloud import LocalCloud
from tests.build.conftest import ROOT
from tests.cloud.conversation import ask
from thinkaloud.client import Client, new_id

pytestmark = pytest.mark.build


async def test_the_built_functions_answer_a_question(built: Path, tmp_path: Path) -> None:
    template = built / "template.yaml"
    async with LocalCloud(ROOT, port=0, template=template, state=tmp_path, environ={}, pace=0) as cloud:
        async with Client(cloud.ws_url, cloud.token()) as client:
            heard = await ask(client, "How long does a refund take?", session=new_id("s"))
        event = json.loads((ROOT / "events/disconnect.json").read_text())
        gone = await cloud.functions.invoke("DisconnectFunction", event)
        assert gone.payload == {"statusCode": 200}
        assert heard.last["type"] == "complete"
        assert heard.numbers == list(range(1, len(heard.numbers) + 1))
        assert any("refund" in document["uri"] for frame in heard.of("source") for document in frame["docs"])

"""The layer carries the descriptions of exactly those AWS services that the code calls."""

from __future__ import annotations

import re
from pathlib import Path

from tests.build.conftest import ROOT

CLIENT = re.compile(r'boto3\.client\(\s*"([a-z0-9-]+)"')


def test_the_layers_services_are_those_that_the_functions_call() -> None:
    [line] = re.findall(r"^SERVICES := (.+)$", (ROOT / "shared" / "Makefile").read_text(), re.MULTILINE)
    sources = [*ROOT.glob("shared/thinkaloud/**/*.py"), *ROOT.glob("functions/*/*.py")]
    called = {name for source in sources for name in CLIENT.findall(Path(source).read_text())}

    assert set(line.split()) == called
